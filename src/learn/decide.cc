#include "learn/decide.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "base/params.h"

namespace gristmill {
namespace {

using nlohmann::json;

const std::vector<ParamDoc>& ways() {
  static const std::vector<ParamDoc> docs = {
      {"threshold", "number", "The probability itself.", nullptr, 0, 1, {}},
      {"cost", "object", "What a missed one and a false alarm cost.", nullptr, {}, {}, {}},
      {"recall", "number", "The share of the positive rows to find.", nullptr, 1e-9, 1, {}},
      {"precision", "number", "The share of right ones among those found.", nullptr, 1e-9, 1, {}},
  };
  return docs;
}

// Weights answered positive, right and wrong.
struct Counts {
  double right = 0, wrong = 0;
  void add(const Scored& scored, int64_t row) {
    (scored.target[row] == 1 ? right : wrong) += scored.weight_of(row);
  }
};

Counts count_from(double threshold, const Scored& scored) {
  Counts counts;
  for (int64_t i = 0; i < scored.rows; ++i) {
    if (scored.predicted[i] >= threshold) counts.add(scored, i);
  }
  return counts;
}

double cost_of(const Decide& decide, const Counts& all, const Counts& found) {
  return decide.missed * (all.right - found.right) + decide.false_alarm * found.wrong;
}

double precision_of(const Counts& found) { return found.right / (found.right + found.wrong); }

// Where it takes `above` and leaves `below`.
double between(double below, double above) {
  const double middle = below + (above - below) / 2;
  return middle > below ? middle : above;
}

// Over all thresholds from the highest down: what is best of those seen so far.
class Chooser {
 public:
  Chooser(const Decide& decide, const Counts& all) : decide_(decide), all_(all) {}

  // False when no lower threshold can be better.
  bool offer(const Counts& found, double threshold) {
    switch (decide_.by) {
      case Decide::By::recall:
        if (found.right < decide_.value * all_.right * (1 - 1e-12)) return true;
        take(threshold, 0);
        return false;
      case Decide::By::precision:
        if (found.right > 0) highest_ = std::max(highest_, precision_of(found));
        if (found.right > 0 && precision_of(found) >= decide_.value) take(threshold, 0);
        return true;
      default:
        if (const double cost = cost_of(decide_, all_, found); cost < least_) take(threshold, cost);
        return true;
    }
  }

  double chosen() const {
    if (std::isnan(threshold_)) {
      throw Error(
          Code::invalid,
          fmt::format("no threshold has a precision of {} on the validate rows", decide_.value), {},
          fmt::format("the highest there is {:.3f}", highest_));
    }
    return threshold_;
  }

 private:
  void take(double threshold, double cost) {
    threshold_ = threshold;
    least_ = cost;
  }

  const Decide& decide_;
  const Counts& all_;
  double threshold_ = NAN, least_ = INFINITY, highest_ = 0;
};

}  // namespace

Decide Decide::parse(const nlohmann::json& given) {
  if (!given.is_object() || given.size() != 1)
    throw Error(Code::invalid, "`decide` is one of threshold, cost, recall and precision", {},
                "for example `decide: {recall: 0.8}`");
  const Params params(given, ways(), "decide");
  Decide decide;
  const std::string way = given.begin().key();
  if (way == "cost") {
    const Params costs(params["cost"],
                       {{"missed", "number", "", nullptr, 0, {}, {}},
                        {"false_alarm", "number", "", nullptr, 0, {}, {}}},
                       "decide: cost");
    decide.by = By::cost;
    decide.missed = costs.number("missed");
    decide.false_alarm = costs.number("false_alarm");
    if (!(decide.missed + decide.false_alarm < 1e100))
      throw Error(Code::invalid, "decide: the costs must be below 1e100");
    if (decide.missed + decide.false_alarm <= 0)
      throw Error(Code::invalid, "decide: one of the costs must be above 0");
    return decide;
  }
  decide.by = way == "recall" ? By::recall : way == "precision" ? By::precision : By::threshold;
  decide.value = params.number(way);
  return decide;
}

nlohmann::json Decide::json() const {
  switch (by) {
    case By::cost:
      return {{"cost", {{"missed", missed}, {"false_alarm", false_alarm}}}};
    case By::recall:
      return {{"recall", value}};
    case By::precision:
      return {{"precision", value}};
    default:
      return {{"threshold", value}};
  }
}

double choose_threshold(const Decide& decide, const Scored& scored) {
  if (decide.by == Decide::By::threshold) return decide.value;
  const Counts all = count_from(-INFINITY, scored);
  if (all.right <= 0)
    throw Error(Code::invalid,
                "no validate row is of the positive class, so nothing can be decided by them");
  std::vector<uint32_t> order(size_t(scored.rows));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return scored.predicted[a] > scored.predicted[b]; });
  const double highest = scored.predicted[order[0]];
  Chooser chooser(decide, all);
  Counts found;
  bool go_on = chooser.offer(found, highest < 1 ? between(highest, 1) : std::nextafter(1, 2));
  for (size_t i = 0; i < order.size() && go_on;) {
    const double p = scored.predicted[order[i]];
    for (; i < order.size() && scored.predicted[order[i]] == p; ++i) found.add(scored, order[i]);
    const bool last = i == order.size();
    go_on = chooser.offer(found, last ? 0 : between(scored.predicted[order[i]], p));
  }
  return chooser.chosen();
}

json decision_scores(const Decide& decide, double threshold, const Scored& scored) {
  const Counts all = count_from(-INFINITY, scored), found = count_from(threshold, scored);
  const auto share = [](double part, double whole) {
    return whole > 0 ? json(part / whole) : json();
  };
  const double rows = all.right + all.wrong;
  json out = {{"recall", share(found.right, all.right)},
              {"precision", share(found.right, found.right + found.wrong)},
              {"positive", share(found.right + found.wrong, rows)}};
  if (decide.by == Decide::By::cost) out["cost"] = share(cost_of(decide, all, found), rows);
  return out;
}

}  // namespace gristmill
