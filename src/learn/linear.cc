// Ridge, lasso, logistic and softmax regression, streaming over the mapped data set.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "frame/batch.h"
#include "learn/class_weight.h"
#include "learn/evaluate.h"
#include "learn/learner.h"
#include "learn/linear_objective.h"
#include "learn/linear_sparse.h"
#include "learn/loss.h"
#include "learn/metrics.h"
#include "learn/minimize.h"
#include "learn/training_means.h"
#include "learn/training_rows.h"
#include "model/linear.h"

namespace gristmill {
namespace {

constexpr double penalties[] = {100, 10, 1, 0.1};  // that `auto` tries, each from the last's answer
constexpr int path_strengths = 16;                 // that `auto` tries where weights become 0
constexpr int64_t auto_rows_max = 1'000'000;       // beyond them the penalty hardly matters: 1
constexpr int64_t warm_chunks = 8;                 // that a long training starts on
constexpr double tolerance = 1e-12, warm_tolerance = 1e-7;  // of the value, relative
constexpr double sparse_tolerance = 0.01;  // of those: it ends by what a step promises
// A quantile's loss is broken at 0: it is approached from losses that are bent there.
constexpr double smoothings[] = {1, 0.1, 0.01, 0.001};
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
                                const DatasetInfo& info, Link link) {
  LinearParameters out;
  out.link = link;
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

// How the strength of the penalty is shared between absolute weights and squares.
struct Strength {
  double value, l1_ratio;
  // Of the objective's scaled weights and loss.
  LinearPenalty penalty(const LinearObjective& objective) const {
    const double scale = objective.scale(), loss = objective.loss_scale();
    return {value * l1_ratio * (scale / loss), value * (1 - l1_ratio) * (scale * scale / loss)};
  }
};

// From the least strength that leaves no weight down to a thousandth of it, as scikit-learn's path.
// A share of ridge is as strong whatever the target's unit, and the rest is not: then down to where
// the weakest ridge is.
std::vector<double> path_from(double highest, double l1_ratio) {
  double lowest = highest * 1e-3;
  if (l1_ratio < 1) lowest = std::min(lowest, std::end(penalties)[-1]);
  std::vector<double> out;
  for (int i = 0; i < path_strengths; ++i)
    out.push_back(highest * std::pow(lowest / highest, double(i) / (path_strengths - 1)));
  return out;
}

std::vector<double> strengths_of(const Dataset& data, const Params& params,
                                 const LinearObjective& objective,
                                 const std::vector<double>& start) {
  const nlohmann::json& l2 = params["l2"];
  if (l2.is_number()) return {l2.get<double>()};
  if (!l2.is_string()) {
    throw Error(Code::invalid,
                fmt::format("linear: `l2` must be a number or auto, not {}", l2.dump()));
  }
  const double l1_ratio = params.number("l1_ratio"), rows = double(data.fold_rows(Fold::train));
  if (data.fold_rows(Fold::validate) == 0) return {1};
  if (l1_ratio > 0) {
    const double highest =
        l1_of_no_weights(objective, start) * objective.loss_scale() / objective.scale() / l1_ratio;
    return highest > 0 ? path_from(highest, l1_ratio) : std::vector<double>{1};
  }
  if (rows > auto_rows_max) return {1};
  return {std::begin(penalties), std::end(penalties)};
}

void fit_smooth(const LinearObjective& objective, const Strength& strength,
                double relative_tolerance, int steps_max, Progress& progress,
                std::vector<double>& x) {
  const LinearPenalty penalty = strength.penalty(objective);
  if (penalty.l1 == 0) {
    descend(objective, penalty.l2, relative_tolerance, steps_max, progress, x);
  } else {
    descend_sparse(objective, penalty,
                   sparse_tolerance * relative_tolerance * objective.start_value(), steps_max,
                   progress, x);
  }
}

void fit(LinearObjective& objective, const LinearLoss& loss, const Strength& strength,
         double relative_tolerance, int steps_max, Progress& progress, std::vector<double>& x) {
  if (loss.kind == LinearLoss::Kind::quantile) {
    for (double within : smoothings) {
      objective.smooth(within);
      fit_smooth(objective, strength, relative_tolerance, steps_max, progress, x);
    }
  } else {
    fit_smooth(objective, strength, relative_tolerance, steps_max, progress, x);
  }
  if (!std::all_of(x.begin(), x.end(), [](double w) { return std::isfinite(w); }))
    throw Error(Code::invalid, "the linear model does not come to finite weights", {},
                "targets or row weights beyond 1e150 are too large to be summed: scale them");
}

// Whether the model answers every training row with its class.
bool separates(const Model& model, const Dataset& data) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  std::vector<double> answer(size_t(model.outputs()));
  for (int64_t i = 0; i < data.fold_rows(Fold::train); ++i) {
    FeatureRows row = rows.features;
    row.rows = 1;
    if (row.floats != nullptr) row.floats += i * row.float_stride;
    if (row.codes != nullptr) row.codes += i * row.code_stride;
    model.predict(row, answer.data());
    const Scored scored{.rows = 1, .predicted = answer.data(), .outputs = model.outputs()};
    if (double(answered_class(scored, 0)) != rows.target[i]) return false;
  }
  return true;
}

// How many weights are not 0, of those that any row could use; an output's bias is none.
nlohmann::json weights_kept(const Model& model) {
  const State state = model.save();
  int64_t kept = 0, all = 0;
  for (const char* name : {"weights", "code_weights"}) {
    for (double w : state.get<double>(name)) {
      kept += w != 0;
      ++all;
    }
  }
  return {{"kept", kept}, {"of", all}};
}

std::unique_ptr<Model> train(const Dataset& unweighted, const Params& params,
                             TrainContext& context) {
  const std::shared_ptr<const Dataset> weighted = with_class_weights(unweighted, params);
  const Dataset& data = *weighted;
  check_training_rows(data);
  const DatasetInfo& info = data.info();
  const LinearShape shape(info.layout, outputs_of(info));
  ThreadPool pool(context.threads);
  const int steps_max = int(params.integer("iterations"));
  const std::optional<Loss> asked = Loss::of(params.json());
  if (asked) check_loss_targets(*asked, data);
  const LinearLoss loss = linear_loss(info.problem, asked);
  LinearObjective objective(data, shape, loss, pool);
  std::vector<double> x = objective.start();
  const std::vector<double> tried = strengths_of(data, params, objective, x);
  const double l1_ratio = params.number("l1_ratio");

  const int64_t chunks = (data.fold_rows(Fold::train) + chunk_rows - 1) / chunk_rows;
  if (chunks >= 2 * warm_chunks) {
    LinearObjective sample(data, shape, loss, pool, chunks / warm_chunks);
    fit(sample, loss, {tried[0] * sample.weights() / objective.weights(), l1_ratio}, warm_tolerance,
        steps_max, context.progress, x);
  }
  MetricsAsked scored;
  std::string metric_name = info.problem == Problem::regression ? "rmse" : "log_loss";
  if (asked && !asked->kind->metric.empty()) {
    metric_name = asked->kind->metric;
    scored = {{metric_name}, asked->scale};
  }
  const MetricKind& metric = Metrics::instance().get(metric_name, "metric");
  const Link link =
      loss.kind == LinearLoss::Kind::poisson ? Link::exponential : link_of(info.problem);
  const std::vector<double> means = training_means(data, shape, pool);
  std::unique_ptr<Model> best;
  double best_score = NAN;
  for (double value : tried) {
    fit(objective, loss, {value, l1_ratio}, tolerance, steps_max, context.progress, x);
    std::unique_ptr<Model> model = model_of(x, shape, objective, means, info, link);
    const double score =
        tried.size() == 1
            ? NAN
            : evaluate(*model, data, Fold::validate, context.threads, scored).at(metric.name);
    if (best != nullptr && !better(metric, score, best_score)) continue;
    best = std::move(model);
    best_score = score;
    context.learned["l2"] = value;
  }
  if (l1_ratio > 0) context.learned["weights"] = weights_kept(*best);
  if (info.problem != Problem::regression && separates(*best, data))
    context.learned["warnings"].push_back(
        "it tells the classes of all training rows apart without an error: either there are few "
        "rows for so many columns, or a column knows the target; its probabilities are as sure as "
        "the penalty lets them be");
  return best;
}

std::vector<ParamDoc> params_of_linear() {
  std::vector<ParamDoc> docs = {
      {"l2",
       "any",
       "Strength of the penalty that is added to the summed loss: l2 · (l1_ratio · Σ|w| + "
       "(1 − l1_ratio) / 2 · Σw²); the intercept is free. In scikit-learn's terms: alpha "
       "of Ridge, rows · alpha of Lasso, ElasticNet, QuantileRegressor and PoissonRegressor, 1 / C "
       "of "
       "LogisticRegression. "
       "`auto`: the best on validate of 100, 10, 1 and 0.1 (1 where there are more than a "
       "million training rows); with an l1_ratio, of 16 strengths from the least that "
       "leaves no weight down to a thousandth of it, or, below 1, to 0.1.",
       "auto",
       0,
       {},
       {"auto"}},
      {"l1_ratio",
       "number",
       "Share of the penalty on absolute weights, which makes weights exactly 0: 0 is "
       "ridge, 1 is lasso, between is elastic net. The report says how many weights remain.",
       0.0,
       0,
       1,
       {}},
      {"iterations",
       "integer",
       "At most so many steps; the way there takes some ten.",
       200,
       1,
       100000,
       {}}};
  for (ParamDoc& doc : loss_params({"squared", "quantile", "poisson"}))
    docs.push_back(std::move(doc));
  docs.push_back(class_weight_param());
  return docs;
}

// The median strength that was best.
nlohmann::json settled(const std::vector<nlohmann::json>& learned) {
  std::vector<double> strengths;
  for (const nlohmann::json& one : learned) strengths.push_back(one.at("l2").get<double>());
  std::sort(strengths.begin(), strengths.end());
  return {{"l2", strengths[strengths.size() / 2]}};
}

const RegisterLearner registration({
    .name = "linear",
    .version = 3,
    .text = "Ridge, lasso and elastic net of a number, a quantile of it or a count; logistic or "
            "softmax "
            "regression of two classes or more. Streams over the rows; categories count as one-hot "
            "columns.",
    .params = params_of_linear(),
    .check =
        [](const Params& params) {
          check_loss_params(params);
          check_class_weight(params);
        },
    .wants = {.scaled = true, .missing = false, .cyclic = true},
    .search = {{"l1_ratio", 0, 1}},
    .settled = settled,
    .train = train,
});

}  // namespace
}  // namespace gristmill
