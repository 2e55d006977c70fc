// Check `distribution`: how far a column's values have moved from the table's version before.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "clean/cells.h"
#include "clean/check.h"
#include "clean/value.h"
#include "sketch/distance.h"
#include "sketch/frequent.h"
#include "sketch/quantiles.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr int points = 1000;              // of a distribution function that are kept
constexpr int bins = 10;                  // of the stability index
constexpr size_t categories_most = 1000;  // the others are one

// What is kept of a version: {"rows", "nulls", and "quantiles" of what has numbers, or the "counts"
// of the most frequent texts}.
struct Sketch {
  int64_t rows = 0, nulls = 0;
  std::vector<double> quantiles;          // rising
  std::map<std::string, int64_t> counts;  // of texts

  static Sketch from_json(const json& saved) {
    return {saved.at("rows"), saved.at("nulls"), saved.value("quantiles", std::vector<double>()),
            saved.value("counts", std::map<std::string, int64_t>())};
  }
  double share(int64_t count) const { return rows == 0 ? 0 : double(count) / double(rows); }
};

// The shares of both sides in the same bins; the last one is that of the nulls.
struct Shares {
  std::vector<double> before, after;
  void add(double b, double a) {
    before.push_back(b);
    after.push_back(a);
  }
};

Shares shares_of(const Sketch& before, const Sketch& after) {
  Shares shares;
  const std::vector<double> ends = quantile_bins(before.quantiles, bins);
  const auto was = bin_shares(before.quantiles, ends), is = bin_shares(after.quantiles, ends);
  if (!before.quantiles.empty() || !after.quantiles.empty()) {
    for (size_t i = 0; i < was.size(); ++i)
      shares.add(was[i] * before.share(before.rows - before.nulls),
                 is[i] * after.share(after.rows - after.nulls));
  }
  std::map<std::string, std::pair<int64_t, int64_t>> counts;
  for (const auto& [text, count] : before.counts) counts[text].first = count;
  for (const auto& [text, count] : after.counts) counts[text].second = count;
  int64_t rest_before = before.rows - before.nulls, rest_after = after.rows - after.nulls;
  for (const auto& [text, both] : counts) {
    shares.add(before.share(both.first), after.share(both.second));
    rest_before -= both.first;
    rest_after -= both.second;
  }
  if (!counts.empty()) shares.add(before.share(rest_before), after.share(rest_after));
  shares.add(before.share(before.nulls), after.share(after.nulls));
  return shares;
}

class DistributionCheck : public Check {
 public:
  DistributionCheck(Field field, std::string statistic, double most)
      : field_(std::move(field)), statistic_(std::move(statistic)), most_(most) {}

  std::string name() const override {
    return fmt::format("distribution {} {}", field_.name, statistic_);
  }
  std::vector<std::string> reads() const override { return {field_.name}; }
  bool compares() const override { return true; }

  void observe(const CheckRows& batch) override {
    const Batch& rows = batch.rows;
    const size_t at = bound_column(*rows.schema, field_.name, field_.type, check_owner);
    const Column& column = rows.columns[at];
    std::vector<uint64_t> hits(size_t(words_of_bits(rows.rows)));
    find_missing(column, hits.data());
    for_hits(hits.data(), rows.rows, [&](int64_t) { ++nulls_; });
    rows_ += rows.rows;
    field_.type == Type::string ? texts_.observe(column) : numbers_.observe(column);
  }
  std::unique_ptr<Check> clone_empty() const override {
    return std::make_unique<DistributionCheck>(field_, statistic_, most_);
  }
  void merge(Check&& later) override {
    const auto& other = dynamic_cast<DistributionCheck&>(later);
    rows_ += other.rows_;
    nulls_ += other.nulls_;
    numbers_.merge(other.numbers_);
    texts_.merge(other.texts_);
  }

  json measured() const override;
  Finding judge(const json& measured, const CheckTime& time) const override;

 private:
  Field field_;
  std::string statistic_;  // "psi" or "ks"
  double most_;
  int64_t rows_ = 0, nulls_ = 0;
  Quantiles numbers_;
  FrequentItems texts_;
};

json DistributionCheck::measured() const {
  json saved = {{"rows", rows_}, {"nulls", nulls_}};
  if (field_.type == Type::string) {
    saved["counts"] = json::object();
    std::vector<FrequentItems::Item> items = texts_.by_count();
    items.resize(std::min(items.size(), categories_most));
    for (const auto& item : items) saved["counts"][item.item] = item.count;
    return saved;
  }
  saved["quantiles"] = json::array();
  if (numbers_.count() == 0) return saved;
  std::vector<double> shares;
  for (int i = 0; i <= points; ++i) shares.push_back(double(i) / points);
  constexpr double largest = std::numeric_limits<double>::max();  // JSON has no infinity
  for (const double value : numbers_.quantiles(shares))
    saved["quantiles"].push_back(std::clamp(value, -largest, largest));
  return saved;
}

Finding DistributionCheck::judge(const json& measured, const CheckTime& time) const {
  if (time.before.is_null()) return {false, "no earlier version to compare with", {}};
  const Sketch before = Sketch::from_json(time.before), after = Sketch::from_json(measured);
  if (before.rows == 0) return {false, "the version before had no rows", {}};
  if (after.rows == 0)
    return {true,
            fmt::format("column {} has no rows to compare; the version before had {}", field_.name,
                        counted(before.rows, "row")),
            {}};
  double moved = 0;
  if (statistic_ == "ks") {
    moved = smirnov_distance(before.quantiles, after.quantiles);
    // Nothing is as far as can be from something.
    if (before.quantiles.empty() != after.quantiles.empty()) moved = 1;
  } else {
    const Shares shares = shares_of(before, after);
    moved = stability_index(shares.before, shares.after);
  }
  if (moved <= most_) return {false, fmt::format("{} {:.3f}", statistic_, moved), {}};
  return {true,
          fmt::format("column {} has moved since the version before: {} {:.3f}, at most {} allowed",
                      field_.name, statistic_, moved, most_),
          {}};
}

CheckList make_column(const Field& field, const json& given) {
  CheckList checks;
  if (!given.is_object() || given.empty())
    throw check_error(
        fmt::format("distribution of {}: {} names no statistic", field.name, shown(given)),
        field.name, "for example {psi: 0.2} or {ks: 0.1}");
  const Params params(given,
                      {{.name = "psi", .type = "number", .minimum = 0},
                       {.name = "ks", .type = "number", .minimum = 0, .maximum = 1}},
                      check_owner + ": distribution of " + field.name);
  if (params.has("ks") && field.type == Type::string)
    throw check_error(fmt::format("distribution of {}: ks needs values with an order, and it is "
                                  "text",
                                  field.name),
                      field.name, "psi compares the shares of categories");
  for (const char* statistic : {"psi", "ks"}) {
    if (params.has(statistic))
      checks.push_back(
          std::make_unique<DistributionCheck>(field, statistic, params.number(statistic)));
  }
  return checks;
}

const RegisterCheck register_distribution({
    .name = "distribution",
    .type = "object",
    .text =
        "How far a column may have moved from the table's last version that was as expected. "
        "{psi: 0.2}: the population stability index, over ten bins of equally many of the former "
        "values, or over categories, and the nulls; {ks: 0.1}: the Kolmogorov-Smirnov distance of "
        "the values. The first run has nothing to compare with and says so.",
    .example = "distribution: {distance: {psi: 0.2, ks: 0.1}, dest: {psi: 0.2}}",
    .make =
        [](const json& given, const CheckContext& context) {
          CheckList checks;
          if (!given.is_object() || given.empty())
            throw check_error("`distribution` must be a mapping of columns, not " + shown(given),
                              "");
          for (const auto& [name, statistics] : given.items()) {
            const Field& field = context.schema[context.schema.index_of(name, check_owner)];
            for (auto& check : make_column(field, statistics)) checks.push_back(std::move(check));
          }
          return checks;
        },
});

}  // namespace
}  // namespace gristmill
