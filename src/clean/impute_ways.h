// The ways in which `impute` can fill columns, and how wrong one is about cells hidden from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clean/impute_fit.h"
#include "clean/impute_rows.h"

namespace gristmill {

struct ImputeWay {
  std::string name;                // as the report has it
  std::vector<size_t> columns;     // of the wishes, that it can fill
  std::vector<ImputeWish> single;  // each of them alone,
  RowsWish together;               // or where `single` is empty from the others

  bool fills(size_t wish) const;
  std::unique_ptr<RuleFit> fit() const;
};

// Of the wishes whose `with` is "auto", for each the simplest first; without indicators.
std::vector<ImputeWay> ways_of(const std::vector<ImputeWish>& wishes);

// Of columns of numbers the root of the mean square, over the deviation of what is known; of others
// the share that is wrong.
const char* error_measure(Type type);

// Of the `hidden` cells. What `filled` has left missing counts as `simplest` has it.
double error_of_filling(const Column& truth, const uint64_t* hidden, const Column& filled,
                        const Column& simplest);

}  // namespace gristmill
