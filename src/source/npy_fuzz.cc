// Any bytes as an array of NumPy: rows that can be read, or an Error.
#include <algorithm>
#include <string>

#include "frame/cell.h"
#include "source/npy.h"

using namespace gristmill;

namespace {

ReadBytes bytes_of(std::string_view bytes) {
  return [bytes](char* to, size_t size) mutable {
    const size_t part = std::min(size, bytes.size());
    std::copy_n(bytes.data(), part, to);
    bytes.remove_prefix(part);
    return part;
  };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto columns = size_t(read_npy_header(bytes_of(bytes)).columns);
    const auto rows = read_npy(bytes_of(bytes), {0, columns - 1});
    Batch batch;
    std::string text;
    for (int batches = 0; batches < 4 && rows->next(batch); ++batches) {
      for (const Column& column : batch.columns) {
        for (int64_t row = 0; row < batch.rows; ++row) append_canonical(column, row, text);
        text.clear();
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
