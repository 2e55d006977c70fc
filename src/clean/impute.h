// Rule `impute`: missing cells get a value that was learned from the training rows, or a constant.
#pragma once

#include <optional>
#include <string>
#include <vector>

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
  std::vector<Filling> fillings_;
  std::vector<size_t> index_;
};

}  // namespace gristmill
