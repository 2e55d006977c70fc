// The encoders of texts that are more than one value: set, minhash.
#include <cmath>
#include <functional>
#include <set>

#include "feature/ngrams.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;
using Json = nlohmann::json;
using Rows = std::vector<std::vector<float>>;

void expect_refused(const std::string& kind, State state,
                    const std::function<void(State&)>& change) {
  change(state);
  EXPECT_THROW(Encoders::instance().get(kind, "encoder").load(state), Error);
}

Names ngrams_of(std::string_view text, int shortest, int longest) {
  Names out;
  for_ngrams(text, shortest, longest, [&](std::string_view gram) { out.emplace_back(gram); });
  return out;
}

TEST(Set, OneColumnAMember) {
  const TestRows rows = TestRows::column(
      Type::string, {"red; green", "green;red;red", ";;green", "", nullptr, "blue"});
  const TestRows later =
      TestRows::column(Type::string, {"red;blue", " green ;", nullptr, "", "green;green;new"});
  const Encoded encoded = fit_encode("set", rows, later, for_linear);
  EXPECT_EQ(encoded.names, (Names{"x=green", "x=red", "x_missing"}));
  EXPECT_EQ(encoded.floats, (Rows{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}, {0, 0, 0}, {1, 0, 0}}));
  const TestRows bars = TestRows::column(Type::string, {"a||b", "b", "c||a||b"});
  const Encoded two = fit_encode("set", bars, bars, for_trees,
                                 {{"separator", "||"}, {"members", 2}, {"min_count", 1}});
  EXPECT_EQ(two.names, (Names{"x=b", "x=a"}));
  EXPECT_EQ(two.floats, (Rows{{1, 1}, {1, 0}, {1, 1}}));
}

TEST(Set, RefusesWhatIsWrong) {
  const TestRows rows = TestRows::column(Type::string, {"a;b", "a;b"});
  auto fit = [&](const Json& params) { fit_encoder("set", rows, for_trees, params); };
  EXPECT_NO_THROW(fit(";"));
  EXPECT_THROW(fit(""), Error);
  EXPECT_THROW(fit("12345678901234567"), Error);
  EXPECT_THROW(fit({{"members", 0}}), Error);
  EXPECT_THROW(fit({{"sep", ";"}}), Error);
  EXPECT_THROW(fit_encoder("set", TestRows::column(Type::int64, {"1"}), for_trees), Error);
  std::string why;
  EXPECT_EQ(
      fit_encoder("set", TestRows::column(Type::string, {"a;b", "c"}), for_trees, nullptr, &why),
      nullptr);
  EXPECT_EQ(why, "no member of its sets occurs in at least 2 rows");
  EXPECT_EQ(fit_encoder("set", TestRows::column(Type::string, {nullptr}), for_trees, nullptr, &why),
            nullptr);
  EXPECT_EQ(why, "all its values are missing");
  const State saved = fit_encoder("set", rows, for_trees)->save();
  expect_refused("set", saved, [](State& s) { s.json["separator"] = ""; });
  expect_refused("set", saved, [](State& s) { s.json["separator"] = std::string(17, ';'); });
  expect_refused("set", saved, [](State& s) { s.json["type"] = "boolean"; });
  expect_refused("set", saved, [](State& s) { s.put_strings("levels", Names{}); });
  expect_refused("set", saved, [](State& s) { s.put_strings("levels", Names{"a", "a"}); });
  expect_refused("set", saved, [](State& s) { s.json.erase("indicator"); });
}

TEST(NGrams, AreOfCharacters) {
  EXPECT_EQ(ngrams_of("Ab", 2, 3), (Names{" a", "ab", "b ", " ab", "ab "}));
  EXPECT_EQ(ngrams_of(" a \t b ", 2, 2), (Names{" a", "a ", " b", "b "}));
  EXPECT_EQ(ngrams_of("ä", 1, 1), (Names{" ", "ä", " "}));
  EXPECT_EQ(ngrams_of("", 2, 4), (Names{"  "}));
  EXPECT_EQ(ngrams_of("a", 8, 8), (Names{" a "}));
  EXPECT_EQ(ngrams_of("\x80\xff", 2, 2).size(), 2u);  // not UTF-8
  EXPECT_EQ(ngrams_of(std::string(5000, 'x'), 1, 1).size(), 1026u);
  std::string wide;
  for (int i = 0; i < 1000; ++i) wide += "€";
  EXPECT_EQ(ngrams_of(wide, 1, 1).size(), 343u);  // no character is split
}

// The share of components that are equal estimates the share of n-grams that two texts have in
// common of all that either has.
TEST(MinHash, EstimatesWhatTextsHaveInCommon) {
  const TestRows rows = TestRows::column(
      Type::string, {"Senior Engineer", "senior  engineer ", "Engineer, senior", "Baker", nullptr});
  const Encoded encoded = fit_encode("minhash", rows, rows, for_trees, {{"components", 1000}});
  EXPECT_EQ(encoded.names.size(), 1000u);
  auto equal = [&](size_t a, size_t b) {
    double count = 0;
    for (size_t j = 0; j < 1000; ++j) count += encoded.floats[a][j] == encoded.floats[b][j];
    return count / 1000;
  };
  auto common = [](std::string_view a, std::string_view b) {
    auto grams = [](std::string_view text) {
      Names all = ngrams_of(text, 2, 4);
      return std::set<std::string>(all.begin(), all.end());
    };
    const auto of_a = grams(a), of_b = grams(b);
    double both = 0;
    for (const std::string& gram : of_a) both += double(of_b.count(gram));
    return both / (double(of_a.size() + of_b.size()) - both);
  };
  EXPECT_EQ(equal(0, 1), 1);
  EXPECT_NEAR(equal(0, 2), common("Senior Engineer", "Engineer, senior"), 0.05);
  EXPECT_NEAR(equal(0, 3), common("Senior Engineer", "Baker"), 0.05);
  EXPECT_GT(equal(0, 2), 0.4);
  EXPECT_TRUE(std::isnan(encoded.floats[4][0]));
  // Never others: bundles depend on them.
  const TestRows kept = TestRows::column(Type::string, {"Baker"});
  const Encoded now = fit_encode("minhash", rows, kept, for_trees, 3);
  std::vector<int> bits;
  for (const float value : now.floats[0]) bits.push_back(int(value * 0x1p24f));
  EXPECT_EQ(bits, (std::vector<int>{3701422, 1366519, 624773}));
}

TEST(MinHash, ScaledForLinearModels) {
  TestRows rows({{"x", Type::string}});
  for (int i = 0; i < 300; ++i) rows[0].append(std::string_view("text " + std::to_string(i * i)));
  rows[0].append_null();
  const Encoded encoded = fit_encode("minhash", rows, rows, for_linear, 5);
  EXPECT_EQ(encoded.names.back(), "x_missing");
  for (size_t j = 0; j < 5; ++j) {
    double sum = 0, squares = 0;
    for (const auto& row : encoded.floats)
      sum += double(row[j]), squares += double(row[j] * row[j]);
    EXPECT_NEAR(sum / 300, 0, 1e-4);
    EXPECT_TRUE(std::abs(squares / 300 - 1) < 1e-3 || squares == 0) << squares;
  }
  EXPECT_EQ(encoded.floats[300], (std::vector<float>{0, 0, 0, 0, 0, 1}));
  // In chunks, the same bits.
  FeaturizerFit one(rows.schema(), {{"x", "minhash"}}, for_linear, "");
  FeaturizerFit merged(rows.schema(), {{"x", "minhash"}}, for_linear, "");
  for (int i = 0; i < 3; ++i) {
    one.observe({rows.batch()});
    auto part = merged.clone_empty();
    part->observe({rows.batch()});
    merged.merge(std::move(*part));
  }
  EXPECT_EQ(one.freeze(nullptr).save().digest_hex(), merged.freeze(nullptr).save().digest_hex());
}

TEST(MinHash, RefusesWhatIsWrong) {
  const TestRows rows = TestRows::column(Type::string, {"a", "b", nullptr});
  auto fit = [&](const Json& params) { fit_encoder("minhash", rows, for_trees, params); };
  EXPECT_NO_THROW(fit(1));
  EXPECT_THROW(fit(0), Error);
  EXPECT_THROW(fit(5000), Error);
  for (const Json& ngrams : {Json({4, 2}), Json({2}), Json({0, 2}), Json({2, 9}), Json({"a", "b"}),
                             Json({2, int64_t(1) << 40})})
    EXPECT_THROW(fit({{"ngrams", ngrams}}), Error) << ngrams;
  EXPECT_THROW(fit_encoder("minhash", TestRows::column(Type::int64, {"1"}), for_trees), Error);
  const State saved = fit_encoder("minhash", rows, for_linear, 3)->save();
  EXPECT_NO_THROW(Encoders::instance().get("minhash", "encoder").load(saved));
  expect_refused("minhash", saved, [](State& s) { s.json["components"] = 0; });
  expect_refused("minhash", saved, [](State& s) { s.json["components"] = 4; });
  expect_refused("minhash", saved, [](State& s) { s.json["components"] = int64_t(1) << 40; });
  expect_refused("minhash", saved, [](State& s) { s.json["ngrams"] = {2, 2000}; });
  expect_refused("minhash", saved, [](State& s) { s.json["ngrams"] = Json::array({3}); });
  expect_refused("minhash", saved, [](State& s) { s.put<float>("scaling", {0, 0, 0, 0, 0, 0}); });
  expect_refused("minhash", saved, [](State& s) { s.json["type"] = "int64"; });
}

}  // namespace
}  // namespace gristmill
