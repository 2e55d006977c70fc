#include "cli/evaluation_text.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "cli/console.h"
#include "page/report_values.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr size_t max_classes_in_a_table = 6, max_pairs = 3, max_folds_shown = 10;

struct Spread {
  double mean = NAN, deviation = NAN;  // of a sample

  explicit Spread(const std::vector<double>& values) {
    const auto count = double(values.size());
    if (values.empty()) return;
    mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    if (count > 1) deviation = std::sqrt(squares / (count - 1));
  }
};

std::string table_of(const std::string& model, const json& confusion) {
  const auto classes = confusion.at("classes").get<std::vector<std::string>>();
  std::vector<std::string> head = {model + " on test"};
  for (const std::string& name : classes) head.push_back("→ " + name);
  head.push_back("right");
  std::vector<std::vector<std::string>> lines;
  for (size_t is = 0; is < classes.size(); ++is) {
    const auto rows = confusion.at("rows").at(is).get<std::vector<int64_t>>();
    int64_t all = 0;
    std::vector<std::string> line = {classes[is]};
    for (const int64_t count : rows) {
      line.push_back(grouped(count));
      all += count;
    }
    line.push_back(percent_text(double(rows[is]) / double(all)));  // none: NaN
    lines.push_back(std::move(line));
  }
  return text_table(head, lines);
}

std::string pairs_of(const json& confusion) {
  std::vector<std::string> parts;
  for (const auto& pair : confusion.at("mixed_up")) {
    if (parts.size() == max_pairs) break;
    parts.push_back(fmt::format("{} → {} {}", pair.at("is").get<std::string>(),
                                pair.at("answered").get<std::string>(),
                                grouped(pair.at("rows").get<int64_t>())));
  }
  return parts.empty() ? "" : fmt::format("most often mixed up: {}\n", fmt::join(parts, ", "));
}

std::string calibration_text(const json& calibration, const json& classes) {
  const bool binary = classes.size() == 2;
  return fmt::format("calibration error {}: {} has a mean probability of {} and came true in {}\n",
                     score_text(calibration.at("error").get<double>()),
                     binary ? classes.at(1).get<std::string>() : "what is answered",
                     percent_text(calibration.at("predicted").get<double>()),
                     percent_text(calibration.at("observed").get<double>()));
}

std::string slices_text(const std::string& metric, const json& slices) {
  std::vector<std::vector<std::string>> lines;
  for (const auto& slice : slices) {
    lines.push_back({fmt::format("{} {}", slice.at("column").get<std::string>(),
                                 slice.at("slice").get<std::string>()),
                     grouped(slice.at("rows").get<int64_t>()),
                     score_text(slice.at("score").get<double>()),
                     interval_text(Interval::from_json(slice.at("interval")))});
  }
  return text_table({"worse where", "test rows", metric, "95 % interval"}, lines);
}

// The scores of each fold, and what comes of choosing in each anew.
std::string folds_text(const std::string& metric, const json& folds) {
  const json& test = folds.at("test");
  const size_t count = std::min(folds.at("chosen").size(), max_folds_shown);
  std::vector<std::string> head = {fmt::format("{} by fold", metric), "mean", "deviation"};
  for (size_t fold = 1; fold <= count; ++fold) head.push_back(std::to_string(fold));
  std::vector<std::vector<std::string>> lines;
  for (const auto& [model, scores] : test.items()) {
    std::vector<double> values;
    for (const json& score : scores.at(metric)) {
      if (score.is_number()) values.push_back(score.get<double>());
    }
    const Spread spread(values);
    std::vector<std::string> line = {model, score_text(spread.mean), score_text(spread.deviation)};
    for (size_t fold = 0; fold < count; ++fold)
      line.push_back(score_text(number_of(scores.at(metric).at(fold))));
    lines.push_back(std::move(line));
  }
  const json& nested = folds.at("nested");
  const size_t hidden = folds.at("chosen").size() - count;
  return text_table(head, lines) +
         (hidden > 0 ? fmt::format("and {} more folds, in `run --json`\n", hidden) : "") +
         fmt::format("chosen anew in each fold, on its validate rows alone ({}): {} {} ({})\n",
                     chosen_text(folds), metric, score_text(number_of(nested.at("score"))),
                     interval_text(Interval::from_json(nested.at("interval"))));
}

std::string drift_text(const json& drift) {
  std::vector<std::string> columns;
  for (const auto& column : drift.at("columns")) {
    columns.push_back(fmt::format("{} {:.0f} %", column.at("column").get<std::string>(),
                                  100 * column.at("share").get<double>()));
  }
  return fmt::format("drift: test rows are told from training rows with AUC {} ({}), most by {}\n",
                     score_text(drift.at("auc").get<double>()),
                     interval_text(Interval::from_json(drift.at("interval"))),
                     fmt::join(columns, ", "));
}

}  // namespace

std::string evaluation_text(const std::string& model, const std::string& metric,
                            const json& evaluation) {
  std::string out;
  if (evaluation.contains("folds")) out += folds_text(metric, evaluation.at("folds"));
  if (evaluation.contains("confusion")) {
    if (!out.empty()) out += "\n";
    const json& confusion = evaluation.at("confusion");
    out += confusion.at("classes").size() <= max_classes_in_a_table ? table_of(model, confusion)
                                                                    : pairs_of(confusion);
    if (!evaluation.at("calibration").is_null())
      out += calibration_text(evaluation.at("calibration"), confusion.at("classes"));
  }
  if (evaluation.contains("slices") && !evaluation.at("slices").empty())
    out += (out.empty() ? "" : "\n") + slices_text(metric, evaluation.at("slices"));
  const json drift = evaluation.value("drift", json());
  if (!drift.is_null()) out += (out.empty() ? "" : "\n") + drift_text(drift);
  return out;
}

}  // namespace gristmill
