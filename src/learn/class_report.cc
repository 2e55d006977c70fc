#include "learn/class_report.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gristmill {
namespace {

using nlohmann::json;

constexpr size_t max_classes_shown = 50, max_pairs_shown = 10;
constexpr int64_t calibration_bins = 10;

json confusion(const Scored& s, const std::vector<std::string>& classes, double threshold) {
  std::map<std::pair<int, int>, int64_t> counts;  // of rows by truth and answer
  for (int64_t i = 0; i < s.rows; ++i)
    ++counts[{int(s.target[i]), answered_class(s, i, threshold)}];
  json out = {{"classes", classes}};
  if (classes.size() <= max_classes_shown) {
    out["rows"] = std::vector(classes.size(), std::vector<int64_t>(classes.size()));
    for (const auto& [pair, rows] : counts) out["rows"][pair.first][pair.second] = rows;
  }
  std::vector<std::pair<int64_t, std::pair<int, int>>> wrong;  // −rows first: sorts the most first
  for (const auto& [pair, rows] : counts) {
    if (pair.first != pair.second) wrong.push_back({-rows, pair});
  }
  std::sort(wrong.begin(), wrong.end());
  out["mixed_up"] = json::array();
  for (size_t i = 0; i < wrong.size() && i < max_pairs_shown; ++i) {
    const auto& [is, answered] = wrong[i].second;
    out["mixed_up"].push_back({{"is", classes[size_t(is)]},
                               {"answered", classes[size_t(answered)]},
                               {"rows", -wrong[i].first}});
  }
  return out;
}

// A probability that was given, and whether it came true.
struct Claim {
  double probability, weight;
  bool came_true;
};

std::vector<Claim> claims(const Scored& s) {
  std::vector<Claim> out;
  for (int64_t i = 0; i < s.rows; ++i) {
    const int says = s.outputs == 1 ? 1 : answered_class(s, i);
    const double probability = s.predicted[i * s.outputs + (s.outputs == 1 ? 0 : says)];
    out.push_back({probability, s.weight_of(i), s.target[i] == says});
  }
  return out;
}

struct Sums {
  int64_t rows = 0;
  double weight = 0, predicted = 0, observed = 0;
  void add(const Claim& claim) {
    ++rows;
    weight += claim.weight;
    predicted += claim.weight * claim.probability;
    observed += claim.came_true ? claim.weight : 0;
  }
};

json calibration(const Scored& s) {
  std::vector<Claim> rows = claims(s);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Claim& a, const Claim& b) { return a.probability < b.probability; });
  json bins = json::array();
  Sums all;
  double apart = 0;
  for (size_t at = 0; at < rows.size();) {
    const int64_t bin = int64_t(at) * calibration_bins / s.rows;
    Sums sums;
    for (; at < rows.size() && (int64_t(at) * calibration_bins / s.rows == bin ||
                                rows[at].probability == rows[at - 1].probability);
         ++at) {
      sums.add(rows[at]);
      all.add(rows[at]);
    }
    if (sums.weight <= 0) continue;
    apart += std::abs(sums.predicted - sums.observed);
    bins.push_back({{"rows", sums.rows},
                    {"predicted", sums.predicted / sums.weight},
                    {"observed", sums.observed / sums.weight}});
  }
  if (all.weight <= 0) return nullptr;
  return {{"bins", bins},
          {"error", apart / all.weight},
          {"predicted", all.predicted / all.weight},
          {"observed", all.observed / all.weight}};
}

}  // namespace

json class_report(const Scored& scored, const std::vector<std::string>& classes, double threshold) {
  const int64_t values = scored.rows * scored.outputs;
  if (scored.rows == 0 || std::any_of(scored.predicted, scored.predicted + values,
                                      [](double p) { return std::isnan(p); }))
    return json::object();
  return {{"confusion", confusion(scored, classes, threshold)},
          {"calibration", calibration(scored)}};
}

}  // namespace gristmill
