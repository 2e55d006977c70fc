#include "learn/slices.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "frame/cell.h"
#include "learn/metrics.h"

namespace gristmill {
namespace {

constexpr int64_t max_rows = 100'000, max_cells = 4'000'000;
constexpr int64_t least_rows = 50, least_part = 200;
constexpr size_t max_text = 64, few_values = 20, bins = 4;

double number(const Column& column, int64_t i) {
  switch (column.type) {
    case Type::boolean:
      return column.boolean(i);
    case Type::float64:
      return column.values<double>()[i];
    case Type::date:
      return column.values<int32_t>()[i];
    default:
      return double(column.values<int64_t>()[i]);
  }
}

bool is_missing(const Column& column, int64_t i) {
  return column.is_null(i) ||
         (column.type == Type::float64 && std::isnan(column.values<double>()[i]));
}

// Groups rows by a key of theirs; the groups that are slices get a name.
class Cutter {
 public:
  Cutter(const Column& column, std::string name) : column_(column), out_{std::move(name), {}, {}} {
    out_.slice_of.assign(size_t(column.length), SlicedColumn::none);
    for (int64_t i = 0; i < column.length; ++i)
      (is_missing(column, i) ? missing_ : there_).push_back(i);
  }

  SlicedColumn cut() && {
    if (column_.type == Type::string) {
      by_text();
    } else {
      by_number();
    }
    add("missing", missing_);
    return std::move(out_);
  }

 private:
  using Rows = std::vector<int64_t>;

  void add(const std::string& name, const Rows& rows) {
    const auto count = int64_t(rows.size());
    if (count < least_rows || count * least_part < column_.length ||
        count * 10 > column_.length * 9)
      return;
    for (const int64_t i : rows) out_.slice_of[size_t(i)] = uint8_t(out_.slices.size());
    out_.slices.push_back(name);
  }

  void by_text() {
    std::map<std::string_view, Rows> levels;
    for (const int64_t i : there_) levels[column_.string(i)].push_back(i);
    for (const auto& [level, rows] : levels) {
      if (!level.empty()) add(fmt::format("= {}", level), rows);
    }
  }

  void by_number() {
    Rows sorted = there_;
    std::sort(sorted.begin(), sorted.end(),
              [&](int64_t a, int64_t b) { return number(column_, a) < number(column_, b); });
    std::vector<size_t> begins;  // of equal values
    for (size_t at = 0; at < sorted.size(); ++at) {
      if (at == 0 || number(column_, sorted[at]) > number(column_, sorted[at - 1]))
        begins.push_back(at);
    }
    const bool few = begins.size() <= few_values;
    if (!few) begins = quarters(sorted);
    for (size_t b = 0; b < begins.size(); ++b) {
      const size_t end = b + 1 < begins.size() ? begins[b + 1] : sorted.size();
      const std::string from = cell_text(column_, sorted[begins[b]]);
      add(few ? fmt::format("= {}", from)
              : fmt::format("{} … {}", from, cell_text(column_, sorted[end - 1])),
          Rows(sorted.begin() + int64_t(begins[b]), sorted.begin() + int64_t(end)));
    }
  }

  // Where each begins; equal values stay together.
  std::vector<size_t> quarters(const Rows& sorted) const {
    std::set<size_t> begins;
    for (size_t b = 0; b < bins; ++b) {
      size_t at = sorted.size() * b / bins;
      while (at > 0 && number(column_, sorted[at - 1]) == number(column_, sorted[at])) --at;
      begins.insert(at);
    }
    return {begins.begin(), begins.end()};
  }

  const Column& column_;
  SlicedColumn out_;
  Rows there_, missing_;
};

}  // namespace

SliceRows::SliceRows(int64_t rows, size_t columns)
    : positions_(evenly_spaced(
          rows, std::min(max_rows, max_cells / std::max<int64_t>(1, int64_t(columns))))) {}

void SliceRows::pick(const Batch& rows, int64_t begin, BatchBuffer& to) const {
  const auto first = std::lower_bound(positions_.begin(), positions_.end(), begin);
  const auto last = std::lower_bound(first, positions_.end(), begin + rows.rows);
  for (size_t c = 0; c < to.schema().size(); ++c) {
    const Column& column = rows.columns[rows.schema->index_of(to.schema()[c].name, "slices")];
    for (auto at = first; at != last; ++at) {
      const int64_t i = *at - begin;
      if (column.type == Type::string && !column.is_null(i) && column.string(i).size() > max_text) {
        to[c].append(std::string_view());
      } else {
        to[c].append(column, i, 1);
      }
    }
  }
}

std::vector<SlicedColumn> cut_slices(const Batch& rows) {
  std::vector<SlicedColumn> out;
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    SlicedColumn cut = Cutter(rows.columns[c], (*rows.schema)[c].name).cut();
    if (!cut.slices.empty()) out.push_back(std::move(cut));
  }
  return out;
}

State save_slices(const std::vector<SlicedColumn>& columns) {
  State state;
  state.json = {{"columns", nlohmann::json::array()}};
  for (size_t c = 0; c < columns.size(); ++c) {
    state.json["columns"].push_back({{"column", columns[c].column}, {"slices", columns[c].slices}});
    state.put("slice_of" + std::to_string(c), columns[c].slice_of);
  }
  return state;
}

std::vector<SlicedColumn> load_slices(const State& state) {
  std::vector<SlicedColumn> out;
  for (const auto& column : state.json.at("columns")) {
    const auto codes = state.get<uint8_t>("slice_of" + std::to_string(out.size()));
    out.push_back({column.at("column").get<std::string>(),
                   column.at("slices").get<std::vector<std::string>>(),
                   {codes.begin(), codes.end()}});
  }
  return out;
}

}  // namespace gristmill
