#include "learn/training_rows.h"

#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {

void check_training_rows(const Dataset& data) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  const int64_t count = data.fold_rows(Fold::train);
  if (count == 0) throw Error(Code::invalid, "there are no training rows");
  bool varies = false;
  double weights = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(rows.target[i]))
      throw Error(Code::invalid, fmt::format("the target of training row {} is not a finite number",
                                             row_number(i)));
    varies = varies || rows.target[i] != rows.target[0];
    weights += rows.weight == nullptr ? 1 : rows.weight[i];
  }
  if (!(weights > 0)) throw Error(Code::invalid, "all training rows have weight 0");
  if (varies || data.info().problem == Problem::regression) return;
  throw Error(Code::invalid,
              fmt::format("all {} training rows are of one class: {}", count,
                          data.info().classes.at(size_t(rows.target[0]))),
              {}, "choose other boundaries for the split, or a random one with `stratify: true`");
}

int64_t outputs_of(const DatasetInfo& info) {
  return info.problem == Problem::multiclass ? int64_t(info.classes.size()) : 1;
}

}  // namespace gristmill
