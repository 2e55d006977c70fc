// What rule `expect` can hold a table to. A kind of check is one source file that registers a
// CheckKind; its parameter stands under its name in `expect`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clean/rule.h"

namespace gristmill {

inline constexpr size_t check_examples_most = 3;  // failing rows that a verdict shows

// One expectation of one table. It observes as a RuleFit does: chunks by clones, merged in order.
class Check {
 public:
  virtual ~Check() = default;
  virtual std::vector<std::string> reads() const = 0;
  virtual void observe(const FitBatch& batch) = 0;
  virtual std::unique_ptr<Check> clone_empty() const = 0;  // of the same pass
  virtual void merge(Check&& later) = 0;
  virtual bool next_pass() { return false; }           // true: see all rows once more
  virtual std::optional<Verdict> verdict() const = 0;  // if it is broken
};
using CheckList = std::vector<std::unique_ptr<Check>>;

struct CheckKind {
  std::string name;     // the parameter of `expect`
  std::string type;     // as ParamDoc::type
  std::string text;     // one sentence
  std::string example;  // YAML of the parameter: "nulls: {carrier: 0}"
  // Code::invalid, Code::not_found for what does not fit the table.
  std::function<CheckList(const nlohmann::json& given, const Schema& schema)> make;
};
using Checks = Registry<CheckKind>;
using RegisterCheck = Registration<CheckKind>;

inline const std::string check_owner = "rule expect";

// "2,512 nulls", "1 null".
std::string counted(int64_t count, const std::string& what);

}  // namespace gristmill
