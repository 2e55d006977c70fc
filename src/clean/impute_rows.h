// `impute` by the other cells of the row: several columns of numbers filled together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clean/row_filler.h"
#include "clean/rule.h"

namespace gristmill {

struct RowsWish {
  static constexpr size_t columns_least = 2, columns_most = 64;
  std::vector<Field> columns;  // of numbers
  std::string with;            // "knn" or "iterative"
  int k = 5;                   // knn
  bool indicator = false;
};

class ImputeRows : public Rule {
 public:
  struct Target {
    std::string name;
    Type from = Type::float64;
    bool impute = true;  // false: it is only read
    bool indicator = false;
  };
  ImputeRows(std::vector<Target> targets, std::string with, std::unique_ptr<RowFiller> filler);

  Schema bind(const Schema& in) override;
  std::vector<std::string> reads() const override;
  std::vector<std::string> writes() const override;
  std::vector<std::string> reads_for(const std::string& column) const override;
  void restrict_to(const std::set<std::string>& columns) override;
  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override;
  State save() const override;
  static std::unique_ptr<Rule> load(const State& state);  // of a state with `with`

 private:
  std::vector<Target> targets_;
  std::string with_;
  std::unique_ptr<RowFiller> filler_;  // null: no column is to be filled
  std::vector<size_t> index_;
};

std::unique_ptr<RuleFit> fit_impute_rows(RowsWish wish);

}  // namespace gristmill
