// A sheet as a table: where its rows and columns lie, and of which types they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "frame/csv_cells.h"
#include "frame/schema.h"
#include "source/xlsx_cells.h"

namespace gristmill {

// What the user said.
struct XlsxReading {
  std::optional<XlsxRange> range;
  bool header = true, header_given = false;
  std::vector<std::string> nulls;
};

struct XlsxShape {
  int64_t first_row = 1;    // that holds values, not names
  std::vector<int> places;  // by column: which of the sheet it is, from 0
  Schema columns;
  std::vector<std::string> notes;

  nlohmann::json json() const;
  static XlsxShape from_json(const nlohmann::json& in);
};

// Reads a sheet through: its columns' types hold every cell. Code::invalid, naming the cell, for a
// sheet that is no table: empty, with a title above its names, with merged cells.
XlsxShape look_at_sheet(const XlsxWorkbook& workbook, const XlsxSheet& sheet,
                        const XlsxReading& reading);

// A cell as text: numbers as short as they read back, dates as ISO 8601.
std::string xlsx_text(const XlsxCell& cell);
bool is_midnight(const XlsxCell& date);

}  // namespace gristmill
