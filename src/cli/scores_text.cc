#include "cli/scores_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cli/console.h"

namespace gristmill {
namespace {

using nlohmann::json;

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
std::string learned_text(const std::vector<ModelOutcome>& models, bool folds) {
  std::string out = folds ? "  in the first fold:\n" : "";
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

std::string models_text(const PredictOutcome& prediction) {
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
         learned_text(models, prediction.evaluation.contains("folds")) + next_text(prediction);
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

}  // namespace

std::string scores_text(const PredictOutcome& prediction) {
  return models_text(prediction) + answers_text(prediction) + refit_text(prediction);
}

}  // namespace gristmill
