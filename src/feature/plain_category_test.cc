// The encoders of categories that do not look at the target: frequency, ordinal, hash.
#include <cmath>
#include <functional>

#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;
using Json = nlohmann::json;

std::vector<float> first_of(const Encoded& encoded) {
  std::vector<float> out;
  for (const auto& row : encoded.floats) out.push_back(row[0]);
  return out;
}

State saved(const std::string& kind, const TestRows& rows, const Json& params = nullptr) {
  return fit_encoder(kind, rows, for_trees, params)->save();
}

void expect_refused(const std::string& kind, State state,
                    const std::function<void(State&)>& change) {
  change(state);
  EXPECT_THROW(Encoders::instance().get(kind, "encoder").load(state), Error);
}

TEST(Frequency, IsTheShareOfTrainingRows) {
  const TestRows rows =
      TestRows::column(Type::string, {"a", "a", "a", "a", "b", "b", nullptr, "c", "c", "c"});
  const TestRows later = TestRows::column(Type::string, {"a", "b", nullptr, "c", "new"});
  EXPECT_EQ(first_of(fit_encode("frequency", rows, later, for_trees)),
            (std::vector<float>{0.4f, 0.2f, 0.1f, 0.3f, 0}));
  double sum = 0, squares = 0;
  for (const float value : first_of(fit_encode("frequency", rows, rows, for_linear)))
    sum += double(value), squares += double(value) * double(value);
  EXPECT_NEAR(sum, 0, 1e-6);
  EXPECT_NEAR(squares / 10, 1, 1e-6);
  std::string why;
  EXPECT_EQ(fit_encoder("frequency", TestRows::column(Type::string, {"a", "b"}), for_trees, nullptr,
                        &why),
            nullptr);
  EXPECT_EQ(why, "all its values are equally frequent");
  expect_refused("frequency", saved("frequency", rows),
                 [](State& s) { s.put<float>("values", {1}); });
}

TEST(Frequency, ChunksMergeInOrder) {
  const TestRows rows =
      TestRows::column(Type::int64, {"1", "1", "2", "3", "1", "2", "", "3", "1", "9"});
  const TestRows more = TestRows::column(Type::int64, {"1", "9", "9", ""});
  FeaturizerFit whole(rows.schema(), {{"x", "frequency"}}, for_linear, "");
  whole.observe({rows.batch()});
  whole.observe({more.batch()});
  FeaturizerFit merged(rows.schema(), {{"x", "frequency"}}, for_linear, "");
  for (const TestRows* part : {&rows, &more}) {
    auto chunk = merged.clone_empty();
    chunk->observe({part->batch()});
    merged.merge(std::move(*chunk));
  }
  EXPECT_EQ(whole.freeze(nullptr).save().digest_hex(), merged.freeze(nullptr).save().digest_hex());
}

TEST(Ordinal, IsThePlaceInTheOrder) {
  const Json order = {"low", "mid", "high"};
  const TestRows rows = TestRows::column(Type::string, {"mid", "low", "low", nullptr, "mid"});
  const TestRows later = TestRows::column(Type::string, {"low", "mid", "high", nullptr, "other"});
  const std::vector<float> trees = first_of(fit_encode("ordinal", rows, later, for_trees, order));
  EXPECT_EQ((std::vector<float>{trees[0], trees[1], trees[2]}), (std::vector<float>{0, 1, 2}));
  EXPECT_TRUE(std::isnan(trees[3]) && std::isnan(trees[4]));
  const Encoded linear = fit_encode("ordinal", rows, later, for_linear, order);
  EXPECT_EQ(linear.names, (Names{"x", "x_missing"}));
  EXPECT_EQ(linear.floats,
            (std::vector<std::vector<float>>{{-1, 0}, {1, 0}, {3, 0}, {0, 1}, {0, 1}}));
  const TestRows numbers = TestRows::column(Type::int64, {"10", "5", "7", "5"});
  EXPECT_EQ(first_of(fit_encode("ordinal", numbers, numbers, for_trees, {10, 7, 5})),
            (std::vector<float>{0, 2, 1, 2}));
}

TEST(Ordinal, RefusesWhatIsWrong) {
  const TestRows texts = TestRows::column(Type::string, {"low", "huge"});
  const TestRows numbers = TestRows::column(Type::int64, {"1", "2"});
  auto message = [](const TestRows& rows, const Json& params) -> std::string {
    try {
      fit_encoder("ordinal", rows, for_trees, params);
      return "";
    } catch (const Error& error) {
      return error.message();
    }
  };
  EXPECT_EQ(message(texts, {"low", "high"}),
            "the column `x` has the value \"huge\", which `ordinal` does not list");
  EXPECT_EQ(message(texts, {"low", "huge"}), "");
  EXPECT_EQ(message(texts, nullptr), "encoder ordinal: no order is given");
  EXPECT_EQ(message(texts, Json::array({"low"})),
            "encoder ordinal: an order has at least two values");
  EXPECT_EQ(message(texts, {"low", "low"}), "encoder ordinal: \"low\" stands in the order twice");
  EXPECT_EQ(message(texts, {"low", 5}), "encoder ordinal: the column is text, but its order has 5");
  EXPECT_EQ(message(numbers, {1, "b"}),
            "encoder ordinal: the column is whole numbers, but its order has \"b\"");
  EXPECT_NE(message(TestRows::column(Type::float64, {"1"}), {1, 2}), "");
  expect_refused("ordinal", saved("ordinal", numbers, {1, 2}),
                 [](State& s) { s.put_strings("levels", Names{"12345678", "12345678"}); });
}

TEST(Hash, BucketsAreCodes) {
  TestRows rows({{"x", Type::string}});
  for (int i = 0; i < 1000; ++i) rows[0].append(std::string_view("value " + std::to_string(i)));
  rows[0].append_null();
  auto encoder = fit_encoder("hash", rows, for_trees, 64);
  EXPECT_EQ(encoder->outputs()[0].levels(), 66);
  const Encoded encoded = encode_with("hash", std::move(encoder), rows);
  std::vector<int> count(66);
  for (const auto& row : encoded.codes) ++count[size_t(row[0])];
  EXPECT_EQ(count[0], 1);
  EXPECT_EQ(count[1], 0);
  for (size_t bucket = 2; bucket < 66; ++bucket) EXPECT_GT(count[bucket], 2) << bucket;
  // Never another one: bundles depend on it.
  const TestRows kept = TestRows::column(Type::string, {"JFK", "EWR", "LGA", ""});
  const Encoded now = fit_encode("hash", kept, kept, for_trees, 64);
  EXPECT_EQ(now.codes, (std::vector<std::vector<int32_t>>{{52}, {16}, {12}, {3}}));
}

TEST(Hash, SignedBucketsAreColumns) {
  TestRows rows({{"x", Type::int64}});
  for (int64_t i = 0; i < 500; ++i) rows[0].append(i);
  rows[0].append_null();
  const Json params = {{"buckets", 8}, {"signed", true}};
  const Encoded encoded = fit_encode("hash", rows, rows, for_linear, params);
  EXPECT_EQ(encoded.names[7], "x=#7");
  int above = 0;
  for (size_t i = 0; i < 500; ++i) {
    float sum = 0, squares = 0;
    for (const float cell : encoded.floats[i]) sum += cell, squares += cell * cell;
    EXPECT_EQ(squares, 1);
    above += sum > 0;
  }
  EXPECT_NEAR(above, 250, 50);
  EXPECT_EQ(encoded.floats[500], std::vector<float>(8, 0));
}

TEST(Hash, RefusesWhatIsWrong) {
  const TestRows rows = TestRows::column(Type::string, {"a", "b"});
  auto fit = [&](const Json& params) { fit_encoder("hash", rows, for_trees, params); };
  EXPECT_NO_THROW(fit(2));
  EXPECT_THROW(fit(1), Error);
  EXPECT_THROW(fit(2.5), Error);
  EXPECT_THROW(fit({{"buckets", 5000}, {"signed", true}}), Error);
  EXPECT_THROW(fit({{"bucket", 8}}), Error);
  EXPECT_THROW(fit_encoder("hash", TestRows::column(Type::float64, {"1"}), for_trees), Error);
  std::string why;
  EXPECT_EQ(fit_encoder("hash", TestRows::column(Type::string, {nullptr}), for_trees, 8, &why),
            nullptr);
  EXPECT_EQ(why, "all its values are missing");
  for (const Json& buckets : {Json(0), Json(-5), Json(int64_t(1) << 40), Json("8")})
    expect_refused("hash", saved("hash", rows), [&](State& s) { s.json["buckets"] = buckets; });
  expect_refused("hash", saved("hash", rows), [](State& s) { s.json["type"] = "date"; });
  expect_refused("hash", saved("hash", rows),
                 [](State& s) { s.json["signed"] = true, s.json["buckets"] = 100000; });
}

}  // namespace
}  // namespace gristmill
