#include <algorithm>
#include <array>
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

// Four columns at a time: the compiler does not find it by itself.
typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));
constexpr size_t lanes = sizeof(Lanes) / sizeof(double);

using FourRows = std::array<const double*, 4>;

// to += Σ factor · row[k][at] · row[k], for the cells [begin, end), multiples of `lanes`: four rows
// in one pass over the sum.
void add_products(double* to, const FourRows& rows, double factor, size_t at, size_t begin,
                  size_t end) {
  double factors[4];
  for (size_t k = 0; k < 4; ++k) factors[k] = factor * rows[k][at];
  for (size_t i = begin; i < end; i += lanes) {
    auto part = [&](size_t k) { return factors[k] * *reinterpret_cast<const Lanes*>(rows[k] + i); };
    *reinterpret_cast<Lanes*>(to + i) += (part(0) + part(1)) + (part(2) + part(3));
  }
}

double dot(const double* a, const double* b, size_t size) {
  Lanes sums = {};
  size_t i = 0;
  for (; i + lanes <= size; i += lanes)
    sums += *reinterpret_cast<const Lanes*>(a + i) * *reinterpret_cast<const Lanes*>(b + i);
  double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

// Solves A x = b in place, by Cholesky's decomposition of a symmetric positive definite A of which
// the lower triangle is given, row-major. O(n³).
void solve(std::vector<double>& a, std::vector<double>& b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    double* row = &a[i * n];
    for (size_t j = 0; j < i; ++j) row[j] = (row[j] - dot(row, &a[j * n], j)) / a[j * n + j];
    row[i] = std::sqrt(std::max(row[i] - dot(row, row, i), 1e-12));
  }
  for (size_t i = 0; i < n; ++i) b[i] = (b[i] - dot(&a[i * n], b.data(), i)) / a[i * n + i];
  for (size_t i = n; i-- > 0;) {
    b[i] /= a[i * n + i];
    for (size_t k = 0; k < i; ++k) b[k] -= a[i * n + k] * b[i];
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

class Fitter {
 public:
  Fitter(const std::vector<double>& rows, size_t columns)
      : n_(columns),
        stride_((columns + lanes) / lanes * lanes),  // with a constant
        scaling_(Scaling::of(rows, columns)),
        all_rows_(rows.size() / columns),
        cells_((all_rows_.size() + 1) * stride_),
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
    std::iota(all_rows_.begin(), all_rows_.end(), 0);
    add_all_products(all_rows_, 1, gram_);
    order_.resize(n_);
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) {
      return unknown_rows_[size_t(a)].size() < unknown_rows_[size_t(b)].size();
    });
  }

  // Goes on from the cells of the time before.
  void settle(double ridge) {
    ridge_ = ridge;
    for (int turn = 0; turn < turns; ++turn) {
      double change = 0;
      for (const int64_t c : order_) {
        if (unknown_rows_[size_t(c)].empty()) continue;
        regress(size_t(c));
        change = std::max(change, refill(size_t(c)));
      }
      if (change < settled) break;
    }
  }

  State state() {
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
  size_t rows_count() const { return all_rows_.size(); }

  // Calls f with the rows four by four; a row of zeros fills up the last four.
  template <class F>
  void by_four(std::span<const size_t> rows, F f) const {
    for (size_t at = 0; at < rows.size(); at += 4) {
      FourRows four;
      for (size_t k = 0; k < 4; ++k)
        four[k] = &cells_[(at + k < rows.size() ? rows[at + k] : rows_count()) * stride_];
      f(four);
    }
  }

  // Adds `factor` times the products of each row's cells, by pair().
  void add_all_products(std::span<const size_t> rows, double factor,
                        std::vector<double>& gram) const {
    by_four(rows, [&](const FourRows& four) {
      for (size_t i = 0; i <= n_; ++i)
        add_products(&gram[i * stride_], four, factor, i, i / lanes * lanes, stride_);
    });
  }
  size_t pair(size_t i, size_t j) const { return std::min(i, j) * stride_ + std::max(i, j); }

  // Of column c on the others, over the rows in which it is known: their normal equations are those
  // of all rows without those of the others.
  void regress(size_t c) {
    std::vector<double> gram = gram_;
    add_all_products(unknown_rows_[c], -1, gram);
    auto from = [&](size_t i) { return i == c ? n_ : i; };  // the constant, in the place of c
    const double known = double(rows_count() - unknown_rows_[c].size());
    std::vector<double> a(n_ * n_), b(n_);
    for (size_t i = 0; i < n_; ++i) {
      for (size_t j = 0; j <= i; ++j) a[i * n_ + j] = gram[pair(from(i), from(j))];
      a[i * n_ + i] += i == c ? 1e-9 : ridge_ * known + 1e-9;
      b[i] = gram[pair(from(i), c)];
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
      const double value = std::clamp(dot(row, weights, n_) + weights[n_],
                                      (low_[c] - mean) / deviation, (high_[c] - mean) / deviation);
      change = std::max(change, std::abs(std::exchange(row[c], value) - value));
    }
    std::vector<double> products(stride_);
    by_four(all_rows_,
            [&](const FourRows& four) { add_products(products.data(), four, 1, c, 0, stride_); });
    for (size_t i = 0; i <= n_; ++i) gram_[pair(i, c)] = products[i];
    return change;
  }

  size_t n_, stride_;
  double ridge_ = 0;
  Scaling scaling_;
  std::vector<size_t> all_rows_;
  std::vector<double> cells_;  // row-major, scaled; unknown ones hold the last answer; then a 1
  std::vector<double> gram_;   // products of columns, summed over all rows: by pair()
  std::vector<std::vector<size_t>> unknown_rows_;  // of each column
  std::vector<double> low_, high_;
  std::vector<int64_t> order_;
  std::vector<double> weights_;
};

// For each ridge the sum of squares of what is wrong with a tenth of the known cells when they are
// hidden from fitting, then filled as those of other rows. One ridge goes on where the greater one
// before it ended.
void add_hidden_errors(const std::vector<double>& rows, size_t columns, uint64_t tenth,
                       std::vector<double>& errors) {
  std::vector<double> hidden = rows;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (hash_number(int64_t(i)) % 10 == tenth) hidden[i] = NAN;
  }
  const Scaling scaling = Scaling::of(rows, columns);
  Fitter fitter(hidden, columns);
  std::vector<double> work(2 * columns), row(columns);
  for (size_t k = std::size(ridges); k-- > 0;) {
    fitter.settle(ridges[k]);
    const Chained filler(fitter.state());
    for (size_t at = 0; at < rows.size(); at += columns) {
      std::copy_n(&hidden[at], columns, row.begin());
      filler.fill(row.data(), work.data());
      for (size_t c = 0; c < columns; ++c) {
        if (std::isnan(rows[at + c])) continue;
        const double error = (row[c] - rows[at + c]) / scaling.deviation[c];
        errors[k] += error * error;
      }
    }
  }
}

double best_ridge(const std::vector<double>& rows, size_t columns) {
  constexpr size_t rows_to_choose = 2048;
  const std::vector<double> some(
      rows.begin(), rows.begin() + int64_t(std::min(rows.size(), rows_to_choose * columns)));
  std::vector<double> errors(std::size(ridges));
  for (const uint64_t tenth : {0, 1, 2}) add_hidden_errors(some, columns, tenth, errors);
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
  Fitter fitter(rows, columns);
  fitter.settle(best_ridge(rows, columns));
  return std::make_unique<Chained>(fitter.state());
}

std::unique_ptr<RowFiller> ChainedRegressions::load(const State& state) {
  return std::make_unique<Chained>(state);
}

}  // namespace gristmill
