// How `auto` encodes columns of text.
#include <fmt/format.h>

#include <random>

#include "feature/test_rows.h"

namespace gristmill {
namespace {

std::vector<FeatureChoice> automatic(const Schema& schema) {
  std::vector<FeatureChoice> choices;
  for (const std::string& name : schema.names()) choices.push_back({name});
  return choices;
}

// Names of people, nearly all distinct; jobs of 400 values that share their words; codes and shops
// of 300 that do not; nine teams.
TestRows people(int64_t count, uint64_t seed = 1) {
  TestRows rows({{"name", Type::string},
                 {"job", Type::string},
                 {"code", Type::string},
                 {"shop", Type::string},
                 {"team", Type::string}});
  std::mt19937_64 random(seed);
  auto pick = [&](const char* what, uint64_t of) {
    return fmt::format("{}{}", what, random() % of);
  };
  for (int64_t i = 0; i < count; ++i) {
    rows[0].append(std::string_view(pick("first", 30) + " " + pick("last", 900)));
    rows[1].append(std::string_view(pick("senior", 20) + " " + pick("engineer", 20)));
    rows[2].append(std::string_view(pick("c", 300)));
    rows[3].append(std::string_view("shop " + pick("", 300)));
    rows[4].append(std::string_view("team " + pick("t", 9)));
  }
  return rows;
}

TEST(AutoText, OfWordsIsReadAsText) {
  using Kinds = std::vector<std::pair<std::string, std::string>>;
  auto chosen_for = [](int64_t count, const Wants& wants) {
    const TestRows rows = people(count);
    FeaturizerFit fit(rows.schema(), automatic(rows.schema()), wants, "",
                      TargetInfo{.problem = Problem::regression});
    std::vector<double> target;
    for (int64_t i = 0; i < count; ++i) target.push_back(double(i % 2));
    std::vector<uint8_t> folds;
    for (int64_t i = 0; i < count; ++i) folds.push_back(uint8_t(i / 2 % FitBatch::folds));
    do fit.observe({.rows = rows.batch(), .target = target.data(), .fold = folds.data()});
    while (fit.next_pass());
    std::vector<FeaturizerFit::Chosen> chosen;
    const Featurizer featurizer = fit.freeze(nullptr, &chosen);
    expect_same_when_frozen(featurizer, people(50, 2));
    Kinds kinds;
    for (const auto& one : chosen) kinds.emplace_back(one.column, one.encoder);
    if (count == 4000) {
      EXPECT_EQ(chosen[0].reason.substr(chosen[0].reason.find(' ')), " values of 2.0 words");
      EXPECT_EQ(chosen[2].reason, "300 values");
    }
    return kinds;
  };
  EXPECT_EQ(chosen_for(4000, for_trees), (Kinds{{"name", "text"},
                                                {"job", "text"},
                                                {"code", "category"},
                                                {"shop", "category"},
                                                {"team", "category"}}));
  EXPECT_EQ(chosen_for(4000, for_linear), (Kinds{{"name", "text"},
                                                 {"job", "text"},
                                                 {"code", "target"},
                                                 {"shop", "target"},
                                                 {"team", "category"}}));
  EXPECT_EQ(
      chosen_for(900, for_trees),
      (Kinds{
          {"job", "category"}, {"code", "category"}, {"shop", "category"}, {"team", "category"}}));
}

TEST(AutoText, IsTheSameInChunks) {
  auto digest = [](bool apart) {
    const Schema schema = people(1).schema();
    FeaturizerFit total(schema, automatic(schema), for_trees, "");
    do
      for (uint64_t chunk = 0; chunk < 4; ++chunk) {
        const TestRows rows = people(500, chunk);
        if (!apart) {
          total.observe({rows.batch()});
          continue;
        }
        auto part = total.clone_empty();
        part->observe({rows.batch()});
        total.merge(std::move(*part));
      }
    while (total.next_pass());
    return total.freeze(nullptr).save().digest_hex();
  };
  EXPECT_EQ(digest(true), digest(false));
}

}  // namespace
}  // namespace gristmill
