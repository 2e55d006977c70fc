#include <cmath>
#include <limits>

#include "feature/test_rows.h"
#include "feature/unfitted.h"

namespace gristmill {
namespace {

constexpr float nan_float = std::numeric_limits<float>::quiet_NaN();

void expect_floats(const Encoded& got, const std::vector<std::vector<float>>& wanted) {
  ASSERT_EQ(got.floats.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(got.floats[i].size(), wanted[i].size());
    for (size_t j = 0; j < wanted[i].size(); ++j) {
      if (std::isnan(wanted[i][j]))
        EXPECT_TRUE(std::isnan(got.floats[i][j])) << i << ", " << j;
      else
        EXPECT_FLOAT_EQ(got.floats[i][j], wanted[i][j]) << i << ", " << j;
    }
  }
}

TEST(Number, TreesTakeItUntouched) {
  TestRows rows = TestRows::column(Type::float64, {"1.5", "", "nan", "-7", "1e300", "inf"});
  float largest = std::numeric_limits<float>::max();
  Encoded got = fit_encode("number", rows, rows, for_trees);
  expect_floats(got, {{1.5f}, {nan_float}, {nan_float}, {-7}, {largest}, {largest}});
  EXPECT_EQ(got.names, std::vector<std::string>{"x"});
}

TEST(Number, IntegersAndBooleansAreNumbers) {
  TestRows whole = TestRows::column(Type::int64, {"3", "", "-4"});
  expect_floats(fit_encode("number", whole, whole, for_trees), {{3}, {nan_float}, {-4}});
  TestRows flags = TestRows::column(Type::boolean, {"true", "false", ""});
  expect_floats(fit_encode("number", flags, flags, for_trees), {{1}, {0}, {nan_float}});
}

TEST(Number, ScaledToMeanZeroAndVarianceOne) {
  TestRows rows = TestRows::column(Type::int64, {"1", "2", "3", "6"});  // mean 3, deviation √3.5
  float d = float(std::sqrt(3.5));
  Encoded got = fit_encode("number", rows, rows, for_linear);
  expect_floats(got, {{-2 / d}, {-1 / d}, {0}, {3 / d}});
  EXPECT_EQ(got.names, std::vector<std::string>{"x"});
}

TEST(Number, MissingIsFilledAndMarkedWhenTrainingSawIt) {
  TestRows gaps = TestRows::column(Type::float64, {"1", "3", "", "nan", "inf"});
  Encoded got = fit_encode("number", gaps, gaps, for_linear);
  expect_floats(got, {{-1, 0}, {1, 0}, {0, 1}, {0, 1}, {0, 1}});
  EXPECT_EQ(got.names, (std::vector<std::string>{"x", "x_missing"}));
  TestRows whole = TestRows::column(Type::float64, {"1", "3"});
  expect_floats(fit_encode("number", whole, gaps, for_linear), {{-1}, {1}, {0}, {0}, {0}});
}

TEST(Number, FilledWithTheMeanWhenUnscaled) {
  Wants wants{.scaled = false, .missing = false, .cyclic = false};
  TestRows rows = TestRows::column(Type::float64, {"1", "3", ""});
  expect_floats(fit_encode("number", rows, rows, wants), {{1, 0}, {3, 0}, {2, 1}});
}

// Against scikit-learn's transformers.
TEST(Number, TransformsDrawInWhatLiesFarOut) {
  const TestRows rows = TestRows::column(
      Type::float64, {"1", "2", "3", "5", "8", "13", "40", "120", "-3", "0", "", "inf"});
  auto first = [&](const char* transform, const Wants& wants) {
    const Encoded got = fit_encode("number", rows, rows, wants, {{"transform", transform}});
    std::vector<float> values;
    for (const auto& row : got.floats) values.push_back(row[0]);
    return values;
  };
  auto expect_near = [](const std::vector<float>& got, const std::vector<float>& wanted, float by) {
    ASSERT_GE(got.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], by) << i;
  };
  expect_near(first("robust", for_linear),
              {-0.28571429f, -0.19047619f, -0.0952381f, 0.0952381f, 0.38095238f, 0.85714286f,
               3.42857143f, 11.04761905f, -0.66666667f, -0.38095238f},
              1e-6f);
  expect_near(first("power", for_linear),
              {-0.42327729f, -0.29223771f, -0.18938124f, -0.02891101f, 0.15175085f, 0.37459379f,
               1.05330032f, 1.99022381f, -2.02178532f, -0.61427621f},
              1e-4f);
  expect_near(first("quantile", for_linear),
              {-0.76470967f, -0.4307273f, -0.1397103f, 0.1397103f, 0.4307273f, 0.76470967f,
               1.22064035f, 5.2f, -5.2f, -1.22064035f},
              1e-5f);
  const std::vector<float> logs = first("log", for_trees);
  EXPECT_FLOAT_EQ(logs[7], std::log(121.f));
  EXPECT_FLOAT_EQ(logs[8], -std::log(4.f));
  EXPECT_TRUE(std::isnan(logs[10]));  // what is missing stays missing
}

TEST(Number, APowerIsMeasuredInASecondPass) {
  const TestRows rows = TestRows::column(Type::float64, {"1", "2", "4", "8", "16", "900"});
  const TestRows whole = TestRows::column(Type::int64, {"1", "5", "2", "8", "6", "9"});
  FeaturizerFit fit(rows.schema(), {{"x", "number", {{"transform", "power"}}}}, for_linear, "");
  int passes = 0;
  do {
    ++passes;
    auto chunk = fit.clone_empty();
    chunk->observe({rows.batch()});
    fit.merge(std::move(*chunk));
  } while (fit.next_pass());
  EXPECT_EQ(passes, 2);
  const Encoded got = encode_rows(fit.freeze(nullptr), rows.batch());
  double sum = 0, squares = 0;
  for (const auto& row : got.floats) sum += row[0], squares += row[0] * row[0];
  EXPECT_NEAR(sum, 0, 1e-5);
  EXPECT_NEAR(squares, 6, 1e-5);
}

TEST(Number, AShapeThatIsNoneIsRefused) {
  const TestRows rows = TestRows::column(Type::float64, {"1", "2", "4"});
  for (const char* transform : {"quantile", "power", "log"}) {
    State state = fit_encoder("number", rows, for_linear, {{"transform", transform}})->save();
    state.json["shape"] = "round";
    EXPECT_THROW(Encoders::instance().get("number", "encoder").load(state), Error);
  }
  State state = fit_encoder("number", rows, for_linear, {{"transform", "quantile"}})->save();
  state.put<double>("values", {3, 2, 1});
  EXPECT_THROW(Encoders::instance().get("number", "encoder").load(state), Error);
}

// Where a float32 could not tell them apart, the steps do.
TEST(Number, StepsCountTheEdgesBelow) {
  const double edge = 1.7e9 + 1.0 / 3, next = std::nextafter(edge, 1e300);
  const NumberShape shape =
      NumberShape::steps({-1e-40, 0.5, edge, std::numeric_limits<double>::infinity()}, false);
  const std::pair<double, double> expected[] = {{-1, 0},   {-1e-40, 0}, {0, 1},       {0.5, 1},
                                                {edge, 2}, {next, 3},   {HUGE_VAL, 3}};
  for (const auto& [x, step] : expected) EXPECT_EQ(shape.of(x), step) << x;
  EXPECT_TRUE(std::isnan(shape.of(std::nan(""))));
  const NumberShape without_zeros = NumberShape::steps({0.5}, true);
  for (const double zero : {0.0, -0.0, 1e-36}) EXPECT_TRUE(std::isnan(without_zeros.of(zero)));
  EXPECT_EQ(without_zeros.of(2e-35), 0);

  const Field field{"x", Type::float64};
  const State state = unfitted_number(field, without_zeros)->save();
  const auto again = Encoders::instance().get("number", "encoder").load(state);
  EXPECT_EQ(again->save().digest_hex(), state.digest_hex());
  for (const std::vector<double>& edges :
       {std::vector<double>{2, 1}, std::vector<double>{1, 1}, std::vector<double>{std::nan("")}}) {
    State damaged = state;
    damaged.put("values", edges);
    EXPECT_THROW(Encoders::instance().get("number", "encoder").load(damaged), Error);
  }
}

TEST(Number, ConstantsCarryNothing) {
  std::string why;
  EXPECT_EQ(fit_encoder("number", TestRows::column(Type::int64, {"7", "7"}), for_trees, {}, &why),
            nullptr);
  EXPECT_EQ(why, "constant: all its values are 7");
  EXPECT_EQ(
      fit_encoder("number", TestRows::column(Type::float64, {"", "nan"}), for_trees, {}, &why),
      nullptr);
  EXPECT_EQ(why, "all its values are missing");
  EXPECT_EQ(fit_encoder("number", TestRows::column(Type::float64, {}), for_trees, {}, &why),
            nullptr);
  // With gaps it says where they are.
  TestRows gaps = TestRows::column(Type::int64, {"7", ""});
  Encoded got = fit_encode("number", gaps, gaps, for_linear);
  EXPECT_EQ(got.names, std::vector<std::string>{"x_missing"});
  expect_floats(got, {{0}, {1}});
}

TEST(Number, ValuesThatCannotBeScaledAreLeftOut) {
  std::string why;
  TestRows huge = TestRows::column(Type::float64, {"1e300", "-1e300", "0"});
  EXPECT_EQ(fit_encoder("number", huge, for_linear, {}, &why), nullptr);
  EXPECT_NE(why.find("too large"), std::string::npos);
}

TEST(Number, RefusesTextAndParameters) {
  TestRows text = TestRows::column(Type::string, {"a"});
  try {
    fit_encoder("number", text, for_trees);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_EQ(error.message(),
              "the column `x` is string, but the encoder `number` takes int64, float64, boolean");
  }
  TestRows rows = TestRows::column(Type::int64, {"1", "2"});
  EXPECT_THROW(fit_encoder("number", rows, for_trees, {{"scale", 1}}), Error);
}

TEST(Number, RefusesStatesThatAreNoScaling) {
  auto encoder = fit_encoder("number", TestRows::column(Type::int64, {"1", "2", ""}), for_linear);
  const EncoderKind& kind = Encoders::instance().get("number", "encoder");
  for (double scale : {0.0, -1.0, double(NAN), double(INFINITY)}) {
    State state = encoder->save();
    state.put<double>("scaling", {0, scale, 0});
    EXPECT_THROW(kind.load(state), Error) << scale;
  }
  for (const char* member : {"column", "type", "filled", "value", "indicator"}) {
    State state = encoder->save();
    state.json[member] = nullptr;
    EXPECT_THROW(kind.load(state), Error) << member;
  }
}

TEST(Boolean, ZeroAndOne) {
  TestRows rows = TestRows::column(Type::boolean, {"true", "false", "", "true"});
  expect_floats(fit_encode("boolean", rows, rows, for_trees), {{1}, {0}, {nan_float}, {1}});
  float share = float(2.0 / 3.0);
  expect_floats(fit_encode("boolean", rows, rows, for_linear),
                {{1, 0}, {0, 0}, {share, 1}, {1, 0}});
  TestRows whole = TestRows::column(Type::boolean, {"true", "false"});
  expect_floats(fit_encode("boolean", whole, rows, for_linear), {{1}, {0}, {0.5f}, {1}});
}

TEST(Boolean, WholeNumbersThatAreZeroAndOne) {
  TestRows rows = TestRows::column(Type::int64, {"1", "0", ""});
  expect_floats(fit_encode("boolean", rows, rows, for_trees), {{1}, {0}, {nan_float}});
  TestRows later = TestRows::column(Type::int64, {"5", "1"});
  expect_floats(fit_encode("boolean", rows, later, for_trees), {{nan_float}, {1}});
  try {
    fit_encoder("boolean", later, for_trees);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "the column `x` has the value 5: the encoder `boolean` takes 0 and 1");
  }
}

TEST(Boolean, ConstantsCarryNothing) {
  std::string why;
  TestRows rows = TestRows::column(Type::boolean, {"true", "true"});
  EXPECT_EQ(fit_encoder("boolean", rows, for_trees, {}, &why), nullptr);
  EXPECT_EQ(why, "constant: all its values are true");
  EXPECT_EQ(fit_encoder("boolean", TestRows::column(Type::boolean, {""}), for_trees, {}, &why),
            nullptr);
  EXPECT_EQ(why, "all its values are missing");
  EXPECT_THROW(fit_encoder("boolean", TestRows::column(Type::string, {"t"}), for_trees), Error);
}

}  // namespace
}  // namespace gristmill
