#include "learn/learner.h"
#include "learn/loss.h"
#include "learn/training_rows.h"
#include "model/linear.h"

namespace gristmill {
namespace {

std::unique_ptr<Model> train(const Dataset& data, const Params& params, TrainContext&) {
  check_training_rows(data);
  if (const std::optional<Loss> loss = Loss::of(params.json())) {
    check_loss_targets(*loss, data);
    return make_baseline({best_constant(*loss, data)}, Link::identity);
  }
  const DatasetRows rows = data.fold_slice(Fold::train);
  const int64_t outputs = outputs_of(data.info());
  std::vector<double> answer(size_t(outputs), 0);
  double weights = 0;
  for (int64_t i = 0; i < data.fold_rows(Fold::train); ++i) {
    const double w = rows.weight == nullptr ? 1 : rows.weight[i];
    weights += w;
    if (outputs == 1) {
      answer[0] += w * rows.target[i];
    } else {
      answer[size_t(rows.target[i])] += w;
    }
  }
  for (double& value : answer) value /= weights;
  return make_baseline(std::move(answer), link_of(data.info().problem));
}

const RegisterLearner registration({
    .name = "baseline",
    .version = 2,
    .text =
        "Always the same answer: the mean of the training rows, or the shares of their classes; "
        "where a model has a loss, the best constant by it, such as a quantile.",
    .params = loss_params({"squared", "mae", "quantile", "huber", "fair", "mape", "poisson",
                           "gamma", "tweedie"}),
    .check = check_loss_params,
    .wants = {},
    .train = train,
});

}  // namespace
}  // namespace gristmill
