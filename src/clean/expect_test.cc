// expect: the checks that observe rows.
#include "clean/expect.h"

#include <deque>

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;
using Names = std::vector<std::string>;

constexpr int64_t day = int64_t(86400) * 1'000'000;

// A table and what is expected of it.
struct Expecting {
  const BatchBuffer& rows;
  Names key = {};
  CheckContext::Order order = CheckContext::Order::file;
  CheckTime time = {};

  CheckList make(const Json& params) const {
    return read_expectation(params, {.table = "t", .schema = rows.schema(), .order = order}).checks;
  }
  // One after the other, by chunks; or by clones that are made before any is merged, as slots are.
  void observe(CheckList& checks, int64_t chunk) const {
    for (auto& check : checks) {
      do {
        std::deque<BatchBuffer> pieces;
        std::vector<std::unique_ptr<Check>> clones;
        for (int64_t at = 0; at < rows.rows(); at += chunk) {
          BatchBuffer& piece = pieces.emplace_back(rows.schema());
          piece.append(rows.view(), at, std::min(chunk, rows.rows() - at));
          std::vector<int64_t> positions;
          for (int64_t i = 0; i < piece.rows(); ++i) positions.push_back(at + i);
          const Batch batch = piece.view();
          clones.push_back(check->clone_empty());
          clones.back()->observe({batch, positions.data(), key});
        }
        for (auto& clone : clones) check->merge(std::move(*clone));
      } while (check->next_pass());
    }
  }
  // Of each check; the same for any chunks.
  std::vector<Finding> findings(const Json& params) const {
    std::vector<Finding> found;
    for (const int64_t chunk : {1000, 1, 3}) {
      CheckList checks = make(params);
      observe(checks, chunk * 8);
      std::vector<Finding> again;
      for (const auto& check : checks) again.push_back(check->judge(check->measured(), time));
      if (!found.empty()) {
        for (size_t i = 0; i < found.size(); ++i)
          EXPECT_EQ(again[i].json(), found[i].json()) << "chunks of " << chunk * 8;
      }
      found = again;
    }
    return found;
  }
  Finding finding(const Json& params) const {
    const auto found = findings(params);
    EXPECT_EQ(found.size(), 1u);
    return found.at(0);
  }
  bool holds(const Json& params) const { return !finding(params).broken; }
  Json measured(const Json& params) const {
    CheckList checks = make(params);
    observe(checks, 64);
    return checks.at(0)->measured();
  }
};

BatchBuffer column(Type type, const Json& cells) {
  Json rows = Json::array();
  for (const Json& cell : cells) rows.push_back(Json::array({cell}));
  return table({{"x", type}}, rows);
}

Json of_x(const std::string& kind, const Json& value) { return {{kind, {{"x", value}}}}; }

TEST(Expect, UniqueNamesTheRowsThatAreNot) {
  BatchBuffer rows =
      table({{"a", Type::string}, {"b", Type::int64}},
            Json::array({Json::array({"x", 1}), Json::array({"x", 2}), Json::array({nullptr, 1}),
                         Json::array({nullptr, 1}), Json::array({"x", 1}), Json::array({"y", 1}),
                         Json::array({"x", 1})}));
  const Expecting expecting{rows};
  const Finding broken = expecting.finding({{"unique", {"a", "b"}}});
  EXPECT_EQ(broken.message, "a, b should be unique, but 2 rows have the key of an earlier one");
  EXPECT_EQ(broken.examples, Names{"rows 1, 5, 7: \"x\", 1"});
  EXPECT_EQ(expecting.findings({{"unique", {{"a"}, {"b"}}}}).size(), 2u);
}

TEST(Expect, UniqueHoldsOnManyRows) {
  BatchBuffer rows(Schema({{"id", Type::int64}}));
  for (int64_t i = 0; i < 200000; ++i) rows[0].append(i * 3);
  const Expecting expecting{rows};
  EXPECT_TRUE(expecting.holds({{"unique", "id"}}));
  for (int64_t i = 0; i < 10000; ++i) rows[0].append(i * 3);
  const Finding broken = expecting.finding({{"unique", "id"}});
  EXPECT_NE(broken.message.find("10,000 rows have"), std::string::npos);
  EXPECT_EQ(broken.examples.size(), 3u);
}

TEST(Expect, NullsByCountAndShare) {
  BatchBuffer rows = column(Type::float64, {1, nullptr, "nan", 4});
  const Expecting expecting{rows, {"x"}};
  EXPECT_TRUE(expecting.holds(of_x("nulls", 2)));
  EXPECT_TRUE(expecting.holds(of_x("nulls", 0.5)));
  EXPECT_TRUE(expecting.holds(of_x("nulls", "50%")));
  EXPECT_FALSE(expecting.holds(of_x("nulls", 1)));
  EXPECT_FALSE(expecting.holds(of_x("nulls", 0.49)));
  EXPECT_FALSE(expecting.holds(of_x("nulls", "10%")));
  const Finding broken = expecting.finding(of_x("nulls", 0));
  EXPECT_EQ(broken.message, "column x has 2 nulls in 4 rows, 0 allowed");
  EXPECT_EQ(broken.examples[0], "row 2 (x null): x = null");
}

TEST(Expect, RangeOfValues) {
  BatchBuffer rows = column(Type::float64, {1, nullptr, "nan", 400});
  const Finding broken = Expecting{rows}.finding(of_x("range", {0, 100}));
  EXPECT_EQ(broken.message, "column x has 2 values outside of [0,100]");
  EXPECT_EQ(broken.examples, (Names{"row 3: x = nan", "row 4: x = 400"}));
}

TEST(Expect, WhatRejectsEverythingSaysSo) {
  BatchBuffer rows = column(Type::int64, {1, nullptr, 3});
  EXPECT_EQ(Expecting{rows}.finding(of_x("range", {5, 9})).message,
            "column x has 2 values outside of [5,9], which is every value it has");
}

TEST(Expect, RegexMatchesTheWholeText) {
  BatchBuffer rows = column(Type::string, {"N12", nullptr, "xN12", "N12\n", ""});
  const Finding broken = Expecting{rows}.finding(of_x("regex", "N\\d+|"));
  EXPECT_EQ(broken.message, "column x has 2 values not of the form \"N\\d+|\"");
  EXPECT_EQ(broken.examples[0], "row 3: x = \"xN12\"");
  EXPECT_TRUE(Expecting{rows}.holds(of_x("regex", "(?s).*")));
}

TEST(Expect, ValuesOfEachType) {
  const auto bad = [](Type type, const Json& cells, const Json& allowed) {
    BatchBuffer rows = column(type, cells);
    return Expecting{rows}.finding(of_x("values", allowed)).examples;
  };
  EXPECT_EQ(bad(Type::string, {"a", "c", nullptr}, {"a", "b"}), Names{"row 2: x = \"c\""});
  EXPECT_EQ(bad(Type::int64, {1, 5, -3}, {-3, 1}), Names{"row 2: x = 5"});
  EXPECT_EQ(bad(Type::float64, {0.5, "nan", -0.0}, {0, 0.5}), Names{"row 2: x = nan"});
  EXPECT_EQ(bad(Type::boolean, {"true", "false"}, Json::array({true})), Names{"row 2: x = false"});
  EXPECT_EQ(bad(Type::date, {"2024-02-29", "2024-03-01"}, Json::array({"2024-02-29"})),
            Names{"row 2: x = 2024-03-01"});
}

TEST(Expect, RowsOfTheTable) {
  BatchBuffer rows = column(Type::int64, {1, 2, 3}), none = column(Type::int64, Json::array());
  EXPECT_TRUE(Expecting{rows}.holds({{"rows", {3, 3}}}));
  EXPECT_TRUE(Expecting{rows}.holds({{"rows", {nullptr, 3}}}));
  EXPECT_TRUE(Expecting{none}.holds({{"rows", {{"max", 0}}}}));
  EXPECT_EQ(Expecting{none}.finding({{"rows", {{"min", 1}}}}).message,
            "it has 0 rows, at least 1 expected");
  EXPECT_EQ(Expecting{rows}.finding({{"rows", {4, 5}}}).message, "it has 3 rows, 4 to 5 expected");
}

TEST(Expect, MonotoneInTheOrderOfTheRows) {
  BatchBuffer rows = column(Type::int64, {1, 1, nullptr, 2, 0, 5, 5, 6, 7, 8, 8, 9});
  const Finding broken = Expecting{rows, {"x"}}.finding(of_x("monotone", "increasing"));
  EXPECT_EQ(broken.message, "column x is not increasing: 1 row is out of order");
  EXPECT_EQ(broken.examples, Names{"row 5 (x 0): x = 0 after row 4 (x 2): x = 2"});
  EXPECT_NE(Expecting{rows}
                .finding(of_x("monotone", "strictly increasing"))
                .message.find("4 rows are out of order"),
            std::string::npos);
  BatchBuffer falling = column(Type::string, {"c", "b", "b", "a"});
  EXPECT_TRUE(Expecting{falling}.holds(of_x("monotone", "decreasing")));
  EXPECT_FALSE(Expecting{falling}.holds(of_x("monotone", "strictly decreasing")));
  BatchBuffer none = column(Type::float64, {nullptr, "nan"});
  EXPECT_TRUE(Expecting{none}.holds(of_x("monotone", "increasing")));
}

TEST(Expect, MonotoneWithinGroups) {
  Json cells = Json::array();
  for (int i = 0; i < 40; ++i) cells.push_back({i % 3, i % 3 * 100 + i / 3});
  cells.push_back({0, 5});
  BatchBuffer rows = table({{"meter", Type::int64}, {"x", Type::float64}}, cells);
  const Expecting expecting{rows};
  const Finding broken =
      expecting.finding(of_x("monotone", {{"is", "strictly increasing"}, {"by", "meter"}}));
  EXPECT_EQ(broken.message,
            "column x is not strictly increasing within meter: 1 row is out of order");
  EXPECT_EQ(broken.examples, Names{"row 41: x = 5 after row 40: x = 13"});
  EXPECT_FALSE(expecting.holds(of_x("monotone", "increasing")));
}

TEST(Expect, FreshnessOfDatesThatNoInstantReaches) {
  for (const int32_t days : {INT32_MAX, -INT32_MAX}) {
    BatchBuffer rows(Schema({{"x", Type::date}}));
    rows[0].append_days(days);
    Expecting expecting{rows};
    const Json params = of_x("freshness", "2d"), measured = expecting.measured(params);
    EXPECT_EQ(measured.at("newest") > 0, days > 0);
    EXPECT_EQ(expecting.make(params)[0]->judge(measured, {.now = day}).broken, days < 0);
  }
}

TEST(Expect, FreshnessGoesByTheClock) {
  BatchBuffer rows = column(Type::timestamp, {"2024-05-01 12:00:00", nullptr, "2024-04-01"});
  Expecting expecting{rows};
  const Json params = of_x("freshness", "2d");
  const Json measured = expecting.measured(params);
  const int64_t newest = measured.at("newest");
  const auto at = [&](int64_t now) {
    return expecting.make(params)[0]->judge(measured, {.now = now});
  };
  EXPECT_FALSE(at(newest - day).broken);  // a clock that lags
  EXPECT_FALSE(at(newest + 2 * day).broken);
  const Finding stale = at(newest + 2 * day + 1);
  EXPECT_EQ(stale.message,
            "the newest value of x is 2024-05-01T12:00:00, 2 days ago; at most 2d allowed");
  BatchBuffer dates = column(Type::date, {"1969-12-31"}), none = column(Type::date, {nullptr});
  EXPECT_EQ((Expecting{dates}.measured(params).at("newest")), -day);
  EXPECT_EQ(Expecting{none}.finding(params).message,
            "column x has no value to tell how fresh it is");
}

BatchBuffer numbers(int from, int to) {
  BatchBuffer rows(Schema({{"x", Type::int64}}));
  for (int64_t i = from; i < to; ++i) rows[0].append(i % 5000);
  return rows;
}

TEST(Expect, DistributionAgainstTheVersionBefore) {
  const Json psi = of_x("distribution", {{"psi", 0.2}}), ks = of_x("distribution", {{"ks", 0.1}});
  BatchBuffer rows = numbers(0, 5000), same = numbers(2, 10002), moved = numbers(1000, 5000);
  EXPECT_EQ(Expecting{rows}.finding(psi).message, "no earlier version to compare with");
  for (const Json& params : {psi, ks}) {
    const Json before = Expecting{rows}.measured(params);
    Expecting now{same};
    now.time.before = before;
    EXPECT_FALSE(now.finding(params).broken);
    Expecting later{moved};
    later.time.before = before;
    EXPECT_TRUE(later.finding(params).broken) << params;
    BatchBuffer gone = column(Type::int64, Json(50, nullptr)), none = numbers(0, 0);
    Expecting nulls{gone}, empty{none};
    nulls.time.before = empty.time.before = before;
    EXPECT_TRUE(nulls.finding(params).broken) << params;
    EXPECT_NE(empty.finding(params).message.find("no rows to compare"), std::string::npos);
  }
  Expecting later{moved};
  later.time.before = Expecting{rows}.measured(ks);
  EXPECT_EQ(later.finding(ks).message,
            "column x has moved since the version before: ks 0.200, at most 0.1 allowed");
}

TEST(Expect, DistributionOfCategories) {
  const Json params = of_x("distribution", {{"psi", 0.1}});
  BatchBuffer rows = column(Type::string, {"a", "a", "b", "b", nullptr});
  BatchBuffer other = column(Type::string, {"a", "c", "c", "c", nullptr});
  Expecting expecting{rows};
  const Json before = expecting.measured(params);
  EXPECT_EQ(before.at("counts"), (Json{{"a", 2}, {"b", 2}}));
  expecting.time.before = before;
  EXPECT_EQ(expecting.finding(params).message, "psi 0.000");
  Expecting later{other};
  later.time.before = before;
  EXPECT_TRUE(later.finding(params).broken);
}

TEST(Expect, EachKindStandsEmptyTables) {
  BatchBuffer rows(Schema({{"x", Type::date}}));
  const Expecting expecting{rows};
  for (const auto& [kind, value] : std::map<std::string, Json>{{"nulls", 0},
                                                               {"range", {nullptr, "2024-01-01"}},
                                                               {"values", {"2024-01-01"}},
                                                               {"monotone", "increasing"},
                                                               {"distribution", {{"ks", 0.1}}}})
    EXPECT_TRUE(expecting.holds(of_x(kind, value))) << kind;
  EXPECT_TRUE(expecting.holds({{"unique", "x"}}));
  EXPECT_FALSE(expecting.holds(of_x("freshness", "2d")));
}

TEST(Expect, SaysWhatCannotBothHold) {
  BatchBuffer rows = table({{"x", Type::int64}, {"s", Type::string}}, Json::array());
  const Expecting expecting{rows};
  const auto conflict = [&](const Json& a, const Json& b) {
    const CheckList first = expecting.make(a), second = expecting.make(b);
    return first[0]->conflict(*second[0]) + second[0]->conflict(*first[0]);
  };
  const Json low = of_x("range", {0, 10}), high = of_x("range", {11, nullptr});
  EXPECT_NE(conflict(low, high), "");
  EXPECT_EQ(conflict(low, of_x("range", {10, 20})), "");
  EXPECT_NE(conflict(of_x("values", {11, 12}), low), "");
  EXPECT_EQ(conflict(of_x("values", {9, 12}), low), "");
  EXPECT_NE(conflict(of_x("values", {1}), of_x("values", {2})), "");
  EXPECT_NE(conflict({{"values", {{"s", {"a"}}}}}, {{"regex", {{"s", "b+"}}}}), "");
  EXPECT_NE(conflict({{"rows", {1, 2}}}, {{"rows", {3, 4}}}), "");
  EXPECT_NE(conflict(of_x("monotone", "strictly increasing"), of_x("monotone", "decreasing")), "");
  EXPECT_EQ(conflict(of_x("monotone", "increasing"), of_x("monotone", "decreasing")), "");
}

TEST(Expect, Refuses) {
  BatchBuffer rows =
      table({{"a", Type::string}, {"n", Type::int64}, {"d", Type::date}}, Json::array());
  const Expecting expecting{rows};
  const auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { expecting.make(params); }, code);
  };
  error(Json::object());
  error({{"level", "warn"}});
  error({{"unique", {"n"}}, {"level", "loud"}});
  error({{"unique", {"b"}}}, Code::not_found);
  error({{"unique", 3}});
  error({{"unique", Json::array()}});
  error({{"unique", Json::array({3})}});
  error({{"nulls", {{"a", -1}}}});
  error({{"nulls", {{"a", 1.5}}}});
  error({{"nulls", {{"a", "many"}}}});
  error({{"nulls", {{"b", 0}}}}, Code::not_found);
  error({{"nulls", Json::object()}});
  error({{"range", {{"a", {0, 1}}}}});
  error({{"range", {{"n", {2, 1}}}}});
  error({{"regex", {{"n", "1+"}}}});
  error({{"regex", {{"a", "("}}}});
  error({{"regex", {{"a", 3}}}});
  error({{"values", {{"a", Json::array()}}}});
  error({{"values", {{"n", {"one"}}}}});
  error({{"values", {{"n", 1}}}});
  error_of([&] {
    BatchBuffer floats = column(Type::float64, Json::array());
    Expecting{floats}.make(of_x("values", {"nan"}));
  });
  error({{"rows", {5, 1}}});
  error({{"rows", {-1, 1}}});
  error({{"rows", {nullptr, nullptr}}});
  error({{"rows", {{"most", 1}}}});
  error({{"rows", "many"}});
  error({{"freshness", {{"n", "2d"}}}});
  error({{"freshness", {{"d", "soon"}}}});
  error({{"freshness", {{"d", 2}}}});
  error({{"monotone", {{"n", "rising"}}}});
  error({{"monotone", {{"n", {{"is", "increasing"}, {"by", "b"}}}}}}, Code::not_found);
  error({{"monotone", {{"n", {{"by", "a"}}}}}});
  error({{"distribution", {{"a", {{"ks", 0.1}}}}}});
  error({{"distribution", {{"n", {{"ks", 1.1}}}}}});
  error({{"distribution", {{"n", {{"kl", 0.1}}}}}});
  error({{"distribution", {{"n", Json::object()}}}});
  EXPECT_NE(error({{"uniq", {"a"}}}).find("unique"), std::string::npos);
  const Expecting unordered{rows, {}, CheckContext::Order::none};
  error_of([&] { unordered.make({{"monotone", {{"n", "increasing"}}}}); });
}

TEST(Expect, EachKindIsDocumented) {
  for (const auto& [name, kind] : Checks::instance()) {
    EXPECT_FALSE(kind.text.empty()) << name;
    EXPECT_EQ(kind.example.find(name + ":"), 0u) << name;
  }
}

}  // namespace
}  // namespace gristmill
