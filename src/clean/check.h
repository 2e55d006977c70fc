// What rule `expect` can hold a table to. A kind of check is one source file that registers a
// CheckKind; its parameter stands under its name in `expect`.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/params.h"
#include "base/registry.h"
#include "frame/batch.h"

namespace gristmill {

inline constexpr size_t check_examples_most = 3;  // failing rows that are shown

// How an expectation came out. Serialised beside the table's version.
struct Finding {
  bool broken = false;
  std::string message;                // what is wrong, or what was measured; "" when all is said
  std::vector<std::string> examples;  // of failing rows: "row 13 (id 7): temp = 400"

  nlohmann::json json() const;
  static Finding from_json(const nlohmann::json& json);  // throws nlohmann::json::exception
};

// A batch of a table's rows, as its checks see them.
struct CheckRows {
  const Batch& rows;
  const int64_t* positions;          // of each row in the table, from 0
  std::span<const std::string> key;  // columns of `rows` that name a row; empty: none

  // "row 13 (id 7)": numbered from 1, as people count.
  std::string place(int64_t i) const;
};

// A whole table in SQL, with one column more: the row's number, from 1.
inline constexpr const char* check_row_column = "gristmill_row";
struct WholeTable {
  std::string relation;
  int64_t rows = 0;
  std::vector<std::string> key;
  std::function<std::unique_ptr<BatchReader>(const std::string& sql)> query;
};

// What an expectation is held against beside the table itself.
struct CheckTime {
  int64_t now = 0;        // microseconds since the Unix epoch
  nlohmann::json before;  // what the same check measured of the version before; null: nothing
};

// One expectation of one table. Rows are observed as by a RuleFit: chunks by clones, merged in
// order, in one pass or more. What a check measured is kept with the table's version and judged
// anew on each run, so that what depends on the clock or on earlier versions is never taken from
// the store.
class Check {
 public:
  virtual ~Check() = default;
  virtual std::string name() const = 0;  // "nulls carrier"
  virtual std::vector<std::string> reads() const = 0;

  virtual void observe(const CheckRows&) {}
  virtual std::unique_ptr<Check> clone_empty() const = 0;  // of the same pass
  virtual void merge(Check&&) {}
  virtual bool next_pass() { return false; }  // true: see all rows once more

  // Those that ask SQL instead: nothing is observed, look() is called once.
  virtual bool looks() const { return false; }
  virtual std::vector<std::string> tables() const { return {}; }  // others that it looks into
  virtual void look(const WholeTable&) {}

  // After the last pass. A Finding's JSON, unless judge() says otherwise.
  virtual nlohmann::json measured() const = 0;
  virtual Finding judge(const nlohmann::json& measured, const CheckTime& time) const;
  virtual bool compares() const { return false; }  // with the version before

  // Why `other`, of the same table, can never hold together with this one; "" when it may.
  virtual std::string conflict(const Check& other) const;
};
using CheckList = std::vector<std::unique_ptr<Check>>;

// What a check being made may ask.
struct CheckContext {
  std::string table;
  const Schema& schema;  // of the rows that it will see
  enum class Order : uint8_t { key, file, none } order = Order::none;  // that the rows come in
  std::vector<std::string> key = {};
  // Columns of another table. Code::not_found.
  std::function<Schema(const std::string& table)> schema_of = {};
  // Puts the project's parameters into a SELECT; the tables that it reads. Code::invalid unless it
  // is one SELECT that gives the same on every run.
  std::function<std::vector<std::string>(std::string& sql)> read_sql = {};
};

struct CheckKind {
  std::string name;     // the parameter of `expect`
  std::string type;     // as ParamDoc::type
  std::string text;     // for the reference: one or two sentences
  std::string example;  // YAML of the parameter: "nulls: {carrier: 0}"
  // Code::invalid, Code::not_found for what does not fit the table.
  std::function<CheckList(const nlohmann::json& given, const CheckContext&)> make;
  bool other_tables = false;  // its checks may look into them
};
using Checks = Registry<CheckKind>;
using RegisterCheck = Registration<CheckKind>;

inline const std::string check_owner = "rule expect";

// Code::invalid for the expectation of `column` (or ""): "rule expect: <what>".
Error check_error(const std::string& what, const std::string& column, std::string hint = {});

// "2,512 nulls", "1 null".
std::string counted(int64_t count, const std::string& what);

// Calls make(field, value) for each column of a mapping. Code::invalid for what is no mapping or an
// empty one, Code::not_found for an unknown column.
CheckList make_by_column(
    const std::string& kind, const nlohmann::json& given, const CheckContext& context,
    const std::function<std::unique_ptr<Check>(const Field&, const nlohmann::json&)>& make);

}  // namespace gristmill
