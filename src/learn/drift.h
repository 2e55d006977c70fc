// Whether test rows are told from training rows by their features.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "tensor/dataset.h"

namespace gristmill {

// {"auc", "interval", "columns": [{"column", "share"}]}, or null where nothing clearly tells them
// apart: of a small forest that learns the fold of one half of the rows and is asked of the other
// half, and the other way round. At most 8,000 rows of each fold. The columns are those that it
// splits by most, up to three. `skip`: specs that are left out, as those of the time that the rows
// are split by.
nlohmann::json find_drift(const Dataset& data, const std::vector<bool>& skip, int threads);

}  // namespace gristmill
