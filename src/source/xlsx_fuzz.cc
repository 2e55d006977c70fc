// Any bytes as a workbook: sheets that can be read, or an Error.
#include <algorithm>
#include <cstring>

#include "source/xlsx_shape.h"

using namespace gristmill;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read_at = [=](uint64_t offset, char* to, size_t wanted) {
    const size_t begin = size_t(std::min<uint64_t>(offset, size));
    const size_t part = std::min(wanted, size - begin);
    if (part > 0) std::memcpy(to, data + begin, part);
    return part;
  };
  try {
    const XlsxWorkbook workbook(ZipFile(read_at, size));
    for (const XlsxSheet& sheet : workbook.sheets) {
      try {
        look_at_sheet(workbook, sheet, {.range = std::nullopt, .nulls = {"", "NA"}});
      } catch (const Error&) {
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
