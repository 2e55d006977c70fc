// A small bundle with rules and encoders of every kind, for the tests of this room.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "bundle/bundle.h"
#include "bundle/column_explainer.h"
#include "bundle/predictor.h"
#include "bundle/state_file.h"
#include "clean/rule_testing.h"
#include "feature/test_rows.h"
#include "model/forest.h"
#include "model/linear.h"

namespace gristmill {

// Raw rows of orders: dirt in amount and items, cities that the reference does not know.
inline BatchBuffer orders() {
  return testing_rules::table({{"id", Type::int64, true},
                               {"amount", Type::float64, true},
                               {"items", Type::int64, false},
                               {"city", Type::string, true},
                               {"express", Type::boolean, true},
                               {"placed", Type::timestamp, false},
                               {"joined", Type::date, true}},
                              {{1, 12.5, 2, "north", true, "2024-01-05 08:15:00", "2020-02-29"},
                               {2, nullptr, 1, "S", false, "2024-02-11 23:59:59", nullptr},
                               {3, 80, 4, "N/A", nullptr, "2024-03-17 12:00:00", "1999-12-31"},
                               {4, 9000, -999, "west", true, "2024-04-01 00:00:00", "2023-07-01"},
                               {5, 31.25, 5, nullptr, false, "2024-07-04 17:30:00", "2001-01-01"},
                               {6, "nan", 3, "north", true, "2024-12-24 18:45:10", "2010-10-10"}});
}

inline RuleChain order_rules(const Schema& schema) {
  using testing_rules::Json;
  testing_rules::World world;
  world.expressions["amount / items"] = [] {
    return testing_rules::call_node(
        "/", Type::float64,
        {testing_rules::column_node("amount", Type::float64),
         testing_rules::call_node("cast", Type::float64,
                                  {testing_rules::column_node("items", Type::int64)})});
  };
  world.tables["cities"] =
      testing_rules::table({{"name", Type::string},
                            {"people", Type::int64},
                            {"coast", Type::boolean},
                            {"region", Type::string}},
                           {{"north", 120000, true, "upper"}, {"south", nullptr, false, "lower"}});
  RuleChain chain(schema, {});
  auto add = [&](const std::string& kind, const Json& params) {
    auto fit = world.fit(kind, params, chain.output());
    if (fit->needs_rows()) {
      const BatchBuffer raw = orders();
      Batch rows = raw.view();
      Scratch scratch;
      chain.apply(rows, scratch, nullptr, 0);
      fit->observe({.rows = rows});
    }
    chain.append(kind, fit->freeze());
  };
  add("missing", {{"values", {"", "N/A", -999}}});
  add("range", {{"amount", {0, 1000}}});
  add("map", {{"city", {{"S", "south"}}}});
  add("lookup",
      {{"table", "cities"}, {"by", {{"city", "name"}}}, {"take", {"people", "coast", "region"}}});
  add("derive", {{"per_item", "amount / items"}});
  add("impute", {{"amount", {{"with", "mean"}, {"indicator", true}}}});
  return chain;
}

// One encoder of each kind, over cleaned rows.
inline Featurizer order_features(const RuleChain& rules, const Wants& wants) {
  const BatchBuffer raw = orders();
  Batch rows = raw.view();
  Scratch scratch;
  rules.apply(rows, scratch, nullptr, 0);
  FeaturizerFit fit(rules.output(),
                    {{"amount", "number"},
                     {"per_item", "number"},
                     {"coast", "boolean"},
                     {"city", "category", {{"min_count", 1}}},
                     {"region", "category", {{"min_count", 1}}},
                     {"placed", "datetime"},
                     {"joined", "datetime"}},
                    wants, "placed");
  do {
    fit.observe({rows});
  } while (fit.next_pass());
  return fit.freeze(nullptr);
}

inline Signature order_signature(Problem problem) {
  Signature signature;
  const BatchBuffer raw = orders();
  for (const Field& field : raw.schema().fields()) {
    SignatureField added;
    added.field = field;
    added.key = field.name == "id";
    if (field.name == "city") added.choices = {"north", "south", "west"};
    if (field.name == "items") added.minimum = 1, added.maximum = 5, added.example = 2;
    signature.fields.push_back(std::move(added));
  }
  signature.ignored = {"courier"};
  signature.problem = problem;
  signature.target = "delay > 30";
  if (problem == Problem::binary) {
    signature.classes = {"false", "true"};
    signature.boolean_target = true;
  } else if (problem == Problem::multiclass) {
    signature.classes = {"desk", "phone", "web"};
  }
  return signature;
}

// Weights that differ everywhere, so that no part of the state goes unnoticed.
inline LinearParameters order_weights(const FeatureLayout& layout, Link link, int64_t outputs) {
  LinearParameters p;
  p.link = link, p.outputs = outputs;
  p.code_offset = level_offsets(layout);
  const int64_t levels = p.code_offset.back();
  p.code_offset.pop_back();
  for (int64_t k = 0; k < outputs; ++k) p.bias.push_back(0.25 - 0.5 * double(k));
  for (int64_t i = 0; i < outputs * layout.floats; ++i) p.weights.push_back(double(i % 7 - 3) / 16);
  for (int64_t i = 0; i < outputs * levels; ++i) p.code_weights.push_back(double(i % 5 - 2) / 8);
  for (int64_t i = 0; i < layout.floats + levels; ++i) p.means.push_back(double(i % 3 + 1) / 8);
  return p;
}

// `outputs` trees: a number that may be missing, then a set of categories.
inline std::unique_ptr<Model> order_trees(const FeatureLayout& layout, Link link, int64_t outputs) {
  Forest forest;
  forest.link = link, forest.outputs = outputs, forest.slope = 1.5;
  forest.set_offset = {0};
  for (int32_t t = 0; t < outputs; ++t) {
    forest.leaves.push_back(3);
    forest.feature.insert(forest.feature.end(),
                          {t % int32_t(layout.floats), int32_t(layout.floats)});
    forest.decision.insert(forest.decision.end(),
                           {Decision::missing_nan | Decision::default_left, Decision::categorical});
    forest.threshold.insert(forest.threshold.end(), {20.0f + float(t), 0});
    forest.set.insert(forest.set.end(), {0, t});
    forest.left.insert(forest.left.end(), {-1, -2});
    forest.right.insert(forest.right.end(), {1, -3});
    forest.leaf_value.insert(forest.leaf_value.end(), {-0.75, 0.5 + t, 0.125});
    forest.leaf_count.insert(forest.leaf_count.end(), {3.0, 1.0 + t, 2.0});
    forest.set_words.push_back(0b10110u + uint32_t(t));
    forest.set_offset.push_back(t + 1);
  }
  forest.importance.assign(layout.specs.size(), 1.0 / double(layout.specs.size()));
  return Models::instance().get("boosted-trees", "model").load(forest.save(), layout);
}

inline Bundle order_bundle(const std::string& model, Problem problem) {
  Bundle bundle;
  bundle.name = "late";
  bundle.signature = order_signature(problem);
  bundle.rules = order_rules(bundle.signature.expected().schema);
  const bool trees = model == "boosted-trees";
  bundle.featurizer = order_features(bundle.rules, trees ? for_trees : for_linear);
  const Link link = link_of(problem);
  const int64_t outputs = problem == Problem::multiclass ? 3 : 1;
  const FeatureLayout& layout = bundle.featurizer.layout();
  if (trees) {
    bundle.model = order_trees(layout, link, outputs);
  } else if (model == "linear") {
    bundle.model = make_linear(order_weights(layout, link, outputs), layout);
  } else {
    bundle.model =
        make_baseline(std::vector<double>(size_t(outputs), 1.0 / double(outputs + 1)), link);
  }
  bundle.threshold = 0.4375;
  bundle.card = {{"model", model}, {"metric", "auc"}, {"rows", 6}};
  return bundle;
}

// From a block of exactly the file's size, so that a sanitizer sees every read beyond it.
inline std::shared_ptr<const Bundle> parse_bundle(std::string_view bytes) {
  auto owner = std::shared_ptr<char[]>(new char[bytes.size()]);
  if (!bytes.empty()) std::memcpy(owner.get(), bytes.data(), bytes.size());
  return Bundle::parse(owner, {owner.get(), bytes.size()}, "a.bundle");
}

inline bool is_refused(std::string_view bytes) {
  try {
    parse_bundle(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(Code::corrupt)) << error.what();
    return true;
  }
  return false;
}

inline constexpr size_t bundle_header_bytes = 24;

// The beginning of a file, up to its body, with this index and its right checksum.
inline std::string sealed_index(std::string index) {
  index.append((64 - (bundle_header_bytes + index.size()) % 64) % 64, ' ');
  const uint32_t numbers[] = {state_file_version, crc32c(index)};
  const uint64_t size = index.size();
  std::string bytes = "GRISTBDL";
  bytes.append(reinterpret_cast<const char*>(numbers), sizeof(numbers));
  bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
  return bytes + index;
}

inline Answers answers_of(std::shared_ptr<const Bundle> bundle, const Batch& rows) {
  Predictor predictor(std::move(bundle));
  Predictor::Workspace workspace;
  Answers answers;
  predictor.predict(rows, workspace, answers);
  return answers;
}

inline Explanations explanations_of(const ColumnExplainer& explainer,
                                    std::shared_ptr<const Bundle> bundle, const Batch& rows) {
  Predictor predictor(std::move(bundle));
  Predictor::Workspace workspace;
  Answers answers;
  predictor.predict(rows, workspace, answers);
  Explanations explanations;
  explainer.explain(workspace.encoded, explanations);
  return explanations;
}

// Their bits, so that equal is equal.
inline std::string bits_of(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

}  // namespace gristmill
