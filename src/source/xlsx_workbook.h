// The parts of an Excel workbook (ECMA-376, Part 1, SpreadsheetML) that its sheets are read with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/zip_file.h"

namespace gristmill {

// Bytes of a cell's text: 32767 characters, as Excel allows, in UTF-8.
inline constexpr size_t xlsx_text_max = 4 * 32767;

// How a number in a cell is shown: what it means.
enum class XlsxStyle : uint8_t { number, date, time };

struct XlsxSheet {
  std::string name;
  std::string part;  // of the archive: "xl/worksheets/sheet1.xml"
};

// Texts that cells share, one after the other in one piece of memory.
class XlsxTexts {
 public:
  void add(std::string_view text);  // Code::exhausted beyond 256 MiB in all
  std::string_view operator[](size_t i) const;
  size_t size() const { return ends_.size(); }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

struct XlsxWorkbook {
  ZipFile archive;
  std::vector<XlsxSheet> sheets;  // those of cells, in their order
  bool from_1904 = false;         // day 0 is 1904-01-01
  std::vector<XlsxStyle> styles;  // by a cell's s="…"
  XlsxTexts texts;                // by a cell's value with t="s"

  // Code::invalid for what is no such workbook.
  explicit XlsxWorkbook(ZipFile archive);
};

// Code::invalid for what is no .xlsx, with a word for older workbooks.
ZipFile open_xlsx(const fs::path& file);

// What a format code says of a number: "yyyy-mm-dd hh:mm" is a date, "[h]:mm:ss" a time.
XlsxStyle style_of(std::string_view format);

}  // namespace gristmill
