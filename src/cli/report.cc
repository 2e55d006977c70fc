#include "cli/report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/evaluation_text.h"

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

std::string indented(const std::string& lines) {
  std::string out;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    out += (end == at ? "" : "  ") + lines.substr(at, end - at + 1);
    at = end + 1;
  }
  return out;
}

// The best beside the next, on the same test rows.
std::string next_text(const PredictOutcome& prediction) {
  const json next = prediction.evaluation.value("next", json());
  if (next.is_null() || next.at("interval").is_null()) return "";
  const Interval interval = Interval::from_json(next.at("interval"));
  return fmt::format(
      "  {} test, {} minus {}: {} ({}){}\n", prediction.metric, prediction.best,
      next.at("other").get<std::string>(), score_text(next.at("difference").get<double>()),
      interval_text(interval),
      interval.low <= 0 && interval.high >= 0 ? ": these rows do not tell which is better" : "");
}

// What a search tried, and what it found.
std::string search_text(const std::string& model, const json& search) {
  double low = INFINITY, high = -INFINITY;
  for (const json& trial : search.at("trials")) {
    if (!trial.at("score").is_number()) continue;
    low = std::min(low, trial.at("score").get<double>());
    high = std::max(high, trial.at("score").get<double>());
  }
  std::vector<std::string> changed;
  for (const auto& [name, value] : search.at("params").items())
    changed.push_back(fmt::format("{}: {}", name, value.dump()));
  return fmt::format("  {}: {} trials, {} on validate {} to {}; best {}\n", model,
                     search.at("trials").size(), search.at("metric").get<std::string>(),
                     score_text(low), score_text(high),
                     changed.empty() ? "as it stands in the file"
                                     : fmt::format("with {{{}}}", fmt::join(changed, ", ")));
}

// What the learners say of their models.
std::string learned_text(const std::vector<ModelOutcome>& models) {
  std::string out;
  for (const ModelOutcome& model : models) {
    if (model.learned.contains("trees"))
      out += fmt::format("  {}: {} rounds of trees\n", model.name,
                         grouped(model.learned.at("trees").get<int64_t>()));
    if (model.learned.contains("search")) out += search_text(model.name, model.learned["search"]);
    if (model.learned.contains("held")) {
      const json& held = model.learned.at("held");
      out += fmt::format("  {}: holds {} training rows in {}\n", model.name,
                         grouped(held.at("rows").get<int64_t>()),
                         bytes_text(held.at("bytes").get<int64_t>()));
    }
    if (model.learned.contains("rules")) {
      out += fmt::format("  {}:\n", model.name);
      for (const json& rule : model.learned.at("rules"))
        out += fmt::format("    {}\n", rule.get<std::string>());
    }
    if (!model.learned.contains("weights")) continue;
    const json& weights = model.learned.at("weights");
    out += fmt::format("  {}: {} of {} weights are not 0\n", model.name,
                       grouped(weights.at("kept").get<int64_t>()),
                       grouped(weights.at("of").get<int64_t>()));
  }
  return out;
}

std::string scores_text(const PredictOutcome& prediction) {
  std::vector<ModelOutcome> models = prediction.models;
  models.push_back(prediction.baseline);
  std::vector<std::string> head = {"model", prediction.metric + " validate",
                                   prediction.metric + " test", "95 % interval"};
  std::vector<std::string> others;
  for (const auto& [name, unused] : models[0].test) {
    if (name != prediction.metric) others.push_back(name);
  }
  for (const std::string& name : others) head.push_back(name + " test");
  head.push_back("seconds");
  std::vector<std::vector<std::string>> rows;
  for (const ModelOutcome& model : models) {
    std::vector<std::string> row = {model.name + (model.name == prediction.best ? " *" : ""),
                                    score_text(model.validate.at(prediction.metric)),
                                    score_text(model.test.at(prediction.metric)),
                                    interval_text(model.test_interval.at(prediction.metric))};
    for (const std::string& name : others) row.push_back(score_text(model.test.at(name)));
    row.push_back(fmt::format("{:.1f}", model.seconds));
    rows.push_back(std::move(row));
  }
  return indented(text_table(head, rows)) +
         fmt::format(
             "  * the best by {} on the validate rows{}\n", prediction.metric,
             prediction.evaluation.contains("folds") ? "; scores are means over the folds" : "") +
         learned_text(models) + next_text(prediction);
}

std::string refit_text(const PredictOutcome& prediction) {
  if (prediction.refit.is_null()) return "";
  return fmt::format("  {} learned again on all {} rows: that is what the bundle holds\n",
                     prediction.best, grouped(prediction.refit.at("rows").get<int64_t>()));
}

std::string share_text(const json& share) {
  return percent_text(share.is_null() ? NAN : share.get<double>());
}

// How the best model answers, as far as that was asked for.
std::string answers_text(const PredictOutcome& prediction) {
  std::string out;
  const json& answers = prediction.answers;
  if (answers.contains("calibration")) {
    const json& found = answers.at("calibration");
    out +=
        fmt::format("  calibrated: log-odds × {:.3f} {} {:.3f}\n", found.at("slope").get<double>(),
                    found.at("offset").get<double>() < 0 ? "−" : "+",
                    std::abs(found.at("offset").get<double>()));
  }
  if (answers.contains("decision")) {
    const json &found = answers.at("decision"), &test = found.at("test");
    out += fmt::format("  decides at {:.4f}: on test {} answered positive, recall {}, precision {}",
                       found.at("threshold").get<double>(), share_text(test.at("positive")),
                       share_text(test.at("recall")), share_text(test.at("precision")));
    if (test.contains("cost"))
      out += fmt::format(", cost {:.4g} a row", test.at("cost").get<double>());
    out += "\n";
  }
  if (answers.contains("interval")) {
    const json& found = answers.at("interval");
    out += fmt::format("  intervals of {:g} %: ± {:.4g}, hold {} of the test rows\n",
                       100 * found.at("level").get<double>(), found.at("margin").get<double>(),
                       share_text(found.at("coverage_test")));
  }
  for (const Verdict& verdict : prediction.accept)
    out += fmt::format("  {}: {}\n", verdict.holds ? "accepted" : "not accepted", verdict.text());
  return out;
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
    out += answers_text(prediction) + refit_text(prediction);
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
