// Bytes of CSV (RFC 4180) → blocks of whole records, which may then be read side by side.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frame/column.h"
#include "frame/readers.h"

namespace gristmill {

// Which of 64 bytes separate cells, and which end records: those outside quotes. A quote opens at
// the beginning of a cell only, so `5" pipe` is text. Where all quotes of a word open and close as
// they should, the quoted bytes are the prefix XOR of the quotes (Langdale & Lemire, Parsing
// Gigabytes of JSON per Second, 2019); else the word is read byte by byte.
class CsvMasks {
 public:
  explicit CsvMasks(char delimiter) : delimiter_(delimiter) {}

  struct Word {
    uint64_t delimiters, ends;  // of CRLF, the CR ends the record
  };
  // The next 64 bytes, all readable.
  Word next(const char* bytes);
  // Whether the byte after them is inside quotes.
  bool is_open() const { return state_ == State::quoted; }

 private:
  enum class State : uint8_t { begin, plain, quoted, closed };
  uint64_t outside(const char* bytes, uint64_t quotes, uint64_t stops);
  uint64_t outside_by_byte(const char* bytes);
  bool is_stop(char c) const { return c == delimiter_ || c == '\n' || c == '\r'; }

  char delimiter_;
  State state_ = State::begin;
  bool after_cr_ = false;
};

// Line ends: LF, CR and CRLF.
int64_t count_csv_lines(std::string_view text);

// Bytes of a block, as long as its records are shorter: it and the places of its cells stay in the
// second-level cache.
inline constexpr size_t csv_block_bytes = size_t(512) << 10;
// Bytes past the end of a block that may be read, whatever is there.
inline constexpr size_t csv_slack = 64;

// Whole records; the last one is ended too. Reused from block to block.
struct CsvBlock {
  UnzeroedVector<char> bytes;  // `size`, and the slack
  size_t size = 0;
  int64_t first_line = 1;  // of the input

  std::string_view text() const { return {bytes.data(), size}; }
};

// Cuts a stream. Not thread-safe: whoever reads blocks side by side takes turns here.
class CsvBlocks {
 public:
  // Code::invalid when the delimiter is a quote or line end.
  CsvBlocks(ReadBytes in, char delimiter, size_t block_bytes = csv_block_bytes);
  // False at the end. Code::invalid when the input begins as UTF-16 does, Code::exhausted for a
  // record beyond 64 MiB.
  bool next(CsvBlock& block);

 private:
  void fill(CsvBlock& block, size_t size);
  size_t last_record_end(const CsvBlock& block) const;

  ReadBytes in_;
  char delimiter_;
  size_t block_bytes_;
  UnzeroedVector<char> rest_;  // read, behind the last block
  bool begun_ = false, ended_ = false;
  int64_t line_ = 1;
};

}  // namespace gristmill
