// Bundles that earlier programs wrote (testdata/make_bundles.py): they open, and answer to the last
// bit as they did then. How a set is added when a format changes stands in that script.
#include <sstream>

#include "bundle/test_bundles.h"

namespace gristmill {
namespace {

using testing_rules::Json;

const std::string folder = "src/bundle/testdata/";

std::vector<std::string> lines_of(const std::string& file) {
  std::istringstream in(disk().read(folder + file));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Rows decoded as a request is.
BatchBuffer decode(const std::vector<std::string>& lines, const Signature& signature) {
  std::string body = "[";
  for (const std::string& line : lines) body += (body.size() > 1 ? "," : "") + line;
  body += "]";
  const std::string padded = body + std::string(64, ' ');
  BatchBuffer rows;
  JsonDecoder decoder(signature.expected());
  decoder.decode(std::string_view(padded).substr(0, body.size()), 1000, rows);
  return rows;
}

// Answer i as it stands in the file: the prediction, then the probabilities.
std::pair<Json, std::vector<double>> answer(const Bundle& bundle, const Answers& answers,
                                            size_t i) {
  const Signature& signature = bundle.signature;
  Json prediction = answers.values[i];
  if (signature.boolean_target) prediction = answers.values[i] == 1;
  if (!signature.boolean_target && signature.problem != Problem::regression)
    prediction = signature.classes[size_t(answers.values[i])];
  const auto first = answers.probabilities.begin() + int64_t(i) * answers.width;
  return {prediction, {first, first + answers.width}};
}

std::pair<Json, std::vector<double>> kept_answer(const Bundle& bundle, const std::string& line) {
  const Json json = Json::parse(line);
  std::vector<double> probabilities;
  if (bundle.signature.problem == Problem::binary)
    probabilities.push_back(json.at("probability").get<double>());
  if (bundle.signature.problem == Problem::multiclass) {
    for (const std::string& name : bundle.signature.classes)
      probabilities.push_back(json.at("probability_" + name).get<double>());
  }
  return {json.at("prediction"), probabilities};
}

// What stands in the file is what explains the rows now, to the last bit.
void expect_explained_as_kept(std::shared_ptr<const Bundle> bundle, const Batch& rows,
                              const std::vector<std::string>& kept) {
  const ColumnExplainer explainer(bundle);
  BatchBuffer now(explainer.output_schema());
  explainer.append_output(explanations_of(explainer, bundle, rows), now, 0);
  const Batch columns = now.view();
  for (size_t i = 0; i < kept.size(); ++i) {
    const Json then = Json::parse(kept[i]);
    for (size_t c = 0; c < columns.columns.size(); ++c) {
      const std::string& name = now.schema()[c].name;
      EXPECT_EQ(bits_of({columns.columns[c].values<double>()[i]}),
                bits_of({then.at(name).get<double>()}))
          << name << ", row " << i;
    }
  }
}

void expect_as_kept(const std::string& set, const std::string& model, bool explained) {
  auto bundle = Bundle::open(folder + set + "_" + model + ".bundle");
  const std::vector<std::string> rows = lines_of(set + "_rows.jsonl"),
                                 kept = lines_of(set + "_" + model + ".jsonl");
  const BatchBuffer decoded = decode(rows, bundle->signature);
  const Answers answers = answers_of(bundle, decoded.view());
  ASSERT_EQ(answers.errors.size(), 0u);
  ASSERT_EQ(rows.size(), kept.size());
  ASSERT_EQ(answers.rows, int64_t(kept.size()));
  for (size_t i = 0; i < kept.size(); ++i) {
    const auto now = answer(*bundle, answers, i), then = kept_answer(*bundle, kept[i]);
    EXPECT_EQ(now.first, then.first) << set << "_" << model << ", row " << i;
    EXPECT_EQ(bits_of(now.second), bits_of(then.second)) << set << "_" << model << ", row " << i;
  }
  if (explained) return expect_explained_as_kept(bundle, decoded.view(), kept);
  EXPECT_NE(testing_rules::error_of([&] { ColumnExplainer explainer(bundle); }, Code::invalid)
                .find("explain"),
            std::string::npos);
}

using Kinds = std::set<std::string>;

// What of the format a set must hold, so that it keeps what it is there to keep.
void expect_covers(const std::string& set, const std::string& model, const std::string& kind,
                   const Kinds& rules = {"derive", "impute", "lookup", "map", "missing", "range"},
                   const Kinds& encoders = {"boolean", "category", "datetime", "number"}) {
  auto bundle = Bundle::open(folder + set + "_" + model + ".bundle");
  EXPECT_EQ(bundle->model->kind(), kind);
  Kinds of_rules, of_encoders;
  for (const auto& step : bundle->rules.steps()) of_rules.insert(step.kind);
  for (const auto& step : bundle->featurizer.steps()) of_encoders.insert(step.kind);
  EXPECT_EQ(of_rules, rules);
  EXPECT_EQ(of_encoders, encoders);
}

TEST(KeptBundles, Format1) {
  expect_covers("1", "late", "boosted-trees");
  expect_covers("1", "minutes", "linear");
  expect_covers("1", "channel_of", "linear");
  expect_as_kept("1", "late", false);
  expect_as_kept("1", "minutes", false);
  expect_as_kept("1", "channel_of", false);
}

// Models of version 2: with what explains them.
TEST(KeptBundles, Format1WithExplanations) {
  expect_covers("2", "late", "boosted-trees");
  expect_covers("2", "minutes", "linear");
  expect_covers("2", "channel_of", "linear");
  expect_as_kept("2", "late", true);
  expect_as_kept("2", "minutes", true);
  expect_as_kept("2", "channel_of", true);
}

// The encoders and models that came later; of another project.
TEST(KeptBundles, Format1WithMoreKinds) {
  expect_covers(
      "3", "calls", "linear", {},
      {"datetime", "frequency", "geo", "hash", "list", "number", "set", "target", "text"});
  expect_covers("3", "stays", "calibrated", {},
                {"bins", "category", "datetime", "geo", "minhash", "ordinal", "target", "text"});
  expect_covers("3", "place", "nearest", {}, {"category", "datetime", "number"});
  expect_as_kept("3", "calls", true);
  expect_as_kept("3", "stays", true);
  expect_as_kept("3", "place", false);
}

}  // namespace
}  // namespace gristmill
