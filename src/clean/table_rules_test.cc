// lookup, derive, drop, and chains of rules.
#include <set>

#include "clean/frozen_table.h"
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

ExprNode whole(const std::string& name) { return column_node(name, Type::int64); }
ExprNode number(int64_t value) { return constant_node(value, Type::int64); }

World make_world() {
  World world;
  world.expressions = {
      {"a + 1", [] { return call_node("+", Type::int64, {whole("a"), number(1)}); }},
      {"b + 1", [] { return call_node("+", Type::int64, {whole("b"), number(1)}); }},
      {"c + 1", [] { return call_node("+", Type::int64, {whole("c"), number(1)}); }},
      {"CAST(s AS BIGINT)",
       [] { return call_node("cast", Type::int64, {column_node("s", Type::string)}); }},
      {"a > 2", [] { return call_node(">", Type::boolean, {whole("a"), number(2)}); }},
      {"b > 2", [] { return call_node(">", Type::boolean, {whole("b"), number(2)}); }},
      {"lat", [] { return column_node("lat", Type::float64); }},
  };
  world.tables["airports"] = table({{"faa", Type::string},
                                    {"lat", Type::float64},
                                    {"name", Type::string},
                                    {"hub", Type::boolean},
                                    {"since", Type::date}},
                                   {{"JFK", 40.5, "Kennedy", true, "1948-07-01"},
                                    {"LGA", nullptr, "", false, nullptr},
                                    {nullptr, 1, "nowhere", true, nullptr},
                                    {"EWR", 40.25, nullptr, nullptr, "1928-10-01"}});
  world.tables["numbers"] = table({{"n", Type::float64}, {"m", Type::int64}, {"v", Type::int64}},
                                  {{1, 1, 11}, {2.5, 1, 25}, {3, 2, 33}, {"nan", 1, 99}});
  return world;
}
const World world = make_world();

TEST(Lookup, TakesColumnsByKey) {
  BatchBuffer rows =
      table({{"dest", Type::string}}, {{"EWR"}, {"XXX"}, {nullptr}, {"JFK"}, {"LGA"}});
  Json params = {
      {"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {"lat", "name", "hub", "since"}}};
  RuleChain chain = world.chain("lookup", params, rows.schema());
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report, 10),
            (Rows{"EWR|40.25|~|~|1928-10-01", "XXX|~|~|~|~", "~|~|~|~|~",
                  "JFK|40.5|Kennedy|true|1948-07-01", "LGA|~||false|~"}));
  EXPECT_EQ(report.rows, 5);
  EXPECT_EQ(report.rows_touched, 3);
  EXPECT_EQ(report.cells_unmatched, 2);
  EXPECT_EQ(report.cells_touched, 8);
  ASSERT_EQ(report.examples.size(), 2u);
  EXPECT_EQ(report.examples[0],
            (RuleReport::Example{11, "dest", "\"XXX\"", "no match in airports"}));
  EXPECT_EQ(chain.sources_of({"lat"}), std::vector<std::string>{"dest"});
}

TEST(Lookup, NumbersMatchAcrossTypes) {
  BatchBuffer rows = table({{"x", Type::int64}, {"y", Type::float64}},
                           {{1, 1}, {2, 1}, {3, 2}, {3, 2.5}, {nullptr, 1}});
  Json params = {{"table", "numbers"}, {"by", {{"x", "n"}, {"y", "m"}}}, {"take", {{"w", "v"}}}};
  EXPECT_EQ(apply(world.chain("lookup", params, rows.schema()), rows),
            (Rows{"1|1|11", "2|1|~", "3|2|33", "3|2.5|~", "~|1|~"}));
  BatchBuffer floats = table({{"n", Type::float64}}, {{"nan"}, {2.5}, {-0.0}});
  params = {{"table", "numbers"}, {"by", "n"}, {"take", {"v"}}};
  EXPECT_EQ(apply(world.chain("lookup", params, floats.schema()), floats),
            (Rows{"nan|99", "2.5|25", "-0|~"}));
}

TEST(Lookup, EveryTypeOfKeyAndValue) {
  BatchBuffer rows = random_rows(2000, 8);
  World own = make_world();
  for (const char* key : {"b", "i", "f", "s", "d", "t", "z"}) {
    // A table of the distinct keys of these rows, each with a row of other cells.
    BatchBuffer reference(rows.schema());
    std::set<std::string> seen;
    Batch all = rows.view();
    size_t at = rows.schema().index_of(key, "test");
    for (int64_t i = 0; i < all.rows; ++i) {
      if (all.columns[at].is_null(i) || seen.insert(cell_text(all.columns[at], i)).second)
        reference.append(all, i, 1);
    }
    own.tables["reference"] = std::move(reference);
    Json take;
    for (const char* taken : {"b", "i", "f", "s", "d", "t", "z"})
      take[std::string("of_") + taken] = taken;
    RuleChain chain =
        own.chain("lookup", {{"table", "reference"}, {"by", key}, {"take", take}}, rows.schema());
    expect_sound(chain, rows);
    Batch batch = rows.view();
    Scratch scratch;
    chain.apply(batch, scratch, nullptr, 0);
    size_t same = chain.output().index_of(std::string("of_") + key, "test");
    for (int64_t i = 0; i < batch.rows; ++i) {
      EXPECT_EQ(cell_text(batch.columns[at], i), cell_text(batch.columns[same], i)) << key;
      EXPECT_EQ(batch.columns[at].is_null(i), batch.columns[same].is_null(i)) << key;
    }
  }
}

TEST(Lookup, Restricts) {
  Schema schema({{"dest", Type::string}});
  Json params = {
      {"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {"lat", "name", "hub"}}};
  BatchBuffer rows = table({{"dest", Type::string}}, {{"JFK"}});
  auto rule = world.fit("lookup", params, schema)->freeze();
  rule->restrict_to({"hub", "dest"});
  RuleChain chain(schema, {});
  chain.append("lookup", std::move(rule));
  EXPECT_EQ(apply(chain, rows), Rows{"JFK|true"});
  EXPECT_EQ(apply(RuleChain::load(chain.save()), rows), Rows{"JFK|true"});

  rule = world.fit("lookup", params, schema)->freeze();
  rule->restrict_to({});
  EXPECT_TRUE(rule->reads().empty());
  EXPECT_EQ(rule->bind(Schema({{"x", Type::int64}})).size(), 1u);
}

TEST(Lookup, Refuses) {
  Schema schema({{"dest", Type::string}, {"lat", Type::float64}, {"n", Type::string}});
  World own = make_world();
  own.tables["twice"] = table({{"k", Type::string}, {"v", Type::int64}},
                              Json::array({Json::array({"a", 1}), Json::array({nullptr, 2}),
                                           Json::array({nullptr, 3}), Json::array({"a", 4})}));
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { own.fit("lookup", params, schema); }, code);
  };
  std::string text = error({{"table", "twice"}, {"by", {{"dest", "k"}}}, {"take", {"v"}}});
  EXPECT_NE(text.find("\"a\" occurs twice"), std::string::npos) << text;
  text = error({{"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {"lat"}}});
  EXPECT_NE(text.find("lat of airports is a column already"), std::string::npos) << text;
  text = error({{"table", "numbers"}, {"by", "n"}, {"take", {"v"}}});
  EXPECT_NE(text.find("n is string"), std::string::npos) << text;
  EXPECT_NE(text.find("float64"), std::string::npos) << text;
  error({{"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {"latt"}}}, Code::not_found);
  error({{"table", "airports"}, {"by", {{"dest", "fa"}}}, {"take", {"name"}}}, Code::not_found);
  error({{"table", "airports"}, {"by", "faa"}, {"take", {"name"}}}, Code::not_found);
  error({{"table", "nowhere"}, {"by", "dest"}, {"take", {"name"}}}, Code::not_found);
  error({{"by", "dest"}, {"take", {"name"}}});
  error({{"table", "airports"}, {"by", Json::array()}, {"take", {"name"}}});
  error({{"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {3}}});
}

TEST(Lookup, LargeTablesAreRefused) {
  World own;
  BatchBuffer& big = own.tables["big"];
  big.reset(Schema({{"k", Type::int64}, {"v", Type::string}}));
  const std::string text(1000, 'x');
  for (int64_t i = 0; i < 70000; ++i) big[0].append(i), big[1].append(std::string_view(text));
  std::string message = error_of(
      [&] {
        own.fit("lookup", {{"table", "big"}, {"by", "k"}, {"take", {"v"}}},
                Schema({{"k", Type::int64}}));
      },
      Code::exhausted);
  EXPECT_NE(message.find("64 MB"), std::string::npos) << message;
}

TEST(Lookup, HostileTablesAreRefused) {
  Schema schema({{"dest", Type::string}});
  Json params = {{"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {"lat", "name"}}};
  auto rule = world.fit("lookup", params, schema)->freeze();
  const RuleKind& kind = Rules::instance().get("lookup", "rule");
  auto broken = [&](auto change) {
    State state = rule->save();
    change(state);
    error_of([&] { kind.load(state); }, Code::corrupt);
  };
  broken([](State& s) { s.put<uint32_t>("frozen/slots", {}); });
  broken([](State& s) { s.put<uint32_t>("frozen/slots", {1, 2, 3, 1}); });
  broken([](State& s) { s.put<uint32_t>("frozen/slots", {0, 2, 3}); });
  broken([](State& s) { s.put<uint32_t>("frozen/slots", {0, 4, 1, 0}); });
  broken([](State& s) { s.json["frozen"]["rows"] = -1; });
  broken([](State& s) { s.json["frozen"]["rows"] = 1 << 20; });
  broken([](State& s) { s.json["frozen"]["columns"][0]["key"] = false; });
  broken([](State& s) { s.json["frozen"]["columns"][0]["type"] = "float64"; });
  broken([](State& s) { s.json["frozen"]["columns"][1].erase("name"); });
  broken([](State& s) { s.json["take"] = {"lat"}; });
  broken([](State& s) { s.json["by"] = Json::array(); });
  broken([](State& s) { s.put<int32_t>("frozen/key0.offsets", {0, 9, 3, 9}); });
  broken([](State& s) { s.put<int32_t>("frozen/key0.offsets", {0, 3}); });
  broken([](State& s) { s.put<int32_t>("frozen/key0.offsets", {-3, 3, 6, 9}); });
  broken([](State& s) { s.put<uint8_t>("frozen/key0.validity", {0}); });
  broken([](State& s) { s.put<uint8_t>("frozen/value0.validity", {}); });
  broken([](State& s) { s.put<double>("frozen/value0.values", {1}); });
}

TEST(Derive, InTheOrderOfWhatIsRead) {
  BatchBuffer rows = table({{"a", Type::int64}}, {{1}, {nullptr}});
  // Sorted by name, b comes before what it reads.
  RuleChain chain = world.chain("derive", {{"b", "c + 1"}, {"c", "a + 1"}}, rows.schema());
  EXPECT_EQ(chain.output().names(), (std::vector<std::string>{"a", "c", "b"}));
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report), (Rows{"1|2|3", "~|~|~"}));
  EXPECT_EQ(report.rows_touched, 2);
  EXPECT_EQ(chain.sources_of({"b"}), std::vector<std::string>{"a"});
  EXPECT_EQ(chain.steps()[0].rule->reads(), std::vector<std::string>{"a"});
}

TEST(Derive, MayReplaceAColumn) {
  BatchBuffer rows = table({{"s", Type::string}, {"a", Type::int64}},
                           Json::array({Json::array({"7", 1}), Json::array({"x", 2})}));
  RuleChain chain = world.chain("derive", {{"s", "CAST(s AS BIGINT)"}}, rows.schema());
  EXPECT_EQ(chain.output()[0], (Field{"s", Type::int64, true}));
  Batch batch = rows.view();
  Scratch scratch;
  std::vector<RuleReport> reports;
  chain.apply(batch, scratch, &reports, 0);
  EXPECT_EQ(texts(batch), (Rows{"7|1", "~|2"}));
  ASSERT_EQ(scratch.errors.size(), 1u);
  EXPECT_EQ(scratch.errors[0].row, 1);
  EXPECT_EQ(scratch.errors[0].field, "s");
  EXPECT_EQ(reports[0].examples[0].before, "\"7\"");
  EXPECT_EQ(reports[0].examples[0].after, "7");
}

TEST(Derive, AListSaysTheOrder) {
  BatchBuffer rows = table({{"a", Type::int64}}, {{1}});
  Json list = Json::array({Json{{"b", "a + 1"}}, Json{{"a", "b + 1"}}, Json{{"c", "a + 1"}}});
  RuleChain chain = world.chain("derive", list, rows.schema());
  EXPECT_EQ(apply(chain, rows), Rows{"3|2|4"});
  EXPECT_EQ(chain.sources_of({"c"}), std::vector<std::string>{"a"});
  // The mapping would leave open whether b reads the old or the new a.
  EXPECT_NE(error_of([&] {
              world.fit("derive", {{"b", "a + 1"}, {"a", "a + 1"}}, rows.schema());
            }).find("list"),
            std::string::npos);
}

TEST(Derive, RestrictsToWhatIsNeeded) {
  Schema schema({{"a", Type::int64}, {"s", Type::string}});
  Json params = {{"b", "c + 1"}, {"c", "a + 1"}, {"n", "CAST(s AS BIGINT)"}};
  auto rule = world.fit("derive", params, schema)->freeze();
  rule->restrict_to({"a", "b"});
  EXPECT_EQ(rule->bind(Schema({{"a", Type::int64}})).names(),
            (std::vector<std::string>{"a", "c", "b"}));
}

TEST(Derive, Refuses) {
  Schema schema({{"a", Type::int64}});
  EXPECT_NE(error_of([&] {
              world.fit("derive", {{"b", "c + 1"}, {"c", "b + 1"}}, schema);
            }).find("b reads c reads b: a circle"),
            std::string::npos);
  error_of([&] { world.fit("derive", {{"b", "c + 1"}}, schema); }, Code::not_found);
  error_of([&] { world.fit("derive", {{"A", "a + 1"}}, schema); });
  error_of([&] { world.fit("derive", Json::object(), schema); });
  error_of([&] { world.fit("derive", {{"b", nullptr}}, schema); });
  error_of([&] { world.fit("derive", Json::array({"a + 1"}), schema); });
}

TEST(Derive, IsSoundOnRandomRows) {
  BatchBuffer rows(Schema({{"a", Type::int64}}));
  for (int64_t i = 0; i < 1500; ++i) i % 7 ? rows[0].append(i) : rows[0].append_null();
  expect_sound(world.chain("derive", {{"b", "c + 1"}, {"c", "a + 1"}}, rows.schema()), rows);
}

TEST(Drop, WhereTrue) {
  BatchBuffer rows =
      table({{"a", Type::int64}, {"b", Type::int64}},
            Json::array({Json::array({1, 1}), Json::array({3, 3}), Json::array({nullptr, 1}),
                         Json::array({1, 9}), Json::array({nullptr, nullptr})}));
  auto fit = world.fit("drop", Json::array({"a > 2", "b > 2"}), rows.schema());
  EXPECT_EQ(fit->reads(), (std::vector<std::string>{"a", "b"}));
  auto rule = fit->freeze();
  EXPECT_EQ(rule->bind(rows.schema()), rows.schema());
  Scratch scratch;
  RuleReport report;
  const uint8_t* keep = rule->keep(rows.view(), scratch, &report, 5);
  ASSERT_NE(keep, nullptr);
  BatchBuffer kept(rows.schema());
  kept.append_selected(rows.view(), keep);
  EXPECT_EQ(texts(kept.view()), (Rows{"1|1", "~|1", "~|~"}));
  EXPECT_EQ(report.rows, 5);
  EXPECT_EQ(report.rows_touched, 2);
  EXPECT_EQ(report.examples[0], (RuleReport::Example{6, "a", "3", "dropped: a > 2"}));

  BatchBuffer none = table({{"a", Type::int64}, {"b", Type::int64}},
                           Json::array({Json::array({1, 1}), Json::array({nullptr, 0})}));
  EXPECT_EQ(rule->keep(none.view(), scratch, nullptr, 0), nullptr);
}

TEST(Drop, Refuses) {
  Schema schema({{"a", Type::int64}});
  EXPECT_NE(error_of([&] { world.fit("drop", "a + 1", schema); }).find("int64"), std::string::npos);
  error_of([&] { world.fit("drop", Json::array(), schema); });
  error_of([&] { world.fit("drop", true, schema); });
}

TEST(RuleChain, SourcesGoBackThroughEachRule) {
  Schema schema({{"dest", Type::string}, {"a", Type::int64}, {"spare", Type::int64}});
  RuleChain chain(schema, {});
  auto append = [&](const std::string& kind, const Json& params) {
    chain.append(kind, world.fit(kind, params, chain.output())->freeze());
  };
  append("missing", {{"values", {"", -999}}});
  append("lookup", {{"table", "airports"}, {"by", {{"dest", "faa"}}}, {"take", {"lat", "name"}}});
  append("derive", {{"far", "lat"}, {"b", "a + 1"}});
  append("impute", {{"far", {{"constant", 0}, {"indicator", true}}}});
  EXPECT_EQ(chain.sources_of({"far_missing"}), std::vector<std::string>{"dest"});
  EXPECT_EQ(chain.sources_of({"far", "b"}), (std::vector<std::string>{"dest", "a"}));
  EXPECT_EQ(chain.sources_of({"name", "spare"}), (std::vector<std::string>{"dest", "spare"}));
  error_of([&] { chain.sources_of({"nme"}); }, Code::not_found);

  BatchBuffer rows = table(schema.fields(), {{"JFK", 1, 1}, {"", -999, 2}, {"LGA", 3, -999}});
  const Rows expected = {"JFK|1|1|40.5|Kennedy|2|40.5|false", "~|~|2|~|~|~|0|true",
                         "LGA|3|~|~||4|0|true"};
  EXPECT_EQ(apply(chain, rows), expected);
  RuleChain loaded = RuleChain::load(chain.save());
  EXPECT_EQ(apply(loaded, rows), expected);
  EXPECT_EQ(loaded.save().digest_hex(), chain.save().digest_hex());
}

TEST(RuleChain, WhatIsReachedIsWhatHasItsSourceThere) {
  Schema schema({{"a", Type::int64}, {"c", Type::int64}, {"s", Type::string}});
  RuleChain chain(schema, {});
  for (const auto& [kind, given] :
       std::vector<std::pair<std::string, Json>>{{"map", {{"c", {{"1", 2}}}}},
                                                 {"derive", {{"b", "c + 1"}}},
                                                 {"derive", {{"c", "a + 1"}}},
                                                 {"text", {{"s", "trim"}}}})
    chain.append(kind, world.fit(kind, given, chain.output())->freeze());
  for (const std::string& source : schema.names()) {
    const std::set<std::string> reached = chain.reached_from({source});
    for (const std::string& name : chain.output().names()) {
      const auto sources = chain.sources_of({name});
      EXPECT_EQ(reached.count(name) > 0,
                std::find(sources.begin(), sources.end(), source) != sources.end())
          << source << " to " << name;
    }
  }
}

TEST(RuleChain, RefusesStatesOfOthers) {
  RuleChain chain = world.chain("derive", {{"b", "a + 1"}}, Schema({{"a", Type::int64}}));
  auto broken = [&](Code code, auto change) {
    State state = chain.save();
    change(state.json);
    error_of([&] { RuleChain::load(state); }, code);
  };
  broken(Code::corrupt, [](Json& json) { json["steps"] = 3; });
  broken(Code::corrupt, [](Json& json) { json["steps"][0]["kind"] = "exec"; });
  broken(Code::corrupt, [](Json& json) { json["steps"][0].erase("version"); });
  broken(Code::invalid, [](Json& json) { json["steps"][0]["version"] = 1000; });
  broken(Code::corrupt, [](Json& json) { json["steps"].push_back(json["steps"][0]); });
  broken(Code::corrupt, [](Json& json) { json.erase("input"); });
  broken(Code::corrupt, [](Json& json) { json["input"] = 5; });
}

TEST(RuleReport, MergesInOrder) {
  RuleReport a{10, 2, 3, 1, {{0, "x", "1", "2"}, {5, "x", "1", "2"}}};
  RuleReport b{5, 1, 1, 0, {{12, "y", "", "z"}, {13, "y", "", "z"}}};
  a.merge(b);
  EXPECT_EQ(a.rows, 15);
  EXPECT_EQ(a.cells_touched, 4);
  ASSERT_EQ(a.examples.size(), RuleReport::max_examples);
  EXPECT_EQ(a.examples[2].row, 12);
  EXPECT_EQ(RuleReport::from_json(a.json()).examples, a.examples);
  error_of([] { RuleReport::from_json({{"rows", "x"}}); }, Code::corrupt);
}

TEST(Rules, EachIsDocumented) {
  EXPECT_GE(Rules::instance().names().size(), 8u);
  for (const auto& [name, kind] : Rules::instance()) {
    EXPECT_FALSE(kind.text.empty()) << name;
    EXPECT_NE(kind.example.find("- " + name + ":"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace gristmill
