// A search for parameters by ask and tell: what the user's own give, then points spread evenly over
// the ranges (additive recurrence: Roberts 2018, The Unreasonable Effectiveness of Quasirandom
// Sequences), then where good trials lie close and bad ones do not (tree-structured Parzen
// estimators: Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

// A number that a search may vary.
struct SearchRange {
  std::string name;
  double low, high;
  bool logarithmic = false, whole = false;

  nlohmann::json value(double place) const;  // place: in [0, 1]
  double place(double value) const;          // clamped to [0, 1]
};

class Search {
 public:
  // `start`: parameters of the first trial, of which the ranges' are looked at. The same ranges,
  // start, seed and scores give the same trials.
  Search(std::vector<SearchRange> ranges, int trials, const nlohmann::json& start, uint64_t seed);

  bool done() const { return int(losses_.size()) == trials_; }
  // The parameters of the next trial that differ from the start; the first: {}.
  nlohmann::json ask();
  // Of the trial asked for last: less is better, NaN is worse than any.
  void tell(double loss);

 private:
  using Point = std::vector<double>;  // by range

  double uniform();
  double normal();
  Point spread_evenly() const;
  Point promising();

  std::vector<SearchRange> ranges_;
  int trials_;
  std::mt19937_64 random_;
  std::vector<Point> points_;
  std::vector<double> losses_;
};

}  // namespace gristmill
