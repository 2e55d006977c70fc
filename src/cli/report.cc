#include "cli/report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/evaluation_text.h"
#include "cli/scores_text.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr size_t max_examples = 2, max_doubtful = 5;

std::string rule_text(const json& rule) {
  const RuleReport report = RuleReport::from_json(rule.at("report"));
  std::string out = fmt::format("  {}: ", rule.at("kind").get<std::string>());
  if (report.rows_touched == 0 && report.cells_touched == 0) {
    out += "touched nothing";
  } else {
    out += fmt::format("{} of {} rows, {} cells", grouped(report.rows_touched),
                       grouped(report.rows), grouped(report.cells_touched));
  }
  if (report.cells_unmatched > 0)
    out += fmt::format(", {} {}", grouped(report.cells_unmatched),
                       rule.at("kind") == "parse" ? "of no form" : "without a match");
  if (report.cells_doubtful > 0)
    out += fmt::format(", {} doubtful", grouped(report.cells_doubtful));
  std::vector<std::string> examples;  // that differ
  for (const auto& example : report.examples) {
    std::string text = fmt::format("{}: {} → {}", example.column,
                                   example.before.empty() ? "(missing)" : example.before,
                                   example.after.empty() ? "(missing)" : example.after);
    if (examples.size() < max_examples &&
        std::find(examples.begin(), examples.end(), text) == examples.end())
      examples.push_back(std::move(text));
  }
  if (!examples.empty()) out += fmt::format("; for example {}", fmt::join(examples, ", "));
  out += "\n";
  for (size_t i = 0; i < report.doubtful.size() && i < max_doubtful; ++i) {
    const auto& doubt = report.doubtful[i];
    out += fmt::format("    doubtful: row {}, {}: {} is like {}\n", grouped(row_number(doubt.row)),
                       doubt.column, doubt.before, doubt.after);
  }
  for (const auto& choice : report.choices) {
    std::vector<std::string> errors;
    for (const auto& [way, error] : choice.errors)
      errors.push_back(fmt::format("{} {:.3f}", way, error));
    out += fmt::format("    {}: {}{}\n", choice.column, choice.chosen,
                       errors.empty()
                           ? std::string()
                           : fmt::format(" ({}: {})", choice.measure, fmt::join(errors, ", ")));
  }
  return out;
}

std::string table_text(const std::string& name, const json& facts) {
  std::string out = fmt::format("table {}", name);
  if (facts.contains("rows"))
    out += fmt::format(": {} rows", grouped(facts.at("rows").get<int64_t>()));
  if (facts.contains("rows_in") && !facts.at("rows_in").empty()) {
    std::vector<std::string> parts;
    const json& in = facts.at("rows_in");
    for (const auto& item : in) {
      if (item.is_array())
        parts.push_back(fmt::format("{} {}", item.at(0).get<std::string>(),
                                    grouped(item.at(1).get<int64_t>())));
    }
    if (in.is_object()) {
      for (const auto& [table, rows] : in.items())
        parts.push_back(fmt::format("{} {}", table, grouped(rows.get<int64_t>())));
    }
    if (!parts.empty()) out += fmt::format("  (from {})", fmt::join(parts, ", "));
  }
  out += "\n";
  for (const auto& join : facts.value("joins", json::array())) {
    const int64_t left = join.at("left_rows").get<int64_t>();
    out +=
        fmt::format("  {} join {}: {} of {} rows matched\n", join.at("kind").get<std::string>(),
                    join.at("right").get<std::string>(),
                    percent_text(join.at("matched").get<double>() / double(left)), grouped(left));
  }
  for (const auto& rule : facts.value("rules", json::array())) out += rule_text(rule);
  for (const auto& warning : facts.value("warnings", json::array()))
    out += fmt::format("  warning: {}\n", warning.get<std::string>());
  for (const auto& note : facts.value("notes", json::array()))
    out += fmt::format("  note: {}\n", note.get<std::string>());
  return out;
}

std::string rows_text(const json& dataset) {
  const json& rows = dataset.at("rows");
  auto number = [&](const char* key) { return rows.at(key).get<int64_t>(); };
  std::string out = fmt::format("  rows: {} read", grouped(number("read")));
  if (number("dropped") > 0)
    out += fmt::format(", {} dropped by rules", grouped(number("dropped")));
  if (number("broken") > 0) out += fmt::format(", {} broken", grouped(number("broken")));
  if (number("no_target") > 0)
    out += fmt::format(", {} without a target", grouped(number("no_target")));
  if (number("in_gap") > 0) out += fmt::format(", {} in the gap", grouped(number("in_gap")));
  out += fmt::format("\n  {} train, {} validate, {} test", grouped(number("train")),
                     grouped(number("validate")), grouped(number("test")));
  const json& split = dataset.at("split");
  if (split.contains("validate_from") && split.contains("test_from")) {
    out += fmt::format("  (validate from {}, test from {})",
                       split.at("validate_from").get<std::string>(),
                       split.at("test_from").get<std::string>());
  }
  out += "\n";
  for (const auto& broken : dataset.at("broken")) {
    out += fmt::format("  broken row {}: {}\n", broken.at("row").get<int64_t>(),
                       broken.at("message").get<std::string>());
  }
  for (const auto& warning : dataset.value("warnings", json::array()))
    out += fmt::format("  warning: {}\n", warning.get<std::string>());
  return out;
}

// A line a group: what label(column) says, and the columns of which it does, in order.
template <class Label>
std::string grouped_columns(const json& columns, const char* indent, Label label) {
  std::map<std::string, std::vector<std::string>> by_label;
  std::vector<std::string> order;
  for (const auto& column : columns) {
    const std::string of = label(column);
    if (by_label.count(of) == 0) order.push_back(of);
    by_label[of].push_back(column.at("column").get<std::string>());
  }
  std::string out;
  for (const std::string& of : order)
    out += fmt::format("{}{}: {}\n", indent, of, fmt::join(by_label[of], ", "));
  return out;
}

std::string left_out_text(const json& dataset) {
  return grouped_columns(dataset.at("left_out"), "  ", [](const json& column) {
    return "left out, " + column.at("reason").get<std::string>();
  });
}

std::string features_text(const json& dataset) {
  return fmt::format("  features: {} columns\n", dataset.at("layout").size()) +
         grouped_columns(dataset.at("features"), "    ", [](const json& column) {
           return fmt::format("{} ({})", column.at("encoder").get<std::string>(),
                              column.at("reason").get<std::string>());
         });
}

// What passed is counted, what did not is told.
std::string checks_text(const CheckedTable& checked) {
  std::string out = fmt::format("checks of {}: {} passed", checked.table, checked.count("passed"));
  if (checked.count("warned") > 0) out += fmt::format(", {} warned", checked.count("warned"));
  out += "\n";
  for (const CheckOutcome& outcome : checked.outcomes) {
    if (outcome.status() == "passed") continue;
    out += fmt::format("  warning: {}\n", outcome.finding.message);
    for (const std::string& example : outcome.finding.examples)
      out += fmt::format("    {}\n", example);
  }
  return out;
}

}  // namespace

std::string run_report(const RunOutcome& outcome) {
  std::string out;
  for (const auto& [name, facts] : outcome.tables) out += table_text(name, facts);
  for (const CheckedTable& checked : outcome.checks) out += checks_text(checked);
  for (const auto& [name, prediction] : outcome.predictions) {
    out += fmt::format("\nprediction {}\n", name);
    out += rows_text(prediction.dataset);
    for (const auto& rule : prediction.dataset.at("rules")) out += rule_text(rule);
    out += left_out_text(prediction.dataset);
    out += features_text(prediction.dataset) + "\n";
    out += scores_text(prediction);
    const std::string evaluation =
        evaluation_text(prediction.best, prediction.metric, prediction.evaluation);
    if (!evaluation.empty()) out += "\n" + indented(evaluation);
  }
  out += fmt::format("\nrun {}: {} tasks ran, {} reused\n", outcome.run,
                     count_fates(outcome.steps, TaskStep::Fate::ran),
                     count_fates(outcome.steps, TaskStep::Fate::reused));
  for (const auto& [name, path] : outcome.bundles) out += fmt::format("bundle: {}\n", path);
  if (!outcome.bundles.empty()) {
    out += fmt::format(
        "next: gristmill serve {0}    answers over HTTP\n      gristmill inspect {0}  shows what "
        "is in it\n      gristmill report  writes all of this with plots, as one HTML file\n",
        outcome.bundles.begin()->second);
  }
  return out;
}

}  // namespace gristmill
