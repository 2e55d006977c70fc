// A bundle written, opened and predicted with: the same answers before and after, whatever its
// model.
#include "bundle/bundle.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "bundle/test_bundles.h"

namespace gristmill {
namespace {

struct Case {
  std::string model;
  Problem problem;
};

class BundleTest : public testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const Bundle> made =
      std::make_shared<Bundle>(order_bundle(GetParam().model, GetParam().problem));
  std::string bytes = made->serialize();
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, BundleTest,
    testing::Values(Case{"linear", Problem::binary}, Case{"linear", Problem::regression},
                    Case{"linear", Problem::multiclass}, Case{"boosted-trees", Problem::binary},
                    Case{"boosted-trees", Problem::regression},
                    Case{"boosted-trees", Problem::multiclass}, Case{"baseline", Problem::binary}),
    [](const auto& info) {
      std::string name = info.param.model + "_" + std::string(name_of(info.param.problem));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST_P(BundleTest, OpensAsItWasWritten) {
  auto opened = parse_bundle(bytes);
  EXPECT_EQ(opened->name, "late");
  EXPECT_EQ(opened->version.size(), 12u);
  EXPECT_EQ(opened->signature.json(), made->signature.json());
  EXPECT_EQ(opened->threshold, made->threshold);
  EXPECT_EQ(opened->card, made->card);
  EXPECT_EQ(opened->model->kind(), GetParam().model);
  EXPECT_EQ(opened->featurizer.layout().specs, made->featurizer.layout().specs);
  EXPECT_EQ(opened->rules.output(), made->rules.output());
  EXPECT_GT(opened->section_bytes.at("manifest"), 0);
  EXPECT_EQ(opened->serialize(), bytes);
  EXPECT_EQ(order_bundle(GetParam().model, GetParam().problem).serialize(), bytes);
}

TEST_P(BundleTest, AnswersAsBeforeItWasWritten) {
  const BatchBuffer rows = orders();
  const Answers before = answers_of(made, rows.view());
  const Answers after = answers_of(parse_bundle(bytes), rows.view());
  EXPECT_EQ(bits_of(after.values), bits_of(before.values));
  EXPECT_EQ(bits_of(after.probabilities), bits_of(before.probabilities));
  EXPECT_EQ(after.width, before.width);
  EXPECT_TRUE(after.errors.empty());
  if (GetParam().model == "baseline") return;
  EXPECT_NE(before.width > 0 ? before.probabilities[0] : before.values[0],
            before.width > 0 ? before.probabilities[2 * before.width] : before.values[2]);
}

TEST_P(BundleTest, ARowsAnswerDependsOnThatRowAlone) {
  const BatchBuffer rows = orders();
  auto bundle = parse_bundle(bytes);
  const Answers all = answers_of(bundle, rows.view());
  for (int64_t i = 0; i < rows.rows(); ++i) {
    BatchBuffer one(rows.schema());
    one.append(rows.view(), i, 1);
    const Answers alone = answers_of(bundle, one.view());
    EXPECT_EQ(bits_of(alone.values), bits_of({all.values[size_t(i)]}));
    for (int64_t k = 0; k < all.width; ++k)
      EXPECT_EQ(bits_of({alone.probabilities[size_t(k)]}),
                bits_of({all.probabilities[size_t(i * all.width + k)]}));
  }
  EXPECT_EQ(answers_of(bundle, BatchBuffer(rows.schema()).view()).rows, 0);
}

// The answer computed by hand from the encoded rows.
TEST(Bundle, LinearAnswersAreTheSumOfTheWeights) {
  const Bundle bundle = order_bundle("linear", Problem::binary);
  const FeatureLayout& layout = bundle.featurizer.layout();
  const LinearParameters p = order_weights(layout, Link::logistic, 1);
  const BatchBuffer raw = orders();
  Batch rows = raw.view();
  Scratch scratch;
  bundle.rules.apply(rows, scratch, nullptr, 0);
  const Encoded encoded = encode_rows(bundle.featurizer, rows);
  const Answers answers = answers_of(parse_bundle(bundle.serialize()), raw.view());
  for (size_t i = 0; i < encoded.floats.size(); ++i) {
    double score = p.bias[0];
    for (size_t j = 0; j < encoded.floats[i].size(); ++j)
      score += p.weights[j] * double(encoded.floats[i][j]);
    for (size_t c = 0; c < encoded.codes[i].size(); ++c)
      score += p.code_weights[size_t(p.code_offset[c] + encoded.codes[i][c])];
    EXPECT_NEAR(answers.probabilities[i], 1 / (1 + std::exp(-score)), 1e-12) << i;
    EXPECT_EQ(answers.values[i], double(answers.probabilities[i] >= bundle.threshold)) << i;
  }
}

TEST(Bundle, TheThresholdItselfIsPositive) {
  for (double threshold : {0.5, std::nextafter(0.5, 1.0)}) {
    Bundle bundle = order_bundle("baseline", Problem::binary);
    bundle.threshold = threshold;
    EXPECT_EQ(answers_of(parse_bundle(bundle.serialize()), orders().view()).values[0],
              threshold == 0.5 ? 1.0 : 0.0);
  }
}

TEST(Bundle, AnswersAsColumns) {
  auto columns = [](const std::string& model, Problem problem) {
    Predictor predictor(parse_bundle(order_bundle(model, problem).serialize()));
    Predictor::Workspace workspace;
    Answers answers;
    const BatchBuffer rows = orders();
    predictor.predict(rows.view(), workspace, answers);
    BatchBuffer out(predictor.output_schema());
    predictor.append_output(answers, out, 0);
    EXPECT_EQ(out.rows(), rows.rows());
    std::string first;
    for (const Field& field : out.schema().fields())
      first += field.name + ":" + std::string(name_of(field.type)) + " ";
    return first + testing_rules::texts(out.view())[0];
  };
  EXPECT_EQ(columns("baseline", Problem::binary),
            "prediction:boolean probability:float64 true|0.5");
  EXPECT_EQ(columns("baseline", Problem::regression), "prediction:float64 0.5");
  EXPECT_EQ(columns("baseline", Problem::multiclass),
            "prediction:string probability_desk:float64 probability_phone:float64 "
            "probability_web:float64 desk|0.25|0.25|0.25");
}

TEST(Bundle, OpensFromDisk) {
  ScratchDir dir;
  const fs::path path = dir.path() / "late.bundle";
  const std::string bytes = order_bundle("linear", Problem::binary).serialize();
  disk().write_atomic(path, bytes);
  auto opened = Bundle::open(path);
  fs::resize_file(path, 0);  // as a copy over it begins: what is open stays whole
  EXPECT_EQ(opened->serialize(), bytes);
  const BatchBuffer rows = orders();
  EXPECT_EQ(bits_of(answers_of(opened, rows.view()).probabilities),
            bits_of(answers_of(parse_bundle(bytes), rows.view()).probabilities));
  disk().remove(path);
  EXPECT_EQ(testing_rules::error_of([&] { Bundle::open(path); }, Code::not_found).find("cannot"),
            0u);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  testing_rules::error_of([&] { Bundle::open(path); }, Code::invalid);
  disk().write_atomic(path, "");
  EXPECT_NE(testing_rules::error_of([&] { Bundle::open(path); }, Code::corrupt).find("late.bundle"),
            std::string::npos);
}

TEST(Bundle, TheVersionStandsForTheWholeContent) {
  auto version = [](auto change) {
    Bundle bundle = order_bundle("linear", Problem::binary);
    change(bundle);
    return parse_bundle(bundle.serialize())->version;
  };
  std::set<std::string> versions = {
      version([](Bundle&) {}),
      version([](Bundle& b) { b.name = "early"; }),
      version([](Bundle& b) { b.threshold = std::nextafter(b.threshold, 1.0); }),
      version([](Bundle& b) { b.card["rows"] = 7; }),
      version([](Bundle& b) { b.signature.target = "delay > 31"; }),
      version([](Bundle& b) {
        LinearParameters p = order_weights(b.featurizer.layout(), Link::logistic, 1);
        p.weights.back() = std::nextafter(p.weights.back(), 1.0);
        b.model = make_linear(p, b.featurizer.layout());
      })};
  EXPECT_EQ(versions.size(), 6u);
  EXPECT_EQ(version([](Bundle&) {}), version([](Bundle& b) { b.version = "other"; }));
}

}  // namespace
}  // namespace gristmill
