// Where the cells of a block of CSV lie, and their texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frame/csv_blocks.h"

namespace gristmill {

// More names than this in a header are a mistake: of the delimiter, or of the file.
inline constexpr size_t csv_columns_max = 100000;

// The texts that stand for a missing value; quoted or not.
class NullTexts {
 public:
  explicit NullTexts(std::vector<std::string> texts);
  bool contains(std::string_view text) const {
    if (text.empty()) return empty_;
    if (text.size() > longest_ || !begins_[uint8_t(text.front())]) return false;
    for (const std::string& null : texts_) {
      if (text == null) return true;
    }
    return false;
  }

 private:
  std::vector<std::string> texts_;
  size_t longest_ = 0;
  bool empty_ = false;     // "" is one
  bool begins_[256] = {};  // by the first byte of a text
};

// The cells of one block, found at once, then read column by column. Reused from block to block.
class CsvCells {
 public:
  explicit CsvCells(char delimiter) : delimiter_(delimiter) {}

  // The cells of the first record, which says how many columns there are; it is no row.
  // Code::invalid for more than csv_columns_max.
  std::vector<std::string> read_header(const CsvBlock& block);
  void set_columns(size_t columns) { columns_ = columns; }
  // Finds the cells of all records (but the header, when it was just read). Empty lines are no
  // records, unless there is one column. Code::invalid with line and row (in this block) for a
  // record of another number of cells, a NUL byte, and a quote that does not close.
  void find(const CsvBlock& block);

  int64_t rows() const { return int64_t(rows_.size()); }
  bool is_utf8() const { return is_utf8_; }
  // Without its quotes; valid until the next call, or find(). Code::invalid when something follows
  // the closing one.
  std::string_view text(int64_t row, size_t column) {
    const uint32_t begin = begin_of(row, column);
    const std::string_view cell(data_ + begin, stops_[rows_[size_t(row)].stop + column] - begin);
    return cell.empty() || cell.front() != '"' ? cell : unquoted(cell, row);
  }
  // The line on which a cell begins.
  int64_t line(int64_t row, size_t column) const { return line_at(begin_of(row, column)); }

 private:
  struct Row {
    uint32_t begin;  // of its first cell
    uint32_t stop;   // the place in stops_ of that cell's end
  };
  uint32_t begin_of(int64_t row, size_t column) const {
    const Row& at = rows_[size_t(row)];
    return column == 0 ? at.begin : stops_[at.stop + column - 1] + 1;
  }
  void find_stops(size_t from);
  void check_columns(size_t stop, uint32_t begin) const;
  uint32_t after(uint32_t end) const;
  std::string_view unquoted(std::string_view cell, int64_t row);
  int64_t line_at(size_t byte) const;
  [[noreturn]] void fail(size_t byte, int64_t row, std::string message, std::string hint) const;

  char delimiter_;
  size_t columns_ = 0;
  const CsvBlock* block_ = nullptr;
  const char* data_ = nullptr;
  size_t header_end_ = 0;
  bool is_utf8_ = true;
  UnzeroedVector<uint32_t>
      stops_;  // delimiters and record ends outside quotes, the first stop_count_
  size_t stop_count_ = 0;
  std::vector<Row> rows_;
  std::string unquoted_;
};

}  // namespace gristmill
