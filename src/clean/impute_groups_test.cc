// impute by group.
#include "clean/impute_groups.h"

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

std::unique_ptr<RuleFit> fitted(const Json& params, const BatchBuffer& rows, int64_t chunk,
                                bool merged = true) {
  auto fit = world.fit("impute", params, rows.schema());
  for (int64_t at = 0; at < rows.rows(); at += chunk) {
    BatchBuffer piece(rows.schema());
    piece.append(rows.view(), at, std::min(chunk, rows.rows() - at));
    if (!merged) {
      fit->observe({.rows = piece.view(), .first_row = at});
      continue;
    }
    auto part = fit->clone_empty();
    part->observe({.rows = piece.view(), .first_row = at});
    fit->merge(std::move(*part));
  }
  return fit;
}

RuleChain chain_of(const Json& params, const BatchBuffer& rows, int64_t chunk = 2) {
  RuleChain chain(rows.schema(), {});
  chain.append("impute", fitted(params, rows, chunk)->freeze());
  return chain;
}

TEST(ImputeGroups, EachGroupHasItsOwn) {
  BatchBuffer rows = table({{"g", Type::string},
                            {"i", Type::int64},
                            {"s", Type::string},
                            {"b", Type::boolean},
                            {"d", Type::date}},
                           {{"a", 1, "x", true, "2013-01-01"},
                            {"a", 3, "x", true, "2013-01-01"},
                            {"a", nullptr, nullptr, nullptr, nullptr},
                            {"b", 10, "y", false, "2013-01-02"},
                            {"b", nullptr, nullptr, nullptr, nullptr},
                            {"c", nullptr, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr},
                            {nullptr, 2, "x", true, "2013-01-01"}});
  Json mode = {{"with", "mode"}, {"by", "g"}};
  RuleChain chain = chain_of({{"i", {{"with", "mean"}, {"by", {"g"}}, {"indicator", true}}},
                              {"s", mode},
                              {"b", mode},
                              {"d", mode}},
                             rows, 8);
  RuleReport report;
  const Rows expected = {"a|1|x|true|2013-01-01|false",  "a|3|x|true|2013-01-01|false",
                         "a|2|x|true|2013-01-01|true",   "b|10|y|false|2013-01-02|false",
                         "b|10|y|false|2013-01-02|true", "c|4|x|true|2013-01-01|true",
                         "~|4|x|true|2013-01-01|true",   "~|2|x|true|2013-01-01|false"};
  EXPECT_EQ(apply(chain, rows, &report), expected);
  EXPECT_EQ(report.cells_touched, 16);
  EXPECT_EQ(chain.output()[1], (Field{"i", Type::float64, false}));
  EXPECT_EQ(apply(RuleChain::load(chain.save()), rows), expected);
  // A group that training did not meet gets what all rows would.
  EXPECT_EQ(apply(chain, table(rows.schema().fields(), {{"new", nullptr, "q", nullptr, nullptr},
                                                        {"b", nullptr, "q", nullptr, nullptr}})),
            (Rows{"new|4|q|true|2013-01-01|true", "b|10|q|false|2013-01-02|true"}));
}

TEST(ImputeGroups, BySeveralColumnsOfAnyType) {
  BatchBuffer rows =
      table({{"f", Type::float64}, {"k", Type::int64}, {"v", Type::float64}}, {{1.5, 1, 10},
                                                                               {1.5, 2, 20},
                                                                               {"nan", 1, 30},
                                                                               {1.5, 1, nullptr},
                                                                               {1.5, 2, "nan"},
                                                                               {"nan", 1, nullptr},
                                                                               {2.5, 1, nullptr}});
  Json params = {{"columns", {"v"}}, {"with", "median"}, {"by", {"f", "k"}}};
  RuleChain chain = chain_of(params, rows);
  EXPECT_EQ(apply(chain, rows), (Rows{"1.5|1|10", "1.5|2|20", "nan|1|30", "1.5|1|10", "1.5|2|20",
                                      "nan|1|30", "2.5|1|20"}));
  EXPECT_EQ(chain.sources_of({"v"}), (std::vector<std::string>{"f", "k", "v"}));
}

TEST(ImputeGroups, ChunksMergedAreOneGoToTheBit) {
  BatchBuffer rows = random_rows(20000, 16);
  Json params = {{"i", {{"with", "median"}, {"by", "s"}}},
                 {"f", {{"with", "mean"}, {"by", {"s", "d"}}}},
                 {"t", {{"with", "mode"}, {"by", "b"}}}};
  for (int64_t chunk : {500, 7000, 20000}) {
    EXPECT_EQ(fitted(params, rows, chunk, false)->freeze()->save().digest_hex(),
              fitted(params, rows, chunk, true)->freeze()->save().digest_hex())
        << chunk;
  }
  expect_sound(chain_of(params, rows, 7000), rows);
}

TEST(ImputeGroups, Restricts) {
  BatchBuffer rows = random_rows(100, 17);
  Json params = {{"columns", {"i", "f"}}, {"with", "mean"}, {"by", "s"}, {"indicator", true}};
  auto restricted = [&](const std::set<std::string>& to, const Schema& in) {
    auto rule = fitted(params, rows, 100)->freeze();
    rule->restrict_to(to);
    rule = Rules::instance().get("impute", "rule").load(rule->save());
    return rule->bind(in).names();
  };
  // An indicator needs no groups.
  EXPECT_EQ(restricted({"f_missing"}, Schema({{"f", Type::float64}})),
            (std::vector<std::string>{"f", "f_missing"}));
  EXPECT_EQ(restricted({"f"}, Schema({{"f", Type::float64}, {"s", Type::string}})),
            (std::vector<std::string>{"f", "s"}));
}

TEST(ImputeGroups, Refuses) {
  BatchBuffer rows = table({{"i", Type::int64}, {"s", Type::string}}, {{1, "a"}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("impute", params, rows.schema()); }, code);
  };
  error({{"i", {{"with", "mean"}, {"by", "ss"}}}}, Code::not_found);
  error({{"i", {{"with", "mean"}, {"by", Json::array()}}}});
  error({{"i", {{"with", "mean"}, {"by", 3}}}});
  error({{"i", {{"constant", 1}, {"by", "s"}}}});
  error({{"i", {{"with", "mean"}, {"by", "i"}}}});
  error({{"i", {{"with", "mean"}, {"by", "s"}}}, {"s", "mode"}});
}

TEST(ImputeGroups, TooManyAreAnError) {
  BatchBuffer rows(Schema({{"g", Type::int64}, {"v", Type::float64}}));
  for (size_t i = 0; i <= Groups::most; ++i) {
    rows[0].append(int64_t(i));
    rows[1].append(1.0);
  }
  EXPECT_NE(error_of([&] { fitted({{"v", {{"with", "mean"}, {"by", "g"}}}}, rows, 6000); },
                     Code::exhausted)
                .find("groups by g"),
            std::string::npos);
}

TEST(ImputeGroups, RefusesOtherStates) {
  BatchBuffer rows = table({{"g", Type::string}, {"v", Type::float64}},
                           Json::array({Json::array({"a", 1}), Json::array({"b", 2})}));
  const State good = fitted({{"v", {{"with", "mean"}, {"by", "g"}}}}, rows, 2)->freeze()->save();
  auto broken = [&](auto change) {
    State state = good;
    change(state);
    error_of([&] { Rules::instance().get("impute", "rule").load(state); }, Code::corrupt);
  };
  broken([](State& state) { state.json["columns"][0]["by"] = {"g", "h"}; });
  broken([](State& state) { state.json["columns"][0]["by"] = 3; });
  broken([](State& state) { state.json.erase("groups0"); });
  broken([](State& state) { state.json["groups0"]["columns"][1]["type"] = "int64"; });
  broken([](State& state) { state.json["groups0"]["rows"] = 3; });
  broken([](State& state) { state.put("groups0/slots", std::vector<uint32_t>{9, 9, 9, 9}); });
}

}  // namespace
}  // namespace gristmill
