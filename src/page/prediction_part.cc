#include "page/prediction_part.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "page/models_part.h"
#include "page/plot.h"
#include "page/report_values.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr size_t most_bars = 15, most_classes = 12;

std::string tile(const std::string& value, const std::string& text) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>", escaped(value),
                     escaped(text));
}

std::string count_of(const json& rows, const char* key) {
  return grouped(rows.at(key).get<int64_t>());
}

const json* best_model(const json& prediction) {
  for (const json& model : prediction.at("models")) {
    if (model.at("name") == prediction.at("best")) return &model;
  }
  return nullptr;  // the baseline
}

std::string headline(const json& prediction) {
  const std::string metric = prediction.at("metric").get<std::string>();
  const json& rows = prediction.at("rows");
  const json* best = best_model(prediction);
  const json& scores = best ? best->at("test") : prediction.at("baseline").at("test");
  const std::string range = best ? interval_text(best->at("test_interval").at(metric)) : "";
  std::string out = "<div class=\"tiles\">";
  out += tile(score_text(number_of(scores.at(metric))),
              range.empty() ? metric + " on test" : metric + " on test, 95 %: " + range);
  out += tile(prediction.at("best").get<std::string>(), "the best model");
  out += tile(score_text(number_of(prediction.at("baseline").at("test").at(metric))),
              metric + " of the baseline");
  out += tile(count_of(rows, "train"), "rows to train");
  out += tile(count_of(rows, "validate"), "rows to validate");
  out += tile(count_of(rows, "test"), "rows to test");
  return out + "</div>\n";
}

std::string warnings(const json& prediction, const json& facts) {
  std::string out;
  if (best_model(prediction) == nullptr)
    out += warning_box("No model beats the baseline on the validate rows.");
  for (const json& verdict : prediction.at("accept")) {
    if (!verdict.at("holds").get<bool>())
      out += warning_box(fmt::format("Not accepted: {} does not hold: {}.",
                                     verdict.at("condition").get<std::string>(),
                                     score_text(number_of(verdict.at("value")))));
  }
  for (const json& warning : prediction.at("warnings"))
    out += warning_box(warning.get<std::string>());
  for (const json& note : facts.value("notes", json::array()))
    out += warning_box(note.get<std::string>());
  return out;
}

std::string confusion_part(const json& confusion) {
  const auto classes = confusion.at("classes").get<std::vector<std::string>>();
  if (classes.size() > most_classes) return {};
  std::string out = "<div class=\"wide\"><table><thead><tr><th>test rows that are</th>";
  for (const std::string& name : classes)
    out += fmt::format("<th class=\"number\">answered {}</th>", escaped(name));
  out += "</tr></thead><tbody>";
  for (size_t is = 0; is < classes.size(); ++is) {
    const auto counts = confusion.at("rows").at(is).get<std::vector<int64_t>>();
    double all = 0;
    for (const int64_t count : counts) all += double(count);
    out += fmt::format("<tr><td>{}</td>", escaped(classes[is]));
    for (const int64_t count : counts) {
      const double share = all > 0 ? double(count) / all : 0;
      out += fmt::format(
          "<td class=\"number heat\" style=\"--share: {:.3f}\">{} <span "
          "class=\"soft\">{:.0f} %</span></td>",
          share, grouped(count), 100 * share);
    }
    out += "</tr>";
  }
  return "<h3>What is taken for what</h3>\n" + out + "</tbody></table></div>\n";
}

std::string calibration_part(const json& calibration, const json& classes) {
  std::vector<UnitPoint> points;
  for (const json& bin : calibration.at("bins")) {
    const double predicted = number_of(bin.at("predicted"));
    const double observed = number_of(bin.at("observed")), rows = number_of(bin.at("rows"));
    points.push_back({predicted, observed, rows,
                      fmt::format("{} rows: predicted {}, came true {}", grouped(int64_t(rows)),
                                  percent_text(predicted), percent_text(observed))});
  }
  const bool binary = classes.size() == 2;
  const std::string what = binary ? classes.at(1).get<std::string>() : "what is answered";
  return fmt::format(
             "<h3>Are the probabilities true?</h3>\n<p>Calibration error {}. {} has a mean "
             "probability of {} and came true in {}.</p>\n",
             score_text(number_of(calibration.at("error"))), escaped(what),
             percent_text(number_of(calibration.at("predicted"))),
             percent_text(number_of(calibration.at("observed")))) +
         figure("Share that came true, by predicted probability; on the diagonal both agree",
                unit_plot(points, "predicted", "came true"));
}

std::string answers_part(const json& answers) {
  std::string out;
  if (answers.contains("decision")) {
    const json& decision = answers.at("decision");
    const json& test = decision.at("test");
    out += fmt::format(
        "<p>Answers the positive class from a probability of {} on: on test {} of "
        "the rows",
        score_text(number_of(decision.at("threshold"))),
        percent_text(number_of(test.at("positive"))));
    for (const char* key : {"recall", "precision"})
      out += fmt::format(", {} {}", key, percent_text(number_of(test.at(key))));
    if (test.contains("cost"))
      out += fmt::format(", cost {} a row", score_text(number_of(test.at("cost"))));
    out += ".</p>\n";
  }
  if (answers.contains("interval")) {
    const json& interval = answers.at("interval");
    out += fmt::format(
        "<p>Intervals of {}: prediction ± {}; {} of the test rows lie in them.</p>\n",
        percent_text(number_of(interval.at("level"))), mark_text(number_of(interval.at("margin"))),
        percent_text(number_of(interval.at("coverage_test"))));
  }
  return out.empty() ? "" : "<h3>How it answers</h3>\n" + out;
}

std::string slices_part(const json& prediction, double whole) {
  const json slices = prediction.at("evaluation").value("slices", json::array());
  if (slices.empty()) return {};
  std::vector<Range> ranges;
  for (const json& slice : slices) {
    const std::string name =
        slice.at("column").get<std::string>() + " " + slice.at("slice").get<std::string>();
    const auto [low, high] = interval_of(slice.at("interval"));
    ranges.push_back({name,
                      fmt::format("{}: {} rows, {}", name, grouped(slice.at("rows").get<int64_t>()),
                                  interval_text(slice.at("interval"))),
                      number_of(slice.at("score")), low, high});
  }
  return "<h3>Where it is worse</h3>\n" +
         figure(fmt::format("{} of slices of the test rows; dashed: of all",
                            prediction.at("metric").get<std::string>()),
                range_plot(ranges, whole));
}

std::string importance_part(const json& facts, const std::string& metric) {
  const json importance = facts.value("importance", json::array());
  if (importance.empty()) return {};
  std::vector<Bar> bars;
  for (const json& one : importance) {
    if (bars.size() == most_bars) break;
    const std::string name = one.at("column").get<std::string>();
    const double loss = number_of(one.at("loss")), spread = number_of(one.at("spread"));
    bars.push_back(
        {name, fmt::format("{}: {} ± {}", name, mark_text(loss), mark_text(spread)), loss, spread});
  }
  const std::string more =
      importance.size() > bars.size()
          ? fmt::format("; {} more matter less", importance.size() - bars.size())
          : "";
  return "<h3>What it looks at</h3>\n" +
         figure(fmt::format("How much worse {} on validate gets when a column is shuffled{}",
                            metric, more),
                bar_plot(bars));
}

// Lines for numbers, bars for the rest; of one answer a row.
std::string dependence_part(const json& facts) {
  double low = INFINITY, high = -INFINITY;
  const json all = facts.value("dependence", json::array());
  for (const json& one : all) {
    for (const json& point : one.at("points")) {
      if (point.at("means").size() != 1) return {};
      low = std::min(low, number_of(point.at("means").at(0)));
      high = std::max(high, number_of(point.at("means").at(0)));
    }
  }
  if (all.empty()) return {};
  std::string out;
  for (const json& one : all) {
    std::vector<LinePoint> line;
    std::vector<NamedPoint> named;
    for (const json& point : one.at("points")) {
      const json& at = point.at("at");
      const double mean = number_of(point.at("means").at(0));
      if (at.is_number()) {
        line.push_back({at.get<double>(), mean});
      } else {
        named.push_back({at.is_string() ? at.get<std::string>() : at.dump(), mean});
      }
    }
    out += figure(one.at("column").get<std::string>(),
                  named.empty() ? line_plot(line, low, high) : dot_plot(named, low, high));
  }
  return "<h3>How the answer moves with a column</h3>\n<p class=\"soft\">The mean answer over 300 "
         "rows of the table when all of them hold the same value.</p>\n<div class=\"plots\">" +
         out + "</div>\n";
}

std::string drift_part(const json& evaluation) {
  const json drift = evaluation.value("drift", json());
  if (drift.is_null()) return {};
  std::vector<Bar> bars;
  for (const json& column : drift.at("columns")) {
    const std::string name = column.at("column").get<std::string>();
    bars.push_back({name, "", 100 * number_of(column.at("share"))});
  }
  return fmt::format(
             "<h3>Test rows are others than training rows</h3>\n<p>A classifier tells them "
             "apart with AUC {} ({}); 0.5 would be chance.</p>\n",
             score_text(number_of(drift.at("auc"))), interval_text(drift.at("interval"))) +
         figure("By which columns, %", bar_plot(bars));
}

std::string left_out_part(const json& prediction) {
  std::vector<std::vector<HtmlCell>> rows;
  for (const json& one : prediction.at("left_out"))
    rows.push_back({text_cell(one.at("column").get<std::string>()),
                    text_cell(one.at("reason").get<std::string>())});
  if (rows.empty()) return {};
  return "<h3>Columns left out</h3>\n" + html_table({"column", "why"}, rows);
}

}  // namespace

std::string warning_box(const std::string& text) {
  return fmt::format("<p class=\"warning\">{}</p>\n", escaped(text));
}

std::string prediction_part(const std::string& name, const json& prediction, const json& facts) {
  const json& evaluation = prediction.at("evaluation");
  const std::string metric = prediction.at("metric").get<std::string>();
  const json* best = best_model(prediction);
  std::string out = fmt::format("<h2>Prediction {}</h2>\n", escaped(name));
  out += headline(prediction) + warnings(prediction, facts) + models_part(prediction);
  out += curve_part(facts, metric);
  out += importance_part(facts, metric) + dependence_part(facts);
  if (evaluation.contains("confusion")) {
    const json& confusion = evaluation.at("confusion");
    out += confusion_part(confusion);
    if (!evaluation.at("calibration").is_null())
      out += calibration_part(evaluation.at("calibration"), confusion.at("classes"));
  }
  out += answers_part(prediction.at("answers"));
  if (best != nullptr) out += slices_part(prediction, number_of(best->at("test").at(metric)));
  return out + drift_part(evaluation) + left_out_part(prediction);
}

}  // namespace gristmill
