// What a learner of numbers makes small, under one name whichever learner has it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/params.h"
#include "learn/metrics.h"
#include "model/link.h"
#include "tensor/dataset.h"

namespace gristmill {

struct LossKind {
  std::string_view name;
  Link link;
  std::string_view metric;  // that fits it: a model is chosen by it unless `metric` says another
  enum class Targets : uint8_t { any, not_negative, positive } targets;
  std::string_view lightgbm;  // its objective and metric there
  std::string_view text;
};

// As a model of a prediction names it.
struct Loss {
  const LossKind* kind;
  MetricScale scale;

  // By the parameters of a learner that has `loss`; null where none is named: the problem's own.
  static std::optional<Loss> of(const nlohmann::json& params);
  bool is(std::string_view name) const { return kind->name == name; }
};

// The parameters `loss`, `alpha` and `power` of a learner that has these losses.
std::vector<ParamDoc> loss_params(const std::vector<std::string>& losses);
// Code::invalid where one of them stands without the loss that reads it.
void check_loss_params(const Params& params);
// Code::invalid unless it is a problem of numbers.
void check_loss_problem(const Loss& loss, Problem problem);
// Code::invalid unless the targets are numbers that the loss takes.
void check_loss_targets(const Loss& loss, const Dataset& data);

// The least value whose weight of training targets up to it is `share` of all. Rows stream.
double target_quantile(const Dataset& data, double share);
// The best constant answer. Rows stream.
double best_constant(const Loss& loss, const Dataset& data);

}  // namespace gristmill
