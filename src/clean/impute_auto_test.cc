// impute: auto.
#include <cmath>

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

std::unique_ptr<RuleFit> fit_passes(const Json& params, const BatchBuffer& rows, int64_t chunk) {
  auto fit = world.fit("impute", params, rows.schema());
  do {
    for (int64_t at = 0; at < rows.rows(); at += chunk) {
      BatchBuffer piece(rows.schema());
      piece.append(rows.view(), at, std::min(chunk, rows.rows() - at));
      auto part = fit->clone_empty();
      part->observe({.rows = piece.view(), .first_row = at});
      fit->merge(std::move(*part));
    }
  } while (fit->next_pass());
  return fit;
}

RuleChain chain_of(const Json& params, const BatchBuffer& rows) {
  RuleChain chain(rows.schema(), {});
  chain.append("impute", fit_passes(params, rows, 1000)->freeze());
  return chain;
}

RuleReport::Choice choice_of(const RuleChain& chain, const BatchBuffer& rows, size_t i = 0) {
  RuleReport report;
  apply(chain, rows, &report);
  return report.choices.at(i);
}

double error_of_way(const RuleReport::Choice& choice, const std::string& way) {
  for (const auto& [name, error] : choice.errors) {
    if (name == way) return error;
  }
  ADD_FAILURE() << "no " << way;
  return NAN;
}

// x in which a tenth is missing; y follows from x; z from nothing; g tells groups apart, of which
// s and w are; t is a time by which w goes on.
BatchBuffer make_rows(int64_t count = 3000) {
  BatchBuffer rows(Schema({{"x", Type::float64, true},
                           {"y", Type::int64, true},
                           {"z", Type::float64, true},
                           {"g", Type::string, true},
                           {"s", Type::string, true},
                           {"w", Type::float64, true},
                           {"t", Type::int64, true}}));
  std::mt19937_64 random(11);
  auto number = [&] { return double(random() % 100000) / 1000; };
  for (int64_t i = 0; i < count; ++i) {
    const double x = number();
    const auto group = int64_t(random() % 5);
    const std::string name = "g" + std::to_string(group);
    auto maybe = [&](size_t column, auto value) {
      random() % 10 == 0 ? rows[column].append_null() : rows[column].append(value);
    };
    maybe(0, x);
    maybe(1, int64_t(std::llround(x * 3)));
    maybe(2, number());
    rows[3].append(std::string_view(name));
    maybe(4, std::string_view(random() % 10 == 0 ? "other" : name));
    maybe(5, double(i) * 10 + double(group) * 1000);
    rows[6].append(i);
  }
  return rows;
}

TEST(ImputeAuto, WhatIsNoNumberDecidesNothing) {
  const BatchBuffer good = make_rows();
  BatchBuffer rows(good.schema());
  rows.append(good.view(), 0, good.rows());
  auto* x = const_cast<double*>(rows.view().columns[0].values<double>());
  for (int64_t i = 0; i < rows.rows(); i += 20) x[i] = i % 40 == 0 ? NAN : INFINITY;
  const RuleChain chain = chain_of({{"columns", {"x", "y", "z"}}, {"with", "auto"}}, rows);
  const auto choice = choice_of(chain, rows);
  EXPECT_TRUE(choice.chosen == "knn" || choice.chosen == "iterative") << choice.chosen;
  for (const auto& [way, error] : choice.errors) EXPECT_TRUE(std::isfinite(error)) << way;
}

TEST(ImputeAuto, ErrorsBeyondAllNumbersAreKept) {
  const auto text =
      Json::parse(RuleReport::choices_json({{"x", "mean", "m", {{"mean", INFINITY}}}}).dump());
  EXPECT_EQ(RuleReport::choices_from_json(text).at(0).errors.at(0).second, INFINITY);
}

TEST(ImputeAuto, TakesWhatFillsHiddenCellsBest) {
  const BatchBuffer rows = make_rows();
  const RuleChain chain = chain_of({{"columns", {"x", "y", "z"}}, {"with", "auto"}}, rows);
  const auto x = choice_of(chain, rows), z = choice_of(chain, rows, 2);
  EXPECT_EQ(x.column, "x");
  EXPECT_TRUE(x.chosen == "knn" || x.chosen == "iterative") << x.chosen;
  EXPECT_EQ(x.measure, "normalised RMSE");
  EXPECT_EQ(x.errors.size(), 4u);
  EXPECT_NEAR(error_of_way(x, "mean"), 1, 0.1);
  EXPECT_LT(error_of_way(x, x.chosen), 0.6);
  // Nothing tells z: of what is equally good the simplest.
  EXPECT_EQ(z.chosen, "mean");
  EXPECT_NEAR(error_of_way(z, "mean"), 1, 0.1);
  EXPECT_EQ(chain.sources_of({"z"}), std::vector<std::string>{"z"});
  EXPECT_EQ(chain.sources_of({"x"}), (std::vector<std::string>{"x", "y", "z"}));
}

TEST(ImputeAuto, GoesByGroupAndTimeWhereTheyAreGiven) {
  const BatchBuffer rows = make_rows();
  const RuleChain chain = chain_of({{"s", {{"with", "auto"}, {"by", "g"}}},
                                    {"w", {{"with", "auto"}, {"by", "g"}, {"time", "t"}}}},
                                   rows);
  const auto s = choice_of(chain, rows), w = choice_of(chain, rows, 1);
  EXPECT_EQ(s.chosen, "mode by g");
  EXPECT_EQ(s.measure, "error rate");
  EXPECT_NEAR(error_of_way(s, "mode"), 0.8, 0.1);
  EXPECT_NEAR(error_of_way(s, "mode by g"), 0.1, 0.05);
  EXPECT_EQ(w.chosen, "forward");
  ASSERT_EQ(w.errors.size(), 5u);
  EXPECT_EQ(w.errors[3].first, "median by g");
  EXPECT_LT(w.errors[4].second, 0.2);
}

TEST(ImputeAuto, IsAsTheChosenWayAlone) {
  const BatchBuffer rows = make_rows();
  auto column = [&](const Json& params, size_t at) {
    RuleChain chain(rows.schema(), {});
    chain.append("impute", fit_passes(params, rows, 1000)->freeze());
    Batch batch = rows.view();
    Scratch scratch;
    chain.apply(batch, scratch, nullptr, 0);
    Rows cells;
    for (int64_t i = 0; i < batch.rows; ++i) cells.push_back(cell_text(batch.columns[at], i));
    return cells;
  };
  EXPECT_EQ(column({{"z", "auto"}}, 2), column({{"z", "mean"}}, 2));
  EXPECT_EQ(column({{"s", {{"with", "auto"}, {"by", "g"}}}}, 4),
            column({{"s", {{"with", "mode"}, {"by", "g"}}}}, 4));
  const Json together = {{"columns", {"x", "y", "z"}}, {"with", "auto"}};
  Json alone = together;
  alone["with"] = choice_of(chain_of(together, rows), rows).chosen;
  EXPECT_EQ(column(together, 0), column(alone, 0));
}

TEST(ImputeAuto, IsTheSameWhateverTheChunks) {
  const BatchBuffer rows = make_rows(20000);
  const Json params = {{"x", "auto"},
                       {"y", "auto"},
                       {"z", {{"constant", 1}}},
                       {"s", {{"with", "auto"}, {"by", "g"}, {"time", "t"}}}};
  const std::string digest = fit_passes(params, rows, 20000)->freeze()->save().digest_hex();
  for (int64_t chunk : {777, 5000})
    EXPECT_EQ(fit_passes(params, rows, chunk)->freeze()->save().digest_hex(), digest) << chunk;
}

TEST(ImputeAuto, IsSound) {
  const BatchBuffer rows = make_rows();
  expect_sound(
      chain_of({{"columns", {"x", "y", "z"}}, {"with", "auto"}, {"indicator", true}}, rows), rows);
  const RuleChain chain = chain_of({{"x", {{"with", "auto"}, {"indicator", true}}},
                                    {"y", "auto"},
                                    {"z", {{"constant", 0}, {"indicator", true}}},
                                    {"s", "auto"}},
                                   rows);
  expect_sound(chain, rows);
  RuleReport report;
  apply(chain, rows, &report);
  EXPECT_EQ(report.choices.size(), 3u);  // of `auto` alone
  const auto names = chain.output().names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "x_missing"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "z_missing"), 1);
  EXPECT_EQ(chain.output().size(), rows.schema().size() + 2);
  EXPECT_EQ(RuleReport::from_json(report.json()).json(), report.json());
}

TEST(ImputeAuto, Restricts) {
  const BatchBuffer rows = make_rows();
  const Json params = {{"columns", {"x", "y", "z"}}, {"with", "auto"}, {"indicator", true}};
  auto rule = fit_passes(params, rows, 1000)->freeze();
  rule->restrict_to({"z", "x_missing"});
  EXPECT_EQ(rule->bind(Schema({{"x", Type::float64}, {"z", Type::float64}})).names(),
            (std::vector<std::string>{"x", "z", "x_missing"}));
}

TEST(ImputeAuto, WithNothingToCompareTakesTheSimplest) {
  BatchBuffer rows = table({{"x", Type::float64}, {"s", Type::string}},
                           Json::array({Json::array({nullptr, "a"}), Json::array({2, nullptr})}));
  const RuleChain chain = chain_of({{"x", "auto"}, {"s", "auto"}}, rows);
  EXPECT_EQ(apply(chain, rows), (Rows{"2|a", "2|a"}));
  EXPECT_EQ(choice_of(chain, rows).chosen, "mode");
  EXPECT_EQ(choice_of(chain, rows, 1).chosen, "mean");

  BatchBuffer none = table({{"x", Type::float64}}, {{nullptr}, {nullptr}});
  EXPECT_NE(
      error_of([&] { chain_of({{"x", "auto"}}, none); }).find("every training row lacks a value"),
      std::string::npos);
}

TEST(ImputeAuto, Refuses) {
  const BatchBuffer rows = make_rows(50);
  const RuleChain chain = chain_of({{"x", "auto"}, {"y", "auto"}}, rows);
  auto broken = [&](auto change) {
    State state = chain.steps()[0].rule->save();
    change(state.json);
    error_of([&] { Rules::instance().get("impute", "rule").load(state); }, Code::corrupt);
  };
  broken([](Json& json) { json["parts"] = -1; });
  broken([](Json& json) { json["parts"] = 1 << 30; });
  broken([](Json& json) { json["choices"] = {3}; });
  broken([](Json& json) { json["part0"] = {{"parts", 1}}; });
  error_of([&] { chain_of({{"x", {{"with", "auto"}, {"by", "y"}}}, {"y", "auto"}}, rows); });
  error_of([&] { chain_of({{"x", {{"with", "auto"}, {"time", "s"}}}}, rows); });
  error_of([&] { chain_of({{"x", {{"with", "mean"}, {"time", "t"}}}}, rows); });
}

}  // namespace
}  // namespace gristmill
