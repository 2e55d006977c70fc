// Rule `expect`: what must be true of a table, or the run fails.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/bounds.h"
#include "clean/unique_check.h"
#include "clean/value.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

const std::string owner = "rule expect";
constexpr size_t examples_most = 3;

std::string thousands(int64_t n) {
  std::string text = std::to_string(n);
  for (int at = int(text.size()) - 3; at > 0; at -= 3) text.insert(size_t(at), ",");
  return text;
}

std::string plural(int64_t n, const char* what) {
  return fmt::format("{} {}{}", thousands(n), what, n == 1 ? "" : "s");
}

// Bad cells of one column: counted, the first few kept as text.
struct BadCells {
  int64_t rows = 0, count = 0;
  std::vector<std::string> examples;

  void observe(const Batch& rows_seen, const Column& column, const uint64_t* hits,
               const std::string& name, int64_t first_row) {
    rows += rows_seen.rows;
    for_hits(hits, rows_seen.rows, [&](int64_t i) {
      ++count;
      if (examples.size() < examples_most)
        examples.push_back(
            fmt::format("row {}: {} = {}", first_row + i, name, report_text(column, i)));
    });
  }
  void merge(const BadCells& later) {
    rows += later.rows;
    count += later.count;
    for (const std::string& example : later.examples) {
      if (examples.size() < examples_most) examples.push_back(example);
    }
  }
};

struct NullCheck {
  std::string column;
  std::string allowed_text;  // as it was written
  double allowed = 0;
  bool share = false;
  BadCells bad;

  bool broken() const { return double(bad.count) > (share ? allowed * double(bad.rows) : allowed); }
};

struct RangeCheck {
  std::string column, range_text;
  Bounds bounds;
  BadCells bad;
};

class Expect : public RuleFit {
 public:
  std::vector<NullCheck> nulls;
  std::vector<RangeCheck> ranges;
  std::vector<UniqueCheck> uniques;

  std::vector<std::string> reads() const override {
    std::set<std::string> names;
    for (const NullCheck& check : nulls) names.insert(check.column);
    for (const RangeCheck& check : ranges) names.insert(check.column);
    for (const UniqueCheck& check : uniques)
      names.insert(check.columns().begin(), check.columns().end());
    return {names.begin(), names.end()};
  }

  void observe(const FitBatch& batch) override {
    const Schema& schema = *batch.rows.schema;
    std::vector<uint64_t> hits(size_t(words_of_bits(batch.rows.rows)));
    if (!counted_) {
      for (NullCheck& check : nulls) {
        const Column& column = batch.rows.columns[schema.index_of(check.column, owner)];
        find_missing(column, hits.data());
        check.bad.observe(batch.rows, column, hits.data(), check.column, batch.first_row);
      }
      for (RangeCheck& check : ranges) {
        size_t at = bound_column(schema, check.column, check.bounds.type, owner);
        const Column& column = batch.rows.columns[at];
        check.bounds.find_outside(column, hits.data());
        check.bad.observe(batch.rows, column, hits.data(), check.column, batch.first_row);
      }
    }
    for (UniqueCheck& check : uniques) check.observe(batch.rows, batch.first_row);
  }

  std::unique_ptr<RuleFit> clone_empty() const override {
    auto clone = std::make_unique<Expect>();
    clone->counted_ = counted_;
    for (const NullCheck& check : nulls)
      clone->nulls.push_back({check.column, check.allowed_text, check.allowed, check.share, {}});
    for (const RangeCheck& check : ranges)
      clone->ranges.push_back({check.column, check.range_text, check.bounds, {}});
    for (const UniqueCheck& check : uniques) clone->uniques.push_back(check.clone_empty());
    return clone;
  }

  void merge(RuleFit&& later) override {
    auto& other = dynamic_cast<Expect&>(later);
    for (size_t i = 0; i < nulls.size(); ++i) nulls[i].bad.merge(other.nulls[i].bad);
    for (size_t i = 0; i < ranges.size(); ++i) ranges[i].bad.merge(other.ranges[i].bad);
    for (size_t i = 0; i < uniques.size(); ++i) uniques[i].merge(std::move(other.uniques[i]));
  }

  bool next_pass() override {
    if (counted_) return false;
    counted_ = true;
    bool again = false;
    for (UniqueCheck& check : uniques) again |= check.next_pass();
    return again;
  }

  std::unique_ptr<Rule> freeze() const override {
    throw Error(Code::internal, "rule expect only checks: there is nothing to freeze");
  }

  std::vector<Verdict> verdict() const override {
    std::vector<Verdict> verdicts;
    for (const UniqueCheck& check : uniques) {
      if (auto broken = check.verdict()) verdicts.push_back(std::move(*broken));
    }
    for (const NullCheck& check : nulls) {
      if (!check.broken()) continue;
      verdicts.push_back({fmt::format("column {} has {} in {}, {} allowed", check.column,
                                      plural(check.bad.count, "null"),
                                      plural(check.bad.rows, "row"), check.allowed_text),
                          check.bad.examples});
    }
    for (const RangeCheck& check : ranges) {
      if (check.bad.count == 0) continue;
      verdicts.push_back({fmt::format("column {} has {} outside of {}", check.column,
                                      plural(check.bad.count, "value"), check.range_text),
                          check.bad.examples});
    }
    return verdicts;
  }

 private:
  bool counted_ = false;  // the first pass is over
};

NullCheck parse_nulls(const std::string& column, const nlohmann::json& given) {
  NullCheck check{column, given.is_string() ? given.get<std::string>() : given.dump()};
  double percent = 0;
  const std::string& text = check.allowed_text;
  if (given.is_number()) {
    check.allowed = given.get<double>();
    check.share = given.is_number_float() && check.allowed <= 1;
    if (check.allowed >= 0 && (check.share || check.allowed == std::floor(check.allowed)))
      return check;
  } else if (given.is_string() && text.size() > 1 && text.back() == '%' &&
             parse_float64(text.substr(0, text.size() - 1), percent) && percent >= 0 &&
             percent <= 100) {
    check.share = true;
    check.allowed = percent / 100;
    return check;
  }
  Where where;
  where.field = column;
  throw Error(Code::invalid,
              fmt::format("rule expect: nulls of {}: {} is neither a count nor a share", column,
                          shown(given)),
              where, "for example 0, 100, 0.05 or 5%");
}

std::vector<std::vector<std::string>> parse_unique(const nlohmann::json& given) {
  auto names_of = [](const nlohmann::json& list) {
    std::vector<std::string> names;
    for (const auto& name : list) {
      if (!name.is_string())
        throw Error(Code::invalid,
                    "rule expect: `unique` must hold names of columns, not " + shown(name));
      names.push_back(name.get<std::string>());
    }
    return names;
  };
  if (given.is_string()) return {{given.get<std::string>()}};
  if (!given.is_array() || given.empty())
    throw Error(Code::invalid, "rule expect: `unique` must be a list of columns, or of lists");
  if (!given[0].is_array()) return {names_of(given)};
  std::vector<std::vector<std::string>> keys;
  for (const auto& list : given) {
    if (!list.is_array() || list.empty())
      throw Error(Code::invalid,
                  "rule expect: `unique` must hold lists of columns, not " + shown(list));
    keys.push_back(names_of(list));
  }
  return keys;
}

const std::vector<ParamDoc> params = {
    {"unique", "any", "Columns that together are a key, or a list of such lists."},
    {"nulls", "object", "How many nulls a column may have: a count, or a share below 1 or in %."},
    {"range", "object", "Where the values of a column must lie: [low, high], null: open."},
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  Params parsed(given, params, owner);
  auto expect = std::make_unique<Expect>();
  if (parsed.has("unique")) {
    for (auto& columns : parse_unique(parsed["unique"])) {
      for (const std::string& name : columns) context.schema.index_of(name, owner);
      expect->uniques.emplace_back(std::move(columns));
    }
  }
  if (parsed.has("nulls")) {
    for (const auto& [name, allowed] : parsed["nulls"].items()) {
      context.schema.index_of(name, owner);
      expect->nulls.push_back(parse_nulls(name, allowed));
    }
  }
  if (parsed.has("range")) {
    for (const auto& [name, range] : parsed["range"].items()) {
      const Field& field = context.schema[context.schema.index_of(name, owner)];
      expect->ranges.push_back({name, shown(range), Bounds::parse(range, field, owner), {}});
    }
  }
  if (expect->reads().empty())
    throw Error(Code::invalid, "rule expect needs `unique`, `nulls` or `range`", {},
                "for example: expect: {unique: [id], nulls: {name: 0}}");
  return expect;
}

const RegisterRule register_expect({
    .name = "expect",
    .stage = RuleStage::check,
    .text =
        "Fails the run when the table is not as expected; it changes nothing and is no part of a "
        "bundle. It looks at the rows as the other rules leave them, wherever it stands (but for "
        "rules that must be fitted: it sees the rows before the split). `unique`: the columns "
        "together name a row; rows with a null in them are left "
        "aside, as in SQL. `nulls`: at most so many nulls (NaN counts) in a column, as a count "
        "(0, 100) or a share (0.05, 5%). `range`: no value outside [low, high], NaN is outside.",
    .example = "- expect: {unique: [carrier, flight, time_hour], nulls: {carrier: 0, temp: 5%}}\n"
               "- expect: {unique: [[id], [name, city]], range: {temp: [-40, 120]}}",
    .params = params,
    .make = make,
    .load = [](const State&) -> std::unique_ptr<Rule> {
      throw Error(Code::corrupt, "rule expect cannot be part of a bundle");
    },
});

}  // namespace
}  // namespace gristmill
