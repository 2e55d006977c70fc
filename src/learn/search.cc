#include "learn/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>

#include <fmt/format.h>

namespace gristmill {
namespace {

constexpr double good_share = 0.25;
constexpr int candidates = 24;   // drawn, of which the most promising is tried
constexpr double widest = 0.35;  // the deviation of a trial's kernel where there is one trial

// The density of trials at a place: a kernel on each, and one that is flat over all places.
class Density {
 public:
  explicit Density(std::vector<double> centers)
      : centers_(std::move(centers)),
        deviation_(widest * std::pow(double(centers_.size()), -0.2)) {}

  double at(double place) const {
    double sum = 1;
    for (const double center : centers_) {
      const double away = (place - center) / deviation_;
      sum += std::exp(-away * away / 2) / (deviation_ * std::sqrt(2 * std::numbers::pi));
    }
    return sum / double(centers_.size() + 1);
  }
  // `choice` in [0, 1) chooses the kernel.
  double draw(double choice, double uniform, double normal) const {
    const auto kernel = size_t(choice * double(centers_.size() + 1));
    if (kernel >= centers_.size()) return uniform;
    double place = std::abs(centers_[kernel] + deviation_ * normal);  // bounds are mirrors
    if (place > 1) place = 2 - place;
    return place >= 0 && place <= 1 ? place : uniform;
  }

 private:
  std::vector<double> centers_;
  double deviation_;
};

// The root of x^(d + 1) = x + 1 that is above 1: the golden ratio where d is 1.
double generalised_golden_ratio(size_t dimensions) {
  double x = 2;
  for (int i = 0; i < 64; ++i) x = std::pow(1 + x, 1.0 / double(dimensions + 1));
  return x;
}

}  // namespace

nlohmann::json SearchRange::value(double place) const {
  const double value = logarithmic ? low * std::pow(high / low, place) : low + (high - low) * place;
  if (whole) return std::llround(value);
  // Three digits tell all that a search can tell, and a user can write them down.
  return std::clamp(std::stod(fmt::format("{:.3g}", value)), low, high);
}

double SearchRange::place(double value) const {
  const double at = logarithmic ? std::log(std::max(value, low) / low) / std::log(high / low)
                                : (value - low) / (high - low);
  return std::clamp(at, 0.0, 1.0);
}

Search::Search(std::vector<SearchRange> ranges, int trials, const nlohmann::json& start,
               uint64_t seed)
    : ranges_(std::move(ranges)), trials_(ranges_.empty() ? 1 : trials), random_(seed) {
  Point& first = points_.emplace_back();
  for (const SearchRange& range : ranges_) {
    const auto given = start.find(range.name);
    first.push_back(given != start.end() && given->is_number() ? range.place(given->get<double>())
                                                               : 0.5);
  }
}

double Search::uniform() { return std::ldexp(double(random_() >> 11), -53); }

// Box and Muller 1958.
double Search::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

Search::Point Search::spread_evenly() const {
  const double ratio = generalised_golden_ratio(ranges_.size());
  Point point;
  for (size_t d = 0; d < ranges_.size(); ++d) {
    const double step = std::pow(1 / ratio, double(d + 1)) * double(points_.size());
    point.push_back(std::fmod(0.5 + step, 1.0));
  }
  return point;
}

Search::Point Search::promising() {
  std::vector<size_t> order(losses_.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return losses_[a] < losses_[b]; });
  const auto good = size_t(std::ceil(good_share * double(order.size())));
  std::vector<Density> near_good, near_bad;
  for (size_t d = 0; d < ranges_.size(); ++d) {
    std::vector<double> of_good, of_bad;
    for (size_t i = 0; i < order.size(); ++i)
      (i < good ? of_good : of_bad).push_back(points_[order[i]][d]);
    near_good.emplace_back(std::move(of_good));
    near_bad.emplace_back(std::move(of_bad));
  }
  Point best;
  double best_gain = -std::numeric_limits<double>::infinity();
  for (int c = 0; c < candidates; ++c) {
    Point point;
    double gain = 0;
    for (size_t d = 0; d < ranges_.size(); ++d) {
      const double choice = uniform(), flat = uniform(), bell = normal();
      point.push_back(near_good[d].draw(choice, flat, bell));
      gain += std::log(near_good[d].at(point[d]) / near_bad[d].at(point[d]));
    }
    if (gain <= best_gain) continue;
    best_gain = gain;
    best = std::move(point);
  }
  return best;
}

nlohmann::json Search::ask() {
  nlohmann::json params = nlohmann::json::object();
  if (losses_.empty()) return params;
  if (points_.size() == losses_.size())
    points_.push_back(2 * int(losses_.size()) <= trials_ ? spread_evenly() : promising());
  for (size_t d = 0; d < ranges_.size(); ++d)
    params[ranges_[d].name] = ranges_[d].value(points_.back()[d]);
  return params;
}

void Search::tell(double loss) {
  losses_.push_back(std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity());
}

}  // namespace gristmill
