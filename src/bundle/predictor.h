// Rows → answers with an open bundle: batch scoring and requests take this same way.
#pragma once

#include <memory>
#include <vector>

#include "bundle/bundle.h"

namespace gristmill {

// Answers for the rows of a batch. `probabilities`: binary 1 a row (of the positive class),
// multi-class one a class, regression none.
struct Answers {
  int64_t rows = 0;
  std::vector<double> values;         // regression: the value; else the class number
  std::vector<double> probabilities;  // [rows][width]
  int64_t width = 0;
  std::vector<RowError> errors;  // rows without an answer; by row
};

class Predictor {
 public:
  explicit Predictor(std::shared_ptr<const Bundle> bundle);
  const Bundle& bundle() const { return *bundle_; }
  const std::shared_ptr<const Bundle>& shared_bundle() const { return bundle_; }

  // Memory of one thread.
  struct Workspace {
    Batch rows;
    Scratch scratch;
    FeatureBuffer features;
    FeatureRows encoded;  // the rows last predicted: what ColumnExplainer explains
    // Where what the rules do is added up, one a step, and the position of the rows' first one for
    // its examples; null: nowhere.
    std::vector<RuleReport>* reports = nullptr;
    int64_t first_row = 0;
  };
  // `rows` has the columns of signature.expected().schema. Thread-safe with a workspace each.
  void predict(const Batch& rows, Workspace& workspace, Answers& out) const;
  // The answers as columns: `prediction`, then `probability` or `probability_<class>`, or
  // `prediction_low` and `prediction_high` of a bundle with an interval.
  Schema output_schema() const;
  void append_output(const Answers& answers, BatchBuffer& out, size_t first_column) const;

 private:
  std::shared_ptr<const Bundle> bundle_;
};

}  // namespace gristmill
