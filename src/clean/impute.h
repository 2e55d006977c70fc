// Rule `impute`: missing cells get a value that was learned from the training rows, or a constant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clean/frozen_table.h"
#include "clean/history.h"
#include "clean/rule.h"
#include "clean/value.h"

namespace gristmill {

// The boolean column that says where a cell was missing.
inline std::string indicator_name(const std::string& column) { return column + "_missing"; }
void add_indicator(const std::string& column, Schema& schema);  // Code::invalid when it is there

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
  // Filled forward: with the last value before the row's `time`, in its group; where there was none
  // the cell stays missing, and `fill` has only a type.
  std::string time;
  Type time_type = Type::timestamp;
  std::optional<History> history;
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
  // Where the columns of a filling are.
  struct Place {
    size_t column = 0, time = 0;
    std::vector<size_t> by;
  };
  // What each hit row is filled with by its group or time, null where that is not known.
  static Column known_values(const Filling& filling, const Place& place, const Batch& rows,
                             const uint64_t* hits, Scratch& scratch);

  std::vector<Filling> fillings_;
  std::vector<Place> places_;
};

}  // namespace gristmill
