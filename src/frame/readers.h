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

// Decodes `{"instances": [{column: value, …}, …]}`, or the array alone, in one strict pass. One
// object is kept per thread and reused; it allocates nothing once warm. Types are taken strictly:
// int64 whole numbers (5 and 5.0), float64 any number, string strings and arrays of numbers (as
// their text, "[1,2.5]"), boolean true and false, dates and times ISO 8601 strings; null or absent
// where nullable. What is skipped is checked as JSON too. Errors are Code::invalid (Code::exhausted
// for more than `max_rows` rows), with row and field in `where`, the byte in the message where the
// JSON is malformed, and the nearest unknown name of that row as hint for a missing column. Among
// them: integers beyond int64, numbers beyond double, a name twice in a row, bytes that are not
// UTF-8 or follow the end.
class JsonDecoder {
 public:
  explicit JsonDecoder(const Expected& expected);
  ~JsonDecoder();
  // `body` must be readable for 64 bytes past its end, whatever is there. Fills `out`; returns the
  // unknown names met (at most 100), sorted, valid until the next call.
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
  char decimal = '.';                           // or a comma
};

// Streams: memory is bounded by a batch and the longest cell or line (64 MiB; beyond it
// Code::exhausted). Each throws Code::invalid with the row, and the line of text files. A missing
// column that is not nullable is an error at once (JSON lines: of its row); so is a file that has
// none of the columns. Unknown columns are skipped and told to `unknown`, if there are any: once,
// before the first row (JSON lines: those of the first batch). It may be null.
using Unknown = std::function<void(const std::vector<std::string>&)>;
// RFC 4180, header line first, UTF-8 (a byte order mark is skipped); lines end with LF, CRLF or CR.
// Ragged rows, NUL bytes and names that occur twice are errors; empty lines are skipped, unless
// there is one column only.
std::unique_ptr<BatchReader> read_csv(ReadBytes in, const Expected& expected,
                                      CsvOptions options = {}, Unknown unknown = nullptr);
// One JSON object a line, as in a request; blank lines are skipped.
std::unique_ptr<BatchReader> read_json_lines(ReadBytes in, const Expected& expected,
                                             Unknown unknown = nullptr);
// An Arrow IPC stream or file, plain or compressed with zstd or LZ4. Taken as well: dictionaries,
// integers and floats of any width, decimals of at most 18 digits, large strings and string views,
// date64, timestamps of any unit (nanoseconds are floored). A column of another kind is an error
// that names both types; so is a value that does not fit (a fraction in an int64). Holds one record
// batch of the file in memory.
std::unique_ptr<BatchReader> read_arrow(ReadBytes in, const Expected& expected,
                                        Unknown unknown = nullptr);

// The columns of such a stream or file, in their order, as its schema says them: integers as int64,
// decimals as float64, and text for what read_arrow() then refuses.
Schema arrow_schema(ReadBytes in);

}  // namespace gristmill
