// What the server says about itself: JSON Schema of an instance, OpenAPI, the list of models.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bundle/bundle.h"

namespace gristmill {

// JSON Schema (2020-12) of one element of "instances". What training saw of a column stands as
// examples, never as a bound: the model takes what it has not seen.
nlohmann::json instance_schema(const Bundle& bundle);

// One model in words: name, version, problem, target, classes, threshold, key.
nlohmann::json describe_model(const Bundle& bundle);

// OpenAPI 3.1 of all routes. The first bundle is the one behind /predict.
nlohmann::json openapi_document(const std::vector<std::shared_ptr<const Bundle>>& bundles,
                                int64_t max_rows);

}  // namespace gristmill
