#include <cmath>

#include "base/error.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;

TestRows lists(const std::vector<const char*>& cells) {
  return TestRows::column(Type::string, cells);
}

void expect_row(const std::vector<float>& got, const std::vector<float>& values) {
  ASSERT_EQ(got.size(), values.size());
  for (size_t k = 0; k < values.size(); ++k) {
    if (std::isnan(values[k])) {
      EXPECT_TRUE(std::isnan(got[k])) << k;
    } else {
      EXPECT_NEAR(got[k], values[k], 1e-6) << k;
    }
  }
}

TEST(List, OfOneLengthIsANumberAPlace) {
  TestRows rows = lists({"[1, 2.5, -3e2]", "4;5;6", " 7 8  9 ", "[7,,null]", nullptr});
  Encoded got = fit_encode("list", rows, rows, for_trees);
  EXPECT_EQ(got.names, (Names{"x_1", "x_2", "x_3"}));
  const float nan = std::nanf("");
  expect_row(got.floats[0], {1, 2.5, -300});
  expect_row(got.floats[1], {4, 5, 6});
  expect_row(got.floats[2], {7, 8, 9});
  expect_row(got.floats[3], {7, nan, nan});
  expect_row(got.floats[4], {nan, nan, nan});
}

TEST(List, OfSeveralLengthsIsSummedUp) {
  TestRows rows = lists({"[1, 2, 6]", "[5]", "[]", "[null, 4]", nullptr});
  Encoded got = fit_encode("list", rows, rows, for_trees);
  EXPECT_EQ(got.names, (Names{"x_length", "x_mean", "x_min", "x_max", "x_std"}));
  const float nan = std::nanf("");
  expect_row(got.floats[0], {3, 3, 1, 6, std::sqrt(14 / 3.0f)});
  expect_row(got.floats[1], {1, 5, 5, 5, 0});
  expect_row(got.floats[2], {0, nan, nan, nan, nan});
  expect_row(got.floats[3], {2, 4, 4, 4, 0});
  expect_row(got.floats[4], {nan, nan, nan, nan, nan});
}

TEST(List, WidthPadsWhatIsShorterAndCutsWhatIsLonger) {
  TestRows rows = lists({"[1, 2, 6]", "[5]", "[7, 8]"});
  Encoded got = fit_encode("list", rows, rows, for_trees, {{"width", 2}});
  EXPECT_EQ(got.names, (Names{"x_length", "x_1", "x_2"}));
  expect_row(got.floats[0], {3, 1, 2});
  expect_row(got.floats[1], {1, 5, std::nanf("")});
}

TEST(List, IsScaledFilledAndMarkedForLinearModels) {
  TestRows rows = lists({"[1, 2]", "[3, null]", nullptr});
  Encoded got = fit_encode("list", rows, rows, for_linear);
  EXPECT_EQ(got.names, (Names{"x_missing", "x_1", "x_2_missing"}));
  expect_row(got.floats[0], {0, -1, 0});
  expect_row(got.floats[1], {0, 1, 1});
  expect_row(got.floats[2], {1, 0, 1});
  rows = lists({"[1, 2]", "[3, null]", "[3, 4]"});
  got = fit_encode("list", rows, rows, for_linear);
  EXPECT_EQ(got.names, (Names{"x_1", "x_2", "x_2_missing"}));
  expect_row(got.floats[1], {std::sqrt(0.5f), 0, 1});
}

TEST(List, InARequestWhatIsNoListIsMissing) {
  TestRows rows = lists({"[1, 2]", "[3, 4]"});
  TestRows odd =
      lists({"[1, 2", "x", "[1, [2]]", "1 2 3", "", "[1e999, 2]", "\"1\", 2", "[1; 2]]"});
  Encoded got = fit_encode("list", rows, odd, for_trees);
  const float nan = std::nanf("");
  for (size_t i : {0, 1, 2, 4, 6, 7}) expect_row(got.floats[i], {nan, nan});
  expect_row(got.floats[3], {1, 2});
  EXPECT_TRUE(std::isnan(got.floats[5][0]));
}

TEST(List, WhatIsNoListIsAnErrorInTraining) {
  for (const char* wrong : {"[1, two]", "[1, 2", "{1}", "[[1]]"}) {
    try {
      fit_encoder("list", lists({"[1]", wrong}), for_trees);
      FAIL() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid);
      EXPECT_NE(error.message().find("which is no list of numbers"), std::string::npos);
    }
  }
  EXPECT_THROW(fit_encoder("list", TestRows::column(Type::int64, {"1"}), for_trees), Error);
  EXPECT_THROW(fit_encoder("list", lists({"[1]"}), for_trees, {{"width", 0}}), Error);
}

TEST(List, WhatCarriesNothingIsLeftOut) {
  std::string why;
  EXPECT_EQ(fit_encoder("list", lists({nullptr, nullptr}), for_trees, {}, &why), nullptr);
  EXPECT_EQ(why, "all its values are missing");
  EXPECT_EQ(fit_encoder("list", lists({"[1, 2]", "[1,2]"}), for_trees, {}, &why), nullptr);
  EXPECT_EQ(why, "constant: all its lists are the same");
}

TEST(List, ChunksMergeToTheSameBits) {
  TestRows rows({{"x", Type::string}});
  for (int i = 0; i < 3000; ++i) rows.row({i % 7 == 0 ? "[1, 2, 4.5]" : "[2.25, 9, -7]"});
  for (const nlohmann::json& params : {nlohmann::json(nullptr), nlohmann::json{{"width", 2}}}) {
    FeaturizerFit whole(rows.schema(), {{"x", "list", params}}, for_linear, "");
    FeaturizerFit parts(rows.schema(), {{"x", "list", params}}, for_linear, "");
    do {
      whole.observe({rows.batch()});
      whole.observe({rows.batch()});
    } while (whole.next_pass());
    do {
      for (int chunk = 0; chunk < 2; ++chunk) {
        auto part = parts.clone_empty();
        part->observe({rows.batch()});
        parts.merge(std::move(*part));
      }
    } while (parts.next_pass());
    EXPECT_EQ(whole.freeze(nullptr).save().digest_hex(), parts.freeze(nullptr).save().digest_hex());
  }
}

TEST(List, RefusesHostileStates) {
  const State good = fit_encoder("list", lists({"[1, 2]", "[3, 4]"}), for_trees)->save();
  const EncoderKind& kind = Encoders::instance().get("list", "encoder");
  EXPECT_NO_THROW(kind.load(good));
  for (const auto& [member, value] :
       std::vector<std::pair<std::string, nlohmann::json>>{{"places", -1},
                                                           {"places", 1001},
                                                           {"places", 1e18},
                                                           {"places", 1},  // its outputs are of two
                                                           {"type", "int64"},
                                                           {"outputs", nlohmann::json::array()},
                                                           {"outputs", {{9, false}, {1, false}}},
                                                           {"filled", 3}}) {
    State state = good;
    state.json[member] = value;
    EXPECT_THROW(kind.load(state), Error) << member << " " << value;
  }
}

}  // namespace
}  // namespace gristmill
