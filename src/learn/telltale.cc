#include "learn/telltale.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "learn/metrics.h"

namespace gristmill {
namespace {

constexpr int64_t max_rows = 20'000, max_cells = 4'000'000, least_rows = 100;
constexpr size_t bins = 64;
constexpr double suspect = 0.98, order_suspect = 0.9;  // AUC, R² of ranks, share of right answers
constexpr double of_the_rest = 0.25;                   // of what the best other column leaves open
constexpr double follows = 0.99;                       // correlation of ranks with the row order
constexpr double mostly_different = 0.9;
constexpr double common_class = 0.9;  // so common that right answers say little

using Codes = std::vector<int32_t>;  // of each row: its bin

// Rows by rising value, without those that are NaN.
std::vector<size_t> sorted_rows(const std::vector<double>& values) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) rows.push_back(i);
  }
  std::sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
    return values[a] < values[b] || (values[a] == values[b] && a < b);
  });
  return rows;
}

// Mean places of equal values, as shares of all; NaN stays.
std::vector<double> ranks(const std::vector<double>& values, const std::vector<size_t>& sorted) {
  std::vector<double> out(values.size(), NAN);
  for (size_t at = 0; at < sorted.size();) {
    size_t end = at;
    while (end < sorted.size() && values[sorted[end]] == values[sorted[at]]) ++end;
    for (size_t i = at; i < end; ++i)
      out[sorted[i]] = double(at + end - 1) / 2 / double(sorted.size());
    at = end;
  }
  return out;
}

// Bins of equally many rows; missing ones are in bin 0.
Codes binned(const std::vector<double>& ranked) {
  Codes out(ranked.size());
  for (size_t i = 0; i < ranked.size(); ++i)
    out[i] = std::isnan(ranked[i]) ? 0 : 1 + int32_t(ranked[i] * double(bins));
  return out;
}

// The training rows that are looked at, and how well bins of them tell the target.
class Judge {
 public:
  explicit Judge(const Dataset& data)
      : problem_(data.info().problem), classes_(std::max<size_t>(data.info().classes.size(), 2)) {
    const FeatureLayout& layout = data.info().layout;
    const int64_t columns = std::max<int64_t>(1, layout.floats + layout.codes);
    rows = evenly_spaced(data.fold_rows(Fold::train), std::min(max_rows, max_cells / columns));
    const double* all = data.fold_slice(Fold::train).target;
    for (const int64_t i : rows) target_.push_back(all[i]);
    if (problem_ == Problem::regression) target_ = ranks(target_, sorted_rows(target_));
  }

  std::vector<int64_t> rows;

  bool can_judge() const {
    if (int64_t(rows.size()) < least_rows) return false;
    if (problem_ != Problem::multiclass) return true;
    std::vector<double> counts(classes_);
    for (const double target : target_) ++counts[size_t(target)];
    return *std::max_element(counts.begin(), counts.end()) < common_class * double(target_.size());
  }

  double score(const Codes& codes) const {
    const auto width = size_t(*std::max_element(codes.begin(), codes.end())) + 1;
    return problem_ == Problem::multiclass ? share_right(codes, width) : by_means(codes, width);
  }

  std::string text(double score) const {
    const char* measure = problem_ == Problem::binary       ? "AUC"
                          : problem_ == Problem::regression ? "R² of ranks"
                                                            : "share of right answers";
    return fmt::format("{} {:.3f}", measure, score);
  }

 private:
  double by_means(const Codes& codes, size_t width) const {
    double sum = 0, count = 0;
    std::vector<double> sums(width), counts(width);
    for (size_t i = 0; i < codes.size(); i += 2) {
      sums[size_t(codes[i])] += target_[i];
      ++counts[size_t(codes[i])];
      sum += target_[i];
      ++count;
    }
    std::vector<double> truth, told;
    for (size_t i = 1; i < codes.size(); i += 2) {
      const auto bin = size_t(codes[i]);
      truth.push_back(target_[i]);
      told.push_back((sums[bin] + sum / count) / (counts[bin] + 1));
    }
    const MetricKind& metric =
        Metrics::instance().get(problem_ == Problem::binary ? "auc" : "r2", "metric");
    return metric.score({int64_t(truth.size()), truth.data(), nullptr, told.data(), 1});
  }

  double share_right(const Codes& codes, size_t width) const {
    std::map<std::pair<int32_t, int>, int64_t> counts;  // by bin and class
    for (size_t i = 0; i < codes.size(); i += 2) ++counts[{codes[i], int(target_[i])}];
    std::vector<std::pair<int64_t, int>> best(width, {0, -1});
    for (const auto& [at, count] : counts)
      best[size_t(at.first)] = std::max(best[size_t(at.first)], {count, at.second});
    double right = 0;
    for (size_t i = 1; i < codes.size(); i += 2)
      right += best[size_t(codes[i])].second == int(target_[i]);
    return right / double(codes.size() / 2);
  }

  Problem problem_;
  size_t classes_;
  std::vector<double> target_;
};

struct Told {
  double score = 0;      // of the best of its features
  bool follows = false;  // the order of rows, with mostly different numbers
};

bool follows_order(const std::vector<double>& values, const std::vector<size_t>& sorted,
                   const std::vector<double>& ranked) {
  if (sorted.size() < values.size()) return false;  // identifiers are not missing
  size_t different = 1;
  for (size_t at = 1; at < sorted.size(); ++at)
    different += values[sorted[at]] != values[sorted[at - 1]];
  if (double(different) < mostly_different * double(values.size())) return false;
  double product = 0, squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double place = double(i) / double(values.size()) - 0.5;
    product += place * (ranked[i] - 0.5);
    squares += place * place;
  }
  return std::abs(product) > follows * squares;
}

Told look_at(const Judge& judge, const DatasetRows& train, const FeatureLayout& layout, size_t s) {
  const TensorSpec& spec = layout.specs[s];
  Told told;
  Codes codes;
  if (spec.kind == TensorKind::code) {
    for (const int64_t i : judge.rows)
      codes.push_back(train.features.codes[i * train.features.code_stride + layout.at[s]]);
    told.score = judge.score(codes);
    return told;
  }
  std::vector<double> values(judge.rows.size());
  for (int64_t j = layout.at[s]; j < layout.at[s] + spec.width(); ++j) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = train.features.floats[judge.rows[i] * train.features.float_stride + j];
    const std::vector<size_t> sorted = sorted_rows(values);
    const std::vector<double> ranked = ranks(values, sorted);
    const double score = judge.score(binned(ranked));
    if (score > told.score) told.score = score;
    told.follows = told.follows || follows_order(values, sorted, ranked);
  }
  return told;
}

}  // namespace

std::vector<std::string> telltale_columns(const Dataset& data, bool ordered, int threads) {
  const Judge judge(data);
  std::vector<std::string> out;
  if (!judge.can_judge()) return out;
  const FeatureLayout& layout = data.info().layout;
  const DatasetRows train = data.fold_slice(Fold::train);
  std::vector<Told> of_spec(layout.specs.size());
  ThreadPool(threads).for_each(int64_t(of_spec.size()), [&](int64_t s) {
    of_spec[size_t(s)] = look_at(judge, train, layout, size_t(s));
  });
  std::map<std::string, Told> columns;
  for (size_t s = 0; s < of_spec.size(); ++s) {
    Told& told = columns[layout.specs[s].source];
    told.score = std::max(told.score, of_spec[s].score);
    told.follows = told.follows || of_spec[s].follows;
  }
  double rest = 0;
  for (const auto& [name, told] : columns) {
    if (told.score < suspect) rest = std::max(rest, told.score);
  }
  for (const auto& [name, told] : columns) {
    if (told.score < suspect || 1 - told.score > of_the_rest * (1 - rest)) continue;
    out.push_back(
        fmt::format("{} alone tells the target ({} on training rows; of the others the best: "
                    "{:.3f}): if it is not "
                    "known when a prediction is asked for, name it in `exclude`",
                    name, judge.text(told.score), rest));
  }
  if (ordered) return out;
  std::vector<double> places(judge.rows.size());
  std::iota(places.begin(), places.end(), 0.5);
  for (double& place : places) place /= double(places.size());
  const double by_order = judge.score(binned(places));
  if (by_order < order_suspect) return out;
  for (const auto& [name, told] : columns) {
    if (!told.follows || told.score >= suspect) continue;
    out.push_back(
        fmt::format("the order of the rows tells the target ({}), and {} follows it as an "
                    "identifier does: name it in "
                    "`exclude`, or split by time if it tells one",
                    judge.text(by_order), name));
  }
  return out;
}

}  // namespace gristmill
