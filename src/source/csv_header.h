// The first line of a CSV file: how cells are separated and what the columns
// are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace gristmill {

struct CsvHeader {
  char delimiter = ',';
  std::vector<std::string> cells;
};

// `delimiter` 0: best_delimiter(). Code::invalid, naming file and
// line, for an empty file, zero bytes (in the first MB) and a first record that cannot be read.
// `encoding`: as as_utf8() takes it.
CsvHeader read_csv_header(const fs::path& file, const std::string& encoding, char delimiter);

// The one of , ; tab | that separates most cells of the first record; without any, the comma.
// csv_slack bytes behind `head` are readable.
char best_delimiter(std::string_view head);

// Names for the columns. Code::invalid when two are equal (case ignored, as SQL does), or, unless
// `sure`, when a cell is a number or a date: then it is data. Cells without text are named by
// position.
std::vector<std::string> column_names(const fs::path& file, const CsvHeader& header, bool sure);

}  // namespace gristmill
