#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/test_dataset.h"
#include "model/linear.h"

namespace gristmill {
namespace {

// Over the training rows the contributions of each feature cancel out.
void expect_explained_from_the_mean(const Model& model, const TestDataset& data) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  const auto explainer = model.make_explainer(data.info().layout);
  ASSERT_NE(explainer, nullptr);
  const int64_t width = explainer->features() * model.outputs();
  std::vector<double> out(size_t(rows.features.rows * width)), sums(size_t(width), 0);
  explainer->explain(rows.features, out.data());
  double weights = 0;
  for (int64_t i = 0; i < rows.features.rows; ++i) {
    const double weight = rows.weight == nullptr ? 1 : rows.weight[i];
    weights += weight;
    for (int64_t j = 0; j < width; ++j) sums[j] += weight * out[i * width + j];
  }
  for (double sum : sums) EXPECT_NEAR(sum / weights, 0, 1e-9);
}

using Matrix = std::vector<std::vector<double>>;

std::vector<double> solve(Matrix a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t r = i; r < n; ++r) {
      if (std::abs(a[r][i]) > std::abs(a[pivot][i])) pivot = r;
    }
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (size_t r = i + 1; r < n; ++r) {
      const double factor = a[r][i] / a[i][i];
      if (factor == 0) continue;
      for (size_t c = i; c < n; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t c = i + 1; c < n; ++c) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

// The probabilities (or values) at the optimum, by plain Newton over the one-hot design.
std::vector<double> by_newton(const Dataset& data, double l2, Fold asked) {
  const DatasetInfo& info = data.info();
  const std::vector<int64_t> level_at = level_offsets(info.layout);
  const size_t outputs = info.problem == Problem::multiclass ? info.classes.size() : 1;
  const size_t width = size_t(1 + info.layout.floats + level_at.back()), size = outputs * width;
  auto design = [&](const DatasetRows& rows, int64_t i) {
    std::vector<double> v(width);
    v[0] = 1;
    for (int64_t j = 0; j < info.layout.floats; ++j) {
      v[1 + j] = rows.features.floats[i * info.layout.floats + j];
    }
    for (int64_t c = 0; c < info.layout.codes; ++c) {
      v[1 + info.layout.floats + level_at[c] + rows.features.codes[i * info.layout.codes + c]] = 1;
    }
    return v;
  };
  std::vector<double> x(size);
  auto answer = [&](const std::vector<double>& v) {
    std::vector<double> p(outputs);
    for (size_t k = 0; k < outputs; ++k) {
      for (size_t j = 0; j < width; ++j) p[k] += x[k * width + j] * v[j];
    }
    apply_link(info.problem == Problem::regression ? Link::identity
               : outputs > 1                       ? Link::softmax
                                                   : Link::logistic,
               1, 1, int64_t(outputs), p.data());
    return p;
  };
  const DatasetRows train = data.fold_slice(Fold::train);
  for (int round = 0; round < (info.problem == Problem::regression ? 1 : 12); ++round) {
    std::vector<double> gradient(size);
    Matrix hessian(size, std::vector<double>(size));
    for (int64_t i = 0; i < train.features.rows; ++i) {
      const double w = train.weight == nullptr ? 1 : train.weight[i];
      const std::vector<double> v = design(train, i), p = answer(v);
      std::vector<size_t> used;
      for (size_t j = 0; j < width; ++j) {
        if (v[j] != 0) used.push_back(j);
      }
      for (size_t k = 0; k < outputs; ++k) {
        const double truth = outputs > 1 ? train.target[i] == double(k) : train.target[i];
        for (size_t j : used) gradient[k * width + j] += w * (p[k] - truth) * v[j];
        for (size_t l = 0; l < outputs; ++l) {
          const double h = info.problem == Problem::regression ? 1
                           : k == l                            ? p[k] * (1 - p[k])
                                                               : -p[k] * p[l];
          for (size_t a : used) {
            for (size_t b : used) hessian[k * width + a][l * width + b] += w * h * v[a] * v[b];
          }
        }
      }
    }
    for (size_t j = 0; j < size; ++j) {
      const bool bias = j % width == 0;
      gradient[j] += bias ? 0 : l2 * x[j];
      hessian[j][j] += bias ? 1e-9 : l2;
    }
    const std::vector<double> step = solve(hessian, gradient);
    for (size_t j = 0; j < size; ++j) x[j] -= step[j];
  }
  std::vector<double> out;
  const DatasetRows rows = data.fold_slice(asked);
  for (int64_t i = 0; i < rows.features.rows; ++i) {
    for (double value : answer(design(rows, i))) out.push_back(value);
  }
  return out;
}

TestDataset some_data(Problem problem, int classes, std::vector<int64_t> levels, bool weighted,
                      int64_t rows = 600) {
  TestDataset data(problem, classes, 3, levels, weighted);
  std::mt19937 random(4);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t* codes) {
    double score = -0.5;
    for (int j = 0; j < 3; ++j) {
      x[j] = float(normal(random) + (j > 0 ? 0.7 * x[j - 1] : 0));
      score += x[j] * (j - 0.8);
    }
    for (size_t c = 0; c < levels.size(); ++c) {
      codes[c] = int32_t(
          std::min<uint64_t>(random() % uint64_t(levels[c]), random() % uint64_t(levels[c])));
      score += std::sin(codes[c]);
    }
    score += normal(random);
    if (problem == Problem::regression) return 40 * score + 1000;
    return std::clamp(std::floor(score + classes / 2.0), 0.0, double(classes - 1));
  };
  data.add(Fold::train, rows, make);
  data.add(Fold::validate, 60, make);
  return data;
}

void expect_optimum(const TestDataset& data, double l2, double within) {
  const auto model = train_for_test("linear", data, {{"l2", l2}});
  const auto found = predictions(*model, data, Fold::validate);
  const auto expected = by_newton(data, l2, Fold::validate);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], within) << i;
  expect_explained_from_the_mean(*model, data);
}

TEST(LinearLearner, RidgeIsAtItsOptimum) {
  for (double l2 : {0.01, 1.0, 300.0}) {
    expect_optimum(some_data(Problem::regression, 0, {5, 9}, false), l2, 1e-4);
    expect_optimum(some_data(Problem::regression, 0, {5, 9}, true), l2, 1e-4);
  }
}

TEST(LinearLearner, LogisticIsAtItsOptimum) {
  for (double l2 : {0.01, 1.0, 300.0}) {
    expect_optimum(some_data(Problem::binary, 2, {5, 9}, false), l2, 1e-6);
    expect_optimum(some_data(Problem::binary, 2, {5, 9}, true), l2, 1e-6);
    expect_optimum(some_data(Problem::binary, 2, {}, true), l2, 1e-6);
  }
}

TEST(LinearLearner, SoftmaxIsAtItsOptimum) {
  for (double l2 : {0.01, 1.0, 300.0}) {
    expect_optimum(some_data(Problem::multiclass, 4, {5, 4}, true), l2, 1e-4);
  }
}

// More parameters than the whole Hessian is kept for.
TEST(LinearLearner, ManyLevelsAreAtTheirOptimum) {
  expect_optimum(some_data(Problem::binary, 2, {500, 40}, false, 3000), 1, 1e-5);
  expect_optimum(some_data(Problem::regression, 0, {500, 40}, true, 3000), 1, 1e-2);
}

TEST(LinearLearner, EqualBytesForAnyThreads) {
  for (Problem problem : {Problem::regression, Problem::binary, Problem::multiclass}) {
    const TestDataset data =
        some_data(problem, problem == Problem::multiclass ? 3 : 2, {6}, true, 3 * 65536 + 500);
    const nlohmann::json params = {{"iterations", 3}};
    const std::string one = train_for_test("linear", data, params, 1)->save().digest_hex();
    for (int threads : {2, 7}) {
      EXPECT_EQ(train_for_test("linear", data, params, threads)->save().digest_hex(), one);
    }
  }
}

// More chunks than it starts on.
TEST(LinearLearner, LongDataStartsOnAPartAndEndsAtTheSameOptimum) {
  TestDataset data(Problem::binary, 2, 1, {});
  std::mt19937 random(2);
  auto make = [&](int64_t, float* x, int32_t*) {
    x[0] = float(random() % 1000) / 500 - 1;
    return double(random() % 1000 < uint64_t(500 + 300 * x[0]));
  };
  data.add(Fold::train, 17 * 65536, make);
  data.add(Fold::validate, 10, make);
  expect_optimum(data, 1, 1e-6);
}

TEST(LinearLearner, SeparableConstantAndEmptyColumns) {
  TestDataset data(Problem::binary, 2, 4, {3});
  auto make = [](int64_t i, float* x, int32_t* codes) {
    x[0] = i % 2 ? 1 : -1;  // separates
    x[1] = 5;               // constant
    x[2] = NAN;             // nothing
    x[3] = x[0];            // the same again
    codes[0] = 1;
    return double(i % 2);
  };
  data.add(Fold::train, 100, make);
  data.add(Fold::validate, 10, make);
  for (const nlohmann::json& l2 :
       {nlohmann::json(0), nlohmann::json(1e-3), nlohmann::json("auto")}) {
    const auto model = train_for_test("linear", data, {{"l2", l2}});
    const auto found = predictions(*model, data, Fold::validate);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(std::isfinite(found[i]));
      EXPECT_EQ(found[i] > 0.5, i % 2 == 1);
    }
  }
}

TEST(LinearLearner, ConstantTargetIsItsMean) {
  TestDataset data(Problem::regression, 0, 1, {});
  auto make = [](int64_t i, float* x, int32_t*) { return x[0] = float(i), 3.5; };
  data.add(Fold::train, 50, make);
  data.add(Fold::validate, 5, make);
  for (double value : predictions(*train_for_test("linear", data), data, Fold::validate)) {
    EXPECT_DOUBLE_EQ(value, 3.5);
  }
}

// Many levels that say nothing: only a strong penalty helps.
TEST(LinearLearner, AutoChoosesThePenaltyOnValidate) {
  TestDataset data(Problem::binary, 2, 0, {400});
  std::mt19937 random(8);
  auto make = [&](int64_t, float*, int32_t* codes) {
    codes[0] = int32_t(random() % 400);
    return double(random() % 2);
  };
  data.add(Fold::train, 800, make);
  data.add(Fold::validate, 4000, make);
  const std::string chosen = train_for_test("linear", data)->save().digest_hex();
  const auto strong =
      predictions(*train_for_test("linear", data, {{"l2", 100}}), data, Fold::validate);
  EXPECT_EQ(chosen, train_for_test("linear", data, {{"l2", "auto"}})->save().digest_hex());
  const auto found = predictions(*train_for_test("linear", data), data, Fold::validate);
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], strong[i], 1e-6);
  EXPECT_THROW(train_for_test("linear", data, {{"l2", "strong"}}), Error);
  EXPECT_THROW(train_for_test("linear", data, {{"l2", -1}}), Error);
}

TEST(Learners, RefuseWhatCannotBeLearnedFrom) {
  for (const std::string learner : {"linear", "boosted-trees", "baseline"}) {
    TestDataset none(Problem::binary, 2, 1, {}), one(Problem::binary, 2, 1, {}),
        holes(Problem::regression, 0, 1, {});
    auto constant = [](int64_t, float* x, int32_t*) { return x[0] = 1, 1.0; };
    one.add(Fold::train, 50, constant);
    one.add(Fold::validate, 50, constant);
    holes.add(Fold::train, 50,
              [](int64_t i, float*, int32_t*) { return i == 20 ? NAN : 1.0 * double(i); });
    holes.add(Fold::validate, 5, constant);
    for (const TestDataset* data : {&none, &one, &holes}) {
      try {
        train_for_test(learner, *data);
        ADD_FAILURE() << learner;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid) << error.what();
      }
    }
  }
}

TEST(BaselineLearner, AnswersTheWeightedShares) {
  TestDataset binary(Problem::binary, 2, 1, {}, true), three(Problem::multiclass, 3, 1, {});
  auto make = [](int64_t i, float*, int32_t*) { return double(i % 3 == 1); };  // weights 1, 2, 3
  binary.add(Fold::train, 30, make);
  EXPECT_EQ(predictions(*train_for_test("baseline", binary), binary, Fold::train),
            std::vector<double>(30, 1.0 / 3));
  three.add(Fold::train, 4, [](int64_t i, float*, int32_t*) { return double(i % 3); });
  const auto found = predictions(*train_for_test("baseline", three), three, Fold::train);
  EXPECT_EQ(std::vector<double>(found.begin(), found.begin() + 3),
            (std::vector<double>{0.5, 0.25, 0.25}));
}

}  // namespace
}  // namespace gristmill
