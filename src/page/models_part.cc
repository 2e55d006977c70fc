#include "page/models_part.h"

#include <algorithm>

#include "page/plot.h"
#include "page/report_values.h"

namespace gristmill {
namespace {

using nlohmann::json;

std::string models_table(const json& prediction) {
  const std::string metric = prediction.at("metric").get<std::string>();
  std::vector<Range> ranges;
  std::vector<std::string> head = {"model", metric + " validate"};
  std::vector<std::string> metrics = {metric};
  for (const auto& [name, unused] : prediction.at("baseline").at("test").items()) {
    if (name != metric) metrics.push_back(name);
  }
  for (const std::string& name : metrics) head.push_back(name + " test");
  head.push_back("seconds");
  std::vector<std::vector<HtmlCell>> rows;
  auto add = [&](const std::string& name, const json& scores, const json& intervals,
                 const std::string& seconds) {
    const std::string shown = escaped(name);
    std::vector<HtmlCell> row = {
        {prediction.at("best").get<std::string>() == name ? "<b>" + shown + "</b>" : shown},
        number_cell(score_text(number_of(scores.at("validate").at(metric))))};
    for (const std::string& one : metrics)
      row.push_back(number_cell(score_text(number_of(scores.at("test").at(one)))));
    row.push_back(number_cell(seconds));
    rows.push_back(std::move(row));
    const json interval = intervals.value(metric, json());
    if (interval.is_null()) return;
    const auto [low, high] = interval_of(interval);
    const double score = number_of(scores.at("test").at(metric));
    ranges.push_back({name, name + ": " + score_text(score) + " (" + interval_text(interval) + ")",
                      score, low, high});
  };
  for (const json& model : prediction.at("models"))
    add(model.at("name").get<std::string>(), model, model.at("test_interval"),
        fmt::format("{:.1f}", model.at("seconds").get<double>()));
  add("baseline", prediction.at("baseline"), json::object(), "");
  std::string out = "<h3>Models</h3>\n" + html_table(head, rows);
  out += figure(metric + " on the test rows, with 95 % intervals of the bootstrap",
                range_plot(ranges, NAN));
  const json next = prediction.at("evaluation").value("next", json());
  if (!next.is_null() && next.at("interval").is_array()) {
    const auto [low, high] = interval_of(next.at("interval"));
    out += fmt::format("<p>{} minus {} on the same rows: {} ({} … {}){}.</p>\n",
                       escaped(prediction.at("best").get<std::string>()),
                       escaped(next.at("other").get<std::string>()),
                       score_text(number_of(next.at("difference"))), score_text(low),
                       score_text(high), low <= 0 && high >= 0 ? ", which may be chance" : "");
  }
  return out;
}

// A point a fold: how far scores lie apart that differ in nothing but the rows.
std::string folds_part(const json& prediction) {
  const json& evaluation = prediction.at("evaluation");
  if (!evaluation.contains("folds")) return {};
  const json& folds = evaluation.at("folds");
  const std::string metric = prediction.at("metric").get<std::string>();
  const std::string best = prediction.at("best").get<std::string>();
  std::vector<Range> ranges;
  size_t fold = 0;
  for (const json& score : folds.at("test").at(best).at(metric)) {
    const json& rows = folds.at("rows").at(fold++);
    const int64_t count = folds.at("folds").get<int64_t>(), at = int64_t(fold) - 1;
    std::string name = fmt::format("fold {}", at % count + 1);
    if (folds.at("repeats") != 1) name += fmt::format(", {}", at / count + 1);
    ranges.push_back(
        {name,
         fmt::format("{}: {} on {} rows, trained on {}", name, score_text(number_of(score)),
                     grouped(rows.at("test").get<int64_t>()),
                     grouped(rows.at("train").get<int64_t>())),
         number_of(score), NAN, NAN});
  }
  std::erase_if(ranges, [](const Range& range) { return std::isnan(range.value); });
  const json& nested = folds.at("nested");
  double whole = 0;
  for (const Range& range : ranges) whole += range.value / double(ranges.size());
  return "<h3>Folds</h3>\n" +
         figure(fmt::format("{} of {} on the test rows of each fold; dashed: their mean", metric,
                            best),
                range_plot(ranges, whole)) +
         fmt::format("<p>Chosen in each fold anew, on its validate rows alone ({}): {} {}{}.</p>\n",
                     escaped(chosen_text(folds)), escaped(metric),
                     score_text(number_of(nested.at("score"))),
                     nested.at("interval").is_null()
                         ? ""
                         : " (" + interval_text(nested.at("interval")) + ")");
}

std::string search_part(const json& model, const std::string& metric) {
  const json learned = model.value("learned", json::object());
  if (!learned.contains("search")) return {};
  const json& search = learned.at("search");
  std::vector<std::string> head = {"trial", metric + " validate"};
  std::vector<std::string> names;
  for (const json& trial : search.at("trials")) {
    for (const auto& [name, unused] : trial.at("params").items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  head.insert(head.end(), names.begin(), names.end());
  std::vector<std::vector<HtmlCell>> rows;
  for (const json& trial : search.at("trials")) {
    const json& params = trial.at("params");
    std::vector<HtmlCell> row = {number_cell(std::to_string(rows.size() + 1)),
                                 number_cell(score_text(number_of(trial.at("score"))))};
    for (const std::string& name : names)
      row.push_back(number_cell(params.contains(name) ? params.at(name).dump() : "as in the file"));
    rows.push_back(std::move(row));
  }
  return fmt::format("<details><summary>{}: {} trials of its parameters</summary>{}</details>\n",
                     escaped(model.at("name").get<std::string>()), rows.size(),
                     html_table(head, rows));
}

std::string refit_part(const json& prediction) {
  const json refit = prediction.value("refit", json());
  if (refit.is_null()) return {};
  return fmt::format(
      "<p>The bundle holds {} learned again on all {} rows, after it was scored: no score here is "
      "of that one.</p>\n",
      escaped(prediction.at("best").get<std::string>()), grouped(refit.at("rows").get<int64_t>()));
}

}  // namespace

std::string models_part(const json& prediction) {
  std::string out = models_table(prediction) + folds_part(prediction);
  for (const json& model : prediction.at("models"))
    out += search_part(model, prediction.at("metric").get<std::string>());
  return out + refit_part(prediction);
}

std::string curve_part(const json& facts, const std::string& metric) {
  const json curve = facts.value("learning_curve", json::array());
  if (curve.size() < 2) return {};
  std::vector<LinePoint> points;
  double low = INFINITY, high = -INFINITY;
  for (const json& point : curve) {
    const double score = number_of(point.at("score"));
    points.push_back({number_of(point.at("rows")), score});
    low = std::min(low, score);
    high = std::max(high, score);
  }
  return "<h3>Would more rows help?</h3>\n" +
         figure(
             fmt::format("{} on validate, by the rows to train on, which were drawn by chance and "
                         "encoded as all of them had it",
                         metric),
             line_plot(points, low, high));
}

}  // namespace gristmill
