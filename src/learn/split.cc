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

uint64_t threshold(double share) { return uint64_t(std::ldexp(share, 64)); }

std::string instant_text(int64_t micros) {
  ColumnBuffer one(Type::timestamp);
  one.append(micros);
  return cell_text(one.view(), 0);
}

std::string boundary_text(const nlohmann::json& value, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must be a date, a share or a span", key),
              {}, "write for example 2013-08-01, 15% or 30d");
}

std::string column_name(const nlohmann::json& value, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must name a column", key));
}

bool flag(const nlohmann::json& value, const std::string& key) {
  if (value.is_boolean()) return value.get<bool>();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must be true or false", key));
}

// Sorted times → the first instant of the last `share` of them, never inside one instant.
int64_t instant_at(const std::vector<int64_t>& times, double rows_before) {
  const size_t at = std::min(times.size() - 1, size_t(std::max(0.0, std::round(rows_before))));
  return times[at];
}

}  // namespace

const std::vector<ParamDoc>& SplitSpec::keys() {
  static const std::vector<ParamDoc> docs = {
      {"time",
       "string",
       "by this column: train on the past, test on what came later",
       {},
       {},
       {},
       {}},
      {"group", "string", "by this column: its equal values stay together", {}, {}, {}, {}},
      {"random", "boolean", "by chance, from each row's key", {}, {}, {}, {}},
      {"stratify", "boolean", "of random splits: each class in its share", false, {}, {}, {}},
      {"validate",
       "any",
       "a share (15%); by time also a date, or a span (60d) before the test rows",
       "15%",
       {},
       {},
       {}},
      {"test",
       "any",
       "a share (15%); by time also a date, or a span (30d) up to the end",
       "15%",
       {},
       {},
       {}},
      {"gap",
       "string",
       "by time: rows within this span before a boundary are left out",
       {},
       {},
       {},
       {}},
  };
  return docs;
}

SplitSpec SplitSpec::parse(const nlohmann::json& json, const std::string& time_column) {
  SplitSpec spec;
  if (json.is_null()) {
    if (!time_column.empty()) {
      spec.by = By::time;
      spec.column = time_column;
    }
    return spec;
  }
  if (!json.is_object())
    throw Error(Code::invalid, "`split` must be a mapping", {},
                "for example {random: true, test: 15%}");
  int ways = 0;
  for (const auto& [key, value] : json.items()) {
    if (key == "time" || key == "group") {
      spec.by = key == "time" ? By::time : By::group;
      spec.column = column_name(value, key);
      ++ways;
    } else if (key == "random") {
      if (!flag(value, key))
        throw Error(Code::invalid, "`random: false` chooses no way to split", {},
                    "say `time: COLUMN` or `group: COLUMN`, or leave it out");
      ++ways;
    } else if (key == "stratify") {
      spec.stratify = flag(value, key);
    } else if (key == "validate") {
      spec.validate = boundary_text(value, key);
    } else if (key == "test") {
      spec.test = boundary_text(value, key);
    } else if (key == "gap") {
      spec.gap = boundary_text(value, key);
    } else {
      std::vector<std::string> known;
      for (const ParamDoc& doc : keys()) known.push_back(doc.name);
      throw Error(Code::invalid, fmt::format("unknown key `{}` in `split`", key), {},
                  did_you_mean(key, known));
    }
  }
  if (ways > 1)
    throw Error(Code::invalid, "`split` goes either by `time`, or by `group`, or is `random`");
  if (ways == 0 && !time_column.empty()) {
    spec.by = By::time;
    spec.column = time_column;
  }
  if (spec.stratify && spec.by != By::random)
    throw Error(Code::invalid, "`stratify` is for random splits");
  if (!spec.gap.empty() && spec.by != By::time)
    throw Error(Code::invalid, "`gap` is for splits by time");
  if (!spec.gap.empty()) parse_span(spec.gap, "`gap`");
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"validate", spec.validate}, {"test", spec.test}}) {
    const Boundary boundary = Boundary::parse(text, "`" + name + "`");
    if (spec.by != By::time && !boundary.share) {
      throw Error(
          Code::invalid,
          fmt::format("`{}` is \"{}\", but only a split by time can go by dates", name, text), {},
          "give a share such as 15%, or `time: COLUMN`");
    }
  }
  return spec;
}

nlohmann::json SplitSpec::json() const {
  static constexpr const char* names[] = {"random", "time", "group"};
  return {{"by", names[int(by)]}, {"column", column}, {"stratify", stratify},
          {"validate", validate}, {"test", test},     {"gap", gap},
          {"seed", seed}};
}

int Split::fold(int64_t value, int class_number) const {
  if (spec.by == SplitSpec::By::time) {
    if (value >= test_from) return test_fold;
    if (value >= validate_from) return value >= test_from - gap ? -1 : validate_fold;
    return value >= validate_from - gap ? -1 : int(Fold::train);
  }
  const uint64_t hash = mixed(uint64_t(value), spec.seed);
  const size_t c = std::min(size_t(std::max(class_number, 0)), test_below.size() - 1);
  if (hash < test_below[c]) return test_fold;
  return hash < validate_below[c] ? validate_fold : int(Fold::train);
}

nlohmann::json Split::json() const {
  nlohmann::json out = spec.json();
  if (spec.by == SplitSpec::By::time) {
    out["validate_from"] = instant_text(validate_from);
    out["test_from"] = instant_text(test_from);
  }
  return out;
}

struct SplitFit::Impl {
  SplitSpec spec;
  Boundary validate, test;
  std::vector<int64_t> times;  // by time, where a boundary is a share of them
  int64_t rows = 0, first = INT64_MAX, last = INT64_MIN;  // by time
  // Stratified: rows by class and upper bits of the hash.
  std::vector<std::vector<int64_t>> histogram;

  explicit Impl(SplitSpec given)
      : spec(std::move(given)),
        validate(Boundary::parse(spec.validate, "`validate`")),
        test(Boundary::parse(spec.test, "`test`")) {}

  Split by_time() {
    if (rows == 0) throw Error(Code::invalid, "no row is left to be split");
    std::sort(times.begin(), times.end());
    Split split;
    split.spec = spec;
    if (!spec.gap.empty()) split.gap = parse_span(spec.gap, "`gap`");
    split.test_from = test.instant ? *test.instant
                      : test.span  ? last + 1 - *test.span
                                   : instant_at(times, double(rows) * (1 - *test.share));
    const double before_test =
        double(std::lower_bound(times.begin(), times.end(), split.test_from) - times.begin());
    split.validate_from = validate.instant ? *validate.instant
                          : validate.span
                              ? split.test_from - *validate.span
                              : instant_at(times, before_test - double(rows) * *validate.share);
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

  // Without classes the thresholds do not depend on the rows: a row keeps its side when others
  // come.
  Split by_hash() const {
    const double test_share = *test.share, both = test_share + *validate.share;
    if (both >= 1) throw Error(Code::invalid, "`validate` and `test` leave nothing to train on");
    Split split;
    split.spec = spec;
    if (!spec.stratify) {
      split.test_below = {threshold(test_share)};
      split.validate_below = {threshold(both)};
      return split;
    }
    for (const auto& counts : histogram) {
      double rows = 0;
      for (const int64_t count : counts) rows += double(count);
      split.test_below.push_back(hash_at(counts, rows * test_share));
      split.validate_below.push_back(hash_at(counts, rows * both));
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
  } else if (impl.spec.stratify) {
    const auto c = size_t(class_number);
    if (c >= impl.histogram.size()) impl.histogram.resize(c + 1, std::vector<int64_t>(bins));
    ++impl.histogram[c][mixed(value, impl.spec.seed) >> 48];
  }
}

Split SplitFit::decide() const {
  return impl_->spec.by == SplitSpec::By::time ? impl_->by_time() : impl_->by_hash();
}

}  // namespace gristmill
