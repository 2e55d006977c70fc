#include "learn/conformal.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

std::vector<double> errors_of(const Scored& scored) {
  std::vector<double> errors(size_t(scored.rows));
  for (int64_t i = 0; i < scored.rows; ++i)
    errors[size_t(i)] = std::abs(scored.target[i] - scored.predicted[i]);
  return errors;
}

}  // namespace

double conformal_margin(const Scored& scored, double level) {
  std::vector<double> errors = errors_of(scored);
  const auto rank = int64_t(std::ceil(double(scored.rows + 1) * level * (1 - 1e-12)));
  if (rank > scored.rows) {
    throw Error(Code::invalid,
                fmt::format("{} validate rows are too few for intervals of {:g} %", scored.rows,
                            100 * level),
                {}, "ask for less, or give `validate` in `split` a larger share");
  }
  const auto at = errors.begin() + std::max<int64_t>(rank, 1) - 1;
  std::nth_element(errors.begin(), at, errors.end());
  return *at;
}

double coverage(const Scored& scored, double margin) {
  const std::vector<double> errors = errors_of(scored);
  const auto held = std::count_if(errors.begin(), errors.end(),
                                  [margin](double error) { return error <= margin; });
  return double(held) / double(scored.rows);
}

}  // namespace gristmill
