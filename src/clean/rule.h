// Row rules: what cleans a row, the same in training, batch scoring and a request.
//
// A rule is one source file that registers a RuleKind. Fitting is observe, merge, freeze: a RuleFit
// sees training rows chunk by chunk and freezes into a Rule. An unfitted rule freezes at once.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/params.h"
#include "base/registry.h"
#include "base/state.h"
#include "expr/expr.h"
#include "frame/batch.h"
#include "frame/fit_batch.h"
#include "frame/scratch.h"

namespace gristmill {

// What a rule touched. One a rule and table; merged over chunks in order.
struct RuleReport {
  int64_t rows = 0;          // seen
  int64_t rows_touched = 0;  // at least one cell changed
  int64_t cells_touched = 0;
  int64_t cells_unmatched = 0;  // lookup without a match
  struct Example {
    int64_t row;  // position in the table
    std::string column, before, after;
    bool operator==(const Example&) const = default;
  };
  std::vector<Example> examples;  // the first few
  int64_t cells_doubtful = 0;     // fuzzy_lookup: a match that is not certain, and so none
  std::vector<Example> doubtful;  // the first of these; `after`: what the cell is like
  static constexpr size_t max_examples = 3, max_doubtful = 20;
  // What fitting chose for a column, and the error of each way that it tried.
  struct Choice {
    std::string column, chosen;
    std::string measure;                                 // of the errors
    std::vector<std::pair<std::string, double>> errors;  // by the ways, the simplest first
  };
  std::vector<Choice> choices;  // impute auto
  static nlohmann::json choices_json(const std::vector<Choice>& choices);
  static std::vector<Choice> choices_from_json(const nlohmann::json& json);

  void merge(const RuleReport& other);
  nlohmann::json json() const;
  static RuleReport from_json(const nlohmann::json& json);
};

enum class RuleStage : uint8_t {
  cells,   // changes or adds columns; runs in requests too
  filter,  // leaves rows out; training only
  check,   // changes nothing and makes no Rule: clean/expect.h reads it
};

class Rule {
 public:
  virtual ~Rule() = default;
  // Resolves columns in `in`; returns the schema after this rule. Called once before apply.
  // Code::not_found, Code::invalid.
  virtual Schema bind(const Schema& in) = 0;
  virtual std::vector<std::string> reads() const = 0;   // columns whose values matter
  virtual std::vector<std::string> writes() const = 0;  // columns changed or added
  // What output column `column` depends on. A rule that treats each column alone (missing, range,
  // map, impute) answers {column}: RuleChain::sources_of follows this.
  virtual std::vector<std::string> reads_for(const std::string& column) const;  // default: reads()
  // Before bind(): forgets what it does to output columns not in `columns`, so that a request need
  // not carry them. Used once, when the bundle is made.
  virtual void restrict_to(const std::set<std::string>& columns) { (void)columns; }
  // Changes `rows` in place: points columns at values in `scratch`, or appends columns as bind()
  // said. `first_row` is for the report's examples; the report is null when serving. Thread-safe.
  virtual void apply(Batch& rows, Scratch& scratch, RuleReport* report,
                     int64_t first_row) const = 0;
  // Stage filter: the rows to keep, a bitmap in scratch; null: all. apply() is not called.
  virtual const uint8_t* keep(const Batch& rows, Scratch& scratch, RuleReport* report,
                              int64_t first_row) const;
  virtual State save() const = 0;
};

class RuleFit {
 public:
  virtual ~RuleFit() = default;
  virtual std::vector<std::string> reads() const = 0;
  // False: nothing to observe, freeze() at once.
  virtual bool needs_rows() const { return true; }
  virtual void observe(const FitBatch&) {}
  // `later` observed the chunks right after this one's. A fresh fit for a chunk: clone_empty(),
  // which other threads call while this one merges: it reads what merge() does not write.
  virtual void merge(RuleFit&& later);
  virtual std::unique_ptr<RuleFit> clone_empty() const;
  virtual bool next_pass() { return false; }  // true: see all rows once more
  virtual std::unique_ptr<Rule> freeze() const = 0;
};

// Rows that repeat another one, found in bounded memory.
class RepeatFinder {
 public:
  virtual ~RepeatFinder() = default;
  // Rows of columns high, low (int64: 128 bits by which rows are equal), position (int64) and order
  // (of any type, nulls last).
  virtual void add(const Batch& rows) = 0;
  // Tells each row but the one to keep (the first by order, then position; or the last) of those
  // that are equal, with the kept one's position, by ascending position. Called once.
  virtual void find(bool keep_last,
                    const std::function<void(int64_t position, int64_t kept)>& repeated) = 0;
};

// What a rule being made may ask of those who see more.
struct RuleContext {
  const Schema& schema;  // before this rule
  // Binds an expression's text over `schema`; set by pipeline.
  std::function<Expr(const std::string& text, const Schema& schema)> bind_expression;
  // Opens a whole table by its name; lookup reads its reference with it. Code::not_found.
  std::function<std::unique_ptr<BatchReader>(const std::string& table)> open_table;
  std::function<std::unique_ptr<RepeatFinder>()> find_repeats;
  // What a rule over a class of columns (`numbers`) leaves alone, in small letters: the key, and
  // what the target of a prediction is made of.
  std::set<std::string> outside_classes = {};
};

struct RuleKind {
  std::string name;
  int version = 1;  // changes when the same parameters give another result
  RuleStage stage = RuleStage::cells;
  bool whole_table = false;      // a filter that sees all rows before it leaves any out
  std::string text;              // for the reference: one paragraph
  std::string example;           // YAML
  std::vector<ParamDoc> params;  // empty: the rule takes a free mapping and checks it itself
  std::function<std::vector<ParamDoc>()> params_of = {};  // where other kinds register them
  // Whether it sees training rows before it can run; absent: it never does.
  std::function<bool(const nlohmann::json& params)> fitted = {};
  std::function<std::unique_ptr<RuleFit>(const nlohmann::json& params, const RuleContext&)> make;
  std::function<std::unique_ptr<Rule>(const State&)> load;

  bool is_fitted(const nlohmann::json& params) const { return fitted && fitted(params); }
};
using Rules = Registry<RuleKind>;
using RegisterRule = Registration<RuleKind>;

// A RuleFit that holds a finished rule of kind `kind`: for unfitted kinds. Each freeze() is a copy.
std::unique_ptr<RuleFit> already_fitted(std::unique_ptr<Rule> rule, std::string kind);

// Rules in order, bound one after the other: what a bundle runs before its encoders.
class RuleChain {
 public:
  struct Step {
    std::string kind;
    std::unique_ptr<Rule> rule;
  };
  // Binds `steps` over `in`.
  RuleChain() = default;
  RuleChain(const Schema& in, std::vector<Step> steps);
  const Schema& input() const { return input_; }
  const Schema& output() const { return output_; }
  const std::vector<Step>& steps() const { return steps_; }
  // Runs all steps in order; errors of rows are told by which step. `reports`: one a step, or null.
  void apply(Batch& rows, Scratch& scratch, std::vector<RuleReport>* reports,
             int64_t first_row) const;
  // Columns of `wanted` followed back to the input columns that they depend on.
  std::vector<std::string> sources_of(const std::vector<std::string>& wanted) const;
  // The other way: the output columns that depend on one of these input columns.
  std::set<std::string> reached_from(std::set<std::string> sources) const;
  void append(std::string kind, std::unique_ptr<Rule> rule);  // binds it over output()
  State save() const;
  static RuleChain load(const State& state);

 private:
  Schema input_, output_;
  std::vector<Schema> schemas_;  // after each step
  std::vector<Step> steps_;
};

}  // namespace gristmill
