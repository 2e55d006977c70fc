#include "source/xlsx_shape.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

using Kind = XlsxCell::Kind;

constexpr const char* range_hint =
    "name the cells of the table, its names first: `range: A3:F100`, or `range: A3`";

std::string_view plural_of(Kind kind) {
  switch (kind) {
    case Kind::number:
      return "numbers";
    case Kind::date:
      return "dates";
    case Kind::boolean:
      return "true or false";
    default:
      return "text";
  }
}

// What a column's cells are.
struct Seen {
  int64_t texts = 0, fractions = 0, numbers = 0, booleans = 0, dates = 0, times = 0, errors = 0;
  std::optional<Kind> first;     // of the first value
  std::string odd, first_error;  // the first value of another kind, and where
  Kind odd_kind = Kind::text;
  int64_t first_row = 0;  // with a value

  void add(const XlsxCell& cell, int64_t row) {
    if (first_row == 0) first_row = row;
    if (cell.kind == Kind::error) {
      if (errors++ == 0)
        first_error = fmt::format("{} in {}", cell.text, xlsx_name(row, cell.column));
      return;
    }
    texts += cell.kind == Kind::text;
    booleans += cell.kind == Kind::boolean;
    if (cell.kind == Kind::number) {
      constexpr double whole_max = 9007199254740992;  // 2^53
      const bool is_whole =
          std::trunc(cell.number) == cell.number && std::abs(cell.number) < whole_max;
      ++numbers;
      fractions += !is_whole;
    }
    if (cell.kind == Kind::date) {
      ++dates;
      times += !is_midnight(cell);
    }
    if (!first) first = cell.kind;
    if (*first == cell.kind || !odd.empty()) return;
    odd = fmt::format("{} holds {}", xlsx_name(row, cell.column), excerpt(xlsx_text(cell)));
    odd_kind = cell.kind;
  }

  Type type() const {
    const int kinds = (texts > 0) + (numbers > 0) + (booleans > 0) + (dates > 0);
    if (kinds != 1 || texts > 0) return Type::string;
    if (numbers > 0) return fractions > 0 ? Type::float64 : Type::int64;
    if (booleans > 0) return Type::boolean;
    return times > 0 ? Type::timestamp : Type::date;
  }
};

class Look {
 public:
  explicit Look(const XlsxReading& reading) : reading_(reading), nulls_(reading.nulls) {}

  void take(const XlsxRow& row) {
    if (reading_.header && names_row_ == 0) {
      names_row_ = row.number;
      for (const XlsxCell& cell : row.cells) {
        if (cell.kind != Kind::text && !reading_.header_given)
          throw Error(Code::invalid,
                      fmt::format("cell {} holds {}: the first row does not name the columns",
                                  xlsx_name(row.number, cell.column), excerpt(xlsx_text(cell))),
                      {}, "say `header: false`, or `header: true` if it does");
        names_[cell.column] = std::string(trimmed(xlsx_text(cell)));
      }
      return;
    }
    if (first_row_ == 0) first_row_ = row.number;
    for (const XlsxCell& cell : row.cells) {
      Seen& seen = seen_[cell.column];
      if (cell.kind != Kind::text || !nulls_.contains(cell.text)) seen.add(cell, row.number);
    }
  }

  XlsxShape shape() const {
    if (names_row_ == 0 && first_row_ == 0)
      throw Error(Code::invalid,
                  reading_.range ? "no cell of its range holds anything" : "this sheet is empty");
    XlsxShape shape;
    shape.first_row = reading_.header ? names_row_ + 1 : first_row_;
    std::vector<Field> fields;
    for (const auto& [place, name] : named_columns()) {
      const auto found = seen_.find(place);
      const Seen seen = found == seen_.end() ? Seen{} : found->second;
      shape.places.push_back(place);
      fields.push_back({name, seen.type(), true});
      note(name, seen, shape.notes);
    }
    shape.columns = Schema(std::move(fields));
    return shape;
  }

 private:
  std::map<int, std::string> named_columns() const {
    std::map<int, std::string> names = names_;
    if (!reading_.header) {
      for (const auto& [place, unused] : seen_)
        names[place] = fmt::format("column{}", names.size());
      return names;
    }
    std::erase_if(
        names, [&](const auto& one) { return one.second.empty() && seen_.count(one.first) == 0; });
    std::map<std::string, int> taken;
    for (const auto& [place, seen] : seen_) {
      if (seen.first_row == 0) continue;  // nothing but texts that mean missing
      if (auto name = names.find(place); name != names.end() && !name->second.empty()) continue;
      throw Error(Code::invalid,
                  fmt::format("cell {} names no column, but {} below it holds a value",
                              xlsx_name(names_row_, place), xlsx_name(seen.first_row, place)),
                  {}, range_hint);
    }
    for (const auto& [place, name] : names) {
      const auto [before, is_new] = taken.emplace(lower(name), place);
      if (is_new) continue;
      throw Error(
          Code::invalid,
          fmt::format("cells {} and {} name one column: \"{}\" (SQL ignores case)",
                      xlsx_name(names_row_, before->second), xlsx_name(names_row_, place), name),
          {}, "rename one of them");
    }
    return names;
  }

  static void note(const std::string& name, const Seen& seen, std::vector<std::string>& notes) {
    if (!seen.odd.empty())
      notes.push_back(fmt::format(
          "column {} is read as text: it holds {} and {} ({}); if it means missing, name it in "
          "`nulls`",
          name, plural_of(*seen.first), plural_of(seen.odd_kind), seen.odd));
    if (seen.errors > 0)
      notes.push_back(
          fmt::format("column {}: {} cells are errors of formulas ({}), read as missing", name,
                      seen.errors, seen.first_error));
  }

  const XlsxReading& reading_;
  NullTexts nulls_;
  int64_t names_row_ = 0, first_row_ = 0;
  std::map<int, std::string> names_;  // by the sheet's column
  std::map<int, Seen> seen_;
};

// What stands in the first cell of several stands for all of them, or for none: nobody can tell.
void refuse_merged(const std::vector<std::string>& merged, const XlsxRange& range) {
  for (const std::string& cells : merged) {
    if (!XlsxRange::parse(cells).meets(range)) continue;
    throw Error(Code::invalid, fmt::format("cells {} are merged", cells), {},
                fmt::format("unmerge them, or {}", range_hint));
  }
}

}  // namespace

nlohmann::json XlsxShape::json() const {
  return {
      {"first_row", first_row}, {"places", places}, {"columns", columns.json()}, {"notes", notes}};
}

XlsxShape XlsxShape::from_json(const nlohmann::json& in) {
  return {in.at("first_row").get<int64_t>(), in.at("places").get<std::vector<int>>(),
          Schema::from_json(in.at("columns")), in.at("notes").get<std::vector<std::string>>()};
}

XlsxShape look_at_sheet(const XlsxWorkbook& workbook, const XlsxSheet& sheet,
                        const XlsxReading& reading) {
  const XlsxRange range = reading.range.value_or(XlsxRange{});
  XlsxCells cells(workbook, sheet, range);
  Look look(reading);
  XlsxRow row;
  while (cells.next(row)) look.take(row);
  refuse_merged(cells.merged(), range);
  return look.shape();
}

std::string xlsx_text(const XlsxCell& cell) {
  std::string out;
  switch (cell.kind) {
    case Kind::number: {
      char digits[32];
      const auto end = std::to_chars(digits, digits + sizeof(digits), cell.number).ptr;
      return {digits, end};
    }
    case Kind::boolean:
      return cell.number != 0 ? "true" : "false";
    case Kind::date:
      if (is_midnight(cell))
        append_date(days_of_micros(cell.micros), out);
      else
        append_timestamp(cell.micros, out);
      return out;
    default:
      return cell.text;
  }
}

bool is_midnight(const XlsxCell& date) { return date.micros % micros_per_day == 0; }

}  // namespace gristmill
