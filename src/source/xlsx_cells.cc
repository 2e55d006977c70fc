#include "source/xlsx_cells.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

constexpr int64_t rows_max = int64_t(1) << 20;
constexpr int columns_max = 1 << 14;
constexpr size_t row_text_max = size_t(64) << 20;  // bytes
constexpr size_t merged_max = 1000000;

template <class T>
bool parse_whole(std::string_view text, T& value) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() && !text.empty();
}

// "B7" → row 7, column 1; "B" → row 0. False for others.
bool parse_name(std::string_view text, int64_t& row, int& column) {
  int64_t number = 0;
  size_t at = 0;
  for (; at < text.size() && at < 4 && lower(text[at]) >= 'a' && lower(text[at]) <= 'z'; ++at)
    number = number * 26 + (lower(text[at]) - 'a' + 1);
  if (at == 0 || number > columns_max) return false;
  column = int(number) - 1;
  row = 0;
  if (at == text.size()) return true;
  return parse_whole(text.substr(at), row) && row >= 1 && row <= rows_max;
}

std::string time_text(int64_t micros) {
  const int64_t seconds = (micros + 500000) / 1000000;
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

bool XlsxRange::meets(const XlsxRange& other) const {
  return first_row <= other.last_row && other.first_row <= last_row &&
         first_column <= other.last_column && other.first_column <= last_column;
}

XlsxRange XlsxRange::parse(const std::string& text) {
  XlsxRange range;
  const size_t colon = text.find(':');
  int64_t last_row = 0;
  bool right =
      parse_name(std::string_view(text).substr(0, colon), range.first_row, range.first_column) &&
      range.first_row > 0;
  if (right && colon != std::string::npos) {
    right = parse_name(std::string_view(text).substr(colon + 1), last_row, range.last_column);
    if (last_row > 0) range.last_row = last_row;
  }
  if (right && range.first_row <= range.last_row && range.first_column <= range.last_column)
    return range;
  throw Error(Code::invalid, fmt::format("`{}` is no range of cells", shortened(text)), {},
              "for example A3:F100, or A3:F to the last row, or A3");
}

std::string xlsx_name(int64_t row, int column) {
  std::string letters;
  for (int left = column + 1; left > 0; left = (left - 1) / 26)
    letters.insert(letters.begin(), char('A' + (left - 1) % 26));
  return letters + std::to_string(row);
}

XlsxCells::XlsxCells(const XlsxWorkbook& workbook, const XlsxSheet& sheet, const XlsxRange& range)
    : workbook_(workbook), range_(range) {
  const ZipMember* member = workbook.archive.find(sheet.part);
  if (member == nullptr)
    throw Error(Code::invalid, fmt::format("its sheet \"{}\" is not in it", sheet.name));
  XmlHandler& handler = *this;
  stream_ = std::make_unique<XmlStream>(workbook.archive.read(*member), handler);
}

bool XlsxCells::next(XlsxRow& row) {
  while (rows_.empty()) {
    if (!stream_->more()) return false;
  }
  row = std::move(rows_.front());
  rows_.pop_front();
  return true;
}

void XlsxCells::begin(std::string_view name, const XmlAttributes& attributes) {
  if (name == "row") {
    const auto given = attributes.find("r");
    int64_t number = row_number_ + 1;
    if (given != attributes.end() &&
        (!parse_whole(given->second, number) || number <= row_number_ || number > rows_max))
      throw Error(Code::invalid, fmt::format("its rows are not in order: {}", given->second));
    row_number_ = number;
    row_ = {.number = number, .cells = {}};
    row_text_ = 0;
    column_ = -1;
  } else if (name == "c") {
    begin_cell(attributes);
  } else if (name == "v" || name == "t") {
    in_value_ = true;
  } else if (name == "f") {
    has_formula_ = true;
  } else if (name == "mergeCell") {
    if (const auto ref = attributes.find("ref"); ref != attributes.end())
      merged_.push_back(ref->second);
    if (merged_.size() > merged_max)
      throw Error(Code::exhausted, "more than a million ranges of it are merged");
  }
}

void XlsxCells::begin_cell(const XmlAttributes& attributes) {
  int64_t row = row_number_;
  int column = column_ + 1;
  const auto place = attributes.find("r");
  if (place != attributes.end() &&
      (!parse_name(place->second, row, column) || row != row_number_ || column <= column_))
    throw Error(Code::invalid, fmt::format("its cells are not in order: {}", place->second));
  if (column >= columns_max) throw Error(Code::invalid, "a row of it has more than 16384 cells");
  column_ = column;
  const auto type = attributes.find("t");
  type_ = type == attributes.end() ? "n" : type->second;
  const auto style = attributes.find("s");
  style_ = 0;
  if (style != attributes.end()) parse_whole(style->second, style_);
  value_.clear();
  has_value_ = has_formula_ = false;
}

void XlsxCells::end(std::string_view name) {
  if (name == "v" || name == "t") {
    in_value_ = false;
  } else if (name == "c") {
    // Who wrote the file may have left it to Excel to compute; an empty text is a result.
    if (!has_value_ && has_formula_ && type_ != "str") {
      type_ = "e";
      value_ = "not computed";
      has_value_ = true;
    }
    if (has_value_ && range_.holds(row_number_, column_)) end_cell();
  } else if (name == "row" && !row_.cells.empty()) {
    rows_.push_back(std::move(row_));
    row_ = {};
  }
}

void XlsxCells::text(std::string_view part) {
  if (!in_value_) return;
  has_value_ = true;
  value_ += part;
  if (value_.size() > xlsx_text_max)
    throw Error(Code::invalid, fmt::format("cell {} is longer than 32767 characters",
                                           xlsx_name(row_number_, column_)));
}

// The time of a serial number: days since the last of 1899, among which Excel counts a 29 February
// 1900 that never was; or since 1904.
void XlsxCells::take_number(XlsxCell& cell, double number) const {
  const XlsxStyle style =
      style_ < workbook_.styles.size() ? workbook_.styles[style_] : XlsxStyle::number;
  cell.kind = XlsxCell::Kind::number;
  cell.number = number;
  constexpr double last_day = 2958466;  // 10000-01-01
  if (style == XlsxStyle::number || !(number >= 0 && number < last_day)) return;
  const auto seconds = std::llround(number * 86400 * 1000);  // finer is not kept by a double
  const int64_t micros = int64_t(seconds) * 1000;
  if (style == XlsxStyle::time) {
    cell.kind = XlsxCell::Kind::text;
    cell.text = time_text(micros);
    return;
  }
  constexpr int64_t days_to_1970 = 25569, days_1904 = 1462;
  int64_t days = -days_to_1970;
  if (workbook_.from_1904)
    days += days_1904;
  else if (number < 60)
    days += 1;
  cell.kind = XlsxCell::Kind::date;
  cell.micros = micros + days * micros_per_day;
}

void XlsxCells::end_cell() {
  XlsxCell cell{.column = column_, .text = {}};
  if (type_ == "n") {
    double number = 0;
    if (!parse_float64(value_, number) || !std::isfinite(number))
      throw Error(Code::invalid, fmt::format("cell {} holds {}, which is no number",
                                             xlsx_name(row_number_, column_), excerpt(value_)));
    take_number(cell, number);
  } else if (type_ == "s") {
    size_t text = 0;
    if (!parse_whole(value_, text) || text >= workbook_.texts.size())
      throw Error(Code::invalid, fmt::format("cell {} holds a text that is not in the workbook",
                                             xlsx_name(row_number_, column_)));
    cell.text = workbook_.texts[text];
  } else if (type_ == "b") {
    cell.kind = XlsxCell::Kind::boolean;
    cell.number = value_ == "1" || value_ == "true" ? 1 : 0;
  } else if (type_ == "d") {
    cell.kind = XlsxCell::Kind::date;
    if (!parse_timestamp(value_, cell.micros))
      throw Error(Code::invalid, fmt::format("cell {} holds {}, which is no date",
                                             xlsx_name(row_number_, column_), excerpt(value_)));
  } else {
    cell.kind = type_ == "e" ? XlsxCell::Kind::error : XlsxCell::Kind::text;
    cell.text = value_;
  }
  row_text_ += cell.text.size();
  if (row_text_ > row_text_max)
    throw Error(Code::exhausted, fmt::format("row {} of it is beyond 64 MiB", row_number_));
  row_.cells.push_back(std::move(cell));
}

}  // namespace gristmill
