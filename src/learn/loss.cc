#include "learn/loss.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "learn/training_rows.h"

namespace gristmill {
namespace {

using Targets = LossKind::Targets;

constexpr LossKind losses[] = {
    {"squared", Link::identity, "", Targets::any, "objective=regression metric=l2",
     "squared errors: the mean"},
    {"mae", Link::identity, "mae", Targets::any, "objective=regression_l1 metric=l1",
     "absolute errors: the median"},
    {"quantile", Link::identity, "pinball", Targets::any, "objective=quantile metric=quantile",
     "the quantile `alpha`"},
    {"huber", Link::identity, "mae", Targets::any, "objective=huber metric=huber",
     "squared errors up to `alpha`, absolute ones beyond"},
    {"fair", Link::identity, "mae", Targets::any, "objective=fair metric=fair",
     "between squared and absolute errors, smooth"},
    {"mape", Link::identity, "mape", Targets::any, "objective=mape metric=mape",
     "absolute errors by the target's size"},
    {"poisson", Link::exponential, "poisson_deviance", Targets::not_negative,
     "objective=poisson metric=poisson", "counts: the logarithm of the mean is learned"},
    {"gamma", Link::exponential, "gamma_deviance", Targets::positive,
     "objective=gamma metric=gamma", "positive amounts, as unsure as they are large; logarithm"},
    {"tweedie", Link::exponential, "tweedie_deviance", Targets::not_negative,
     "objective=tweedie metric=tweedie", "amounts of which many are 0; logarithm"},
};

constexpr double huber_alpha = 0.9;  // as LightGBM's

// Doubles in their order, as whole numbers.
int64_t rank_of(double value) {
  const auto bits = std::bit_cast<int64_t>(value);
  return bits >= 0 ? bits : std::numeric_limits<int64_t>::min() - bits;
}
double of_rank(int64_t rank) {
  return std::bit_cast<double>(rank >= 0 ? rank : std::numeric_limits<int64_t>::min() - rank);
}

double weight_of(const DatasetRows& rows, int64_t i) {
  return rows.weight == nullptr ? 1 : rows.weight[i];
}

// By bisection over all doubles: some 64 passes over the targets, and no copy of them.
template <class Weight>
double weighted_quantile(const DatasetRows& rows, int64_t count, double share, Weight weight) {
  double total = 0;
  for (int64_t i = 0; i < count; ++i) total += weight(i);
  const auto [least, most] = std::minmax_element(rows.target, rows.target + count);
  int64_t low = rank_of(*least), high = rank_of(*most);
  while (low < high) {
    const int64_t middle = std::midpoint(low, high - 1);
    const double value = of_rank(middle);
    double below = 0;
    for (int64_t i = 0; i < count; ++i) below += rows.target[i] <= value ? weight(i) : 0;
    if (below >= share * total) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return of_rank(low);
}

}  // namespace

std::optional<Loss> Loss::of(const nlohmann::json& params) {
  if (!params.contains("loss")) return std::nullopt;
  const auto name = params.at("loss").get<std::string>();
  Loss loss;
  loss.kind = std::find_if(std::begin(losses), std::end(losses),
                           [&](const LossKind& kind) { return kind.name == name; });
  if (loss.is("huber")) loss.scale.alpha = huber_alpha;
  if (params.contains("alpha")) loss.scale.alpha = params.at("alpha").get<double>();
  if (params.contains("power")) loss.scale.power = params.at("power").get<double>();
  return loss;
}

std::vector<ParamDoc> loss_params(const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  std::vector<ParamDoc> docs;
  bool huber = false, tweedie = false;
  for (const LossKind& kind : losses) {
    if (std::find(names.begin(), names.end(), kind.name) == names.end()) continue;
    texts.push_back(fmt::format("`{}`: {}", kind.name, kind.text));
    huber = huber || kind.name == "huber";
    tweedie = tweedie || kind.name == "tweedie";
  }
  docs.push_back(
      {"loss",
       "string",
       fmt::format("Of numbers, what is made small. {}. Default: squared; of classes their "
                   "log loss, and none of these.",
                   fmt::join(texts, "; ")),
       {},
       {},
       {},
       names});
  docs.push_back(
      {"alpha",
       "number",
       std::string("Of `quantile`: which, 0.5 by default, and less than 1") +
           (huber ? "; of `huber`: from which error on its size counts, 0.9 by default." : "."),
       {},
       1e-9,
       {},
       {}});
  if (tweedie)
    docs.push_back({"power",
                    "number",
                    "Of `tweedie`: the variance grows with this power of the mean; more than 1 "
                    "(which is `poisson`) and less than 2 (`gamma`). 1.5 by default.",
                    {},
                    1.000001,
                    1.999999,
                    {}});
  return docs;
}

void check_loss_params(const Params& params) {
  const std::optional<Loss> loss = Loss::of(params.json());
  const auto refuse = [&](const char* name, const char* of) {
    throw Error(Code::invalid,
                fmt::format("`{}` is of the loss {}{}", name, of,
                            loss ? fmt::format(", not of {}", loss->kind->name) : ""),
                {}, fmt::format("add `loss: {}`, or leave `{}` out", of, name));
  };
  const bool quantile = loss && loss->is("quantile");
  if (params.has("alpha") && !quantile && !(loss && loss->is("huber"))) refuse("alpha", "quantile");
  if (params.has("power") && !(loss && loss->is("tweedie"))) refuse("power", "tweedie");
  if (quantile && loss->scale.alpha >= 1)
    throw Error(Code::invalid,
                fmt::format("`alpha` of a quantile must be less than 1, not {}", loss->scale.alpha),
                {}, "0.9 is the value that nine of ten targets do not exceed");
}

void check_loss_problem(const Loss& loss, Problem problem) {
  if (problem == Problem::regression) return;
  throw Error(Code::invalid,
              fmt::format("the loss {} is of numbers, and this is a {} problem", loss.kind->name,
                          name_of(problem)),
              {}, "leave `loss` out: classes have their log loss");
}

void check_loss_targets(const Loss& loss, const Dataset& data) {
  check_loss_problem(loss, data.info().problem);
  if (loss.kind->targets == Targets::any) return;
  const bool zero = loss.kind->targets == Targets::not_negative;
  for (Fold fold : {Fold::train, Fold::validate, Fold::test}) {
    const DatasetRows rows = data.fold_slice(fold);
    bool above = false;
    for (int64_t i = 0; i < data.fold_rows(fold); ++i) {
      if (rows.target[i] < 0 || (!zero && rows.target[i] == 0))
        throw Error(
            Code::invalid,
            fmt::format("the loss {} is of targets {}, and there is one of {:g}", loss.kind->name,
                        zero ? "of 0 and more" : "above 0", rows.target[i]),
            {}, "`drop` such rows, or choose another loss");
      above = above || rows.target[i] > 0;
    }
    if (fold == Fold::train && !above && data.fold_rows(fold) > 0)
      throw Error(Code::invalid,
                  fmt::format("all training targets are 0: the loss {} has no answer "
                              "to that",
                              loss.kind->name));
  }
}

double target_quantile(const Dataset& data, double share) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  return weighted_quantile(rows, data.fold_rows(Fold::train), share,
                           [&](int64_t i) { return weight_of(rows, i); });
}

double best_constant(const Loss& loss, const Dataset& data) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  const int64_t count = data.fold_rows(Fold::train);
  if (loss.is("quantile")) return target_quantile(data, loss.scale.alpha);
  if (loss.is("mae") || loss.is("huber") || loss.is("fair")) return target_quantile(data, 0.5);
  if (loss.is("mape"))  // as LightGBM has it, sizes below 1 count as 1
    return weighted_quantile(rows, count, 0.5, [&](int64_t i) {
      return weight_of(rows, i) / std::max(1.0, std::abs(rows.target[i]));
    });
  double sum = 0, weights = 0;
  for (int64_t i = 0; i < count; ++i) {
    sum += weight_of(rows, i) * rows.target[i];
    weights += weight_of(rows, i);
  }
  return sum / weights;
}

}  // namespace gristmill
