// The first pass over a prediction's table: what its rows are, before anything is fitted.
#pragma once

#include <string>
#include <vector>

#include "learn/split.h"
#include "pipeline/column_facts.h"
#include "pipeline/label.h"
#include "pipeline/quarantine.h"
#include "pipeline/row_source.h"

namespace gristmill {

struct LabelFindings {
  int64_t read = 0, dropped = 0, no_target = 0;
  Quarantine quarantine;            // rows that are broken
  std::vector<RuleReport> reports;  // of the stage's cell rules, then of its filters
  TargetClasses classes;
  std::vector<double> only_values;  // of a target that is a number, where there are but two
  Split split;
  ColumnFacts facts;  // of the table's own columns

  int64_t labelled() const { return read - dropped - quarantine.rows() - no_target; }
};

// Reads all rows once and tells `labels` the classes. Code::invalid for what the data cannot carry:
// an empty table, no target, one class, a split that makes no sense.
LabelFindings find_labels(const PredictSpec& spec, LabelStage& labels, RowSource& rows,
                          Progress& progress);

}  // namespace gristmill
