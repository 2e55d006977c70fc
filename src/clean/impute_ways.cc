#include "clean/impute_ways.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "clean/cells.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

std::string group_text(const std::vector<Field>& by) {
  std::vector<std::string> names;
  for (const Field& field : by) names.push_back(field.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

ImputeWay single_way(const ImputeWish& wish, size_t column, const std::string& with,
                     bool by_group) {
  ImputeWay way{.name = with, .columns = {column}, .single = {wish}, .together = {}};
  ImputeWish& own = way.single[0];
  own.with = with;
  own.filling.indicator = false;
  own.filling.fill.type = with == "mean" || with == "median" ? Type::float64 : wish.filling.from;
  if (!by_group) own.by.clear();
  if (by_group && with != "forward") way.name += " by " + group_text(wish.by);
  return way;
}

bool same_cell(const Column& a, const Column& b, int64_t i) {
  std::string left, right;
  append_canonical(a, i, left);
  append_canonical(b, i, right);
  return left == right;
}

double deviation_of(const Column& column) {
  std::vector<double> known;
  for (int64_t i = 0; i < column.length; ++i) known.push_back(known_number(column, i));
  return Scaling::of(known, 1).deviation[0];
}

}  // namespace

bool ImputeWay::fills(size_t wish) const {
  return std::find(columns.begin(), columns.end(), wish) != columns.end();
}

std::unique_ptr<RuleFit> ImputeWay::fit() const {
  return single.empty() ? fit_impute_rows(together) : fit_impute(single);
}

std::vector<ImputeWay> ways_of(const std::vector<ImputeWish>& wishes) {
  std::vector<ImputeWay> ways;
  ImputeWay together;
  for (size_t i = 0; i < wishes.size(); ++i) {
    const ImputeWish& wish = wishes[i];
    if (wish.with != "auto") continue;
    const Field field{wish.filling.name, wish.filling.from, true};
    const std::vector<std::string> statistics = is_number(field.type)
                                                    ? std::vector<std::string>{"mean", "median"}
                                                    : std::vector<std::string>{"mode"};
    for (const bool by_group : {false, true}) {
      if (by_group && wish.by.empty()) continue;
      for (const std::string& with : statistics)
        ways.push_back(single_way(wish, i, with, by_group));
    }
    if (!wish.time.name.empty()) ways.push_back(single_way(wish, i, "forward", true));
    if (!is_number(field.type)) continue;
    together.columns.push_back(i);
    together.together.columns.push_back(field);
  }
  if (together.columns.size() < RowsWish::columns_least ||
      together.columns.size() > RowsWish::columns_most)
    return ways;
  for (const char* with : {"knn", "iterative"}) {
    together.name = together.together.with = with;
    ways.push_back(together);
  }
  return ways;
}

const char* error_measure(Type type) { return is_number(type) ? "normalised RMSE" : "error rate"; }

double error_of_filling(const Column& truth, const uint64_t* hidden, const Column& filled,
                        const Column& simplest) {
  double sum = 0, count = 0;
  const bool numbers = is_number(truth.type);
  for_hits(hidden, truth.length, [&](int64_t i) {
    const Column& column = filled.is_null(i) ? simplest : filled;
    ++count;
    if (!numbers)
      sum += column.is_null(i) || !same_cell(truth, column, i);
    else
      sum += std::pow(known_number(column, i) - known_number(truth, i), 2);
  });
  return numbers ? std::sqrt(sum / count) / deviation_of(truth) : sum / count;
}

}  // namespace gristmill
