// Small bundles with known answers for the tests of this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "model/linear.h"

namespace gristmill {

// Columns: carrier, flight (keys), distance (float64, never null), note (text).
inline Signature test_signature(Problem problem) {
  Signature signature;
  auto add = [&](Field field, bool key, nlohmann::json example) {
    SignatureField added;
    added.field = std::move(field);
    added.key = key;
    added.example = std::move(example);
    signature.fields.push_back(std::move(added));
  };
  add({"carrier", Type::string, true}, true, "UA");
  add({"flight", Type::int64, true}, true, 1545);
  add({"distance", Type::float64, false}, false, 1400);
  add({"note", Type::string, true}, false, nullptr);
  signature.ignored = {"dep_delay"};
  signature.problem = problem;
  signature.target = "arr_delay > 15";
  if (problem == Problem::binary) {
    signature.classes = {"false", "true"};
    signature.boolean_target = true;
  } else if (problem == Problem::multiclass) {
    signature.classes = {"a", "b\"", "c"};
  }
  return signature;
}

// The answer does not depend on the row: 0.75 (binary), {0.2, 0.5, 0.3} or 12.5.
inline std::shared_ptr<const Bundle> test_bundle(
    const std::string& name, Signature signature = test_signature(Problem::binary)) {
  auto bundle = std::make_shared<Bundle>();
  bundle->name = name;
  bundle->version = "0123456789ab";
  Schema schema = signature.expected().schema;
  bundle->rules = RuleChain(schema, {});
  bundle->featurizer = Featurizer(schema, {});
  std::vector<double> answer = {12.5};
  if (signature.problem == Problem::binary) answer = {0.75};
  if (signature.problem == Problem::multiclass) answer = {0.2, 0.5, 0.3};
  bundle->model = make_baseline(answer, link_of(signature.problem));
  bundle->signature = std::move(signature);
  bundle->card = nlohmann::json::object();
  return bundle;
}

}  // namespace gristmill
