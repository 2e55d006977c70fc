// A table → a fitted recipe and an encoded data set: the order of work that the project file
// promises. (1) rules that need no fitting, drop, target; (2) split; (3) fitted rules and encoders
// on the training rows; (4) all rows encoded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "feature/featurizer.h"
#include "learn/slices.h"
#include "pipeline/label.h"
#include "pipeline/quarantine.h"
#include "pipeline/row_source.h"
#include "tensor/dataset.h"

namespace gristmill {

struct FitRequest {
  const PredictSpec& spec;
  const std::vector<RuleSpec>& rules;
  RuleMaker maker;
  Wants wants;
  fs::path dataset_path;  // written here
};

// What a report says of one rule.
struct RuleOutcome {
  int number;  // in the table's list
  std::string kind;
  nlohmann::json params;
  RuleReport report;
};

struct FitResult {
  RuleChain rules;        // stage cells, all of them, over the table's schema
  Featurizer featurizer;  // over rules.output()
  Signature signature;    // of the table's columns, not yet narrowed to what a request needs
  Split split;
  int64_t read = 0, dropped = 0, no_target = 0, in_gap = 0;
  int64_t fold_rows[3] = {0, 0, 0};
  int passes = 0;
  std::vector<RuleOutcome> outcomes;
  std::vector<FeaturizerFit::LeftOut> left_out;
  std::vector<FeaturizerFit::Chosen> chosen;
  std::vector<std::string> own_warnings;  // of the target, and of columns that rules emptied
  std::vector<RuleSpec> steps;            // that the quarantine's errors name
  Quarantine quarantine;
  std::vector<SlicedColumn> slices;  // of the test rows, by the columns that are encoded
  Digest dataset;                    // of the content

  nlohmann::json facts() const;
  // Rules, featurizer, signature, facts and slices, as kept beside the data set.
  State state() const;
  // Of rules and of the target; `table` is what the prediction is made from.
  std::vector<std::string> warnings(const std::string& table) const;
};

// Code::invalid for what the data cannot carry: an empty table, no target, one class, a broken
// expectation, an empty fold.
FitResult fit_dataset(const FitRequest& request, RowSource& rows, Progress& progress);

}  // namespace gristmill
