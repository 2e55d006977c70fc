// Bytes → cells of CSV (RFC 4180), streaming: only the cell at hand is in memory.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frame/readers.h"

namespace gristmill {

struct CsvCell {
  std::string_view text;  // without its quotes; valid until the next call
  bool quoted = false;
  bool last = false;  // the record ends after it
};

// Records end with LF, CRLF, CR or the end of the input. Errors (Code::invalid; Code::exhausted for
// a cell beyond 64 MiB) name the line.
class CsvScanner {
 public:
  // Code::invalid when the input begins as UTF-16 does, or the delimiter is a quote or line end.
  CsvScanner(ReadBytes in, char delimiter);

  bool at_end();
  CsvCell cell();
  // From 1: the line on which the next cell begins.
  int64_t line() const { return line_; }

 private:
  CsvCell plain_cell();
  CsvCell quoted_cell();
  void end_record(size_t at);
  bool more(size_t& at);
  size_t find(size_t from, char a, char b, char c) const;
  [[noreturn]] void fail(const std::string& message, const std::string& hint = "") const;

  ReadBytes in_;
  char delimiter_;
  std::vector<char> data_;
  size_t begin_ = 0;  // of the next cell
  size_t end_ = 0;    // of what has been read
  bool exhausted_ = false;
  int64_t line_ = 1;
};

}  // namespace gristmill
