// Gradient-boosted trees, trained by LightGBM (Ke et al. 2017), predicted by our own code.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "learn/class_weight.h"
#include "learn/learner.h"
#include "learn/lightgbm_data.h"
#include "learn/loss.h"
#include "learn/monotone.h"
#include "learn/training_rows.h"
#include "model/trees.h"

namespace gristmill {
namespace {

// A category of few rows fits their noise: more rows, more such categories.
double category_default(int64_t rows) { return std::clamp(double(rows) / 2000, 10.0, 100.0); }

double category_number(const Params& params, const std::string& name, int64_t rows) {
  return params.has(name) ? params.number(name) : category_default(rows);
}

std::string lightgbm_loss(const std::optional<Loss>& loss) {
  if (!loss) return " objective=regression metric=l2";
  std::string text = fmt::format(" {}", loss->kind->lightgbm);
  if (loss->is("quantile") || loss->is("huber"))
    text += fmt::format(" alpha={}", loss->scale.alpha);
  if (loss->is("tweedie")) text += fmt::format(" tweedie_variance_power={}", loss->scale.power);
  return text;
}

std::string parameters_of(const Dataset& data, const Params& params, const TrainContext& context) {
  const DatasetInfo& info = data.info();
  const int64_t rows = data.fold_rows(Fold::train);
  std::string text = fmt::format(
      "verbosity=-1 deterministic=true force_row_wise=true num_threads={} seed={} num_leaves={} "
      "learning_rate={} min_data_in_leaf={} "
      "lambda_l2={} feature_fraction={} bagging_fraction={} bagging_freq={} max_depth={} "
      "cat_smooth={} cat_l2={} min_data_per_group={} "
      "feature_pre_filter=false",
      ThreadPool(context.threads).size(), context.seed % 2147483647, params.integer("leaves"),
      params.number("learning_rate"), params.integer("min_rows"), params.number("l2"),
      params.number("feature_fraction"), params.number("row_fraction"),
      params.number("row_fraction") < 1 ? 1 : 0, params.integer("depth"),
      category_number(params, "category_smoothing", rows),
      category_number(params, "category_l2", rows), params.integer("category_min_rows"));
  switch (info.problem) {
    case Problem::regression:
      text += lightgbm_loss(Loss::of(params.json()));
      break;
    case Problem::binary:
      text += " objective=binary metric=binary_logloss";
      break;
    case Problem::multiclass:
      text += fmt::format(" objective=multiclass metric=multi_logloss num_class={}",
                          info.classes.size());
      break;
  }
  const std::vector<int> directions = monotone_directions(params["monotone"], info);
  if (!directions.empty())
    text += fmt::format(" monotone_constraints={}", fmt::join(directions, ","));
  std::vector<int64_t> categories;
  for (int64_t c = 0; c < info.layout.codes; ++c) categories.push_back(info.layout.floats + c);
  if (!categories.empty())
    text += fmt::format(" categorical_feature={}", fmt::join(categories, ","));
  return text;
}

// Adds trees until the loss on the validate rows has not fallen for `patience` rounds; returns the
// number that was best.
int grow(void* booster, const Params& params, Progress& progress) {
  const int64_t patience = params.integer("patience");
  int best = 0;
  double best_loss = INFINITY;
  for (int round = 1; round <= params.integer("trees"); ++round) {
    check_interrupted();
    int finished = 0;
    lightgbm_check(lightgbm().BoosterUpdateOneIter(booster, &finished));
    progress.advance(1);
    if (finished != 0) return best > 0 ? best : std::max(1, round - 1);
    if (patience == 0) continue;
    int count = 0;
    double loss = 0;
    lightgbm_check(lightgbm().BoosterGetEval(booster, 1, &count, &loss));
    if (loss < best_loss) {
      best_loss = loss;
      best = round;
    } else if (round - best >= patience) {
      break;
    }
  }
  if (patience == 0) return int(params.integer("trees"));
  if (best == 0)
    throw Error(Code::invalid, "the loss on the validate rows is never a number, to stop early by",
                {}, "do all of them have weight 0, or a target beyond the loss?");
  return best;
}

std::string model_text(void* booster, int trees) {
  int64_t size = 0;
  lightgbm_check(lightgbm().BoosterSaveModelToString(
      booster, 0, trees, C_API_FEATURE_IMPORTANCE_GAIN, 0, &size, nullptr));
  std::string text(size_t(size), '\0');
  lightgbm_check(lightgbm().BoosterSaveModelToString(
      booster, 0, trees, C_API_FEATURE_IMPORTANCE_GAIN, size, &size, text.data()));
  text.resize(size_t(size > 0 ? size - 1 : 0));
  return text;
}

// LightGBM counts rows in 32 bits, and early stopping needs rows to stop by.
void check_folds(const Dataset& data, const Params& params) {
  if (data.fold_rows(Fold::validate) == 0 && params.integer("patience") > 0) {
    throw Error(Code::invalid, "there are no validate rows to stop early by", {},
                "give `validate` in `split` a larger share");
  }
  if (params.number("row_fraction") * double(data.fold_rows(Fold::train)) < 1) {
    throw Error(Code::invalid, "`row_fraction` leaves no row to grow a tree on", {},
                fmt::format("there are {} training rows", data.fold_rows(Fold::train)));
  }
  if (data.info().layout.floats + data.info().layout.codes == 0) {
    throw Error(Code::invalid, "boosted trees have no feature to split on");
  }
  if (data.fold_rows(Fold::train) > INT32_MAX || data.fold_rows(Fold::validate) > INT32_MAX) {
    throw Error(Code::exhausted, "boosted trees train on at most 2,147,483,647 rows");
  }
}

std::unique_ptr<Model> train(const Dataset& unweighted, const Params& params,
                             TrainContext& context) {
  const std::shared_ptr<const Dataset> weighted = with_class_weights(unweighted, params);
  const Dataset& data = *weighted;
  check_training_rows(data);
  check_folds(data, params);
  if (const std::optional<Loss> loss = Loss::of(params.json())) check_loss_targets(*loss, data);
  // Its log is the process's own, not the user's: what matters comes back as errors.
  lightgbm().RegisterLogCallback([](const char*) {});
  const std::string parameters = parameters_of(data, params, context);
  const LightgbmDataset training = make_lightgbm_data(data, Fold::train, parameters, nullptr);
  LightgbmDataset validation;  // only early stopping asks for its loss
  if (params.integer("patience") > 0)
    validation = make_lightgbm_data(data, Fold::validate, parameters, training.get());
  void* handle = nullptr;
  lightgbm_check(lightgbm().BoosterCreate(training.get(), parameters.c_str(), &handle));
  const LightgbmBooster booster(handle);
  if (validation) lightgbm_check(lightgbm().BoosterAddValidData(booster.get(), validation.get()));
  const int trees = grow(booster.get(), params, context.progress);
  context.learned["trees"] = trees;
  return read_lightgbm(model_text(booster.get(), trees), data.info().layout);
}

std::vector<ParamDoc> params_of_trees() {
  std::vector<ParamDoc> docs = {
      {"trees", "integer", "At most so many rounds.", 300, 1, 100000, {}},
      {"patience",
       "integer",
       "Stop after so many rounds without a smaller loss on validate; 0: never.",
       30,
       0,
       100000,
       {}},
      {"leaves", "integer", "Leaves a tree.", 31, 2, 131072, {}},
      {"depth", "integer", "Depth of a tree; -1: no limit.", -1, -1, 1000, {}},
      {"learning_rate", "number", "How much of each tree is added.", 0.1, 1e-6, 1, {}},
      {"min_rows", "integer", "Rows a leaf must have.", 20, 0, 1000000000, {}},
      {"l2", "number", "L2 penalty on leaf values.", 5.0, 0, {}, {}},
      {"feature_fraction",
       "number",
       "Share of the features that each tree may use.",
       1.0,
       1e-6,
       1,
       {}},
      {"row_fraction", "number", "Share of the rows that each tree is grown on.", 1.0, 1e-6, 1, {}},
      {"category_smoothing",
       "number",
       "Rows that a category must have to count by itself. Default: a two-thousandth of the "
       "training rows, but 10 at least and 100 at most.",
       {},
       0,
       {},
       {}},
      {"category_l2",
       "number",
       "L2 penalty in splits by category. Default: as category_smoothing.",
       {},
       0,
       {},
       {}},
      {"category_min_rows",
       "integer",
       "Rows that a group of categories must have to be split off.",
       100,
       1,
       1000000000,
       {}}};
  for (ParamDoc& doc : loss_params(
           {"squared", "mae", "quantile", "huber", "fair", "mape", "poisson", "gamma", "tweedie"}))
    docs.push_back(std::move(doc));
  docs.push_back(class_weight_param());
  docs.push_back(monotone_param());
  return docs;
}

// As many as were best, at the median.
nlohmann::json settled(const std::vector<nlohmann::json>& learned) {
  std::vector<int64_t> trees;
  for (const nlohmann::json& one : learned) trees.push_back(one.at("trees").get<int64_t>());
  const auto median = trees.begin() + std::ptrdiff_t(trees.size() / 2);
  std::nth_element(trees.begin(), median, trees.end());
  return {{"trees", *median}, {"patience", 0}};
}

const RegisterLearner registration({
    .name = "boosted-trees",
    .version = 3,
    .text = "Gradient-boosted trees by LightGBM, categories as categories; stops when the loss on "
            "the validate rows no longer falls.",
    .params = params_of_trees(),
    .check =
        [](const Params& params) {
          check_loss_params(params);
          check_class_weight(params);
          check_monotone(params);
        },
    .wants = {.scaled = false, .missing = true, .cyclic = false},
    .search = {{"leaves", 7, 127, true, true},
               {"learning_rate", 0.05, 0.3, true},
               {"min_rows", 3, 200, true, true},
               {"l2", 0.01, 30, true},
               {"feature_fraction", 0.4, 1},
               {"row_fraction", 0.5, 1}},
    .settled = settled,
    // Bins take a byte a value; gradients, hessians, scores and the target four to eight bytes
    // each.
    .bytes_per_row = [](const FeatureLayout& layout) { return layout.floats + layout.codes + 32; },
    .train = train,
});

}  // namespace
}  // namespace gristmill
