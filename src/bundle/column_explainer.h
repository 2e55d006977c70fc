// Why a bundle answers as it does: its score as a base and what each column of a request
// contributed. The scale is that of model/explainer.h.
//
// The contributions of all features that a column became (codes, indicators, parts of the calendar)
// are summed. A column that rules made of one column of the request counts as that one; one that
// was made of several, or of none, stands under its own name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bundle/bundle.h"

namespace gristmill {

struct Explanations {
  int64_t rows = 0;
  std::vector<double> contributions;  // [rows][outputs][columns]
  std::vector<double> by_feature;     // memory that is reused
};

class ColumnExplainer {
 public:
  // Against the training rows, or against those of `background`, at least one, as the bundle's
  // featurizer wrote them; they are not looked at later.
  // Code::invalid when the bundle keeps too little of its model, as those from before explanations
  // do; Code::exhausted when its trees are too large.
  explicit ColumnExplainer(std::shared_ptr<const Bundle> bundle,
                           const FeatureRows* background = nullptr);

  const std::vector<double>& base() const { return explainer_->base(); }  // [outputs]
  // In the order of the signature, then what rules made. None where the model reads no feature.
  const std::vector<std::string>& columns() const { return columns_; }
  int64_t steps() const { return explainer_->steps(); }  // of a row: see model/explainer.h

  // `features`: as the bundle's featurizer wrote them. What a row gets depends on that row alone.
  // base()[k] and the row's contributions to output k sum to its score. Thread-safe.
  void explain(const FeatureRows& features, Explanations& out) const;

  // As columns: `base` and `contribution_<column>`; with three classes or more `base_<class>` and
  // `contribution_<column>_<class>`, class by class. Code::invalid when two would have one name.
  Schema output_schema() const;
  void append_output(const Explanations& explanations, BatchBuffer& out, size_t first_column) const;

 private:
  void find_columns();
  int64_t outputs() const { return int64_t(base().size()); }

  std::shared_ptr<const Bundle> bundle_;
  std::unique_ptr<Explainer> explainer_;
  std::vector<std::string> columns_;
  std::vector<size_t> column_of_;  // of each feature
};

}  // namespace gristmill
