// Any bytes as CSV, cut into blocks of any size: the same cells of the same types, or an error.
#include <cstdlib>

#include "frame/csv_columns.h"
#include "frame/testing.h"

using namespace gristmill;

namespace {

// Cells, then the types of their columns; of a file with an error, that it has one.
std::string outcome(const std::string& bytes, size_t block_bytes) {
  std::string text;
  try {
    CsvBlocks blocks(bytes_of(bytes), ',', block_bytes);
    CsvBlock block;
    CsvCells cells(',');
    const NullTexts nulls({"", "NA"});
    if (!blocks.next(block)) return "empty";
    std::vector<CsvType> types(cells.read_header(block).size());
    do {
      cells.find(block);
      std::vector<CsvType> of_block(types.size());
      for (size_t column = 0; column < types.size(); ++column) {
        of_block[column].observe(cells, column, nulls);
        types[column].merge(of_block[column]);
      }
      for (int64_t row = 0; row < cells.rows(); ++row) {
        for (size_t column = 0; column < types.size(); ++column)
          text += std::string(cells.text(row, column)) + "|";
        text += std::to_string(cells.line(row, 0)) + "\n";
      }
    } while (blocks.next(block));
    for (const CsvType& type : types) text += std::string(name_of(type.type())) + "|";
  } catch (const Error& error) {
    text = error.code() == Code::invalid ? "error" : error.what();
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = outcome(bytes, bytes.size() + 1);
  if (outcome(bytes, 1) != whole || outcome(bytes, 100) != whole) std::abort();
  return 0;
}
