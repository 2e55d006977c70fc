// Two models on the rows that both were tested on: what one gains over the other there.
#pragma once

#include <nlohmann/json.hpp>

#include "bundle/bundle.h"
#include "store/store.h"

namespace gristmill {

// Test rows are matched by their key, and both models are scored on those by b's metric, resample
// by resample of the same rows (a paired bootstrap): {"metric", "rows", "a", "b", "difference":
// b − a, "interval": of it}. Where that cannot be, {"reason"}: other targets, no row in common,
// keys that do not tell rows apart, or data that the store holds no more.
nlohmann::json paired_scores(const Bundle& a, const Bundle& b, const Store& store);

}  // namespace gristmill
