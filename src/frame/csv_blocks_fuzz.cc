// Any bytes as CSV, cut into blocks of any size: the same cells of the same types, or an error. Of
// its type, each column can be read.
#include <cstdlib>

#include "frame/csv_columns.h"
#include "frame/testing.h"

using namespace gristmill;

namespace {

void read_as(const std::string& bytes, const NullTexts& nulls, const std::vector<CsvType>& types) {
  CsvBlocks blocks(bytes_of(bytes), ',', bytes.size() + 1);
  CsvBlock block;
  blocks.next(block);
  CsvCells cells(',');
  cells.read_header(block);
  cells.find(block);
  for (size_t column = 0; column < types.size(); ++column) {
    const Field field{"x", types[column].type(), true};
    ColumnBuffer out(field.type);
    if (field.type != Type::string) read_csv_column(cells, column, field, nulls, '.', out);
  }
}

// Cells, then the types of their columns; of a file with an error, that it has one.
std::string outcome(const std::string& bytes, const NullTexts& nulls, size_t block_bytes) {
  std::vector<CsvType> types;
  std::string text;
  try {
    CsvBlocks blocks(bytes_of(bytes), ',', block_bytes);
    CsvBlock block;
    CsvCells cells(',');
    if (!blocks.next(block)) return "empty";
    types.resize(cells.read_header(block).size());
    do {
      cells.find(block);
      for (size_t column = 0; column < types.size(); ++column) {
        CsvType of_block;
        of_block.observe(cells, column, nulls, '.');
        types[column].merge(of_block);
      }
      for (int64_t row = 0; row < cells.rows(); ++row) {
        for (size_t column = 0; column < types.size(); ++column)
          text += std::string(cells.text(row, column)) + "|";
        text += std::to_string(cells.line(row, 0)) + "\n";
      }
    } while (blocks.next(block));
    for (const CsvType& type : types) text += std::string(name_of(type.type())) + "|";
  } catch (const Error& error) {
    return error.code() == Code::invalid ? "error" : error.what();
  }
  read_as(bytes, nulls, types);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const NullTexts nulls(size % 2 == 0 ? std::vector<std::string>{"", "NA"}
                                      : std::vector<std::string>{"NA"});
  const std::string whole = outcome(bytes, nulls, bytes.size() + 1);
  if (outcome(bytes, nulls, 1) != whole || outcome(bytes, nulls, 100) != whole) std::abort();
  return 0;
}
