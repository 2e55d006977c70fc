// missing, range and map.

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

TEST(Missing, MatchesEachTypeInItsWay) {
  BatchBuffer rows = table({{"s", Type::string, false},
                            {"i", Type::int64, false},
                            {"f", Type::float64, true},
                            {"b", Type::boolean, true},
                            {"d", Type::date, true}},
                           {{"N/A", -999, -999, true, "1900-01-01"},
                            {"", 0, 1.5, false, "2013-01-01"},
                            {"-999", 5, "nan", nullptr, nullptr},
                            {"-999.0", 1, nullptr, true, "2013-01-02"},
                            {"n/a", 1, 2, true, "2013-01-03"}});
  RuleChain chain =
      world.chain("missing", {{"values", {"", "N/A", -999, "1900-01-01", "nan"}}}, rows.schema());
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report, 100),
            (Rows{"~|~|~|true|~", "~|0|1.5|false|2013-01-01", "~|5|~|~|~", "~|1|~|true|2013-01-02",
                  "n/a|1|2|true|2013-01-03"}));
  EXPECT_TRUE(chain.output()[0].nullable);
  EXPECT_TRUE(chain.output()[1].nullable);
  EXPECT_EQ(report.rows_touched, 4);
  EXPECT_EQ(report.cells_touched, 8);
  ASSERT_EQ(report.examples.size(), 3u);
  EXPECT_EQ(report.examples[0], (RuleReport::Example{100, "s", "\"N/A\"", "null"}));
  EXPECT_EQ(report.examples[1].before, "\"\"");
}

TEST(Missing, LeavesWhatDoesNotMatchWhereItIs) {
  BatchBuffer rows = table({{"s", Type::string}, {"i", Type::int64}},
                           Json::array({Json::array({"a", 1}), Json::array({"b", 2})}));
  RuleChain chain = world.chain("missing", {{"values", {"", -999}}}, rows.schema());
  Batch batch = rows.view();
  const Batch before = batch;
  Scratch scratch;
  chain.apply(batch, scratch, nullptr, 0);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(batch.columns[i].data, before.columns[i].data);
    EXPECT_EQ(batch.columns[i].validity, before.columns[i].validity);
  }
}

TEST(Missing, OnlyTheColumnsNamed) {
  BatchBuffer rows = table({{"i", Type::int64}, {"j", Type::int64}}, {{0, 0}, {1, 1}});
  Json params = {{"values", {0}}, {"columns", {"j"}}};
  EXPECT_EQ(apply(world.chain("missing", params, rows.schema()), rows), (Rows{"0|~", "1|1"}));
}

TEST(Missing, RefusesWhatCannotBeMeant) {
  Schema schema({{"temp", Type::float64}, {"name", Type::string}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("missing", params, schema); }, code);
  };
  EXPECT_NE(error({{"values", {1}}, {"columns", {"tmp"}}}, Code::not_found).find("temp"),
            std::string::npos);
  EXPECT_NE(error({{"values", {"N/A"}}, {"columns", {"temp"}}}).find("float64"), std::string::npos);
  error({{"values", Json::array()}});
  error({{"values", {nullptr}}});
  error({{"values", {Json::array({1})}}});
  error({{"valeus", {1}}});
  error(Json::object());
}

TEST(Missing, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(3000, 1);
  Json values = {"", "N/A", -999, 1, 1.5, "nan", true, "1970-01-02", "1970-01-01 00:00:00"};
  expect_sound(world.chain("missing", {{"values", values}}, rows.schema()), rows);
  Json many = Json::array();
  for (int i = 0; i < 40; ++i) many.push_back("text" + std::to_string(i));
  many.push_back("alpha");
  expect_sound(world.chain("missing", {{"values", many}}, rows.schema()), rows);
}

TEST(Range, MakesWhatIsOutsideMissing) {
  BatchBuffer rows = table({{"i", Type::int64, false},
                            {"f", Type::float64, true},
                            {"d", Type::date, true},
                            {"t", Type::timestamp, true}},
                           {{-41, -40, "2012-12-31", "2013-01-01 12:00:00"},
                            {-40, 120.5, "2013-01-01", "2013-01-01 12:00:01"},
                            {120, "nan", "2013-06-01", nullptr},
                            {121, nullptr, nullptr, "2013-01-01 11:59:59"}});
  RuleChain chain = world.chain("range",
                                {{"i", {-40.5, 120.5}},
                                 {"f", {-40, 120}},
                                 {"d", {"2013-01-01", nullptr}},
                                 {"t", {nullptr, "2013-01-01 12:00:00"}}},
                                rows.schema());
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report), (Rows{"~|-40|~|2013-01-01T12:00:00", "-40|~|2013-01-01|~",
                                               "120|~|2013-06-01|~", "~|~|~|2013-01-01T11:59:59"}));
  EXPECT_EQ(report.rows_touched, 4);
  EXPECT_EQ(report.cells_touched, 6);
}

TEST(Range, WholeNumbersAtTheEnds) {
  BatchBuffer rows = table({{"i", Type::int64}}, {{INT64_MIN}, {-1}, {0}, {INT64_MAX}});
  auto run = [&](const Json& range) {
    return apply(world.chain("range", {{"i", range}}, rows.schema()), rows);
  };
  const std::string low = std::to_string(INT64_MIN), high = std::to_string(INT64_MAX);
  EXPECT_EQ(run({nullptr, nullptr}), (Rows{low, "-1", "0", high}));
  EXPECT_EQ(run({-1e300, 1e300}), (Rows{low, "-1", "0", high}));
  EXPECT_EQ(run({INT64_MIN, -1}), (Rows{low, "-1", "~", "~"}));
  EXPECT_EQ(run({0, INT64_MAX}), (Rows{"~", "~", "0", high}));
  EXPECT_EQ(run({-0.5, 0.5}), (Rows{"~", "~", "0", "~"}));
}

TEST(Range, RefusesWhatHasNoOrder) {
  Schema schema({{"temp", Type::float64}, {"name", Type::string}, {"on", Type::boolean}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("range", params, schema); }, code);
  };
  EXPECT_NE(error({{"name", {1, 2}}}).find("string"), std::string::npos);
  error({{"on", {0, 1}}});
  EXPECT_NE(error({{"temp", {120, -40}}}).find("empty"), std::string::npos);
  error({{"temp", {1}}});
  error({{"temp", {"a", "b"}}});
  error({{"temp", "hot"}});
  EXPECT_NE(error({{"tmep", {1, 2}}}, Code::not_found).find("temp"), std::string::npos);
  error(nullptr);
}

TEST(Range, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(3000, 2);
  expect_sound(world.chain("range",
                           {{"i", {-2, 2}},
                            {"f", {-0.5, 1}},
                            {"d", {"1970-01-01", "1970-01-03"}},
                            {"t", {"1970-01-01", nullptr}},
                            {"z", {nullptr, "1970-01-01T00:00:00Z"}}},
                           rows.schema()),
               rows);
}

TEST(Map, ReplacesValuesOfEachType) {
  BatchBuffer rows = table({{"s", Type::string, false},
                            {"i", Type::int64, false},
                            {"f", Type::float64, false},
                            {"b", Type::boolean, true}},
                           {{"AIRBUS INDUSTRIE", 0, 1.5, true},
                            {"BOEING", 2, "nan", false},
                            {"UNKNOWN", 3, 0, nullptr},
                            {"AIRBUS INDUSTRIE", 4, 1, true}});
  RuleChain chain = world.chain("map",
                                {{"s", {{"AIRBUS INDUSTRIE", "AIRBUS"}, {"UNKNOWN", nullptr}}},
                                 {"i", {{"0", nullptr}, {"2", 3}, {"3", 2}}},
                                 {"f", {{"1.5", 2}, {"nan", 9}}},
                                 {"b", {{"true", false}}}},
                                rows.schema());
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report),
            (Rows{"AIRBUS|~|2|false", "BOEING|3|9|false", "~|2|0|~", "AIRBUS|4|1|false"}));
  EXPECT_TRUE(chain.output()[0].nullable);
  EXPECT_FALSE(chain.output()[2].nullable);
  EXPECT_EQ(report.rows_touched, 4);
  EXPECT_EQ(report.cells_touched, 10);
  EXPECT_EQ(report.examples[0].column, "b");
}

TEST(Map, RefusesValuesOfAnotherType) {
  Schema schema({{"seats", Type::int64}, {"name", Type::string}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("map", params, schema); }, code);
  };
  EXPECT_NE(error({{"seats", {{"many", 1}}}}).find("\"many\" is not a int64 value"),
            std::string::npos);
  error({{"seats", {{"1", "one"}}}});
  error({{"seats", {{"1", 1.5}}}});
  error({{"seats", {{"1", 2}, {"01", 3}}}});
  error({{"name", Json::object()}});
  error({{"name", "x"}});
  EXPECT_NE(error({{"nmae", {{"a", "b"}}}}, Code::not_found).find("name"), std::string::npos);
}

TEST(Map, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(3000, 3);
  Json texts = {{"", "empty"}, {"alpha", nullptr}, {"ärger", ""}, {"N/A", "a much longer text"}};
  for (int i = 0; i < 30; ++i) texts["unused" + std::to_string(i)] = "x";
  expect_sound(world.chain("map",
                           {{"s", texts},
                            {"i", {{"1", 2}, {"2", 1}, {"3", nullptr}}},
                            {"f", {{"0.5", 0}, {"nan", -1}}},
                            {"d", {{"1970-01-02", "2000-01-01"}}},
                            {"b", {{"true", nullptr}, {"false", true}}}},
                           rows.schema()),
               rows);
}

TEST(Rules, RestrictToWhatIsWanted) {
  Schema schema({{"a", Type::int64}, {"b", Type::int64}});
  for (auto [kind, params] :
       std::vector<std::pair<std::string, Json>>{{"missing", {{"values", {0}}}},
                                                 {"range", {{"a", {1, 2}}, {"b", {1, 2}}}},
                                                 {"map", {{"a", {{"1", 2}}}, {"b", {{"1", 2}}}}}}) {
    auto rule = world.fit(kind, params, schema)->freeze();
    rule->restrict_to({"b"});
    Schema narrow({{"b", Type::int64}});
    EXPECT_EQ(rule->bind(narrow).size(), 1u) << kind;
    EXPECT_EQ(rule->writes(), std::vector<std::string>{"b"}) << kind;
    EXPECT_EQ(rule->reads_for("b"), std::vector<std::string>{"b"}) << kind;
  }
}

TEST(Rules, BoundToAnotherTypeIsAnError) {
  auto rule = world.fit("range", {{"a", {1, 2}}}, Schema({{"a", Type::int64}}))->freeze();
  EXPECT_NE(error_of([&] { rule->bind(Schema({{"a", Type::string}})); }).find("int64"),
            std::string::npos);
}

TEST(Rules, HostileStatesAreRefused) {
  for (const auto& [kind, rule] : Rules::instance()) {
    if (rule.stage == RuleStage::check) continue;
    for (const char* text :
         {"{}", R"({"columns": 3})", R"({"columns": [3]})", R"({"conditions": [{}]})",
          R"({"columns": [{"name": 1, "type": "int64", "values": [1]}]})",
          R"({"columns": [{"name": "a", "type": "int", "values": [1]}]})",
          R"({"columns": [{"name": "a", "type": "int64", "values": ["x"], "range": [1]}]})",
          R"({"columns": [{"name": "a", "type": "date", "values": [99999999999], "map": []}]})",
          R"({"columns": [{"name": "a", "type": "string", "range": [null, null], "map": [[1]]}]})",
          R"({"columns": [{"name": "a", "type": "int64", "map": [[2, 1], [1, 1]]}]})"}) {
      State state;
      state.json = Json::parse(text);
      try {
        rule.load(state);
      } catch (const Error& error) {
        EXPECT_EQ(name_of(error.code()), "corrupt") << kind << text;
      }
    }
  }
}

}  // namespace
}  // namespace gristmill
