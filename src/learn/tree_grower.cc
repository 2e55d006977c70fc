#include "learn/tree_grower.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/progress.h"
#include "learn/training_rows.h"
#include "model/linear.h"

namespace gristmill {
namespace {

constexpr int64_t sample_rows = 200'000;  // that thresholds are chosen from
constexpr size_t cuts_max = 254;          // of a number, and one at infinity
constexpr uint8_t missing_bin = 255;
constexpr double gain_min = 1e-9;  // of the whole error: less is rounding

// Rows, weights and sums of targets.
struct Sums {
  explicit Sums(size_t outputs = 0) : of(outputs, 0) {}
  int64_t rows = 0;
  double weight = 0;
  std::vector<double> of;

  void add(const Sums& other, double sign = 1) {
    rows += int64_t(sign) * other.rows;
    weight += sign * other.weight;
    for (size_t k = 0; k < of.size(); ++k) of[k] += sign * other.of[k];
  }
  // What a common answer explains of the sum of squares.
  double explained() const {
    double sum = 0;
    for (double s : of) sum += s * s;
    return weight > 0 ? sum / weight : 0;
  }
};

struct Split {
  double gain = 0;
  int32_t feature = -1;
  size_t bin = 0;  // a number's last on the left
  bool missing_left = false;
  std::vector<bool> left_levels;
};

class Grower {
 public:
  Grower(const Dataset& data, const TreeLimits& limits)
      : limits_(limits),
        layout_(data.info().layout),
        levels_(level_offsets(layout_)),
        rows_(data.fold_slice(Fold::train)),
        count_(data.fold_rows(Fold::train)),
        outputs_(size_t(outputs_of(data.info()))),
        classes_(data.info().problem != Problem::regression),
        order_(size_t(count_)) {
    std::iota(order_.begin(), order_.end(), int64_t(0));
    bin_floats();
    if (outputs_ == 1) {  // around the mean, so that squares do not cancel
      const Sums all = sums_of(0, count_);
      center_ = all.of[0] / all.weight;
    }
  }

  GrownTree run() {
    const Sums all = sums_of(0, count_);
    double squares = 0;
    for (int64_t i = 0; i < count_; ++i) {
      const double y = outputs_ == 1 ? rows_.target[i] - center_ : 1;
      squares += weight(i) * y * y;
    }
    gain_least_ = gain_min * (squares - all.explained());
    grow(0, count_, 0, all);
    return std::move(tree_);
  }

 private:
  double weight(int64_t i) const { return rows_.weight == nullptr ? 1 : rows_.weight[i]; }
  float number(int64_t i, int64_t j) const {
    return rows_.features.floats[i * rows_.features.float_stride + j];
  }
  int32_t code(int64_t i, int64_t c) const {
    return rows_.features.codes[i * rows_.features.code_stride + c];
  }

  void add_row(int64_t i, Sums& to) const {
    const double w = weight(i);
    ++to.rows;
    to.weight += w;
    if (outputs_ == 1) {
      to.of[0] += w * (rows_.target[i] - center_);
    } else {
      to.of[size_t(rows_.target[i])] += w;
    }
  }

  Sums sums_of(int64_t begin, int64_t end) const {
    Sums sums(outputs_);
    for (int64_t r = begin; r < end; ++r) add_row(order_[size_t(r)], sums);
    return sums;
  }

  // Thresholds lie halfway between values that evenly spaced rows have, or between quantiles.
  void bin_floats() {
    cuts_.resize(size_t(layout_.floats));
    bins_.resize(size_t(layout_.floats * count_));
    const int64_t taken = std::min(count_, sample_rows);
    for (int64_t j = 0; j < layout_.floats; ++j) {
      std::vector<double> values;
      for (int64_t s = 0; s < taken; ++s) {
        const float value = number(int64_t(double(s) * double(count_) / double(taken)), j);
        if (std::isfinite(value)) values.push_back(value);
      }
      std::sort(values.begin(), values.end());
      std::vector<double> distinct = values;
      distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
      std::vector<double>& cuts = cuts_[size_t(j)];
      const size_t steps = std::min(cuts_max + 1, distinct.size());
      for (size_t s = 1; s < steps; ++s) {
        // The value below the cut: each distinct one, or each quantile.
        const double below =
            distinct.size() <= cuts_max + 1 ? distinct[s - 1] : values[s * values.size() / steps];
        const auto above = std::upper_bound(distinct.begin(), distinct.end(), below);
        if (above == distinct.end()) continue;
        const double cut = below + (*above - below) / 2;
        if (cuts.empty() || cut > cuts.back()) cuts.push_back(cut);
      }
      cuts.push_back(INFINITY);  // what is there from what is missing
      check_interrupted();
      for (int64_t i = 0; i < count_; ++i) {
        const float value = number(i, j);
        bins_[size_t(j * count_ + i)] =
            std::isnan(value)
                ? missing_bin
                : uint8_t(std::lower_bound(cuts.begin(), cuts.end(), double(value)) - cuts.begin());
      }
    }
  }

  void consider(const Sums& left, const Sums& all, Split&& split, Split& best) const {
    Sums right = all;
    right.add(left, -1);
    if (std::min(left.rows, right.rows) < std::max<int64_t>(limits_.min_rows, 1)) return;
    if (!(left.weight > 0) || !(right.weight > 0)) return;
    split.gain = left.explained() + right.explained() - all.explained();
    if (split.gain > best.gain) best = std::move(split);
  }

  void try_number(int64_t j, int64_t begin, int64_t end, const Sums& all, Split& best) const {
    std::vector<Sums> bins(256, Sums(outputs_));
    for (int64_t r = begin; r < end; ++r)
      add_row(order_[size_t(r)], bins[bins_[size_t(j * count_ + order_[size_t(r)])]]);
    const Sums& missing = bins[missing_bin];
    for (const bool missing_left : {false, true}) {
      if (missing_left && missing.rows == 0) continue;
      Sums left(outputs_);
      if (missing_left) left.add(missing);
      for (size_t bin = 0; bin < cuts_[size_t(j)].size(); ++bin) {
        left.add(bins[bin]);
        // What training never missed goes with the most rows.
        const bool side = missing.rows > 0 ? missing_left : 2 * left.rows >= all.rows;
        consider(left, all, {0, int32_t(j), bin, side, {}}, best);
      }
    }
  }

  // Levels in the order of their means: for one output no better set is left out (Fisher 1958); of
  // classes, by the share of the most frequent one.
  void try_category(int64_t c, int64_t begin, int64_t end, const Sums& all, Split& best) const {
    const auto levels = size_t(levels_[size_t(c) + 1] - levels_[size_t(c)]);
    std::vector<Sums> sums(levels, Sums(outputs_));
    for (int64_t r = begin; r < end; ++r)
      add_row(order_[size_t(r)], sums[size_t(code(order_[size_t(r)], c))]);
    const auto k = size_t(std::max_element(all.of.begin(), all.of.end()) - all.of.begin());
    std::vector<size_t> met;
    for (size_t l = 0; l < levels; ++l) {
      if (sums[l].weight > 0) met.push_back(l);
    }
    std::stable_sort(met.begin(), met.end(), [&](size_t a, size_t b) {
      return sums[a].of[k] / sums[a].weight < sums[b].of[k] / sums[b].weight;
    });
    Sums left(outputs_);
    std::vector<bool> left_levels(levels, false);
    for (size_t at = 0; at + 1 < met.size(); ++at) {
      left.add(sums[met[at]]);
      left_levels[met[at]] = true;
      consider(left, all, {0, int32_t(layout_.floats + c), 0, false, left_levels}, best);
    }
  }

  bool goes_left(int64_t i, const Split& split) const {
    if (split.feature >= layout_.floats)
      return split.left_levels[size_t(code(i, split.feature - layout_.floats))];
    const uint8_t bin = bins_[size_t(split.feature * count_ + i)];
    return bin == missing_bin ? split.missing_left : bin <= split.bin;
  }

  // Grows what stands at order_[begin, end); its number as a child.
  int32_t grow(int64_t begin, int64_t end, int64_t depth, const Sums& all) {
    Split best;
    best.gain = gain_least_;
    for (int64_t j = 0; depth < limits_.depth && j < layout_.floats; ++j) {
      check_interrupted();
      try_number(j, begin, end, all, best);
    }
    for (int64_t c = 0; depth < limits_.depth && c < layout_.codes; ++c)
      try_category(c, begin, end, all, best);
    if (best.feature < 0) return add_leaf(all);
    const auto at = tree_.nodes.size();
    const double threshold =
        best.feature < layout_.floats ? cuts_[size_t(best.feature)][best.bin] : 0;
    tree_.nodes.push_back(
        {best.feature, threshold, best.left_levels, best.missing_left, 0, 0, best.gain});
    const auto middle = std::stable_partition(order_.begin() + begin, order_.begin() + end,
                                              [&](int64_t i) { return goes_left(i, best); }) -
                        order_.begin();
    const int32_t left = grow(begin, middle, depth + 1, sums_of(begin, middle));
    const int32_t right = grow(middle, end, depth + 1, sums_of(middle, end));
    tree_.nodes[at].left = left;
    tree_.nodes[at].right = right;
    return int32_t(at);
  }

  int32_t add_leaf(const Sums& all) {
    GrownTree::Leaf leaf{all.of, all.weight, all.rows};
    for (double& value : leaf.mean) {
      value = value / all.weight + center_;
      if (classes_) value = std::clamp(value, 0.0, 1.0);  // but for rounding
    }
    tree_.leaves.push_back(std::move(leaf));
    return -int32_t(tree_.leaves.size());
  }

  const TreeLimits limits_;
  const FeatureLayout& layout_;
  const std::vector<int64_t> levels_;
  const DatasetRows rows_;
  const int64_t count_;
  const size_t outputs_;
  const bool classes_;
  std::vector<int64_t> order_;  // of the rows, a node's side by side
  std::vector<std::vector<double>> cuts_;
  std::vector<uint8_t> bins_;  // [floats][rows]
  double center_ = 0, gain_least_ = 0;
  GrownTree tree_;
};

}  // namespace

GrownTree grow_tree(const Dataset& data, const TreeLimits& limits) {
  return Grower(data, limits).run();
}

}  // namespace gristmill
