// impute forward in time.
#include "clean/history.h"

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

RuleChain chain_of(const Json& params, const BatchBuffer& rows, int64_t chunk = 3) {
  RuleChain chain(rows.schema(), {});
  chain.append("impute", fit_in_chunks(world, "impute", params, rows, chunk)->freeze());
  return chain;
}

const std::vector<Field> sensor = {{"s", Type::string}, {"day", Type::date}, {"x", Type::float64}};
const Json readings = {
    {"a", "2024-01-03", 3},       {"b", "2024-01-01", 10},      {"a", "2024-01-01", 1},
    {"a", "2024-01-02", nullptr}, {"a", "2024-01-05", nullptr}, {"b", "2024-01-01", nullptr},
    {"b", "2024-01-09", "nan"},   {nullptr, "2024-01-09", 7},   {"a", nullptr, 9},
    {"a", nullptr, nullptr},      {"c", "2024-01-09", nullptr}, {"b", "2024-01-01", 11}};

TEST(ImputeForward, TakesTheLastValueBeforeInTheGroup) {
  const BatchBuffer rows = table(sensor, readings);
  const RuleChain chain = chain_of(
      {{"x", {{"with", "forward"}, {"time", "day"}, {"by", "s"}, {"indicator", true}}}}, rows);
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report),
            (Rows{"a|2024-01-03|3|false", "b|2024-01-01|10|false", "a|2024-01-01|1|false",
                  "a|2024-01-02|1|true", "a|2024-01-05|3|true",
                  "b|2024-01-01|~|true",   // nothing before that day
                  "b|2024-01-09|11|true",  // of two values at one time the later row's
                  "~|2024-01-09|7|false", "a|~|9|false", "a|~|~|true", "c|2024-01-09|~|true",
                  "b|2024-01-01|11|false"}));
  // What stays missing is not touched.
  EXPECT_EQ(report.rows, 12);
  EXPECT_EQ(report.cells_touched, 3);
  EXPECT_TRUE(chain.output()[2].nullable);
  EXPECT_FALSE(chain.output()[3].nullable);
  expect_sound(chain, rows);
}

TEST(ImputeForward, ARequestTakesTheLastValueThatTrainingKnew) {
  const RuleChain chain = chain_of({{"x", {{"with", "forward"}, {"time", "day"}, {"by", {"s"}}}}},
                                   table(sensor, readings));
  EXPECT_EQ(apply(chain, table(sensor, {{"a", "2031-05-05", nullptr},
                                        {"b", "2031-05-05", nullptr},
                                        {"a", "2031-05-05", 5},
                                        {"a", "2024-01-04", nullptr},
                                        {"a", "1999-01-01", nullptr},
                                        {"z", "2031-05-05", nullptr}})),
            (Rows{"a|2031-05-05|3", "b|2031-05-05|11", "a|2031-05-05|5", "a|2024-01-04|3",
                  "a|1999-01-01|~", "z|2031-05-05|~"}));
}

TEST(ImputeForward, WithoutGroupsAndOfEveryType) {
  const std::vector<Field> fields = {
      {"n", Type::int64}, {"i", Type::int64},     {"t", Type::string},     {"b", Type::boolean},
      {"d", Type::date},  {"w", Type::timestamp}, {"z", Type::timestamptz}};
  const BatchBuffer rows =
      table(fields, {{2, 7, "x", true, "2024-01-01", "2024-01-01 10:00:00", "2024-01-01 10:00:00Z"},
                     {3, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr},
                     {1, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}});
  const RuleChain chain = chain_of(
      {{"columns", {"i", "t", "b", "d", "w", "z"}}, {"with", "forward"}, {"time", "n"}}, rows);
  const Rows out = apply(chain, rows);
  EXPECT_EQ(out[1], "3" + out[0].substr(1));
  EXPECT_EQ(out[2], "1|~|~|~|~|~|~");
  EXPECT_EQ(chain.output()[1].type, Type::int64);
  expect_sound(chain, rows);
}

TEST(ImputeForward, TheSameBytesForAllChunksAndAsByHand) {
  std::mt19937_64 random(3);
  BatchBuffer rows(Schema({{"g", Type::int64}, {"t", Type::timestamp}, {"x", Type::int64}}));
  for (int i = 0; i < 3000; ++i) {
    random() % 50 == 0 ? rows[0].append_null() : rows[0].append(int64_t(random() % 5));
    random() % 50 == 0 ? rows[1].append_null() : rows[1].append(int64_t(random() % 700));
    random() % 3 == 0 ? rows[2].append_null() : rows[2].append(int64_t(random() % 3));
  }
  const Json params = {{"x", {{"with", "forward"}, {"time", "t"}, {"by", "g"}}}};
  const RuleChain chain = chain_of(params, rows, 3000);
  for (const int64_t chunk : {1, 7, 1000})
    EXPECT_EQ(chain_of(params, rows, chunk).save().digest_hex(), chain.save().digest_hex());
  const Batch raw = rows.view();
  const Rows out = apply(chain, rows);
  for (int64_t i = 0; i < raw.rows; ++i) {
    std::string expected = raw.columns[2].is_null(i) ? "~" : cell_text(raw.columns[2], i);
    int64_t best = -1;
    for (int64_t k = 0; k < raw.rows && expected == "~"; ++k) {
      if (raw.columns[0].is_null(i) || raw.columns[0].is_null(k) || raw.columns[1].is_null(i) ||
          raw.columns[1].is_null(k) || raw.columns[2].is_null(k))
        continue;
      const auto time = [&](int64_t row) { return raw.columns[1].values<int64_t>()[row]; };
      if (raw.columns[0].values<int64_t>()[i] == raw.columns[0].values<int64_t>()[k] &&
          time(k) < time(i) && (best < 0 || time(k) >= time(best)))
        best = k;
    }
    if (best >= 0) expected = cell_text(raw.columns[2], best);
    ASSERT_EQ(out[size_t(i)].substr(out[size_t(i)].rfind('|') + 1), expected) << "row " << i;
  }
}

TEST(ImputeForward, NoRowsAndNoValues) {
  const Json params = {{"x", {{"with", "forward"}, {"time", "day"}, {"by", "s"}}}};
  const BatchBuffer rows = table(sensor, readings);
  for (const BatchBuffer& none :
       {table(sensor, Json::array()), table(sensor, {{"a", "2024-01-01", nullptr}})}) {
    const RuleChain chain = chain_of(params, none);
    EXPECT_EQ(apply(chain, rows)[4], "a|2024-01-05|~");
    expect_sound(chain, rows);
  }
}

TEST(ImputeForward, WhatComesAfterIsRefused) {
  const Schema schema(sensor);
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("impute", params, schema); }, code);
  };
  for (const char* how : {"backward", "linear"}) {
    const std::string text = error({{"x", {{"with", how}, {"time", "day"}}}});
    EXPECT_NE(text.find("takes what comes after a row, which a request cannot know"),
              std::string::npos);
    EXPECT_NE(text.find("fill `forward`"), std::string::npos);
  }
  EXPECT_NE(error({{"x", "forward"}}).find("name the column of times"), std::string::npos);
  EXPECT_NE(error({{"x", {{"with", "forward"}, {"time", "s"}}}}).find("which is string"),
            std::string::npos);
  EXPECT_NE(error({{"x", {{"with", "forward"}, {"time", "dya"}}}}, Code::not_found)
                .find("did you mean \"day\"?"),
            std::string::npos);
  EXPECT_NE(error({{"x", {{"with", "mean"}, {"time", "day"}}}})
                .find("for `with: forward` and `auto` only"),
            std::string::npos);
  EXPECT_NE(error({{"x", {{"with", "forward"}, {"time", "day"}}}, {"day", "mode"}})
                .find("is filled by day, which the same rule fills"),
            std::string::npos);
}

TEST(ImputeForward, DamagedStates) {
  const BatchBuffer rows = table(sensor, readings);
  const State whole =
      fit_in_chunks(world, "impute", {{"x", {{"with", "forward"}, {"time", "day"}, {"by", "s"}}}},
                    rows, 3)
          ->freeze()
          ->save();
  const auto& load = Rules::instance().get("impute", "rule").load;
  EXPECT_NE(load(whole), nullptr);
  auto broken = [&](auto change) {
    State state = whole;
    change(state);
    error_of([&] { load(state); }, Code::corrupt);
  };
  broken([](State& state) { state.json["columns"][0]["by"] = Json::array(); });
  broken([](State& state) { state.json["columns"][0]["by"] = {"s", "s"}; });
  broken([](State& state) { state.json["columns"][0]["time_type"] = "string"; });
  broken([](State& state) { state.json["columns"][0]["type_after"] = "int64"; });
  broken([](State& state) { state.json.erase("history0"); });
  broken([](State& state) { state.json["history0"]["grouped"] = false; });
  broken([](State& state) { state.put("history0/times", std::vector<int64_t>{1}); });
  broken([](State& state) { state.put("history0/times", std::vector<int64_t>{9, 5, 1, 0}); });
  broken([](State& state) { state.put("history0/begins", std::vector<int64_t>{0, 9, 4}); });
  broken([](State& state) { state.put("history0/begins", std::vector<int64_t>{}); });
}

}  // namespace
}  // namespace gristmill
