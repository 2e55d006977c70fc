// Raw rows → labelled rows: the rules that need no fitting, drop, target, weight, and what the
// split goes by. The same for every pass over the table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feature/encoder.h"
#include "learn/split.h"
#include "pipeline/rule_maker.h"
#include "tensor/dataset.h"

namespace gristmill {

// Whether the target is a number or a class, and which classes there are.
struct TargetClasses {
  Problem problem = Problem::regression;
  std::vector<std::string> classes;  // binary: {negative, positive}
  bool boolean_target = false;

  TargetInfo info() const { return {problem, classes}; }
};

// The rows of one chunk after the label stage, uncompacted: row i of the chunk is row i here.
struct LabelledChunk {
  Batch rows;                         // after the rules before the split
  std::vector<uint8_t> kept;          // bitmap: passed the filters, no error
  std::vector<uint8_t> labelled;      // bitmap: kept, and has a target
  std::vector<double> target;         // class number or value, where labelled
  std::vector<double> weight;         // empty: all 1
  std::vector<uint64_t> key;          // row_key; by fill_keys
  std::vector<uint64_t> split_value;  // by fill_split_values
  Scratch scratch;
  std::vector<RuleReport> reports;
  Column target_column;  // as evaluated; in scratch
  int64_t dropped = 0, no_target = 0;
  // The rows that are broken, by the error that broke each, in `scratch`. Its step is the place of
  // the rule in LabelStage::steps(); -1: the target.
  std::vector<size_t> broken;
};

// The columns that a rule reads, and those that it writes as far as that is known before it is
// fitted: where an earlier rule touches one of them, it has to wait for that.
std::vector<std::string> touched_by(const RuleFit& fit);

class LabelStage {
 public:
  // Parts the rules of `spec.from`: those that need no fitting, and do not depend on one that does,
  // run here; the others are left for after the split.
  LabelStage(const PredictSpec& spec, const std::vector<RuleSpec>& rules, const Schema& table,
             const RuleMaker& maker);

  const RuleChain& rules() const { return chain_; }
  const std::vector<RuleSpec>& cell_rules() const { return cell_specs_; }  // of rules(), in order
  const std::vector<RuleSpec>& filter_rules() const {
    return filter_specs_;
  }  // their reports follow
  const std::vector<std::shared_ptr<Rule>>& filters() const { return filters_; }
  const std::vector<RuleSpec>& later_rules() const { return later_; }
  const RuleMaker& maker() const { return maker_; }  // of this prediction's rules
  // All rules in the order they run: cells, filters, later ones.
  std::vector<RuleSpec> steps() const;
  Type target_type() const { return target_->type(); }

  // The first filter that must see the whole table and has not yet, or null: until there is none,
  // run() ends before it, without a target.
  RuleFit* filter_to_fit() const;
  // It has seen all rows that run() kept.
  void freeze_filter();

  // Columns that may never be features, with the reason.
  std::vector<std::pair<std::string, std::string>> forbidden(const RuleChain& full) const;

  // Text targets are numbered in the order of `classes`; until they are known, all are -1.
  void set_classes(const TargetClasses& classes);
  // Runs the stage. `first_row`: position in the table.
  void run(const Batch& raw, int64_t first_row, LabelledChunk& out) const;
  // What SplitFit and Split::fold go by. Of the chunk that run() left.
  void fill_split_values(const Batch& raw, int64_t first_row, LabelledChunk& out) const;
  // O(bytes of the key cells): SHA-256.
  void fill_keys(const Batch& raw, LabelledChunk& out) const;

 private:
  // Rows with an error from the `begin`-th on are broken, unless they were left out anyway.
  static void leave_out_broken(size_t begin, LabelledChunk& out);
  void add_filter(const RuleSpec& rule, std::unique_ptr<RuleFit> fit);
  void run_filters(int64_t first_row, LabelledChunk& out) const;
  void bind_target();
  void find_split_column();
  // Code::not_found, at the member of the prediction that names the column.
  size_t index_of(const Schema& schema, const std::string& column, const std::string& member) const;
  void split_alone(const Batch& raw, const Column& group, std::vector<uint64_t>& value) const;
  void fill_target(LabelledChunk& out) const;
  void check_targets(int64_t first_row, const LabelledChunk& out) const;
  void fill_weight(LabelledChunk& out, int64_t first_row) const;

  const PredictSpec& spec_;
  Schema table_;
  RuleMaker maker_;
  RuleChain chain_;
  std::vector<RuleSpec> cell_specs_, filter_specs_, later_;
  std::vector<std::shared_ptr<Rule>> filters_;         // null: yet to be fitted
  std::vector<std::unique_ptr<RuleFit>> filter_fits_;  // null: fitted
  std::unique_ptr<Expr> target_, weight_;
  std::vector<size_t> key_columns_;
  int split_column_ = -1;
  TargetClasses classes_;
  std::map<std::string, int, std::less<>> class_numbers_;
};

}  // namespace gristmill
