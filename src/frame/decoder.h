// Bytes → rows, against a schema that is known before: never sniffed. Requests and `predict` use
// the same decoders, so that what was trained on is what is served.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "frame/batch.h"

namespace gristmill {

// What a decoder expects: the columns it yields, in order, and the other names it may meet.
struct Expected {
  Schema schema;                     // nullable: may be null or absent
  std::vector<std::string> ignored;  // known, not wanted: skipped without a word
};

// Decodes `{"instances": [{column: value, …}, …]}`, or the array alone, with simdjson. One object
// is kept per thread and reused; it allocates nothing per column once warm. Integers beyond int64,
// duplicate keys, NaN, trailing bytes and more than `max_rows` rows are errors (Code::invalid;
// Code::exhausted for rows), with row and field in `where` and the nearest unknown name as hint.
class JsonDecoder {
 public:
  explicit JsonDecoder(const Expected& expected);
  ~JsonDecoder();
  // `body` must be readable for 64 bytes past its end (simdjson's padding). Fills `out`; returns
  // the unknown names met, sorted, valid until the next call.
  const std::vector<std::string>& decode(std::string_view body, int64_t max_rows, BatchBuffer& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads up to `size` bytes; 0 at the end.
using ReadBytes = std::function<size_t(char* to, size_t size)>;

struct CsvOptions {
  char delimiter = ',';
  std::vector<std::string> null_values = {""};  // quoted or not, as the table engine reads it
};

// Streams: memory is bounded by a batch and the longest cell. Each throws Code::invalid with the
// row. A missing column that is not nullable is an error at once; unknown columns are skipped and
// told to `unknown` (once, before the first row; may be null).
using Unknown = std::function<void(const std::vector<std::string>&)>;
// RFC 4180, header line first, UTF-8 (a byte order mark is skipped); ragged rows are errors.
std::unique_ptr<BatchReader> read_csv(ReadBytes in, const Expected& expected,
                                      CsvOptions options = {}, Unknown unknown = nullptr);
// One JSON object a line.
std::unique_ptr<BatchReader> read_json_lines(ReadBytes in, const Expected& expected,
                                             Unknown unknown = nullptr);
// An Arrow IPC stream or file. Dictionaries, small integers, decimals of at most 18 digits and
// large strings are converted; a column of another kind is an error that names both types.
std::unique_ptr<BatchReader> read_arrow(ReadBytes in, const Expected& expected,
                                        Unknown unknown = nullptr);

// The other way: rows → bytes, for `predict -o`.
using WriteBytes = std::function<void(std::string_view bytes)>;
class BatchWriter {
 public:
  virtual ~BatchWriter() = default;
  virtual void write(const Batch& batch) = 0;
  virtual void finish() = 0;
};
std::unique_ptr<BatchWriter> write_csv(WriteBytes out, const Schema& schema);
std::unique_ptr<BatchWriter> write_json_lines(WriteBytes out, const Schema& schema);
std::unique_ptr<BatchWriter> write_arrow(WriteBytes out, const Schema& schema);  // IPC stream

}  // namespace gristmill
