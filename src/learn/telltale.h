// Columns that alone know the answer: mostly because they were written after it.
#pragma once

#include <string>
#include <vector>

#include "tensor/dataset.h"

namespace gristmill {

// Warnings, a sentence each, of what stands in the training rows (at most 20,000 of them):
// a column that nearly orders the target by itself while the best of the others leaves at least
// four times as much open; and, where the order of rows nearly does, a column of different numbers
// that follows this order, as identifiers do. Each column is cut into bins; the target's means in
// the bins of half of the rows are held against the other half. `ordered`: rows are split by time,
// so that their order is no news.
std::vector<std::string> telltale_columns(const Dataset& data, bool ordered, int threads);

}  // namespace gristmill
