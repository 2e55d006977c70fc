#include "pipeline/check_target.h"

#include <algorithm>

#include <fmt/format.h>

#include "learn/class_weight.h"
#include "learn/loss.h"

namespace gristmill {
namespace {

bool fits(const MetricKind& metric, Problem problem) {
  return std::find(metric.problems.begin(), metric.problems.end(), problem) !=
         metric.problems.end();
}

// What the answers are asked to be, against what they can be.
void check_answering(const PredictSpec& spec, Problem problem) {
  const auto refuse = [&](const char* member, const char* needs) {
    throw Error(Code::invalid,
                fmt::format("`{}` is for {}, and {} is a {} problem", member, needs, spec.name,
                            name_of(problem)),
                spec.place(member));
  };
  if (spec.decide && problem != Problem::binary) refuse("decide", "a yes or no");
  if (spec.calibrate && problem == Problem::regression) refuse("calibrate", "classes");
  if (spec.interval && problem != Problem::regression) refuse("intervals", "numbers");
  for (const AcceptCondition& condition : spec.accept) {
    if (!fits(Metrics::instance().get(condition.metric, "metric"), problem))
      refuse("accept", ("other metrics than " + condition.metric).c_str());
  }
}

// What a model asks for, against what the target is.
void check_models(const PredictSpec& spec, Problem problem) {
  for (const ModelSpec& model : spec.models) {
    const std::optional<Loss> loss = Loss::of(model.params);
    told_at(model.where, [&] {
      if (loss) check_loss_problem(*loss, problem);
      check_class_weight_problem(model.params, problem);
    });
  }
}

}  // namespace

void check_target(const PredictSpec& spec, Problem problem) {
  check_models(spec, problem);
  chosen_metric(spec, problem);
  check_answering(spec, problem);
}

const MetricKind& chosen_metric(const PredictSpec& spec, Problem problem) {
  std::string name = spec.metric;
  if (name.empty() && !spec.loss.is_null()) name = Loss::of(spec.loss)->kind->metric;
  if (name.empty()) name = default_metric(problem);
  const MetricKind& metric = Metrics::instance().get(name, "metric");
  if (!fits(metric, problem)) {
    throw Error(Code::invalid,
                fmt::format("metric {} does not fit: {} is a {} problem", name, spec.name,
                            name_of(problem)),
                spec.place("metric"),
                fmt::format("`{}` does{}", default_metric(problem),
                            problem == Problem::regression
                                ? fmt::format("; for a yes or no, make the target a condition: "
                                              "`target: {} = 1`",
                                              spec.target)
                                : ""));
  }
  return metric;
}

}  // namespace gristmill
