// Where a table version is cut: a fast hash of each row's canonical values.
#pragma once

#include <cstdint>
#include <vector>

#include "frame/batch.h"

namespace gristmill {

// hash[i] of row i, equal for rows of equal canonical cells (−0.0 as 0.0, every NaN as one NaN), on
// every machine; bytes[i]: what the row weighs, its text and 9 bytes a column.
void hash_rows_fast(const Batch& batch, std::vector<uint64_t>& hash, std::vector<int64_t>& bytes);

}  // namespace gristmill
