// Arrays as NumPy writes them (numpy.lib.format, versions 1 to 3): numbers in one or two
// dimensions, each column of the array a column of a table.
#pragma once

#include <memory>

#include "frame/batch.h"
#include "frame/readers.h"

namespace gristmill {

struct NpyHeader {
  char kind = 'f';         // 'f', 'i', 'u', 'b'
  int bytes = 8;           // a number
  bool swapped = false;    // big-endian
  bool by_column = false;  // "fortran_order"
  int64_t rows = 0, columns = 1;

  // "x0", "x1", …
  Schema schema() const;
};

// Takes the header from the front. Code::invalid for what is no such array, for arrays of other
// dimensions or of other things than numbers (those of objects would run code when read), and for
// more than csv_columns_max columns.
NpyHeader read_npy_header(const ReadBytes& in);

// Rows of the wanted columns. An array kept by column is held in memory, up to 1 GiB; others
// stream.
std::unique_ptr<BatchReader> read_npy(ReadBytes in, const std::vector<size_t>& wanted);

}  // namespace gristmill
