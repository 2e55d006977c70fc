#include "source/xlsx_workbook.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "source/xlsx_cells.h"

namespace gristmill {
namespace {

TEST(Xlsx, FormatsSayWhatANumberIs) {
  for (const char* format :
       {"yyyy-mm-dd", "d/m/yy h:mm", "mmm-yy", "[$-409]d mmm yyyy;@", "mm", "YYYY"})
    EXPECT_EQ(style_of(format), XlsxStyle::date) << format;
  for (const char* format : {"h:mm", "[h]:mm:ss", "mm:ss.0", "[mm]"})
    EXPECT_EQ(style_of(format), XlsxStyle::time) << format;
  for (const char* format :
       {"General", "0.00", "#,##0 \"days\"", "[Red]0.0", "0\\d", "0;\"yy\"", "\"unclosed d"})
    EXPECT_EQ(style_of(format), XlsxStyle::number) << format;
}

TEST(Xlsx, RangesAreOfCells) {
  const auto shown = [](const char* text) {
    const XlsxRange range = XlsxRange::parse(text);
    return xlsx_name(range.first_row, range.first_column) + ":" +
           xlsx_name(range.last_row, range.last_column);
  };
  EXPECT_EQ(shown("A3:F100"), "A3:F100");
  EXPECT_EQ(shown("b2:aa"), "B2:AA1048576");
  EXPECT_EQ(shown("C4"), "C4:XFD1048576");
  for (const char* text : {"", "3", "A", "A:B", "A0", "A1:", ":B2", "B1:A2", "A2:A1", "A1048577",
                           "XFE1", "A1:B2:C3", "A-1"})
    EXPECT_EQ(failure([&] { XlsxRange::parse(text); }).code(), Code::invalid) << text;
  EXPECT_TRUE(XlsxRange::parse("A1:B2").meets(XlsxRange::parse("B2:C3")));
  EXPECT_FALSE(XlsxRange::parse("A1:B2").meets(XlsxRange::parse("A3:C3")));
}

}  // namespace
}  // namespace gristmill
