// impute from the other columns of the row.
#include "clean/impute_rows.h"

#include <cmath>

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

RuleChain chain_of(const Json& params, const BatchBuffer& rows, int64_t chunk = 100) {
  RuleChain chain(rows.schema(), {});
  chain.append("impute", fit_in_chunks(world, "impute", params, rows, chunk)->freeze());
  return chain;
}

const std::vector<Field> abc = {
    {"a", Type::float64}, {"b", Type::float64}, {"name", Type::string}, {"c", Type::int64}};

// Three kinds of rows far apart; b and c follow from a, but for what is missing.
BatchBuffer kinds(int64_t rows, uint64_t seed, double missing) {
  std::mt19937_64 random(seed);
  BatchBuffer out{Schema(abc)};
  for (int64_t i = 0; i < rows; ++i) {
    const auto kind = double(random() % 3);
    auto cell = [&](ColumnBuffer& column, double value) {
      if (double(random() % 1000) < 1000 * missing) return column.append_null();
      column.type() == Type::int64 ? column.append(int64_t(value)) : column.append(value);
    };
    cell(out[0], kind * 100 + double(random() % 10) / 10);
    cell(out[1], kind * 5 + 1);
    out[2].append(std::string_view("x"));
    cell(out[3], 1000 - kind * 300);
  }
  return out;
}

TEST(ImputeRows, KnnIsTheMeanOfTheNearestThatKnow) {
  const BatchBuffer rows = table(abc, {{0, 10, "x", 1},
                                       {1, 20, "x", 2},
                                       {2, 30, "x", nullptr},
                                       {100, 1000, "x", 50},
                                       {101, nullptr, "x", 51}});
  const RuleChain chain = chain_of(
      {{"columns", {"a", "b", "c"}}, {"with", "knn"}, {"k", 2}, {"indicator", true}}, rows);
  RuleReport report;
  // The last one's neighbours are the one before it and, by what both know, the second.
  EXPECT_EQ(apply(chain, rows, &report),
            (Rows{"0|10|x|1|false|false|false", "1|20|x|2|false|false|false",
                  "2|30|x|1.5|false|false|true", "100|1000|x|50|false|false|false",
                  "101|510|x|51|false|true|false"}));
  EXPECT_EQ(report.cells_touched, 2);
  EXPECT_EQ(chain.output()[3].type, Type::float64);
  EXPECT_FALSE(chain.output()[3].nullable);
  // Where nothing is known, and where what is known is not finite: the means.
  EXPECT_EQ(apply(chain, table(abc, {{nullptr, nullptr, "x", nullptr}})),
            Rows{"40.8|265|x|26|true|true|true"});
  EXPECT_EQ(apply(chain, table(abc, {{"inf", nullptr, "x", nullptr}})),
            Rows{"inf|265|x|26|false|true|true"});
  expect_sound(chain, rows);
}

TEST(ImputeRows, BothFindWhatTheOthersSay) {
  const BatchBuffer rows = kinds(3000, 1, 0.1), ask = kinds(500, 2, 0);
  for (const char* with : {"knn", "iterative"}) {
    const RuleChain chain = chain_of({{"columns", {"a", "b", "c"}}, {"with", with}}, rows);
    expect_sound(chain, rows);
    BatchBuffer hidden(ask.schema());
    const Batch whole = ask.view();
    for (int64_t i = 0; i < whole.rows; ++i) {
      hidden[0].append(whole.columns[0], i, 1);
      hidden[1].append_null();
      hidden[2].append(whole.columns[2], i, 1);
      hidden[3].append(whole.columns[3], i, 1);
    }
    Batch filled = hidden.view();
    Scratch scratch;
    chain.apply(filled, scratch, nullptr, 0);
    for (int64_t i = 0; i < whole.rows; ++i)
      EXPECT_NEAR(filled.columns[1].values<double>()[i], whole.columns[1].values<double>()[i], 0.6)
          << with;
  }
}

TEST(ImputeRows, TheSameBytesForAllChunks) {
  const BatchBuffer rows = kinds(10'000, 3, 0.2);
  for (const char* with : {"knn", "iterative"}) {
    const Json params = {{"columns", "numbers"}, {"with", with}};
    const std::string digest = chain_of(params, rows, 10'000).save().digest_hex();
    for (const int64_t chunk : {1, 997, 4096})
      EXPECT_EQ(chain_of(params, rows, chunk).save().digest_hex(), digest) << with;
  }
}

TEST(ImputeRows, NumbersThatAreNotFiniteAreNoneButStay) {
  const BatchBuffer rows = table({{"a", Type::float64}, {"b", Type::float64}},
                                 {{1, 10}, {"inf", 20}, {3, "nan"}, {"-inf", nullptr}});
  for (const char* with : {"knn", "iterative"}) {
    const Rows out = apply(chain_of({{"columns", "numbers"}, {"with", with}}, rows), rows);
    EXPECT_EQ(out[1], "inf|20");
    EXPECT_EQ(out[3].substr(0, 5), "-inf|");
    EXPECT_EQ(out[3].find("nan"), std::string::npos);
  }
}

TEST(ImputeRows, OneRowAndConstantColumns) {
  const BatchBuffer one = table({{"a", Type::int64}, {"b", Type::float64}}, {{7, 1.5}});
  const BatchBuffer ask =
      table({{"a", Type::int64}, {"b", Type::float64}}, {{nullptr, 9}, {3, nullptr}});
  for (const char* with : {"knn", "iterative"})
    EXPECT_EQ(apply(chain_of({{"columns", "numbers"}, {"with", with}}, one), ask),
              (Rows{"7|9", "3|1.5"}))
        << with;
}

TEST(ImputeRows, ARequestCarriesWhatItsFeaturesNeed) {
  const BatchBuffer rows = kinds(100, 4, 0.1);
  const RuleChain whole =
      chain_of({{"columns", {"a", "b", "c"}}, {"with", "knn"}, {"indicator", true}}, rows);
  EXPECT_EQ(whole.sources_of({"b"}), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(whole.sources_of({"b_missing"}), std::vector<std::string>{"b"});
  auto rule = Rules::instance().get("impute", "rule").load(whole.steps()[0].rule->save());
  rule->restrict_to({"b", "a_missing"});
  RuleChain narrow(rows.schema(), {});
  narrow.append("impute", std::move(rule));
  EXPECT_EQ(narrow.output().names(),
            (std::vector<std::string>{"a", "b", "name", "c", "a_missing"}));
  EXPECT_EQ(narrow.output()[3].type, Type::int64);  // only read
  expect_sound(narrow, rows);
  rule = Rules::instance().get("impute", "rule").load(whole.steps()[0].rule->save());
  rule->restrict_to({"c_missing"});
  EXPECT_EQ(rule->reads(), std::vector<std::string>{"c"});
  RuleChain indicator(rows.schema(), {});
  indicator.append("impute", std::move(rule));
  expect_sound(indicator, rows);
}

TEST(ImputeRows, WrongParametersAndRows) {
  const Schema schema(abc);
  auto error = [&](const Json& params) {
    return error_of([&] { world.fit("impute", params, schema); });
  };
  EXPECT_NE(error({{"a", "knn"}}).find("impute: {columns: [a, b, …], with: knn}"),
            std::string::npos);
  EXPECT_NE(error({{"columns", {"a"}}, {"with", "knn"}}).find("2 to 64 columns of numbers, not 1"),
            std::string::npos);
  EXPECT_NE(error({{"columns", {"a", "name"}}, {"with", "iterative"}}).find("this is string"),
            std::string::npos);
  EXPECT_NE(error({{"columns", {"a", "a"}}, {"with", "knn"}}).find("twice"), std::string::npos);
  EXPECT_NE(error({{"columns", "numbers"}, {"with", "knn"}, {"k", 0}}).find("k"),
            std::string::npos);
  EXPECT_NE(
      error({{"columns", "numbers"}, {"with", "iterative"}, {"k", 3}}).find("for `with: knn`"),
      std::string::npos);
  EXPECT_NE(error({{"columns", "numbers"}, {"with", "knn"}, {"by", "name"}}).find("by"),
            std::string::npos);
  const BatchBuffer empty = table(abc, {{1, nullptr, "x", 1}});
  EXPECT_NE(error_of([&] {
              chain_of({{"columns", "numbers"}, {"with", "knn"}}, empty);
            }).find("b: every training row lacks a value"),
            std::string::npos);
}

TEST(ImputeRows, DamagedStates) {
  const BatchBuffer rows = kinds(50, 5, 0.1);
  const auto& load = Rules::instance().get("impute", "rule").load;
  for (const char* with : {"knn", "iterative"}) {
    const State whole =
        chain_of({{"columns", "numbers"}, {"with", with}}, rows).steps()[0].rule->save();
    auto broken = [&](auto change) {
      State state = whole;
      change(state);
      error_of([&] { load(state); }, Code::corrupt);
    };
    broken([](State& state) { state.json["with"] = "magic"; });
    broken([](State& state) { state.json["with"] = 3; });
    broken([](State& state) { state.json["fills"] = false; });
    broken([](State& state) { state.json["columns"].erase(0); });
    broken([](State& state) { state.json["columns"][0]["type"] = "string"; });
    broken([](State& state) { state.json.erase("filler"); });
    broken([](State& state) { state.put("filler/mean", std::vector<double>{1}); });
    if (std::string(with) == "knn") {
      broken([](State& state) { state.json["filler"]["k"] = 0; });
      broken([](State& state) { state.json["filler"]["columns"] = 7; });
      broken([](State& state) { state.put("filler/cells", std::vector<double>{1}); });
    } else {
      broken([](State& state) { state.put("filler/order", std::vector<int64_t>{0, 1, 3}); });
      broken([](State& state) { state.put("filler/weights", std::vector<double>{1}); });
      // Weights that are not finite answer something.
      State wild = whole;
      wild.put("filler/weights", std::vector<double>(12, INFINITY));
      RuleChain chain(rows.schema(), {});
      chain.append("impute", load(wild));
      for (const std::string& row : apply(chain, rows))
        EXPECT_EQ(row.find("nan"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace gristmill
