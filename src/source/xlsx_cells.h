// The cells of a sheet, row for row as they stream by.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "source/xlsx_workbook.h"
#include "source/xml.h"

namespace gristmill {

struct XlsxCell {
  enum class Kind : uint8_t { text, number, date, boolean, error };
  int column = 0;  // from 0
  Kind kind = Kind::text;
  std::string text;    // of text and errors
  double number = 0;   // of numbers; 0 and 1 of booleans
  int64_t micros = 0;  // of dates, since 1970-01-01
};

struct XlsxRow {
  int64_t number = 0;           // from 1, as Excel shows it
  std::vector<XlsxCell> cells;  // that hold something, by column
};

// Cells [first, last] by row and column; rows from 1, columns from 0.
struct XlsxRange {
  int64_t first_row = 1, last_row = int64_t(1) << 20;
  int first_column = 0, last_column = (1 << 14) - 1;

  bool holds(int64_t row, int column) const {
    return row >= first_row && row <= last_row && column >= first_column && column <= last_column;
  }
  bool meets(const XlsxRange& other) const;
  // "A3:F100", "A3:F" to the last row, "A3" all right of it and below. Code::invalid for others.
  static XlsxRange parse(const std::string& text);
};

std::string xlsx_name(int64_t row, int column);  // "B7"

class XlsxCells : private XmlHandler {
 public:
  // Both must outlive it. Only cells of the range are kept.
  XlsxCells(const XlsxWorkbook& workbook, const XlsxSheet& sheet, const XlsxRange& range);
  // The next row that holds something; false at the end. Code::invalid for what is damaged.
  bool next(XlsxRow& row);
  // Cells that are shown as one. Known at the end.
  const std::vector<std::string>& merged() const { return merged_; }

 private:
  void begin(std::string_view name, const XmlAttributes& attributes) override;
  void end(std::string_view name) override;
  void text(std::string_view part) override;
  void begin_cell(const XmlAttributes& attributes);
  void end_cell();
  void take_number(XlsxCell& cell, double number) const;

  const XlsxWorkbook& workbook_;
  XlsxRange range_;
  std::unique_ptr<XmlStream> stream_;
  std::deque<XlsxRow> rows_;  // whole ones, not yet taken
  XlsxRow row_;
  int64_t row_number_ = 0;
  size_t row_text_ = 0;  // bytes
  int column_ = -1;
  std::string type_;
  size_t style_ = 0;
  std::string value_;
  bool in_value_ = false, has_value_ = false, has_formula_ = false;
  std::vector<std::string> merged_;
};

}  // namespace gristmill
