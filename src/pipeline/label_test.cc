#include "pipeline/label.h"

#include "base/testing.h"
#include "clean/rule_testing.h"
#include "table/engine.h"

namespace gristmill {
namespace {

using namespace testing_rules;
using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

class LabelTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path(), .threads = 1, .memory_bytes = 1 << 28}};
  RuleMaker maker{
      [this](const std::string& text, const Schema& schema) { return engine.bind(text, schema); },
      nullptr};
  Json rule_list = Json::array();
  std::vector<RuleSpec> rules;
  PredictSpec spec{.name = "late", .from = "t", .target = "y > 1", .where = {"g.yaml", 1, 1}};
  std::vector<Field> fields = {{"id", Type::int64},    {"s", Type::string}, {"x", Type::float64},
                               {"y", Type::float64},   {"d", Type::date},   {"t", Type::timestamp},
                               {"group", Type::string}};
  Json rows = Json::array();

  void row(int id, const Json& s, const Json& x, const Json& y, const Json& d = nullptr,
           const Json& t = nullptr, const Json& group = nullptr) {
    rows.push_back({id, s, x, y, d, t, group});
  }
  LabelStage stage() {
    rules.clear();
    for (const Json& rule : rule_list) {
      const int line = 10 + int(rules.size());
      rules.push_back({rule.begin().key(), rule.begin().value(), {"g.yaml", line, 7}});
    }
    return LabelStage(spec, rules, Schema(fields), maker);
  }
  // Runs over all rows; `first_row` is that of the first.
  void run(const LabelStage& stage, LabelledChunk& out, int64_t first_row = 0) {
    raw = table(fields, rows);
    stage.run(raw.view(), first_row, out);
  }
  static Names kinds(const std::vector<RuleSpec>& specs) {
    Names names;
    for (const RuleSpec& spec : specs) names.push_back(spec.kind);
    return names;
  }
  static std::string bits(const std::vector<uint8_t>& bitmap, size_t rows) {
    std::string text;
    for (size_t i = 0; i < rows; ++i) text += get_bit(bitmap.data(), int64_t(i)) ? '1' : '0';
    return text;
  }

  BatchBuffer raw;
};

TEST_F(LabelTest, RulesThatWaitForTheSplit) {
  rule_list = {{{"missing", {{"values", {-999}}}}},        {{"impute", {{"x", "mean"}}}},
               {{"derive", {{"twice", "x * 2"}}}},         {{"derive", {{"four", "twice * 2"}}}},
               {{"derive", {{"known", "s IS NOT NULL"}}}}, {{"drop", "y < 0"}},
               {{"expect", {{"unique", {"id"}}}}}};
  const LabelStage made = stage();
  EXPECT_EQ(kinds(made.cell_rules()), (Names{"missing", "derive"}));
  EXPECT_EQ(made.cell_rules()[1].params, (Json{{"known", "s IS NOT NULL"}}));
  EXPECT_EQ(kinds(made.later_rules()), (Names{"impute", "derive", "derive"}));
  EXPECT_EQ(made.later_rules()[1].params, (Json{{"twice", "x * 2"}}));
  EXPECT_EQ(kinds(made.filter_rules()), Names{"drop"});
  EXPECT_EQ(made.rules().output().names().back(), "known");
}

TEST_F(LabelTest, AClassOfColumnsLeavesOutTheKeyAndTheTarget) {
  spec.key = {"id"};
  spec.target = "late";
  rule_list = {{{"derive", {{"late", "Y > 1"}, {"twice", "x * 2"}}}},
               {{"impute", {{"columns", "numbers"}, {"with", {{"constant", 0}}}}}}};
  const LabelStage made = stage();
  EXPECT_EQ(made.rules().steps()[1].rule->writes(), (Names{"x", "twice"}));
}

TEST_F(LabelTest, ARuleThatDoesNotFitNamesItsLine) {
  rule_list = {{{"derive", {{"a", "x + 1"}}}}, {{"range", {{"xx", {0, 1}}}}}};
  const Error error = failure([&] { stage(); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.where().line, 11);
  rule_list = {{{"derive", {{"a", "sqrtt(x)"}}}}};
  EXPECT_EQ(failure([&] { stage(); }).where().line, 10);
  // A filter cannot wait for a column.
  rule_list = {{{"impute", {{"x", "mean"}}}}, {{"drop", "nowhere > 1"}}};
  EXPECT_EQ(failure([&] { stage(); }).where().line, 11);
}

TEST_F(LabelTest, DroppedBrokenAndWithoutATarget) {
  rule_list = {{{"derive", {{"number", "CAST(s AS DOUBLE)"}}}},
               {{"drop", "number < 0"}},
               {{"derive", {{"number", "number + 0.5"}}}}};
  row(0, "1", 1, 2);
  row(1, "-1", 1, 2);        // dropped
  row(2, "12 kg", 1, 2);     // broken
  row(3, "3", 1, nullptr);   // no target
  row(4, "-0.25", 1, 0);     // kept: a rule written later makes it 0.25
  row(5, "-1", 1, nullptr);  // dropped: that its target is missing counts no more
  row(6, "kg", 1, nullptr);  // broken
  row(7, nullptr, 1, 5);     // the condition is null: kept
  LabelledChunk out;
  run(stage(), out, 1000);
  EXPECT_EQ(bits(out.kept, 8), "10011001");
  EXPECT_EQ(bits(out.labelled, 8), "10001001");
  EXPECT_EQ(out.dropped, 2);
  ASSERT_EQ(out.broken.size(), 2u);
  EXPECT_EQ(out.no_target, 1);
  EXPECT_EQ(out.target[0], 1);
  EXPECT_EQ(out.target[4], 0);
  EXPECT_EQ(out.target[7], 1);
  const RowError& error = out.scratch.errors[out.broken[0]];
  EXPECT_EQ(error.row, 2);
  EXPECT_EQ(error.step, 0);
  EXPECT_NE(error.message.find("12 kg"), std::string::npos) << error.message;
  // A chunk is reused: nothing of the last one stays.
  rows = Json::array();
  row(8, "8", 1, 2);
  run(stage(), out);
  EXPECT_EQ(out.dropped + out.no_target, 0);
  EXPECT_TRUE(out.broken.empty());
  EXPECT_EQ(bits(out.labelled, 1), "1");
  for (int i = 0; i < 20; ++i) row(i, "x", 1, 2);
  run(stage(), out);
  EXPECT_EQ(out.broken.size(), 20u);
}

TEST_F(LabelTest, ATargetThatFailsBreaksItsRow) {
  spec.target = "ln(y)";
  row(0, "", 1, 1);
  row(1, "", 1, -1);
  row(2, "", 1, "nan");
  row(3, "", 1, "inf");
  row(4, "", 1, nullptr);
  LabelledChunk out;
  const LabelStage made = stage();
  EXPECT_EQ(made.target_type(), Type::float64);
  run(made, out);
  EXPECT_EQ(bits(out.labelled, 5), "10000");
  ASSERT_EQ(out.broken.size(), 1u);
  EXPECT_EQ(out.scratch.errors[out.broken[0]].step, -1);
  EXPECT_EQ(out.no_target, 3);
  EXPECT_EQ(out.target[0], 0);
}

TEST_F(LabelTest, ClassesAreNumberedAsTheyAreGiven) {
  spec.target = "s";
  row(0, "web", 1, 1);
  row(1, "desk", 1, 1);
  row(2, nullptr, 1, 1);
  row(3, "", 1, 1);
  row(4, "fax", 1, 1);
  LabelStage made = stage();
  LabelledChunk out;
  run(made, out);
  EXPECT_EQ(out.target[0], -1);
  EXPECT_EQ(out.no_target, 1);
  made.set_classes({Problem::multiclass, {"", "desk", "web"}, false});
  run(made, out);
  EXPECT_EQ(bits(out.labelled, 5), "11011");
  EXPECT_EQ(out.target, (Numbers{2, 1, 0, 0, -1}));
  spec.target = "id";
  run(stage(), out);
  EXPECT_EQ(out.target, (Numbers{0, 1, 2, 3, 4}));
}

TEST_F(LabelTest, WeightsAreZeroOrMore) {
  spec.weight = "x / 2";
  rule_list = {{{"drop", "id = 1"}}};
  row(0, "", 3, 1);
  row(1, "", -3, 1);             // dropped: its weight does not matter
  row(2, "", nullptr, nullptr);  // nor that of a row without a target
  row(3, "", 0, 1);
  LabelledChunk out;
  run(stage(), out);
  EXPECT_EQ(out.weight[0], 1.5);
  EXPECT_EQ(out.weight[3], 0);
  for (const Json& bad : {Json(-1), Json(nullptr), Json("nan"), Json("inf")}) {
    row(4, "", bad, 1);
    const Error error = failure([&] { run(stage(), out, 100); });
    EXPECT_EQ(error.where().row, 104) << bad;
    EXPECT_EQ(error.where().table, "t");
    rows.erase(rows.size() - 1);
  }
}

TEST_F(LabelTest, WhatKnowsTheAnswerIsNoFeature) {
  rule_list = {{{"derive", {{"minutes", "y * 60"}}}},
               {{"derive", {{"hours", "minutes / 3600"}}}},
               {{"derive", {{"free", "x + 1"}}}}};
  spec.target = "minutes > 15";
  spec.key = {"id"};
  spec.weight = "x";
  spec.exclude = {"s"};
  spec.split.by = SplitSpec::By::group;
  spec.split.column = "group";
  const LabelStage made = stage();
  std::map<std::string, std::string> reasons;
  for (const auto& [name, reason] : made.forbidden(made.rules())) reasons.emplace(name, reason);
  EXPECT_EQ(reasons, (std::map<std::string, std::string>{
                         {"minutes", "the target is computed from it"},
                         {"y", "the target is computed from it"},
                         {"hours", "it is computed from what the target reads"},
                         {"id", "part of the key"},
                         {"x", "the weight reads it"},
                         {"group", "the split groups by it"},
                         {"s", "excluded"}}));
}

TEST_F(LabelTest, AKeyKeepsItsName) {
  rule_list = {{{"rename", {{"s", "text"}, {"id", "number"}}}}};
  spec.key = {"id"};
  EXPECT_NE(error_of([&] { stage(); }).find("id is part of the key"), std::string::npos);
}

TEST_F(LabelTest, SplitValuesOfTimes) {
  spec.split.by = SplitSpec::By::time;
  row(0, "", 1, 2, "1970-01-02", "1970-01-02 00:00:00");
  row(1, "", 1, nullptr);  // without a target: its missing time does not matter
  row(2, "", 1, 2, "1969-12-31", "1969-12-31 00:00:00");
  for (const char* column : {"d", "t"}) {
    spec.split.column = column;
    const LabelStage made = stage();
    LabelledChunk out;
    run(made, out);
    made.fill_split_values(raw.view(), 0, out);
    EXPECT_EQ(int64_t(out.split_value[0]), 86'400'000'000);
    EXPECT_EQ(int64_t(out.split_value[2]), -86'400'000'000);
    row(3, "", 1, 2);
    run(made, out);
    const Error error = failure([&] { made.fill_split_values(raw.view(), 50, out); });
    EXPECT_EQ(error.where().row, 53);
    EXPECT_EQ(error.hint(), fmt::format("drop such rows: `- drop: {} IS NULL`", column));
    rows.erase(3);
  }
}

TEST_F(LabelTest, SplitValuesOfGroupsAndKeys) {
  row(0, "a", 1, 2, nullptr, nullptr, "g");
  row(1, "b", 3, 0, nullptr, nullptr, "g");
  row(0, "c", 5, 7, nullptr, nullptr, "h");
  auto values = [&] {
    const LabelStage made = stage();
    LabelledChunk out;
    run(made, out);
    made.fill_split_values(raw.view(), 0, out);
    made.fill_keys(raw.view(), out);
    return std::pair(out.split_value, out.key);
  };
  spec.split.by = SplitSpec::By::group;
  spec.split.column = "group";
  const auto grouped = values().first;
  EXPECT_EQ(grouped[0], grouped[1]);
  EXPECT_NE(grouped[0], grouped[2]);
  spec.split.by = SplitSpec::By::random;
  spec.key = {"id"};
  const auto [by_key, keys] = values();
  EXPECT_EQ(by_key, keys);
  EXPECT_EQ(by_key[0], by_key[2]);
  EXPECT_NE(by_key[0], by_key[1]);
  spec.key = {};  // all columns name the row
  const auto [by_all, all] = values();
  EXPECT_EQ(by_all, all);
  EXPECT_NE(by_all[0], by_all[2]);
}

TEST_F(LabelTest, WhatAPredictionCannotBe) {
  spec.places = {
      {"target", {"g.yaml", 3, 5}}, {"weight", {"g.yaml", 4, 5}}, {"time", {"g.yaml", 5, 5}}};
  auto with = [&](auto change) {
    const PredictSpec before = spec;
    change(spec);
    const Error error = failure([&] { stage(); });
    spec = before;
    return error;
  };
  const Error target = with([](PredictSpec& s) { s.target = "yy > 1"; });
  EXPECT_EQ(target.where().line, 3);
  EXPECT_EQ(with([](PredictSpec& s) { s.target = "random()"; }).where().line, 3);
  EXPECT_EQ(with([](PredictSpec& s) { s.target = "d"; }).message(), "the target of late is a date");
  EXPECT_EQ(with([](PredictSpec& s) { s.weight = "s"; }).message(),
            "the weight of late is not a number");
  EXPECT_EQ(with([](PredictSpec& s) { s.weight = "xx"; }).where().line, 4);
  EXPECT_EQ(with([](PredictSpec& s) { s.time = "when"; }).where().line, 5);
  EXPECT_EQ(with([](PredictSpec& s) { s.key = {"idd"}; }).code(), Code::not_found);
  EXPECT_EQ(with([](PredictSpec& s) {
              s.split.by = SplitSpec::By::time;
              s.split.column = "x";
            }).message(),
            "`split` goes by time, but x is float64");
  EXPECT_EQ(with([](PredictSpec& s) {
              s.split.by = SplitSpec::By::group;
              s.split.column = "gruop";
            }).hint(),
            "did you mean \"group\"?");
}

}  // namespace
}  // namespace gristmill
