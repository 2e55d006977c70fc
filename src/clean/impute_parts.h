// `impute` in which columns are filled in different ways: rules side by side, each of which sees
// the cells as they were before all.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clean/rule.h"

namespace gristmill {

class ImputeParts : public Rule {
 public:
  // `choices`: why each column is filled as it is, for the report.
  ImputeParts(std::vector<std::unique_ptr<Rule>> parts, std::vector<RuleReport::Choice> choices)
      : parts_(std::move(parts)), choices_(std::move(choices)) {}

  Schema bind(const Schema& in) override;
  std::vector<std::string> reads() const override;
  std::vector<std::string> writes() const override;
  std::vector<std::string> reads_for(const std::string& column) const override;
  void restrict_to(const std::set<std::string>& columns) override;
  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override;
  State save() const override;
  // Of a state with `parts`; `load_part` is what loads each.
  static std::unique_ptr<Rule> load(const State& state,
                                    std::unique_ptr<Rule> (*load_part)(const State&));

 private:
  std::vector<std::unique_ptr<Rule>> parts_;
  std::vector<RuleReport::Choice> choices_;
  std::vector<std::vector<size_t>> changes_;  // the columns that each part fills
};

}  // namespace gristmill
