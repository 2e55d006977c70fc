// Rows → bytes, for `predict -o`. What `out` throws comes through.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "frame/batch.h"

namespace gristmill {

using WriteBytes = std::function<void(std::string_view bytes)>;
class BatchWriter {
 public:
  virtual ~BatchWriter() = default;
  virtual void write(const Batch& batch) = 0;
  virtual void finish() = 0;
};
// A null is an empty cell, as is empty text.
std::unique_ptr<BatchWriter> write_csv(WriteBytes out, const Schema& schema);
// NaN and infinities are null.
std::unique_ptr<BatchWriter> write_json_lines(WriteBytes out, const Schema& schema);
// An IPC stream, or a file (with its footer).
std::unique_ptr<BatchWriter> write_arrow(WriteBytes out, const Schema& schema, bool file = false);

}  // namespace gristmill
