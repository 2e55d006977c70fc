// A table's rows before and after its rules: only what changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/tables.h"

namespace gristmill {

struct PreviewRequest {
  std::string table;
  std::string rule;  // its number in the list from 1, or a kind of rule; "": all rules
  int64_t limit = 20;
};

// What one rule does to the rows that come to it.
struct PreviewedRule {
  int number = 0;
  std::string kind;
  int64_t rows = 0, cells = 0;      // that it changes
  int64_t added = 0;                // cells of columns that it adds, where others change
  int64_t dropped = 0, broken = 0;  // rows
};

struct PreviewCell {
  size_t rule;         // of Preview::rules
  std::string column;  // "": the row leaves, for `after` says why
  nlohmann::json before, after;
};

struct PreviewRow {
  int64_t row = 0;     // from 1
  nlohmann::json key;  // cells of Preview::key
  enum class Fate { changed, dropped, broken } fate = Fate::changed;
  std::vector<PreviewCell> cells;
};
std::string_view name_of(PreviewRow::Fate fate);

struct Preview {
  std::string table;
  std::vector<std::string> key;
  std::string fitted_on;                         // a prediction, if rules had to be fitted
  int64_t rows = 0;                              // read
  int64_t changed = 0, dropped = 0, broken = 0;  // rows by their end
  std::vector<PreviewedRule> rules;              // in the order they run
  std::vector<PreviewRow> shown;                 // the first ones

  nlohmann::json json() const;
};

// Runs the rules in the order in which they run in training, up to the last one asked for, over all
// rows of the table as it is before its rules; those that must be fitted see the training rows of
// the first prediction that is made from the table. A row is shown when a cell of it changes or it
// leaves; cells that rules add are shown with it, and make a row shown only where no rule asked for
// changes or drops anything. Code::not_found for a rule that the table does not have; else what
// `run` throws for the rules.
Preview preview_rules(const Project& project, const PreviewRequest& request, Tables& tables,
                      Executor& executor);

}  // namespace gristmill
