// The encoder of short texts. What it must equal was computed with scikit-learn 1.9.
#include <cmath>
#include <functional>
#include <random>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "feature/symmetric.h"
#include "feature/term_counts.h"
#include "feature/terms.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;
using Json = nlohmann::json;

Names terms_of(std::string_view text, const TermRule& rule) {
  Scratch scratch;
  TermCutter cutter(rule, text.size(), scratch);
  Names out;
  cutter.cut(text, [&](std::string_view term) { out.emplace_back(term); });
  return out;
}

const TestRows& kept_texts() {
  static const TestRows rows =
      TestRows::column(Type::string, {"The quick brown fox", "the lazy DOG, the quick dog",
                                      "Über-Größe für 12 Füchse", "a b brown_fox 3d", "",
                                      "Ночь, улица, фонарь", "ночь  и улица\tпуста", "dog"});
  return rows;
}

// Words of ten topics, the topics of different size.
TestRows topics(int count, uint64_t seed = 1) {
  TestRows rows({{"x", Type::string}});
  std::mt19937_64 random(seed);
  for (int i = 0; i < count; ++i) {
    const uint64_t topic = std::min(random() % 10, random() % 10);
    std::string text;
    for (int word = 0; word < 6; ++word)
      text += fmt::format("t{}w{} ", random() % 5 == 0 ? random() % 10 : topic, random() % 7);
    if (random() % 20 == 0)
      rows[0].append_null();
    else
      rows[0].append(std::string_view(text));
  }
  return rows;
}

TEST(Terms, AreWordsOrCharactersOfWords) {
  const TermRule words{false, 1, 2};
  EXPECT_EQ(terms_of("Ab, a c_d  ÄÖ-4x", words),
            (Names{"ab", "c_d", "äö", "4x", "ab c_d", "c_d äö", "äö 4x"}));
  EXPECT_EQ(terms_of("a ! é", words), Names{});
  EXPECT_EQ(terms_of("e\u0301t\u0301", {false, 1, 1}), Names{});  // a mark is no letter
  EXPECT_EQ(terms_of("Ab c\u00a0é", {true, 2, 3}),
            (Names{" a", "ab", "b ", " ab", "ab ", " c", "c ", " c ", " é", "é ", " é "}));
  EXPECT_EQ(terms_of("a abc", {true, 4, 5}), (Names{" a ", " abc", "abc ", " abc "}));
  EXPECT_EQ(terms_of("", {true, 1, 8}), Names{});
  EXPECT_EQ(terms_of(" \t\n", {true, 1, 8}), Names{});
  // Not UTF-8: never more than there is room for.
  for (const bool characters : {false, true})
    for (const char* text : {"\x80\xff", "\xc3", "ab\xf0\x9f", "\xe2\x82 \xe2", "Ⱥ Ⱥ ȺȾ"})
      terms_of(text, {characters, 1, 8});
  EXPECT_EQ(terms_of("Ⱥx", {false, 1, 1}), Names{"ⱥx"});  // longer in lower case
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "x ";
  EXPECT_EQ(terms_of(many, {true, 3, 3}).size(), TermRule::most_bytes / 2);
  EXPECT_EQ(terms_of(many, {false, 1, 8}).size(), 0u);
}

TEST(TermCounts, ForgetTheRareAndMergeAsOne) {
  auto fill = [](TermCounts& counts, int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const std::string rare = fmt::format("rare{}", i), common = fmt::format("word{}", i % 100);
      counts.add({common, common, rare});
    }
  };
  TermCounts merged;
  for (int chunk = 0; chunk < 5; ++chunk) {
    TermCounts part;
    fill(part, chunk * 50'000, (chunk + 1) * 50'000);
    merged.merge(part);
  }
  const auto terms = merged.frequent(2, 1000);
  ASSERT_EQ(terms.size(), 100u);
  EXPECT_EQ(terms[1].text, "word1");
  EXPECT_EQ(terms[1].texts, 2500);
  EXPECT_EQ(terms[1].occurrences, 5000);
  EXPECT_LE(merged.frequent(1, 1u << 20).size(), TermCounts::most_terms);
  EXPECT_EQ(merged.frequent(1, 3).size(), 3u);
}

TEST(Text, IsAsScikitLearnWeighsIt) {
  const TestRows& rows = kept_texts();
  const Encoded words = fit_encode("text", rows, rows, for_linear, {{"min_df", 1}});
  EXPECT_EQ(words.names[0], "x~\"12\"");
  EXPECT_EQ(words.names[8], "x~\"größe\"");
  EXPECT_EQ(words.names.size(), 17u);
  auto near = [](const std::vector<float>& row, const std::vector<std::pair<int, double>>& wanted) {
    std::vector<double> all(row.size());
    for (const auto& [at, weight] : wanted) all[size_t(at)] = weight;
    for (size_t j = 0; j < row.size(); ++j) EXPECT_NEAR(row[j], all[j], 1e-6) << j;
  };
  near(words.floats[0], {{2, 0.5419477}, {5, 0.5419477}, {10, 0.4541945}, {11, 0.4541945}});
  near(words.floats[1], {{4, 0.619467}, {9, 0.369576}, {10, 0.3097335}, {11, 0.619467}});
  near(words.floats[4], {});
  near(words.floats[6], {{13, 0.5404425}, {14, 0.6448594}, {15, 0.5404425}});

  const Encoded pairs =
      fit_encode("text", rows, rows, for_linear, {{"ngrams", {1, 2}}, {"sublinear_tf", true}});
  EXPECT_EQ(pairs.names, (Names{"x~\"dog\"", "x~\"quick\"", "x~\"the\"", "x~\"the quick\"",
                                "x~\"ночь\"", "x~\"ночь улица\"", "x~\"улица\""}));
  near(pairs.floats[1], {{0, 0.6088451}, {1, 0.3595937}, {2, 0.6088451}, {3, 0.3595937}});

  const Encoded few = fit_encode("text", rows, rows, for_linear, {{"max_features", 3}});
  EXPECT_EQ(few.names, (Names{"x~\"dog\"", "x~\"quick\"", "x~\"the\""}));

  const Encoded characters =
      fit_encode("text", rows, rows, for_linear, {{"analyzer", "characters"}, {"min_df", 1}});
  EXPECT_EQ(characters.names.size(), 138u);
  const double sums[] = {289.85622, 270.39331, 341.52599, 222.16298,
                         0,         569.36604, 486.89995, 83.62894};
  for (size_t i = 0; i < 8; ++i) {
    double sum = 0;
    for (size_t j = 0; j < 138; ++j) sum += double(characters.floats[i][j]) * double(j + 1);
    EXPECT_NEAR(sum, sums[i], 1e-4) << i;
  }

  const Encoded space =
      fit_encode("text", rows, rows, for_trees, {{"components", 4}, {"min_df", 1}});
  EXPECT_EQ(space.names, (Names{"x~svd01", "x~svd02", "x~svd03", "x~svd04"}));
  const double first[] = {0.5266108, 0.9352994, 0, 0, 0, 0, 0, 0.7729593};
  const double second[] = {0, 0, 0, 0, 0, 0.8899877, 0.8899877, 0};
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(space.floats[i][0], first[i], 1e-6);
    EXPECT_NEAR(space.floats[i][1], second[i], 1e-6);
  }
}

// Few directions, found by chance, are those of all of them.
TEST(Text, DirectionsAreTheLargest) {
  const TestRows rows = topics(3000);
  const Encoded all = fit_encode("text", rows, rows, for_trees, 70);
  const Encoded few = fit_encode("text", rows, rows, for_trees, 5);
  ASSERT_EQ(all.names.size(), 70u);
  ASSERT_EQ(few.names.size(), 5u);
  for (size_t i = 0; i < few.floats.size(); ++i) {
    if (rows.batch().columns[0].is_null(int64_t(i))) {
      EXPECT_TRUE(std::isnan(few.floats[i][4]));
      continue;
    }
    for (size_t k = 0; k < 5; ++k) EXPECT_NEAR(few.floats[i][k], all.floats[i][k], 0.02) << k;
  }
}

TEST(Text, ScaledForLinearModels) {
  const TestRows rows = topics(2000);
  const Encoded encoded = fit_encode("text", rows, rows, for_linear, 5);
  EXPECT_EQ(encoded.names.back(), "x_missing");
  const auto column = rows.batch().columns[0];
  double present = 0;
  for (size_t k = 0; k < 5; ++k) {
    double sum = 0, squares = 0;
    present = 0;
    for (int64_t i = 0; i < column.length; ++i) {
      const float value = encoded.floats[size_t(i)][k];
      EXPECT_EQ(encoded.floats[size_t(i)][5], float(column.is_null(i)));
      if (column.is_null(i)) {
        EXPECT_EQ(value, 0);
        continue;
      }
      ++present;
      sum += double(value), squares += double(value * value);
    }
    EXPECT_NEAR(sum / present, 0, 1e-4);
    EXPECT_NEAR(squares / present, 1, 1e-3);
  }
}

TEST(Text, ChunksMergedInOrderGiveTheSameBytes) {
  for (const Json& params : {Json(8), Json(0), Json("characters")}) {
    std::vector<TestRows> chunks;
    for (uint64_t i = 0; i < 7; ++i) chunks.push_back(topics(200 + int(i), i + 1));
    const Schema& schema = chunks[0].schema();
    const FeatureChoice choice{"x", "text", params};
    FeaturizerFit one(schema, {choice}, for_trees, "");
    do
      for (const TestRows& chunk : chunks) one.observe({chunk.batch()});
    while (one.next_pass());
    const std::string digest = one.freeze(nullptr).save().digest_hex();
    for (int threads : {1, 2, 7}) {
      FeaturizerFit total(schema, {choice}, for_trees, "");
      ThreadPool pool(threads);
      do {
        std::vector<std::unique_ptr<FeaturizerFit>> parts;
        for (size_t i = 0; i < chunks.size(); ++i) parts.push_back(total.clone_empty());
        pool.for_each(7,
                      [&](int64_t i) { parts[size_t(i)]->observe({chunks[size_t(i)].batch()}); });
        for (auto& part : parts) total.merge(std::move(*part));
      } while (total.next_pass());
      EXPECT_EQ(total.freeze(nullptr).save().digest_hex(), digest);
    }
  }
}

TEST(Text, SaysWhatCarriesNothing) {
  auto why_not = [](const std::vector<const char*>& texts, const Json& params) {
    std::string why;
    EXPECT_EQ(fit_encoder("text", TestRows::column(Type::string, texts), for_trees, params, &why),
              nullptr);
    return why;
  };
  EXPECT_EQ(why_not({nullptr, nullptr}, nullptr), "all its values are missing");
  EXPECT_EQ(why_not({"one", "two"}, nullptr), "no word is in enough of its texts to be kept");
  EXPECT_EQ(why_not({"", ""}, "characters"),
            "no sequence of characters is in enough of its texts to be kept");
  EXPECT_EQ(why_not({"one two", "one two", "one two"}, 2), "its texts do not differ");
}

// A direction in which all training texts are alike is not scaled by what rounding left of it.
TEST(Text, AnotherTextIsNotFarAway) {
  TestRows rows({{"x", Type::string}});
  for (int i = 0; i < 200; ++i)
    rows[0].append(std::string_view(i % 2 == 0 ? "always here red" : "always here blue"));
  const TestRows others = TestRows::column(Type::string, {"always red", "blue", "here"});
  for (const auto& row : fit_encode("text", rows, others, for_linear, 3).floats) {
    for (const float value : row) EXPECT_LT(std::abs(value), 100);
  }
}

TEST(Text, RefusesWhatIsWrong) {
  const TestRows rows = topics(100);
  auto fit = [&](const Json& params) { fit_encoder("text", rows, for_trees, params); };
  EXPECT_NO_THROW(fit(12));
  EXPECT_NO_THROW(fit("characters"));
  EXPECT_NO_THROW(fit({{"min_df", 0.05}}));
  EXPECT_THROW(fit({{"min_df", 2.5}}), Error);
  EXPECT_THROW(fit("letters"), Error);
  EXPECT_THROW(fit(257), Error);
  EXPECT_THROW(fit({{"ngrams", {3, 2}}}), Error);
  EXPECT_THROW(fit({{"ngrams", 3}}), Error);
  EXPECT_THROW(fit({{"components", 0}, {"max_features", 5000}}), Error);
  EXPECT_THROW(fit_encoder("text", TestRows::column(Type::int64, {"1"}), for_trees), Error);

  const State saved = fit_encoder("text", rows, for_linear, 3)->save();
  const auto& kind = Encoders::instance().get("text", "encoder");
  EXPECT_NO_THROW(kind.load(saved));
  auto refused = [&](const std::function<void(State&)>& change) {
    State state = saved;
    change(state);
    EXPECT_THROW(kind.load(state), Error);
  };
  refused([](State& s) { s.json["components"] = 0; });
  refused([](State& s) { s.json["components"] = int64_t(1) << 62; });
  refused([](State& s) { s.json["components"] = -1; });
  refused([](State& s) { s.json["analyzer"] = "letters"; });
  refused([](State& s) { s.json["ngrams"] = {0, 2}; });
  refused([](State& s) { s.json["type"] = "int64"; });
  refused([](State& s) { s.put_strings("terms", Names{}); });
  refused([](State& s) { s.put_strings("terms", Names(70, "same")); });
  refused([](State& s) { s.put<double>("idf", {1}); });
  refused([](State& s) { s.put<double>("idf", std::vector<double>(70, NAN)); });
  refused([](State& s) { s.put<double>("directions", {1}); });
  refused([](State& s) { s.put<double>("scaling", {0, 1}); });
  refused([](State& s) { s.put<double>("scaling", {0, 0, 0, 0, 0, 0}); });
}

TEST(Symmetric, EigenvaluesAndOrthonormalColumns) {
  const Eigen eigen = eigen_of_symmetric({2, 1, 0, 1, 2, 0, 0, 0, 5}, 3);
  EXPECT_NEAR(eigen.values[0], 5, 1e-12);
  EXPECT_NEAR(eigen.values[1], 3, 1e-12);
  EXPECT_NEAR(eigen.values[2], 1, 1e-12);
  EXPECT_NEAR(std::abs(eigen.vectors[3] + eigen.vectors[4]), std::sqrt(2), 1e-12);
  std::vector<double> matrix = {1, 2, 0, 2, 4, 1, 2, 4, 3};  // the second column is twice the first
  orthonormalize(matrix, 3, 3);
  EXPECT_NEAR(matrix[0], 1.0 / 3, 1e-12);
  EXPECT_EQ(matrix[1], 0);
  EXPECT_NEAR(matrix[0] * matrix[2] + matrix[3] * matrix[5] + matrix[6] * matrix[8], 0, 1e-12);
}

}  // namespace
}  // namespace gristmill
