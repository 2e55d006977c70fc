#include "model/linear.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "model/calibrated.h"

namespace gristmill {
namespace {

FeatureLayout layout() {
  TensorSpec x{"x", TensorKind::block, {"x0", "x1", "x2", "x3", "x4", "x5"}, "x"};
  TensorSpec c{"c", TensorKind::code, {"", "", "red", "blue"}, "c"};
  TensorSpec d{"d", TensorKind::code, {"", "", "big"}, "d"};
  return FeatureLayout({c, x, d});
}

LinearParameters parameters(int64_t outputs) {
  LinearParameters p;
  p.outputs = outputs;
  p.link = outputs > 1 ? Link::softmax : Link::logistic;
  p.code_offset = {0, 4};
  for (int64_t k = 0; k < outputs; ++k) {
    p.bias.push_back(0.5 - double(k));
    for (int j = 0; j < 6; ++j) p.weights.push_back(double(j - 2 + k) / 4);
    for (int j = 0; j < 7; ++j) p.code_weights.push_back(double(j) / 8 - 0.3 * double(k));
  }
  return p;
}

struct Row {
  std::vector<float> x = {1, -2, 0.5f, 3, std::nanf(""), 2};
  std::vector<int32_t> codes = {3, 2};
  FeatureRows view() { return {1, x.data(), 6, codes.data(), 2}; }
};

double score(const LinearParameters& p, int64_t k, Row row, int32_t c, int32_t d) {
  double sum = p.bias[k];
  for (int j = 0; j < 6; ++j) {
    if (!std::isnan(row.x[j])) sum += p.weights[k * 6 + j] * double(row.x[j]);
  }
  return sum + p.code_weights[k * 7 + c] + p.code_weights[k * 7 + 4 + d];
}

TEST(Linear, LogisticOverFloatsAndCodes) {
  auto model = make_linear(parameters(1), layout());
  Row row;
  double out = 0;
  model->predict(row.view(), &out);
  EXPECT_NEAR(out, 1 / (1 + std::exp(-score(parameters(1), 0, row, 3, 2))), 1e-15);
}

TEST(Linear, SoftmaxSumsToOne) {
  auto model = make_linear(parameters(3), layout());
  Row row;
  double out[3], expected[3], sum = 0;
  model->predict(row.view(), out);
  for (int k = 0; k < 3; ++k) sum += expected[k] = std::exp(score(parameters(3), k, row, 3, 2));
  for (int k = 0; k < 3; ++k) EXPECT_NEAR(out[k], expected[k] / sum, 1e-14);
}

TEST(Linear, CodesOutsideTheirLevelsCountAsUnseen) {
  auto model = make_linear(parameters(1), layout());
  Row unseen, wild;
  unseen.codes = {1, 1};
  wild.codes = {-7, 2000000000};
  double a = 0, b = 0;
  model->predict(unseen.view(), &a);
  model->predict(wild.view(), &b);
  EXPECT_EQ(a, b);
}

TEST(Linear, ARowsAnswerDoesNotDependOnItsNeighbours) {
  auto model = make_linear(parameters(3), layout());
  std::vector<float> x;
  std::vector<int32_t> codes;
  for (int i = 0; i < 9; ++i) {
    for (int j = 0; j < 6; ++j) x.push_back(float(i * j) / 3 - float(i));
    codes.push_back(i % 4);
    codes.push_back(i % 3);
  }
  std::vector<double> all(27), one(27);
  model->predict({9, x.data(), 6, codes.data(), 2}, all.data());
  for (int i = 0; i < 9; ++i) {
    model->predict({1, x.data() + i * 6, 6, codes.data() + i * 2, 2}, one.data() + i * 3);
  }
  EXPECT_EQ(all, one);
}

TEST(Linear, SavesAndLoads) {
  auto model = make_linear(parameters(3), layout());
  State state = model->save();
  auto again = Models::instance().get("linear", "model").load(state, layout());
  EXPECT_EQ(again->save().digest_hex(), state.digest_hex());
}

// The weighted mean of what a code of its column adds.
double mean_weight(const LinearParameters& p, int64_t k, int first, int count) {
  double mean = 0;
  for (int l = first; l < first + count; ++l) mean += p.means[6 + l] * p.code_weights[k * 7 + l];
  return mean;
}

TEST(Linear, ExplainsByDistanceFromTheMean) {
  LinearParameters p = parameters(3);
  p.means = {0.5, 0, -1, 2, 0.25, 3, 0.1, 0, 0.5, 0.4, 0.2, 0.3, 0.5};
  auto explainer = make_linear(p, layout())->make_explainer(layout());
  ASSERT_EQ(explainer->features(), 8);
  Row row;
  std::vector<double> out(24);
  explainer->explain(row.view(), out.data());
  for (int k = 0; k < 3; ++k) {
    double sum = explainer->base()[k];
    for (int f = 0; f < 8; ++f) sum += out[k * 8 + f];
    EXPECT_NEAR(sum, score(p, k, row, 3, 2), 1e-14);
    EXPECT_NEAR(out[k * 8 + 1], p.weights[k * 6 + 1] * -2, 1e-15);
    EXPECT_NEAR(out[k * 8 + 4], p.weights[k * 6 + 4] * -0.25,
                1e-15);  // missing: the 0 it counts as
    EXPECT_NEAR(out[k * 8 + 6], p.code_weights[k * 7 + 3] - mean_weight(p, k, 0, 4), 1e-15);
    EXPECT_NEAR(out[k * 8 + 7], p.code_weights[k * 7 + 6] - mean_weight(p, k, 4, 3), 1e-15);
  }
}

TEST(Linear, ExplainsByDistanceFromTheMeanOfOtherRows) {
  const LinearParameters p = parameters(3);  // it keeps no means
  Row row, other, third;
  other.x.assign(6, 0.5f);
  other.codes[0] = 0;
  std::vector<float> x = other.x;
  x.insert(x.end(), third.x.begin(), third.x.end());
  std::vector<int32_t> codes = other.codes;
  codes.insert(codes.end(), third.codes.begin(), third.codes.end());
  const FeatureRows background{2, x.data(), 6, codes.data(), 2};
  const auto explainer = make_linear(p, layout())->make_explainer_against(layout(), background);
  ASSERT_NE(explainer, nullptr);
  std::vector<double> out(24);
  explainer->explain(row.view(), out.data());
  for (int k = 0; k < 3; ++k) {
    const double base = (score(p, k, other, 0, 2) + score(p, k, third, 3, 2)) / 2;
    EXPECT_NEAR(explainer->base()[size_t(k)], base, 1e-14);
    double sum = base;
    for (int f = 0; f < 8; ++f) sum += out[size_t(k * 8 + f)];
    EXPECT_NEAR(sum, score(p, k, row, 3, 2), 1e-14);
    const double mean = (0.5 + double(third.x[1])) / 2;
    EXPECT_NEAR(out[size_t(k * 8 + 1)], p.weights[size_t(k * 6 + 1)] * (double(row.x[1]) - mean),
                1e-14);
  }
}

TEST(Linear, WithoutMeansItIsNotExplained) {
  auto model = make_linear(parameters(1), layout());
  EXPECT_EQ(model->make_explainer(layout()), nullptr);
  State state = model->save();
  const Models& models = Models::instance();
  EXPECT_EQ(models.get("linear", "model").load(state, layout())->make_explainer(layout()), nullptr);
  state.json["version"] = 4;
  EXPECT_THROW(models.get("linear", "model").load(state, layout()), Error);
}

TEST(Linear, SizesThatDoNotFitAreErrors) {
  auto broken = [](auto change) {
    LinearParameters p = parameters(3);
    change(p);
    EXPECT_THROW(make_linear(std::move(p), layout()), Error);
  };
  broken([](auto& p) { p.bias.pop_back(); });
  broken([](auto& p) { p.weights.push_back(0); });
  broken([](auto& p) { p.code_weights.pop_back(); });
  broken([](auto& p) { p.code_offset = {0, 3}; });
  broken([](auto& p) { p.code_offset = {}; });
  broken([](auto& p) { p.weights[0] = NAN; });
  broken([](auto& p) { p.outputs = -1; });
  broken([](auto& p) { p.outputs = int64_t(1) << 62; });
  broken([](auto& p) { p.link = Link::logistic; });
  broken([](auto& p) { p.means = {1, 2}; });
  broken([](auto& p) { p.means.assign(13, INFINITY); });
}

TEST(Linear, DotTakesFourSumsWhateverTheLength) {
  std::vector<double> w;
  std::vector<float> x;
  for (int n = 0; n < 23; ++n) {
    double expected = 0;
    for (int j = 0; j < n; ++j) expected += w[j] * double(x[j]);
    EXPECT_NEAR(linear_dot(w.data(), x.data(), n), expected, 1e-12);
    w.push_back(std::sin(n));
    x.push_back(float(std::cos(3 * n)));
  }
}

TEST(Baseline, AnswersTheSameForAll) {
  auto model = make_baseline({0.2, 0.3, 0.5}, Link::softmax);
  std::vector<double> out(6);
  model->predict({2, nullptr, 0, nullptr, 0}, out.data());
  EXPECT_EQ(out, (std::vector<double>{0.2, 0.3, 0.5, 0.2, 0.3, 0.5}));
  auto again = Models::instance().get("baseline", "model").load(model->save(), layout());
  EXPECT_EQ(again->outputs(), 3);
  auto explainer = again->make_explainer(layout());
  EXPECT_EQ(explainer->features(), 0);
  EXPECT_DOUBLE_EQ(explainer->base()[1], std::log(0.3));
  EXPECT_NEAR(make_baseline({0.2}, Link::logistic)->make_explainer(layout())->base()[0],
              std::log(0.25), 1e-15);
  EXPECT_EQ(make_baseline({0.2}, {})->make_explainer(layout()), nullptr);
  EXPECT_THROW(make_baseline({}, Link::identity), Error);
  EXPECT_THROW(make_baseline({NAN}, {}), Error);
}

// Its probabilities, and its contributions, are those of slope · score + offset.
TEST(Calibrated, AnswersAndExplainsOnItsOwnScale) {
  for (const int64_t outputs : {1, 3}) {
    LinearParameters p = parameters(outputs);
    p.means.assign(6 + 7, 0.25);
    const Calibration calibration{0.5, outputs == 1 ? -0.75 : 0};
    const auto saved = make_calibrated(make_linear(p, layout()), calibration)->save();
    const auto model = Models::instance().get("calibrated", "model").load(saved, layout());
    Row row;
    double out[3], z[3], sum = 0;
    model->predict(row.view(), out);
    for (int k = 0; k < outputs; ++k)
      sum += std::exp(z[k] = 0.5 * score(p, k, row, 3, 2) + calibration.offset);
    for (int k = 0; k < outputs; ++k)
      EXPECT_NEAR(out[k], outputs == 1 ? 1 / (1 + std::exp(-z[0])) : std::exp(z[k]) / sum, 1e-14);
    const auto explainer = model->make_explainer(layout());
    std::vector<double> parts(size_t(outputs * explainer->features()));
    explainer->explain(row.view(), parts.data());
    for (int k = 0; k < outputs; ++k) {
      double total = explainer->base()[size_t(k)];
      for (int64_t f = 0; f < explainer->features(); ++f)
        total += parts[size_t(k * explainer->features() + f)];
      EXPECT_NEAR(total, z[k], 1e-12);
    }
  }
}

TEST(Calibrated, DamagedParametersAreRefused) {
  for (const Calibration& wrong :
       {Calibration{0, 0}, Calibration{-1, 0}, Calibration{NAN, 0}, Calibration{1, INFINITY}})
    EXPECT_THROW(make_calibrated(make_linear(parameters(1), layout()), wrong), Error);
  auto twice = make_calibrated(make_calibrated(make_linear(parameters(1), layout()), {}), {});
  EXPECT_THROW(Models::instance().get("calibrated", "model").load(twice->save(), layout()), Error);
}

}  // namespace
}  // namespace gristmill
