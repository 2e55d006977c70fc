#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "clean/row_filler.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int turns = 10;
// Of the rows, on columns of deviation 1.
constexpr double ridges[] = {1e-3, 3e-3, 1e-2, 3e-2, 1e-1};
constexpr double settled = 1e-3;      // a turn that changes no cell by more ends fitting
constexpr double row_settled = 1e-6;  // and filling a row

// Solves A x = b for a symmetric positive definite A, row-major, in place. O(n³).
void solve(std::vector<double>& a, std::vector<double>& b) {
  const size_t n = b.size();
  for (size_t j = 0; j < n; ++j) {
    double diagonal = a[j * n + j];
    for (size_t k = 0; k < j; ++k) diagonal -= a[j * n + k] * a[j * n + k];
    const double root = std::sqrt(std::max(diagonal, 1e-12));
    a[j * n + j] = root;
    for (size_t i = j + 1; i < n; ++i) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = sum / root;
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

class Chained : public RowFiller {
 public:
  // State: of n columns, `weights` f64[n][n + 1], column c's from all others (its own is 0) and a
  // constant, on scaled cells; `order` i64[n], in which columns take turns; `low`, `high`, `mean`,
  // `deviation` f64[n].
  explicit Chained(State state)
      : state_(std::move(state)),
        weights_(state_.get<double>("weights")),
        low_(state_.get<double>("low")),
        high_(state_.get<double>("high")),
        mean_(state_.get<double>("mean")),
        deviation_(state_.get<double>("deviation")),
        order_(state_.get<int64_t>("order")) {
    const size_t n = order_.size();
    if (n == 0 || weights_.size() != n * (n + 1) || low_.size() != n || high_.size() != n ||
        mean_.size() != n || deviation_.size() != n)
      throw Error(Code::corrupt, "the saved regressions of rule impute do not fit together");
    for (const int64_t column : order_) {
      if (column < 0 || column >= int64_t(n))
        throw Error(Code::corrupt, "the saved regressions of rule impute name no column");
    }
  }

  size_t columns() const override { return order_.size(); }

  size_t work_bytes() const override { return 2 * columns() * sizeof(double); }

  void fill(double* row, void* work) const override {
    const size_t n = columns();
    auto* scaled = static_cast<double*>(work);
    double* unknown = scaled + n;  // 1 or 0
    for (size_t c = 0; c < n; ++c) {
      unknown[c] = std::isnan(row[c]);
      scaled[c] = unknown[c] != 0 ? 0 : (row[c] - mean_[c]) / deviation_[c];
    }
    for (int turn = 0; turn < turns; ++turn) {
      double change = 0;
      for (const int64_t c : order_) {
        if (unknown[c] == 0) continue;
        const double before = std::exchange(scaled[c], answer(size_t(c), scaled));
        change = std::max(change, std::abs(scaled[c] - before));
      }
      if (change < row_settled) break;
    }
    for (size_t c = 0; c < n; ++c) {
      if (unknown[c] != 0)
        row[c] =
            std::clamp(mean_[c] + deviation_[c] * scaled[c], low_[c], std::max(low_[c], high_[c]));
    }
  }

  State save() const override { return state_; }

 private:
  double answer(size_t c, const double* scaled) const {
    const size_t n = columns();
    const double* weights = weights_.data() + c * (n + 1);
    const double value = std::inner_product(scaled, scaled + n, weights, weights[n]);
    return std::isfinite(value) ? value : 0;
  }

  State state_;  // keeps the bytes alive
  std::span<const double> weights_, low_, high_, mean_, deviation_;
  std::span<const int64_t> order_;
};

// Four columns at a time: the compiler does not find it by itself.
typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));
constexpr size_t lanes = sizeof(Lanes) / sizeof(double);

// to += factor · from, for `size` cells, a multiple of `lanes`.
void add_times(double* to, double factor, const double* from, size_t size) {
  for (size_t i = 0; i < size; i += lanes)
    *reinterpret_cast<Lanes*>(to + i) += factor * *reinterpret_cast<const Lanes*>(from + i);
}

class Fitter {
 public:
  Fitter(const std::vector<double>& rows, size_t columns, double ridge)
      : n_(columns),
        stride_((columns + lanes) / lanes * lanes),  // with a constant
        ridge_(ridge),
        scaling_(Scaling::of(rows, columns)),
        cells_(rows.size() / columns * stride_),
        gram_(stride_ * stride_),
        unknown_rows_(columns),
        low_(columns, std::numeric_limits<double>::infinity()),
        high_(columns, -std::numeric_limits<double>::infinity()),
        weights_(columns * (columns + 1), 0) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t c = i % n_, r = i / n_;
      cells_[r * stride_ + n_] = 1;
      if (std::isnan(rows[i])) {
        unknown_rows_[c].push_back(r);
        continue;
      }
      cells_[r * stride_ + c] = (rows[i] - scaling_.mean[c]) / scaling_.deviation[c];
      low_[c] = std::min(low_[c], rows[i]);
      high_[c] = std::max(high_[c], rows[i]);
    }
    for (size_t r = 0; r < rows_count(); ++r) add_products(r, 1, gram_);
    order_.resize(n_);
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) {
      return unknown_rows_[size_t(a)].size() < unknown_rows_[size_t(b)].size();
    });
  }

  State run() {
    for (int turn = 0; turn < turns; ++turn) {
      double change = 0;
      for (const int64_t c : order_) {
        if (unknown_rows_[size_t(c)].empty()) continue;
        regress(size_t(c));
        change = std::max(change, refill(size_t(c)));
      }
      if (change < settled) break;
    }
    for (size_t c = 0; c < n_; ++c) regress(c);
    State state;
    state.put("weights", weights_, {int64_t(n_), int64_t(n_ + 1)});
    state.put("low", low_);
    state.put("high", high_);
    state.put("mean", scaling_.mean);
    state.put("deviation", scaling_.deviation);
    state.put("order", order_);
    return state;
  }

 private:
  size_t rows_count() const { return cells_.size() / stride_; }

  // Adds `factor` times the products of the cells of row r, by pairs.
  void add_products(size_t r, double factor, std::vector<double>& gram) const {
    const double* row = &cells_[r * stride_];
    for (size_t i = 0; i <= n_; ++i) add_times(&gram[i * stride_], factor * row[i], row, stride_);
  }

  // Of column c on the others, over the rows in which it is known: their normal equations are those
  // of all rows without those of the others.
  void regress(size_t c) {
    std::vector<double> gram = gram_;
    for (const size_t r : unknown_rows_[c]) add_products(r, -1, gram);
    auto from = [&](size_t i) { return i == c ? n_ : i; };  // the constant, in the place of c
    const double known = double(rows_count() - unknown_rows_[c].size());
    std::vector<double> a(n_ * n_), b(n_);
    for (size_t i = 0; i < n_; ++i) {
      for (size_t j = 0; j <= i; ++j) a[i * n_ + j] = gram[from(i) * stride_ + from(j)];
      a[i * n_ + i] += i == c ? 1e-9 : ridge_ * known + 1e-9;
      b[i] = gram[from(i) * stride_ + c];
    }
    solve(a, b);
    double* weights = &weights_[c * (n_ + 1)];
    std::copy(b.begin(), b.end(), weights);
    weights[n_] = std::exchange(weights[c], 0.0);
  }

  // The largest change of a cell.
  double refill(size_t c) {
    const double* weights = &weights_[c * (n_ + 1)];
    const double mean = scaling_.mean[c], deviation = scaling_.deviation[c];
    double change = 0;
    for (const size_t r : unknown_rows_[c]) {
      double* row = &cells_[r * stride_];
      const double value = std::clamp(std::inner_product(row, row + n_, weights, weights[n_]),
                                      (low_[c] - mean) / deviation, (high_[c] - mean) / deviation);
      change = std::max(change, std::abs(std::exchange(row[c], value) - value));
    }
    double* products = &gram_[c * stride_];
    std::fill_n(products, stride_, 0);
    for (size_t r = 0; r < rows_count(); ++r)
      add_times(products, cells_[r * stride_ + c], &cells_[r * stride_], stride_);
    for (size_t i = 0; i <= n_; ++i) gram_[i * stride_ + c] = products[i];
    return change;
  }

  size_t n_, stride_;
  double ridge_;
  Scaling scaling_;
  std::vector<double> cells_;  // row-major, scaled; unknown ones hold the last answer; then a 1
  std::vector<double> gram_;   // products of columns, summed over all rows
  std::vector<std::vector<size_t>> unknown_rows_;  // of each column
  std::vector<double> low_, high_;
  std::vector<int64_t> order_;
  std::vector<double> weights_;
};

// Sum of squares of what is wrong with a tenth of the known cells when they are hidden from
// fitting.
double hidden_error(const std::vector<double>& rows, size_t columns, double ridge, uint64_t tenth) {
  std::vector<double> hidden = rows;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (hash_number(int64_t(i)) % 10 == tenth) hidden[i] = NAN;
  }
  const Scaling scaling = Scaling::of(rows, columns);
  const Chained filler(Fitter(hidden, columns, ridge).run());
  std::vector<double> work(2 * columns);
  double sum = 0;
  for (size_t at = 0; at < rows.size(); at += columns) {
    filler.fill(&hidden[at], work.data());
    for (size_t c = 0; c < columns; ++c) {
      if (std::isnan(rows[at + c])) continue;
      const double error = (hidden[at + c] - rows[at + c]) / scaling.deviation[c];
      sum += error * error;
    }
  }
  return sum;
}

double best_ridge(const std::vector<double>& rows, size_t columns) {
  constexpr size_t rows_to_choose = 2048;
  const std::vector<double> some(
      rows.begin(), rows.begin() + int64_t(std::min(rows.size(), rows_to_choose * columns)));
  std::vector<double> errors;
  for (const double ridge : ridges) {
    errors.push_back(0);
    for (const uint64_t tenth : {0, 1, 2})
      errors.back() += hidden_error(some, columns, ridge, tenth);
  }
  // With more cells hidden than there will be, too large a penalty looks best: the least that is
  // about as good.
  const double bound = 1.02 * *std::min_element(errors.begin(), errors.end());
  const auto good =
      std::find_if(errors.begin(), errors.end(), [&](double error) { return error <= bound; });
  return good == errors.end() ? ridges[0] : ridges[good - errors.begin()];
}

}  // namespace

std::unique_ptr<RowFiller> ChainedRegressions::fit(const std::vector<double>& rows,
                                                   size_t columns) {
  return std::make_unique<Chained>(Fitter(rows, columns, best_ridge(rows, columns)).run());
}

std::unique_ptr<RowFiller> ChainedRegressions::load(const State& state) {
  return std::make_unique<Chained>(state);
}

}  // namespace gristmill
