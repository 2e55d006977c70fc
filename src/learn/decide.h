// How a yes or no is decided: from which probability on the answer is the positive class.
#pragma once

#include <nlohmann/json.hpp>

#include "learn/metrics.h"

namespace gristmill {

struct Decide {
  enum class By { threshold, cost, recall, precision };
  By by = By::threshold;
  double value = 0.5;                  // the threshold; the least recall or precision
  double missed = 1, false_alarm = 1;  // what each costs

  // {threshold: 0.3}, {cost: {missed: 10, false_alarm: 1}}, {recall: 0.8} or {precision: 0.9}.
  // Code::invalid.
  static Decide parse(const nlohmann::json& given);
  nlohmann::json json() const;  // as parse() takes it
};

// The threshold that does so on these rows: of the least cost; the highest whose recall suffices;
// the lowest whose precision does. It lies halfway between two probabilities that were met.
// O(n log n). Code::invalid: no threshold does.
double choose_threshold(const Decide& decide, const Scored& scored);

// {"recall", "precision", "positive": share of the rows answered so, and of a cost "cost": the mean
// of a row}; null where it is not defined.
nlohmann::json decision_scores(const Decide& decide, double threshold, const Scored& scored);

}  // namespace gristmill
