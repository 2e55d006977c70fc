#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "clean/row_filler.h"

namespace gristmill {
namespace {

// Eight rows at a time: the compiler does not find it by itself.
typedef float Lanes __attribute__((vector_size(32), aligned(4), may_alias));
constexpr size_t lanes = sizeof(Lanes) / sizeof(float);

Lanes& at(float* cells, size_t i) { return *reinterpret_cast<Lanes*>(cells + i); }
const Lanes& at(const float* cells, size_t i) { return *reinterpret_cast<const Lanes*>(cells + i); }

class Nearest : public RowFiller {
 public:
  // State: `cells` f64[columns][rows], not a number where unknown; `mean` and `deviation`
  // f64[columns]; `k` and `columns`.
  explicit Nearest(State state)
      : state_(std::move(state)),
        k_(state_.at<size_t>("k")),
        columns_(state_.at<size_t>("columns")),
        cells_(state_.get<double>("cells")),
        mean_(state_.get<double>("mean")),
        deviation_(state_.get<double>("deviation")) {
    if (columns_ == 0 || cells_.size() % columns_ != 0 || mean_.size() != columns_ ||
        deviation_.size() != columns_ || k_ == 0 || k_ > k_most)
      throw Error(Code::corrupt, "the saved neighbours of rule impute do not fit together");
    rows_ = cells_.size() / columns_;
    stride_ = (rows_ + lanes - 1) / lanes * lanes;
    values_.assign(columns_ * stride_, 0);
    known_.assign(columns_ * stride_, 0);
    whole_.assign(columns_, true);
    for (size_t i = 0; i < cells_.size(); ++i) {
      const size_t column = i / rows_, place = column * stride_ + i % rows_;
      if (std::isnan(cells_[i])) {
        whole_[column] = false;
        continue;
      }
      values_[place] = float((cells_[i] - mean_[column]) / deviation_[column]);
      known_[place] = 1;
    }
  }

  size_t columns() const override { return columns_; }

  size_t work_bytes() const override { return 2 * stride_ * sizeof(float); }

  void fill(double* row, void* work) const override {
    auto* distance = static_cast<float*>(work);
    if (!measure(row, distance, distance + stride_)) {
      for (size_t c = 0; c < columns_; ++c) row[c] = std::isnan(row[c]) ? mean_[c] : row[c];
      return;
    }
    // Most columns find enough among the nearest rows, whatever these know.
    Place near[near_most];
    const size_t found = nearest(distance, nullptr, near, 2 * k_ + 8);
    for (size_t c = 0; c < columns_; ++c) {
      if (std::isnan(row[c])) row[c] = mean_of_nearest(c, distance, near, found);
    }
  }

  State save() const override { return state_; }

 private:
  // Scaled distances to all rows; infinite where no column is known of both. False: all are.
  bool measure(const double* row, float* distance, float* shared) const {
    std::fill_n(distance, stride_, 0.0f);
    std::fill_n(shared, stride_, 0.0f);
    float everywhere = 0;
    bool partly = false;
    for (size_t c = 0; c < columns_; ++c) {
      if (std::isnan(row[c])) continue;
      const auto x = float((row[c] - mean_[c]) / deviation_[c]);
      const float* values = values_.data() + c * stride_;
      if (whole_[c]) {
        ++everywhere;
        for (size_t r = 0; r < stride_; r += lanes) {
          const Lanes difference = at(values, r) - x;
          at(distance, r) += difference * difference;
        }
        continue;
      }
      partly = true;
      const float* known = known_.data() + c * stride_;
      for (size_t r = 0; r < stride_; r += lanes) {
        const Lanes difference = at(values, r) - x;
        at(distance, r) += at(known, r) * difference * difference;
        at(shared, r) += at(known, r);
      }
    }
    if (!partly) return everywhere > 0;
    for (size_t r = 0; r < rows_; ++r) {
      const float count = everywhere + shared[r];
      distance[r] = count > 0 ? distance[r] / count : std::numeric_limits<float>::infinity();
    }
    return true;
  }

  using Place = std::pair<float, uint32_t>;  // distance and row

  // The `wanted` nearest rows, of those that `known` marks (null: all), in order; how many there
  // are. Of rows at one distance the earlier ones are nearer.
  size_t nearest(const float* distance, const float* known, Place* out, size_t wanted) const {
    size_t found = 0;
    float bound = std::numeric_limits<float>::infinity();
    for (size_t r = 0; r < rows_; ++r) {
      if (!(distance[r] < bound) || (known != nullptr && known[r] == 0)) continue;
      if (found == wanted) std::pop_heap(out, out + found--);
      out[found++] = {distance[r], uint32_t(r)};
      std::push_heap(out, out + found);
      if (found == wanted) bound = out[0].first;
    }
    std::sort(out, out + found);
    return found;
  }

  double mean_of_nearest(size_t c, const float* distance, const Place* near, size_t found) const {
    const float* known = known_.data() + c * stride_;
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < found && count < k_; ++i) {
      if (known[near[i].second] == 0) continue;
      sum += cells_[c * rows_ + near[i].second];
      ++count;
    }
    if (count == k_) return sum / double(count);
    Place own[k_most];
    const size_t all = nearest(distance, known, own, k_);
    sum = 0;
    for (size_t i = 0; i < all; ++i) sum += cells_[c * rows_ + own[i].second];
    return all == 0 ? mean_[c] : sum / double(all);
  }

  static constexpr size_t k_most = 100, near_most = 2 * k_most + 8;

  State state_;  // keeps the bytes alive
  size_t k_, columns_, rows_ = 0, stride_ = 0;
  std::span<const double> cells_, mean_, deviation_;
  std::vector<float> values_, known_;  // scaled, column-major; 0 and 0 where unknown
  std::vector<bool> whole_;            // columns that are known of every row
};

}  // namespace

std::unique_ptr<RowFiller> NearestRows::fit(const std::vector<double>& rows, size_t columns,
                                            int k) {
  const Scaling scaling = Scaling::of(rows, columns);
  const size_t count = rows.size() / columns;
  std::vector<double> cells(rows.size());
  for (size_t r = 0; r < count; ++r) {
    for (size_t c = 0; c < columns; ++c) cells[c * count + r] = rows[r * columns + c];
  }
  State state;
  state.json = {{"k", k}, {"columns", columns}};
  state.put("cells", std::move(cells));
  state.put("mean", scaling.mean);
  state.put("deviation", scaling.deviation);
  return std::make_unique<Nearest>(std::move(state));
}

std::unique_ptr<RowFiller> NearestRows::load(const State& state) {
  return std::make_unique<Nearest>(state);
}

}  // namespace gristmill
