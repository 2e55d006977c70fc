// Ridge, logistic and softmax regression, streaming over the mapped data set.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "frame/batch.h"
#include "learn/evaluate.h"
#include "learn/learner.h"
#include "learn/linear_objective.h"
#include "learn/metrics.h"
#include "learn/minimize.h"
#include "learn/training_means.h"
#include "learn/training_rows.h"
#include "model/linear.h"

namespace gristmill {
namespace {

constexpr double penalties[] = {100, 10, 1, 0.1};  // that `auto` tries, each from the last's answer
constexpr int64_t auto_rows_max = 1'000'000;       // beyond them the penalty hardly matters: 1
constexpr int64_t warm_chunks = 8;                 // that a long training starts on
constexpr double tolerance = 1e-12, warm_tolerance = 1e-7;  // of the value, relative
constexpr int steps_between_hessians = 8;

// Minimises from `x` on; the preconditioner is renewed where the way is long.
void descend(const LinearObjective& objective, double l2, double relative_tolerance, int steps_max,
             Progress& progress, std::vector<double>& x) {
  const double absolute_tolerance = relative_tolerance * objective.start_value();
  for (int steps = 0; steps < steps_max;) {
    const LinearPreconditioner preconditioner = objective.precondition(x, l2);
    MinimizeProblem problem;
    problem.value = [&](const auto& at, auto& out) { return objective.value(at, l2, out); };
    problem.precondition = [&](auto& out) { preconditioner.apply(out); };
    problem.after_step = [&] { progress.advance(1); };
    const Minimum minimum = minimize(problem, x, absolute_tolerance,
                                     std::min(steps_between_hessians, steps_max - steps));
    steps += std::max(1, minimum.steps);
    if (minimum.converged) return;
  }
}

std::unique_ptr<Model> model_of(const std::vector<double>& x, const LinearShape& shape,
                                const LinearObjective& objective, const std::vector<double>& means,
                                const DatasetInfo& info) {
  LinearParameters out;
  out.link = link_of(info.problem);
  out.means = means;
  out.outputs = shape.outputs;
  out.code_offset.assign(shape.level_at.begin(), shape.level_at.end() - 1);
  for (int64_t k = 0; k < shape.outputs; ++k) {
    const double* w = x.data() + k * shape.stride;
    out.bias.push_back(w[0] * objective.scale() + objective.center());
    for (int64_t j = 0; j < shape.floats; ++j) out.weights.push_back(w[1 + j] * objective.scale());
    for (int64_t j = 0; j < shape.levels; ++j) {
      out.code_weights.push_back(w[1 + shape.floats + j] * objective.scale());
    }
  }
  return make_linear(std::move(out), info.layout);
}

std::vector<double> penalties_of(const Dataset& data, const Params& params) {
  const nlohmann::json& l2 = params["l2"];
  if (l2.is_number()) return {l2.get<double>()};
  if (!l2.is_string()) {
    throw Error(Code::invalid,
                fmt::format("linear: `l2` must be a number or auto, not {}", l2.dump()));
  }
  if (data.fold_rows(Fold::train) > auto_rows_max || data.fold_rows(Fold::validate) == 0)
    return {1};
  return {std::begin(penalties), std::end(penalties)};
}

std::unique_ptr<Model> train(const Dataset& data, const Params& params, TrainContext& context) {
  check_training_rows(data);
  const DatasetInfo& info = data.info();
  const LinearShape shape(info.layout, outputs_of(info));
  ThreadPool pool(context.threads);
  const int steps_max = int(params.integer("iterations"));
  const LinearObjective objective(data, shape, pool);
  std::vector<double> x = objective.start();
  const std::vector<double> tried = penalties_of(data, params);

  const int64_t chunks = (data.fold_rows(Fold::train) + chunk_rows - 1) / chunk_rows;
  if (chunks >= 2 * warm_chunks) {
    const LinearObjective sample(data, shape, pool, chunks / warm_chunks);
    descend(sample, tried[0] * sample.weights() / objective.weights(), warm_tolerance, steps_max,
            context.progress, x);
  }
  const MetricKind& metric =
      Metrics::instance().get(info.problem == Problem::regression ? "rmse" : "log_loss", "metric");
  const std::vector<double> means = training_means(data, shape, pool);
  std::unique_ptr<Model> best;
  double best_score = NAN;
  for (double l2 : tried) {
    descend(objective, l2, tolerance, steps_max, context.progress, x);
    if (!std::all_of(x.begin(), x.end(), [](double w) { return std::isfinite(w); }))
      throw Error(Code::invalid, "the linear model does not come to finite weights", {},
                  "targets or row weights beyond 1e150 are too large to be summed: scale them");
    std::unique_ptr<Model> model = model_of(x, shape, objective, means, info);
    if (tried.size() == 1) return model;
    const double score = evaluate(*model, data, Fold::validate, context.threads).at(metric.name);
    if (best != nullptr && !better(metric, score, best_score)) continue;
    best = std::move(model);
    best_score = score;
  }
  return best;
}

const RegisterLearner registration({
    .name = "linear",
    .version = 2,
    .text = "Ridge, logistic or softmax regression, as the target is a number, two classes or "
            "more. Streams over the rows; categories count as one-hot columns.",
    .params = {{"l2",
                "any",
                "Strength of the penalty: half of it times the sum of squared weights is added to "
                "the summed loss; the intercept is free. `auto`: the best on validate of 100, 10, "
                "1 and 0.1 (1 where there are more than a million training rows).",
                "auto",
                0,
                {},
                {"auto"}},
               {"iterations",
                "integer",
                "At most so many steps; the way there takes some ten.",
                200,
                1,
                100000,
                {}}},
    .wants = {.scaled = true, .missing = false, .cyclic = true},
    .train = train,
});

}  // namespace
}  // namespace gristmill
