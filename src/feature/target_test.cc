#include <cmath>
#include <functional>
#include <random>

#include "base/thread_pool.h"
#include "feature/target_sums.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Doubles = std::vector<double>;

const TargetInfo number{Problem::regression, {}};
const TargetInfo yes_or_no{Problem::binary, {"no", "yes"}};
const TargetInfo three_classes{Problem::multiclass, {"a", "b", "c"}};

// Rows with their targets and folds; codes are numbers of levels, -1 is missing.
struct Labelled {
  TestRows rows{{{"x", Type::string}}};
  std::vector<int32_t> levels;
  Doubles target, weight;
  std::vector<uint8_t> fold;

  void add(int level, double value, int of_fold, double weighs = 1) {
    if (level < 0)
      rows[0].append_null();
    else
      rows[0].append(std::string_view("level " + std::to_string(level)));
    levels.push_back(level);
    target.push_back(value);
    fold.push_back(uint8_t(of_fold));
    weight.push_back(weighs);
  }
};

Labelled random_rows(const TargetInfo& info, int64_t count, int levels, double missing = 0.05) {
  Labelled out;
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise;
  for (int64_t i = 0; i < count; ++i) {
    const int level =
        double(random() % 1000) < missing * 1000 ? -1 : int(random() % uint64_t(levels));
    const double value = 3 * std::sin(level) + noise(random);
    const double target = info.problem == Problem::regression ? 1000 + value
                          : info.problem == Problem::binary
                              ? double(value > 0)
                              : double(value > 1) + double(value > -1);
    out.add(level, target, int(random() % FitBatch::folds), 0.5 + double(random() % 4));
  }
  return out;
}

// The encoding as the paper's formula has it, from the rows themselves.
double by_formula(const Labelled& data, int level, const std::function<double(double)>& of,
                  std::optional<double> smooth, int without_fold) {
  auto moments = [&](auto chosen) {
    double n = 0, mean = 0, variance = 0;
    for (size_t i = 0; i < data.target.size(); ++i)
      if (chosen(i)) n += data.weight[i], mean += data.weight[i] * of(data.target[i]);
    mean /= n;
    for (size_t i = 0; i < data.target.size(); ++i)
      if (chosen(i)) variance += data.weight[i] * std::pow(of(data.target[i]) - mean, 2) / n;
    return std::tuple(n, mean, variance);
  };
  auto outside = [&](size_t i) { return data.fold[i] != without_fold; };
  const auto [all, prior, spread] = moments(outside);
  const auto [n, mean, within] =
      moments([&](size_t i) { return outside(i) && data.levels[i] == level; });
  if (n == 0) return prior;
  const double share = smooth ? n / (n + *smooth) : spread * n / (spread * n + within);
  return share * mean + (1 - share) * prior;
}

TEST(TargetSums, AreAsTheFormulaSays) {
  const int levels = 40;
  for (const TargetInfo& info : {number, yes_or_no, three_classes}) {
    const Labelled data = random_rows(info, 2000, levels);
    TargetSums sums(info);
    for (size_t i = 0; i < data.target.size(); ++i)
      sums.add(data.levels[i] < 0 ? 0 : 2 + data.levels[i], data.fold[i], data.target[i],
               data.weight[i]);
    for (const std::optional<double> smooth : {std::optional<double>(), std::optional(12.5)}) {
      for (int without = -1; without < FitBatch::folds; ++without) {
        const Doubles found = sums.encodings(levels + 3, smooth, without);
        for (int64_t k = 0; k < info.outputs(); ++k) {
          auto of = [&](double y) {
            return info.problem == Problem::multiclass ? double(y == double(k)) : y;
          };
          for (int code = 0; code < levels + 3; ++code) {
            if (code == 1) continue;
            const double expected =
                by_formula(data, code == 0 ? -1 : code - 2, of, smooth, without);
            EXPECT_NEAR(found[size_t(code * info.outputs() + k)], expected, 1e-9);
          }
          EXPECT_EQ(found[size_t(info.outputs() + k)],
                    found[size_t((levels + 2) * info.outputs() + k)]);  // never seen: the prior
        }
      }
    }
  }
}

// What scikit-learn 1.9.1 gives: TargetEncoder(smooth="auto"), its folds set to these.
TEST(TargetSums, AreAsInScikitLearn) {
  const int levels[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4};
  const double values[] = {1, 2, 2.5, 4, 3, 10, 12, 9, 11, 5, 5, 5, -3, 8, 7};
  TargetSums numbers(number), classes(yes_or_no);
  for (int i = 0; i < 15; ++i) {
    numbers.add(2 + levels[i], i % 5, values[i], 1);
    classes.add(2 + levels[i], i % 5, values[i] > 4.5, 1);
  }
  auto expect = [](const Doubles& found, const Doubles& kept) {
    for (size_t i = 0; i < kept.size(); ++i) EXPECT_NEAR(found[2 + i], kept[i], 1e-9) << i;
  };
  expect(numbers.encodings(7, {}, -1),
         {2.536753445635528, 10.401501667559488, 5.0, 3.9364084393042793, 7.0});
  expect(numbers.encodings(7, {}, 0),
         {2.8964738092096582, 10.506195339454168, 5.0, 3.9233721765063234, 7.0});
  expect(numbers.encodings(7, {}, 1),
         {2.6742932862190814, 9.930326782536257, 5.0, 3.8570483694714444, 7.0});
  expect(numbers.encodings(7, {}, 2), {2.594188084112149, 10.907396507749658, 5.0, 8.0, 7.0});
  expect(numbers.encodings(7, {}, 3), {2.1481722975684137, 10.162909014879606, 5.0, -3.0, 7.0});
  expect(numbers.encodings(7, {}, 4),
         {2.4231429761931578, 10.419674196741967, 5.0, 3.8490301888713536, 5.541666666666667});
  expect(classes.encodings(7, {}, -1), {0.0, 1.0, 1.0, 0.5342465753424658, 1.0});
  expect(classes.encodings(7, {}, 0), {0.0, 1.0, 1.0, 0.5283018867924528, 1.0});
  expect(classes.encodings(7, {}, 1), {0.0, 1.0, 1.0, 0.5283018867924528, 1.0});
  expect(classes.encodings(7, {}, 2), {0.0, 1.0, 1.0, 1.0, 1.0});
  expect(classes.encodings(7, {}, 3), {0.0, 1.0, 1.0, 0.0, 1.0});
  expect(classes.encodings(7, {}, 4), {0.0, 1.0, 1.0, 0.5283018867924528, 0.5833333333333334});
  expect(numbers.encodings(7, 3.0, -1), {3.6, 8.328571428571427, 5.216666666666667, 4.26, 5.825});
}

// Fits on chunks, each on any thread, as a training pass does.
Featurizer fit_in_chunks(const Labelled& data, const TargetInfo& info, const Wants& wants,
                         int threads, int64_t chunk, nlohmann::json params = nullptr) {
  FeaturizerFit fit(data.rows.schema(), {{"x", "target", params}}, wants, "", info);
  EXPECT_TRUE(fit.needs_target());
  const Batch whole = data.rows.batch();
  const int64_t chunks = (whole.rows + chunk - 1) / chunk;
  std::vector<std::unique_ptr<FeaturizerFit>> parts(static_cast<size_t>(chunks));
  ThreadPool(threads).for_each(chunks, [&](int64_t c) {
    Batch rows = whole;
    rows.rows = std::min(chunk, whole.rows - c * chunk);
    rows.columns[0] = slice(whole.columns[0], c * chunk, rows.rows);
    parts[size_t(c)] = fit.clone_empty();
    parts[size_t(c)]->observe({.rows = rows,
                               .target = data.target.data() + c * chunk,
                               .weight = data.weight.data() + c * chunk,
                               .fold = data.fold.data() + c * chunk});
  });
  for (auto& part : parts) fit.merge(std::move(*part));
  // A chunk without training rows, as a split by time has them, has no arrays either.
  Batch none = whole;
  none.rows = 0;
  none.columns[0] = slice(whole.columns[0], 0, 0);
  const auto nothing = fit.clone_empty();
  nothing->observe({.rows = none});
  fit.merge(std::move(*nothing));
  EXPECT_FALSE(fit.next_pass());
  std::vector<FeaturizerFit::LeftOut> left_out;
  Featurizer featurizer = fit.freeze(&left_out);
  EXPECT_EQ(left_out.size(), 0u);
  return featurizer;
}

std::vector<float> training_floats(const Featurizer& featurizer, const Labelled& data) {
  FeatureBuffer buffer;
  const FeatureRows out = buffer.resize(featurizer.layout(), data.rows.batch().rows);
  Scratch scratch;
  featurizer.encode_training(data.rows.batch(), data.fold.data(), out, scratch);
  return {out.floats, out.floats + out.rows * out.float_stride};
}

TEST(Target, NeitherThreadsNorChunksMatter) {
  for (const TargetInfo& info : {number, yes_or_no, three_classes}) {
    const Labelled data = random_rows(info, 5000, 300);
    const Featurizer one = fit_in_chunks(data, info, for_linear, 1, 5000);
    for (const int threads : {1, 2, 7}) {
      const Featurizer other = fit_in_chunks(data, info, for_linear, threads, 64);
      EXPECT_EQ(other.save().digest_hex(), one.save().digest_hex());
      EXPECT_EQ(training_floats(other, data), training_floats(one, data));
    }
    expect_same_when_frozen(one, data.rows);
  }
}

TEST(Target, TrainingRowsLearnFromOtherFolds) {
  const Labelled data = random_rows(yes_or_no, 3000, 50);
  const Featurizer featurizer = fit_in_chunks(data, yes_or_no, for_trees, 1, 1024);
  EXPECT_EQ(featurizer.layout().specs[0].names, (std::vector<std::string>{"x_target"}));
  const std::vector<float> found = training_floats(featurizer, data);
  auto same = [](double y) { return y; };
  for (size_t i = 0; i < found.size(); i += 37)
    EXPECT_NEAR(found[i], by_formula(data, data.levels[i], same, {}, data.fold[i]), 1e-6);
  const Encoded others = encode_rows(featurizer, data.rows.batch());
  for (size_t i = 0; i < found.size(); i += 37)
    EXPECT_NEAR(others.floats[i][0], by_formula(data, data.levels[i], same, {}, -1), 1e-6);
  FeatureBuffer buffer;
  Scratch scratch;
  const FeatureRows out = buffer.resize(featurizer.layout(), data.rows.batch().rows);
  EXPECT_THROW(featurizer.encode_training(data.rows.batch(), nullptr, out, scratch), Error);
}

// Noise of about three rows a level: within its own rows it seems to know the target.
TEST(Target, NoiseDoesNotLeakIntoTraining) {
  Labelled data;
  std::mt19937_64 random(11);
  for (int i = 0; i < 30000; ++i)
    data.add(int(random() % 10000), double(random() % 2), int(random() % FitBatch::folds));
  const Featurizer featurizer = fit_in_chunks(data, yes_or_no, for_trees, 1, 65536);
  auto gap = [&](const std::vector<float>& encoded) {
    double mean[2] = {0, 0}, rows[2] = {0, 0};
    for (size_t i = 0; i < encoded.size(); ++i) {
      mean[int(data.target[i])] += double(encoded[i]);
      ++rows[int(data.target[i])];
    }
    return mean[1] / rows[1] - mean[0] / rows[0];
  };
  std::vector<float> naive;
  for (const auto& row : encode_rows(featurizer, data.rows.batch()).floats) naive.push_back(row[0]);
  EXPECT_GT(gap(naive), 0.25);
  EXPECT_LT(std::abs(gap(training_floats(featurizer, data))), 0.015);
}

TEST(Target, MissingUnseenAndSingleLevels) {
  Labelled data;
  for (int i = 0; i < 40; ++i) data.add(i % 4 - 1, i % 4 == 0 ? 10 : i % 4, i % 5);
  const Featurizer featurizer = fit_in_chunks(data, number, for_trees, 1, 64);
  const TestRows later =
      TestRows::column(Type::string, {nullptr, "level 0", "level 2", "never seen", ""});
  const Encoded encoded = encode_rows(featurizer, later.batch());
  const float expected[] = {10, 1, 3, 4, 4};
  for (size_t i = 0; i < 5; ++i) EXPECT_FLOAT_EQ(encoded.floats[i][0], expected[i]);
  // A level of one row: for that row, nobody else knows it.
  Labelled single;
  single.add(0, 5, 0);
  for (int i = 0; i < 20; ++i) single.add(1 + i % 2, i, 1 + i % 4);
  const std::vector<float> found =
      training_floats(fit_in_chunks(single, number, for_trees, 1, 64), single);
  EXPECT_FLOAT_EQ(found[0], 9.5);
  // All rows in one fold: nothing is known out of it, and nothing leaks.
  Labelled together;
  for (int i = 0; i < 20; ++i) together.add(i % 2, i, 3);
  for (const float value :
       training_floats(fit_in_chunks(together, number, for_trees, 1, 64), together))
    EXPECT_FLOAT_EQ(value, 9.5);
}

TEST(Target, ScaledForLinearModels) {
  const Labelled data = random_rows(three_classes, 4000, 30);
  const Featurizer featurizer = fit_in_chunks(data, three_classes, for_linear, 1, 65536);
  EXPECT_EQ(featurizer.layout().specs[0].names,
            (std::vector<std::string>{"x_target=a", "x_target=b", "x_target=c"}));
  const Encoded encoded = encode_rows(featurizer, data.rows.batch());
  for (size_t k = 0; k < 3; ++k) {
    double sum = 0, squares = 0;
    for (const auto& row : encoded.floats)
      sum += double(row[k]), squares += double(row[k] * row[k]);
    EXPECT_NEAR(sum / 4000, 0, 1e-5);
    EXPECT_NEAR(squares / 4000, 1, 1e-4);
  }
}

TEST(Target, WhatCarriesNothingAndWhatIsWrong) {
  auto why = [](const std::vector<const char*>& cells, Doubles target) {
    const TestRows rows = TestRows::column(Type::string, cells);
    const std::vector<uint8_t> fold(cells.size(), 1);
    FeaturizerFit fit(rows.schema(), {{"x", "target"}}, for_trees, "", number);
    fit.observe({.rows = rows.batch(), .target = target.data(), .fold = fold.data()});
    std::vector<FeaturizerFit::LeftOut> left_out;
    fit.freeze(&left_out);
    return left_out.empty() ? "" : left_out[0].reason;
  };
  EXPECT_EQ(why({nullptr, nullptr}, {1, 2}), "all its values are missing");
  EXPECT_EQ(why({"a", "a"}, {1, 2}), "constant: all its values are a");
  EXPECT_EQ(why({"a", "b", "a"}, {2, 2, 2}), "the target is the same for all its values");
  const TestRows rows = TestRows::column(Type::string, {"a"});
  auto make = [&](Type type, nlohmann::json params) {
    FeaturizerFit(Schema({{"x", type}}), {{"x", "target", params}}, for_trees, "");
  };
  EXPECT_NO_THROW(make(Type::int64, {{"smooth", 0}}));
  EXPECT_THROW(make(Type::string, {{"smooth", -1}}), Error);
  EXPECT_THROW(make(Type::string, {{"smooth", "some"}}), Error);
  EXPECT_THROW(make(Type::string, {{"smoothing", 1}}), Error);
  EXPECT_THROW(make(Type::float64, nullptr), Error);
  EXPECT_THROW(make(Type::date, nullptr), Error);
}

// More values than a category keeps: linear models get `target`, trees what they had.
TEST(Target, IsWhatAutoTakesForManyValues) {
  auto kind_of = [](int levels, const Wants& wants, std::optional<TargetInfo> info) {
    const Labelled data = random_rows(yes_or_no, 5000, levels);
    FeaturizerFit fit(data.rows.schema(), {{"x"}}, wants, "", info);
    EXPECT_EQ(fit.needs_target(), wants.scaled && info);
    auto part = fit.clone_empty();
    part->observe(
        {.rows = data.rows.batch(), .target = data.target.data(), .fold = data.fold.data()});
    fit.merge(std::move(*part));
    return fit.freeze(nullptr).steps()[0].kind;
  };
  EXPECT_EQ(kind_of(300, for_linear, yes_or_no), "target");
  EXPECT_EQ(kind_of(200, for_linear, yes_or_no), "category");
  EXPECT_EQ(kind_of(300, for_linear, {}), "category");
  EXPECT_EQ(kind_of(300, for_trees, yes_or_no), "category");
  const Labelled distinct = random_rows(yes_or_no, 1000, 1'000'000);
  FeaturizerFit fit(distinct.rows.schema(), {{"x"}}, for_linear, "", yes_or_no);
  fit.observe({.rows = distinct.rows.batch(),
               .target = distinct.target.data(),
               .fold = distinct.fold.data()});
  std::vector<FeaturizerFit::LeftOut> left_out;
  EXPECT_EQ(fit.freeze(&left_out).steps().size(), 0u);
  EXPECT_EQ(left_out[0].reason.find("looks like an identifier"), 0u);
}

TEST(Target, WholeNumbersAndBooleans) {
  for (const Type type : {Type::int64, Type::boolean}) {
    const TestRows rows =
        type == Type::int64
            ? TestRows::column(type, {"5", "-7", "5", "-7", "5", "-7"})
            : TestRows::column(type, {"true", "false", "true", "false", "true", "false"});
    const Doubles target = {1, 0, 1, 0, 1, 0};
    const std::vector<uint8_t> fold = {0, 1, 2, 3, 4, 0};
    FeaturizerFit fit(rows.schema(), {{"x", "target"}}, for_trees, "", yes_or_no);
    fit.observe({.rows = rows.batch(), .target = target.data(), .fold = fold.data()});
    const Featurizer featurizer = fit.freeze(nullptr);
    expect_same_when_frozen(featurizer, rows);
    const Encoded encoded = encode_rows(featurizer, rows.batch());
    for (size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(encoded.floats[i][0], float(target[i]));
  }
}

TEST(Target, RefusesHostileStates) {
  const Labelled data = random_rows(number, 100, 5);
  const State saved = fit_in_chunks(data, number, for_trees, 1, 128).steps()[0].encoder->save();
  const EncoderKind& kind = Encoders::instance().get("target", "encoder");
  EXPECT_NO_THROW(kind.load(saved));
  auto with = [&](auto change) {
    State state = saved;
    change(state);
    EXPECT_THROW(kind.load(state), Error);
  };
  with([](State& s) { s.put<float>("values", {1, 2, 3}); });
  with([](State& s) { s.put<double>("values", Doubles(8)); });
  with([](State& s) { s.json["names"] = nlohmann::json::array(); });
  with([](State& s) { s.json["names"] = {"a", "b"}; });
  with([](State& s) { s.json["names"] = 5; });
  with([](State& s) { s.json["type"] = "float64"; });
  with([](State& s) { s.json["type"] = "int64"; });  // levels are not 8 bytes
  with([](State& s) { s.put_strings("levels", std::vector<std::string>(5, "twice")); });
}

}  // namespace
}  // namespace gristmill
