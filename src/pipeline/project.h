// The project file, read and checked: what gristmill.yaml says, before any data is looked at.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file_system.h"
#include "base/params.h"
#include "learn/decide.h"
#include "learn/metrics.h"
#include "learn/split.h"
#include "pipeline/accept.h"
#include "source/source.h"

namespace gristmill {

// A table, or a pattern of tables, that another is made of.
struct NamedTable {
  std::string name;
  Where where;
};

struct TableSpec {
  std::string name;
  std::string sql;                // parameters not yet put in; "" of a union
  std::vector<NamedTable> unite;  // the tables that a union stacks
  std::string origin;             // its column that says which of them a row is from, or ""
  std::vector<std::string> key;   // empty: none named
  Where where;
};

struct RuleSpec {
  std::string kind;
  nlohmann::json params;
  Where where;
  int number = 0;  // its place in its table's list, from 1

  bool is_check() const;  // it changes no row
};
// The rules that change rows.
std::vector<RuleSpec> without_checks(const std::vector<RuleSpec>& rules);

// Whether one of them sees the whole table and leaves repeated rows out: a key may tell the rows
// only after it.
bool leave_repeats_out(const std::vector<RuleSpec>& rules);

// What a task's key says of rules: kinds, their versions, parameters.
nlohmann::json rules_key(const std::vector<RuleSpec>& rules);

struct ModelSpec {
  std::string name;  // the learner's, with a number when the learner stands there again
  std::string learner;
  nlohmann::json params;
  std::set<std::string> given = {};  // the parameters that the project names
  Where where;
};

struct PredictSpec {
  std::string name;
  std::string from;
  std::vector<std::string> key;
  std::string time;    // a column, or ""
  std::string target;  // an expression
  std::string positive;
  std::string weight;  // an expression, or ""
  std::vector<std::string> exclude;
  std::vector<std::string> inputs;  // empty: all that are not excluded
  SplitSpec split;
  std::string metric;       // or "": that of `loss`, or the problem's default
  nlohmann::json loss;      // parameters of the first model that names one, else null
  MetricsAsked asked;       // by the losses, `metric` and `accept`
  nlohmann::json features;  // "auto", or an object by column
  std::vector<ModelSpec> models;
  int search = 1;                  // trainings of each model, to choose its parameters by
  bool refit = false;              // the bundle's model learns again on all rows
  std::optional<Decide> decide;    // of two classes
  bool calibrate = false;          // of classes
  std::optional<double> interval;  // of a number: its level
  std::vector<AcceptCondition> accept;
  uint64_t seed = 0;
  bool from_many_files = false;  // a source reads several files as one table, with `filename`
  Where where;
  std::map<std::string, Where> places;  // of its members

  Where place(const std::string& member) const;  // or its own
};

struct Project {
  std::string name;
  fs::path dir;  // where the file lies; relative paths start here
  fs::path file;
  nlohmann::json params;  // overrides applied
  std::vector<SourceSpec> sources;
  std::map<std::string, TableSpec> tables;
  std::map<std::string, std::vector<RuleSpec>> clean;  // by table, "flights" or "ops.planes"
  std::map<std::string, Where> clean_places;           // of those tables
  std::vector<PredictSpec> predicts;

  // Reads `dir`/gristmill.yaml, with gristmill.`env`.yaml laid over it when `env` is not "".
  // `overrides` are texts as given by -p. Code::not_found without the file; Code::invalid with line
  // and column for all that is wrong in it.
  static Project read(const fs::path& dir, const std::map<std::string, std::string>& overrides,
                      const std::string& env = "");
  const PredictSpec& predict(const std::string& name) const;              // Code::not_found
  const std::vector<RuleSpec>& rules_of(const std::string& table) const;  // empty: none
};

inline constexpr std::string_view project_file = "gristmill.yaml";

// JSON Schema (draft 2020-12) of the project file, from the descriptions that read it.
nlohmann::json project_schema();

}  // namespace gristmill
