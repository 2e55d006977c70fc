// Rule `impute`: missing cells get a value that was learned from the training rows, or a constant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clean/frozen_table.h"
#include "clean/rule.h"
#include "clean/value.h"

namespace gristmill {

// One column of a fitted impute.
struct Filling {
  std::string name;
  Type from = Type::float64;  // the column's type before
  Constant fill;              // its type is the column's type after: float64 for mean and median
  bool impute = true;         // false: only the indicator is wanted
  bool indicator = false;     // adds the boolean column <name>_missing
  // Where given, columns that tell groups of rows apart, and what to fill with in each; rows of no
  // such group get `fill`.
  std::vector<std::string> by;
  std::optional<FrozenTable> groups;
};

class Impute : public Rule {
 public:
  explicit Impute(std::vector<Filling> fillings) : fillings_(std::move(fillings)) {}
  Schema bind(const Schema& in) override;
  std::vector<std::string> reads() const override;
  std::vector<std::string> writes() const override;
  std::vector<std::string> reads_for(const std::string& column) const override;
  void restrict_to(const std::set<std::string>& columns) override;
  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override;
  State save() const override;
  static std::unique_ptr<Rule> load(const State& state);

 private:
  // What each hit row's group is filled with, null where it is not known.
  static Column group_values(const Filling& filling, const std::vector<size_t>& by,
                             const Batch& rows, const uint64_t* hits, Scratch& scratch);

  std::vector<Filling> fillings_;
  std::vector<size_t> index_;
  std::vector<std::vector<size_t>> by_index_;
};

}  // namespace gristmill
