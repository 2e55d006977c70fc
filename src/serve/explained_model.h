// The explanations of one model behind HTTP: how many at once, and their JSON.
#pragma once

#include <string>
#include <vector>

#include "bundle/column_explainer.h"

namespace gristmill {

struct ServeLimits {
  int64_t rows = 10'000;  // of one request
  // Of one request that is explained: work, of about 10 ns a step, and numbers in its answer.
  int64_t explained_steps = 100'000'000, explained_numbers = 1'000'000;
};

class ExplainedModel {
 public:
  // As ColumnExplainer.
  ExplainedModel(std::shared_ptr<const Bundle> bundle, const ServeLimits& limits);
  const ColumnExplainer& explainer() const { return explainer_; }
  int64_t rows_max() const { return rows_max_; }  // of one request; at least 1

  // {"base": b, "contributions": {column: c}}; with three classes or more {"base": {class: b},
  // "contributions": {class: {column: c}}}.
  void write(const Explanations& explanations, int64_t row, std::string& out) const;

 private:
  void write_contributions(const double* contributions, std::string& out) const;

  ColumnExplainer explainer_;
  int64_t rows_max_;
  std::string base_;                  // up to the contributions: the same for every row
  std::vector<std::string> columns_;  // `"name":`
  std::vector<std::string> classes_;  // `"name":`, with three classes or more
};

}  // namespace gristmill
