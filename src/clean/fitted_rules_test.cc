// impute: what observes rows.
#include <algorithm>
#include <set>

#include "base/thread_pool.h"
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

// Fits over chunks, each observed by a clone and merged in order, or all by one fit.
std::unique_ptr<RuleFit> fit_chunks(const std::string& kind, const Json& params,
                                    const BatchBuffer& rows, int64_t chunk, bool merged) {
  auto fit = world.fit(kind, params, rows.schema());
  do {
    for (int64_t at = 0; at < rows.rows(); at += chunk) {
      BatchBuffer piece(rows.schema());
      piece.append(rows.view(), at, std::min(chunk, rows.rows() - at));
      Batch batch = piece.view();
      if (!merged) {
        fit->observe({.rows = batch, .first_row = at});
        continue;
      }
      auto part = fit->clone_empty();
      part->observe({.rows = batch, .first_row = at});
      fit->merge(std::move(*part));
    }
  } while (fit->next_pass());
  return fit;
}

// As in training: clones are made and observe on some threads while the fit merges on another.
std::unique_ptr<RuleFit> fit_side_by_side(const std::string& kind, const Json& params,
                                          const BatchBuffer& rows, int64_t chunk) {
  constexpr int64_t slots = 4;
  auto fit = world.fit(kind, params, rows.schema());
  ThreadPool pool(3);
  do {
    std::unique_ptr<RuleFit> parts[slots];
    BatchBuffer pieces[slots];
    int64_t begins[slots];
    int64_t at = 0;
    pool.ordered(
        slots,
        [&](int64_t slot) {
          if (at >= rows.rows()) return false;
          begins[slot] = at;
          pieces[slot].reset(rows.schema());
          pieces[slot].append(rows.view(), at, std::min(chunk, rows.rows() - at));
          at += chunk;
          return true;
        },
        [&](int64_t slot) {
          parts[slot] = fit->clone_empty();
          parts[slot]->observe({.rows = pieces[slot].view(), .first_row = begins[slot]});
        },
        [&](int64_t slot) { fit->merge(std::move(*parts[slot])); });
  } while (fit->next_pass());
  return fit;
}

RuleChain impute_chain(const Json& params, const BatchBuffer& rows) {
  RuleChain chain(rows.schema(), {});
  chain.append("impute", fit_chunks("impute", params, rows, 1000, true)->freeze());
  return chain;
}

TEST(Impute, FillsWithWhatTheRowsHold) {
  BatchBuffer rows = table({{"i", Type::int64},
                            {"f", Type::float64},
                            {"s", Type::string},
                            {"b", Type::boolean},
                            {"d", Type::date}},
                           {{1, 1, "b", true, "2013-01-01"},
                            {nullptr, "nan", "", nullptr, nullptr},
                            {2, nullptr, nullptr, true, "2013-01-02"},
                            {4, 4, "a", false, "2013-01-02"},
                            {4, 10, "b", true, "2013-01-03"},
                            {nullptr, 2, "a", true, "2013-01-03"}});
  RuleChain chain = impute_chain({{"i", "mean"},
                                  {"f", {{"with", "median"}, {"indicator", true}}},
                                  {"s", "mode"},
                                  {"b", "mode"},
                                  {"d", {{"constant", "1999-12-31"}, {"indicator", true}}}},
                                 rows);
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report),
            (Rows{"1|1|b|true|2013-01-01|false|false", "2.75|3||true|1999-12-31|true|true",
                  "2|3|a|true|2013-01-02|false|true", "4|4|a|false|2013-01-02|false|false",
                  "4|10|b|true|2013-01-03|false|false", "2.75|2|a|true|2013-01-03|false|false"}));
  // Indicators follow in the order of the columns' names: nlohmann's objects are sorted.
  EXPECT_EQ(chain.output().names(),
            (std::vector<std::string>{"i", "f", "s", "b", "d", "d_missing", "f_missing"}));
  EXPECT_EQ(chain.output()[0], (Field{"i", Type::float64, false}));
  EXPECT_EQ(report.cells_touched, 7);
  EXPECT_EQ(report.rows_touched, 3);
  EXPECT_EQ(chain.sources_of({"f_missing"}), std::vector<std::string>{"f"});
}

TEST(Impute, ModeOfEqualCountsIsTheSmallest) {
  BatchBuffer rows = table({{"i", Type::int64}}, {{5}, {-3}, {nullptr}, {-3}, {5}, {7}});
  EXPECT_EQ(apply(impute_chain({{"i", "mode"}}, rows), rows),
            (Rows{"5", "-3", "-3", "-3", "5", "7"}));
  BatchBuffer floats = table({{"f", Type::float64}}, {{"nan"}, {"nan"}, {2}, {nullptr}});
  EXPECT_EQ(apply(impute_chain({{"f", "mode"}}, floats), floats), (Rows{"2", "2", "2", "2"}));
}

TEST(Impute, LongFormAndConstants) {
  BatchBuffer rows =
      table({{"i", Type::int64}, {"f", Type::float64}, {"s", Type::string}},
            Json::array({Json::array({1, nullptr, nullptr}), Json::array({nullptr, 3, "x"})}));
  Json params = {{"columns", "numbers"}, {"with", "mean"}, {"indicator", true}};
  EXPECT_EQ(apply(impute_chain(params, rows), rows),
            (Rows{"1|3|~|false|true", "1|3|x|true|false"}));
  params = {{"columns", {"s", "i"}}, {"with", {{"constant", 0}}}};
  auto fit = world.fit("impute", params, rows.schema());
  EXPECT_FALSE(fit->needs_rows());
  EXPECT_EQ(apply(impute_chain(params, rows), rows), (Rows{"1|~|0", "0|3|x"}));
}

TEST(Impute, AClassLeavesOutTheKeyAndTheTarget) {
  const Schema schema(
      {{"Id", Type::int64}, {"x", Type::int64}, {"y", Type::float64}, {"z", Type::float64}});
  RuleContext context = world.context(schema);
  context.outside_classes = {"id", "y"};
  const RuleKind& kind = Rules::instance().get("impute", "rule");
  for (const Json& with : {Json("mean"), Json("knn"), Json("auto"), Json{{"constant", 0}}}) {
    std::vector<std::string> reads =
        kind.make({{"columns", "numbers"}, {"with", with}}, context)->reads();
    std::sort(reads.begin(), reads.end());
    EXPECT_EQ(reads, (std::vector<std::string>{"x", "z"})) << with;
    // By their names they are filled.
    EXPECT_EQ(kind.make({{"columns", {"Id", "y"}}, {"with", with}}, context)->reads().size(), 2u);
  }
}

TEST(Impute, ChunksMergedAreOneGoToTheBit) {
  BatchBuffer rows = random_rows(20000, 4);
  Json params = {{"i", "median"}, {"f", "mean"}, {"s", "mode"}, {"d", "mode"}, {"t", "mode"}};
  for (int64_t chunk : {500, 7000, 20000}) {
    auto once = fit_chunks("impute", params, rows, chunk, false)->freeze();
    auto merged = fit_chunks("impute", params, rows, chunk, true)->freeze();
    EXPECT_EQ(once->save().digest_hex(), merged->save().digest_hex()) << chunk;
  }
}

TEST(Impute, IsClonedWhileItMerges) {
  BatchBuffer rows = random_rows(70000, 8);
  Json params = {{"i", "median"}, {"f", "mean"}, {"s", "mode"}};
  EXPECT_EQ(fit_side_by_side("impute", params, rows, 5000)->freeze()->save().digest_hex(),
            fit_chunks("impute", params, rows, 5000, true)->freeze()->save().digest_hex());
}

TEST(Impute, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(3000, 5);
  for (const char* with : {"mean", "median"})
    expect_sound(impute_chain({{"i", with}, {"f", {{"with", with}, {"indicator", true}}}}, rows),
                 rows);
  expect_sound(impute_chain({{"b", "mode"},
                             {"i", "mode"},
                             {"s", {{"with", "mode"}, {"indicator", true}}},
                             {"d", "mode"},
                             {"t", {{"constant", "2013-01-01 10:00:00"}}},
                             {"z", "mode"}},
                            rows),
               rows);
}

TEST(Impute, Restricts) {
  BatchBuffer rows = random_rows(100, 6);
  Json params = {{"columns", {"i", "f"}}, {"with", "mean"}, {"indicator", true}};
  auto restricted = [&](const std::set<std::string>& to) {
    auto rule = fit_chunks("impute", params, rows, 100, true)->freeze();
    rule->restrict_to(to);
    return rule->bind(Schema({{"f", Type::float64}})).names();
  };
  EXPECT_EQ(restricted({"f"}), (std::vector<std::string>{"f"}));
  EXPECT_EQ(restricted({"f_missing"}), (std::vector<std::string>{"f", "f_missing"}));
}

TEST(Impute, Refuses) {
  BatchBuffer rows = table({{"i", Type::int64}, {"s", Type::string}, {"i_missing", Type::int64}},
                           {{nullptr, "a", 1}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { impute_chain(params, rows); }, code);
  };
  EXPECT_NE(error({{"i", "mean"}}).find("every training row lacks a value"), std::string::npos);
  EXPECT_NE(error({{"s", "median"}}).find("string"), std::string::npos);
  EXPECT_NE(error({{"i", "medain"}}).find("did you mean"), std::string::npos);
  error({{"i", {{"constant", 1.5}}}});
  error({{"i", {{"constant", "one"}}}});
  error({{"i", {{"constant", 1}, {"indicator", true}}}});  // i_missing is there
  error({{"i", {{"constant", 1}, {"indicator", "yes"}}}});
  error({{"i", {{"constnt", 1}}}});
  error({{"columns", {"i"}}, {"with", "mean"}, {"indcator", true}});
  error({{"j", "mean"}}, Code::not_found);
}

}  // namespace
}  // namespace gristmill
