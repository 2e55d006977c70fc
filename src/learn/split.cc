#include "learn/split.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "frame/cell.h"
#include "frame/span.h"
#include "learn/split_boundary.h"

namespace gristmill {
namespace {

constexpr size_t bins = 65536;  // of a hash's upper bits
constexpr int validate_fold = int(Fold::validate), test_fold = int(Fold::test);

// splitmix64's finaliser (Steele, Lea, Flood 2014): another seed gives another split of the same
// keys.
uint64_t mixed(uint64_t value, uint64_t seed) {
  uint64_t z = value + (seed + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// What a row's place in a random split goes by: another one in each repeat.
uint64_t dealt(uint64_t value, const SplitSpec& spec) {
  const uint64_t hash = mixed(value, spec.seed);
  const int repeat = spec.folds == 0 ? 0 : spec.number / spec.folds;
  return repeat == 0 ? hash : mixed(hash, uint64_t(repeat));
}

uint64_t threshold(double share) { return uint64_t(std::ldexp(share, 64)); }

std::string instant_text(int64_t micros) {
  ColumnBuffer one(Type::timestamp);
  one.append(micros);
  return cell_text(one.view(), 0);
}

// Sorted times → the first instant of the last `share` of them, never inside one instant.
int64_t instant_at(const std::vector<int64_t>& times, double rows_before) {
  const size_t at = std::min(times.size() - 1, size_t(std::max(0.0, std::round(rows_before))));
  return times[at];
}

}  // namespace

int Split::fold(int64_t value, int class_number) const {
  if (spec.number == SplitSpec::all_rows) return int(Fold::train);
  if (spec.by == SplitSpec::By::time) {
    if (value >= test_end) return -1;
    if (value >= test_from) return test_fold;
    if (value >= validate_from) return value >= test_from - gap ? -1 : validate_fold;
    return value >= validate_from - gap ? -1 : int(Fold::train);
  }
  const size_t c = std::min(size_t(std::max(class_number, 0)), part_from.size() - 1);
  const std::vector<uint64_t>& from = part_from[c];
  const auto part =
      int(std::upper_bound(from.begin(), from.end(), dealt(uint64_t(value), spec)) - from.begin());
  if (spec.folds == 0) return part == 0 ? test_fold : part == 1 ? validate_fold : int(Fold::train);
  const int test = spec.number % spec.folds;
  if (part == test) return test_fold;
  return part == (test + 1) % spec.folds ? validate_fold : int(Fold::train);
}

nlohmann::json Split::json() const {
  nlohmann::json out = spec.json();
  if (spec.by == SplitSpec::By::time && spec.number != SplitSpec::all_rows) {
    out["validate_from"] = instant_text(validate_from);
    out["test_from"] = instant_text(test_from);
    if (test_end != INT64_MAX) out["test_end"] = instant_text(test_end);
  }
  return out;
}

struct SplitFit::Impl {
  SplitSpec spec;
  Boundary validate, test;
  std::vector<int64_t> times;  // by time, where a boundary is a share of them
  int64_t rows = 0, first = INT64_MAX, last = INT64_MIN;  // by time
  // Stratified, or folds: rows by class and upper bits of the hash.
  std::vector<std::vector<int64_t>> histogram;

  explicit Impl(SplitSpec given)
      : spec(std::move(given)),
        validate(Boundary::parse(spec.validate, "`validate`")),
        test(Boundary::parse(spec.test, "`test`")) {}

  // Where the last `windows` windows of test rows begin.
  int64_t test_begins(int windows) const {
    if (test.share) return instant_at(times, double(rows) * (1 - windows * *test.share));
    const int64_t width = test.span ? *test.span : last + 1 - *test.instant;
    if (windows > 1 && width > (last - first) / windows) return first;  // nothing comes before
    return last + 1 - windows * width;
  }

  // The boundaries of the split of that number.
  Split window(int number) const {
    Split split;
    split.spec = spec;
    if (!spec.gap.empty()) split.gap = parse_span(spec.gap, "`gap`");
    split.test_from = test_begins(number + 1);
    if (number > 0) split.test_end = test_begins(number);
    const double before_test =
        double(std::lower_bound(times.begin(), times.end(), split.test_from) - times.begin());
    split.validate_from = validate.instant ? *validate.instant
                          : validate.span
                              ? split.test_from - *validate.span
                              : instant_at(times, before_test - double(rows) * *validate.share);
    return split;
  }

  Split by_time() {
    if (rows == 0) throw Error(Code::invalid, "no row is left to be split");
    std::sort(times.begin(), times.end());
    const Split earliest = window(std::max(spec.folds, 1) - 1);
    if (spec.folds > 0 && earliest.validate_from - earliest.gap <= first) {
      throw Error(
          Code::invalid,
          fmt::format("nothing comes before the first of {} folds to train on: its validate "
                      "rows would begin at {}, and the first row is of {}",
                      spec.folds, instant_text(earliest.validate_from), instant_text(first)),
          {}, "ask for fewer `folds`, or a shorter `test` or `validate`");
    }
    Split split = window(std::max(spec.number, 0));
    if (split.validate_from >= split.test_from) {
      throw Error(
          Code::invalid,
          fmt::format("the validate rows would begin at {}, not before the test rows at {}",
                      instant_text(split.validate_from), instant_text(split.test_from)),
          {},
          fmt::format("the times lie between {} and {}", instant_text(first), instant_text(last)));
    }
    return split;
  }

  // The hash below which `rows` of a class lie, to within one bin.
  static uint64_t hash_at(const std::vector<int64_t>& counts, double rows) {
    double seen = 0;
    for (size_t bin = 0; bin < bins; ++bin) {
      const double next = seen + double(counts[bin]);
      if (next > rows) {
        const double part = counts[bin] == 0 ? 0 : (rows - seen) / double(counts[bin]);
        return (uint64_t(bin) << 48) + uint64_t(part * std::ldexp(1.0, 48));
      }
      seen = next;
    }
    return ~uint64_t(0);
  }

  // How far each part but the last reaches, as a share of all rows.
  std::vector<double> part_ends() const {
    std::vector<double> ends;
    if (spec.folds == 0) {
      ends = {*test.share, *test.share + *validate.share};
      if (ends[1] >= 1)
        throw Error(Code::invalid, "`validate` and `test` leave nothing to train on");
    }
    for (int fold = 1; fold < spec.folds; ++fold) ends.push_back(double(fold) / spec.folds);
    return ends;
  }

  // Shares of all rows do not depend on the rows: a row keeps its side when others come. Folds are
  // equal parts of these rows.
  Split by_hash() const {
    const std::vector<double> ends = part_ends();
    Split split;
    split.spec = spec;
    if (histogram.empty()) {
      std::vector<uint64_t>& from = split.part_from.emplace_back();
      for (const double end : ends) from.push_back(threshold(end));
      return split;
    }
    for (const auto& counts : histogram) {
      double rows = 0;
      for (const int64_t count : counts) rows += double(count);
      std::vector<uint64_t>& from = split.part_from.emplace_back();
      for (const double end : ends) from.push_back(hash_at(counts, rows * end));
    }
    return split;
  }
};

SplitFit::SplitFit(SplitSpec spec) : impl_(std::make_unique<Impl>(std::move(spec))) {}

SplitFit::~SplitFit() = default;

void SplitFit::observe(uint64_t value, int class_number) {
  Impl& impl = *impl_;
  if (impl.spec.by == SplitSpec::By::time) {
    ++impl.rows;
    impl.first = std::min(impl.first, int64_t(value));
    impl.last = std::max(impl.last, int64_t(value));
    if (impl.validate.share || impl.test.share) impl.times.push_back(int64_t(value));
  } else if (impl.spec.stratify || impl.spec.folds > 0) {
    const auto c = size_t(class_number);
    if (c >= impl.histogram.size()) impl.histogram.resize(c + 1, std::vector<int64_t>(bins));
    ++impl.histogram[c][dealt(value, impl.spec) >> 48];
  }
}

Split SplitFit::decide() const {
  return impl_->spec.by == SplitSpec::By::time ? impl_->by_time() : impl_->by_hash();
}

}  // namespace gristmill
