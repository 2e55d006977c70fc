// Test rows that are copies of training rows: their scores are remembered, not predicted.
#pragma once

#include <string>
#include <vector>

#include "tensor/dataset.h"

namespace gristmill {

// A warning, or "". A copy has all features and the target of a training row. Told from one in a
// hundred test rows on, and only where chance does not make so many: few training rows have the
// same features, columns drawn independently of each other would not meet as often, and rows of
// equal features have equal targets. `skip`: specs that do not encode a value alike in training and
// test. Of many rows, those of some hashes are looked at: at most about a million are held.
std::string copies_warning(const Dataset& data, const std::vector<bool>& skip, int threads);

}  // namespace gristmill
