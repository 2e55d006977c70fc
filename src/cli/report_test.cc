// The report that a run ends with, from facts as tasks record them.
#include "cli/report.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gristmill {
namespace {

using Json = nlohmann::json;

PredictOutcome prediction() {
  PredictOutcome outcome;
  outcome.dataset = Json::parse(R"({
    "rows": {"read": 12345, "dropped": 10, "broken": 2, "no_target": 3, "in_gap": 0, "train": 9000,
             "validate": 1665, "test": 1665},
    "split": {"by": "random"},
    "broken": [{"row": 17, "message": "12 kg is no number"}],
    "rules": [], "left_out": [{"column": "id", "reason": "part of the key"},
                              {"column": "note", "reason": "excluded"},
                              {"column": "day", "reason": "part of the key"}],
    "features": [{"column": "dest", "encoder": "category", "reason": "12 values"},
                 {"column": "distance", "encoder": "number", "reason": "numbers"},
                 {"column": "temp", "encoder": "number", "reason": "numbers"}],
    "layout": [{}, {}, {}]})");
  outcome.metric = "auc";
  outcome.best = "linear";
  outcome.models = {
      {"linear", {{"auc", 0.75}}, {{"auc", 0.7}, {"f1", 0.5}}, 1.3, {{"auc", {0.68, 0.7123}}}},
      {"boosted-trees", {{"auc", 0.625}}, {{"auc", NAN}, {"f1", 0.25}}, 0, {{"auc", {NAN, NAN}}}}};
  outcome.baseline = {
      "baseline", {{"auc", 0.5}}, {{"auc", 0.5}, {"f1", 0}}, 0, {{"auc", {0.5, 0.5}}}};
  return outcome;
}

TEST(Report, OfAPrediction) {
  RunOutcome outcome;
  outcome.run = "20240101-000000";
  outcome.predictions = {{"late", prediction()}};
  EXPECT_EQ(run_report(outcome), R"(
prediction late
  rows: 12,345 read, 10 dropped by rules, 2 broken, 3 without a target
  9,000 train, 1,665 validate, 1,665 test
  broken row 17: 12 kg is no number
  left out, part of the key: id, day
  left out, excluded: note
  features: 3 columns
    category (12 values): dest
    number (numbers): distance, temp

  model          auc validate  auc test  95 % interval    f1 test  seconds
  ─────────────  ────────────  ────────  ───────────────  ───────  ───────
  linear *             0.7500    0.7000  0.6800 … 0.7123   0.5000      1.3
  boosted-trees        0.6250         –  –                 0.2500      0.0
  baseline             0.5000    0.5000  0.5000 … 0.5000   0.0000      0.0
  * the best by auc on the validate rows

run 20240101-000000: 0 tasks ran, 0 reused
)");
}

std::string with_evaluation(const char* evaluation) {
  RunOutcome outcome;
  PredictOutcome made = prediction();
  made.evaluation = Json::parse(evaluation);
  outcome.predictions = {{"late", made}};
  const std::string text = run_report(outcome);
  const size_t begin = text.find("validate rows\n") + 14;  // "\nrun" follows
  return text.substr(begin, text.find("\n\nrun ") + 1 - begin);
}

TEST(Report, OfClasses) {
  EXPECT_EQ(with_evaluation(R"({
    "confusion": {"classes": ["false", "true"], "rows": [[1000, 25], [0, 0]], "mixed_up": []},
    "calibration": {"bins": [], "error": 0.0213, "predicted": 0.182, "observed": 0.2}})"),
            R"(
  linear on test  → false  → true   right
  ──────────────  ───────  ──────  ──────
  false             1,000      25  97.6 %
  true                  0       0       –
  calibration error 0.0213: true has a mean probability of 18.2 % and came true in 20.0 %
)");
  EXPECT_EQ(with_evaluation(R"({
    "confusion": {"classes": ["a", "b", "c", "d", "e", "f", "g"],
                  "mixed_up": [{"is": "a", "answered": "g", "rows": 1200}]},
    "calibration": {"bins": [], "error": 0.1, "predicted": 0.5, "observed": 0.4}})"),
            R"(
  most often mixed up: a → g 1,200
  calibration error 0.1000: what is answered has a mean probability of 50.0 % and came true in 40.0 %
)");
}

TEST(Report, OfSlices) {
  EXPECT_EQ(with_evaluation(R"({"slices": [
    {"column": "airline", "slice": "= HA", "rows": 1412, "score": 0.55, "interval": [0.5, 0.6]},
    {"column": "temp", "slice": "missing", "rows": 99, "score": 0.6, "interval": null}]})"),
            R"(
  worse where   test rows     auc  95 % interval
  ────────────  ─────────  ──────  ───────────────
  airline = HA      1,412  0.5500  0.5000 … 0.6000
  temp missing         99  0.6000  –
)");
  EXPECT_EQ(with_evaluation(R"({"slices": []})"), "");
}

TEST(Report, OfDrift) {
  EXPECT_EQ(with_evaluation(R"({"slices": [], "drift": {"auc": 0.75, "interval": [0.7, 0.8],
    "columns": [{"column": "temp", "share": 0.614}, {"column": "hour", "share": 0.2}]}})"),
            "\n  drift: test rows are told from training rows with AUC 0.7500 (0.7000 … 0.8000), "
            "most by temp 61 %, hour 20 %\n");
  EXPECT_EQ(with_evaluation(R"({"drift": null})"), "");
}

TEST(Report, OfTheNextModel) {
  EXPECT_EQ(with_evaluation(R"({"next": {"other": "ridge", "difference": 0.01,
                                         "interval": [0.005, 0.02]}})"),
            "  auc test, linear minus ridge: 0.0100 (0.0050 … 0.0200)\n");
  EXPECT_EQ(
      with_evaluation(R"({"next": {"other": "ridge", "difference": -0.01,
                                         "interval": [-0.02, 0.001]}})"),
      "  auc test, linear minus ridge: -0.0100 (-0.0200 … 0.0010): these rows do not tell which "
      "is better\n");
  EXPECT_EQ(with_evaluation(R"({"next": null})"), "");
}

TEST(Report, OfTables) {
  RunOutcome outcome;
  outcome.run = "r";
  outcome.tables = {{"ops.planes", Json::object()}, {"flights", Json::parse(R"({
        "rows": 336776, "rows_in": [["ops.flights", 336776], ["weather.hourly", 26115]],
        "joins": [{"kind": "left", "right": "weather.hourly", "left_rows": 336776, "matched": 335220},
                  {"kind": "inner", "right": "empty", "left_rows": 0, "matched": 0}],
        "warnings": ["it multiplies rows"], "notes": ["decimals became float64"]})")}};
  outcome.steps = {{"table", "flights", TaskStep::Fate::ran, "never run", 1},
                   {"table", "ops.planes", TaskStep::Fate::reused, "", 0},
                   {"clean", "ops.planes", TaskStep::Fate::reused, "", 0}};
  EXPECT_EQ(run_report(outcome),
            "table ops.planes\n"
            "table flights: 336,776 rows  (from ops.flights 336,776, weather.hourly 26,115)\n"
            "  left join weather.hourly: 99.5 % of 336,776 rows matched\n"
            "  inner join empty: – of 0 rows matched\n"
            "  warning: it multiplies rows\n"
            "  note: decimals became float64\n"
            "\nrun r: 1 tasks ran, 2 reused\n");
}

TEST(Report, OfRules) {
  RuleReport touched;
  touched.rows = 1000, touched.rows_touched = 12, touched.cells_touched = 1300;
  touched.cells_unmatched = 4;
  touched.cells_doubtful = 2;
  touched.doubtful = {{1233, "name", "\"Acmee\"", "\"acme\" 0.89"}};
  touched.examples = {{1, "temp", "-999", ""}, {2, "temp", "", "3"}, {3, "temp", "5", "6"}};
  touched.choices = {{"temp", "knn", "normalised RMSE", {{"mean", 1}, {"knn", 0.25}}},
                     {"gate", "mode", "error rate", {}}};
  RuleReport idle;
  idle.rows = 1000;
  RunOutcome outcome;
  PredictOutcome made = prediction();
  made.dataset["rules"] = Json::array({{{"kind", "range"}, {"report", touched.json()}},
                                       {{"kind", "map"}, {"report", idle.json()}}});
  made.dataset["split"] = {{"validate_from", "2013-08-01"}, {"test_from", "2013-10-01"}};
  made.dataset["rows"]["in_gap"] = 7;
  outcome.predictions = {{"late", made}};
  const std::string text = run_report(outcome);
  for (const char* line :
       {"  range: 12 of 1,000 rows, 1,300 cells, 4 without a match, 2 doubtful; for example temp: "
        "-999 → (missing), temp: (missing) → 3\n"
        "    doubtful: row 1,234, name: \"Acmee\" is like \"acme\" 0.89\n"
        "    temp: knn (normalised RMSE: mean 1.000, knn 0.250)\n    gate: mode\n",
        "  map: touched nothing\n", ", 7 in the gap\n",
        "test  (validate from 2013-08-01, test from 2013-10-01)\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(Report, SaysWhatToTypeNext) {
  RunOutcome outcome;
  outcome.run = "r";
  outcome.bundles = {{"late", "b/late.bundle"}, {"minutes", "b/minutes.bundle"}};
  const std::string text = run_report(outcome);
  EXPECT_NE(text.find("bundle: b/late.bundle\nbundle: b/minutes.bundle\n"), std::string::npos);
  EXPECT_NE(text.find("next: gristmill serve b/late.bundle"), std::string::npos) << text;
}

}  // namespace
}  // namespace gristmill
