#include "frame/csv_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "frame/decoding.h"

namespace gristmill {

NullTexts::NullTexts(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (const std::string& text : texts_) {
    longest_ = std::max(longest_, text.size());
    empty_ = empty_ || text.empty();
    if (!text.empty()) begins_[uint8_t(text.front())] = true;
  }
}

void CsvCells::fail(size_t byte, int64_t row, std::string message, std::string hint) const {
  throw Error(Code::invalid, std::move(message), {.line = int(line_at(byte)), .row = row},
              std::move(hint));
}

int64_t CsvCells::line_at(size_t byte) const {
  return block_->first_line + count_csv_lines(block_->text().substr(0, byte));
}

// The byte after a record end: of CRLF, after both.
uint32_t CsvCells::after(uint32_t end) const {
  const bool is_crlf = data_[end] == '\r' && end + 1 < block_->size && data_[end + 1] == '\n';
  return end + 1 + is_crlf;
}

void CsvCells::find_stops(size_t from) {
  const size_t size = block_->size;
  // Blocks are of almost one size; what the last one had is not kept.
  if (stops_.size() < size + 64) stops_ = UnzeroedVector<uint32_t>(size + size / 4 + 64);
  uint32_t* out = stops_.data();
  CsvMasks masks(delimiter_);
  for (size_t at = from; at < size; at += 64) {
    const CsvMasks::Word word = masks.next(data_ + at);
    uint64_t stops = word.delimiters | word.ends;
    if (size - at < 64) stops &= (uint64_t(1) << (size - at)) - 1;
    for (; stops != 0; stops &= stops - 1) *out++ = uint32_t(at) + uint32_t(__builtin_ctzll(stops));
  }
  stop_count_ = size_t(out - stops_.data());
  const bool ended = stop_count_ > 0 && after(stops_[stop_count_ - 1]) == size;
  if (!ended)
    fail(stop_count_ > 0 ? stops_[stop_count_ - 1] + 1 : from, -1, "a quote is not closed", "");
}

std::vector<std::string> CsvCells::read_header(const CsvBlock& block) {
  block_ = &block;
  data_ = block.bytes.data();
  find_stops(0);
  std::vector<std::string> names;
  uint32_t begin = 0;
  for (size_t i = 0;; ++i) {
    const std::string_view cell(data_ + begin, stops_[i] - begin);
    if (names.size() == csv_columns_max)
      fail(begin, -1, "more than 100,000 columns", "is this CSV?");
    names.emplace_back(cell.starts_with('"') ? unquoted(cell, -1) : cell);
    begin = stops_[i] + 1;
    if (data_[stops_[i]] == delimiter_) continue;
    header_end_ = after(stops_[i]);
    break;
  }
  columns_ = names.size();
  return names;
}

void CsvCells::find(const CsvBlock& block) {
  block_ = &block;
  data_ = block.bytes.data();
  rows_.clear();
  if (const size_t nul = block.text().find('\0'); nul != std::string_view::npos)
    fail(nul, -1, "a NUL byte", "is this a text file?");
  is_utf8_ = find_invalid_utf8(block.text()) == std::string_view::npos;
  uint32_t begin = uint32_t(header_end_);
  header_end_ = 0;
  if (begin == block.size) return;
  find_stops(begin);
  for (size_t stop = 0; stop < stop_count_;) {
    const bool is_empty = columns_ > 1 && stops_[stop] == begin && data_[begin] != delimiter_;
    if (!is_empty) {
      check_columns(stop, begin);
      rows_.push_back({begin, uint32_t(stop)});
    }
    stop += is_empty ? 1 : columns_;
    begin = after(stops_[stop - 1]);
  }
}

// The record whose first cell ends at `stop` has as many cells as there are columns.
void CsvCells::check_columns(size_t stop, uint32_t begin) const {
  size_t cells = 0;
  const size_t last = std::min(stop + columns_ - 1, stop_count_ - 1);
  while (stop + cells < last && data_[stops_[stop + cells]] == delimiter_) ++cells;
  const bool ends = data_[stops_[stop + cells]] != delimiter_;
  if (ends && cells + 1 == columns_) return;
  while (data_[stops_[stop + cells]] == delimiter_) ++cells;
  fail(begin, rows(),
       fmt::format("this line has {} cells where the first has {}", cells + 1, columns_),
       "correct it, or quote the cell that holds the delimiter");
}

// Of a cell that begins with a quote.
std::string_view CsvCells::unquoted(std::string_view cell, int64_t row) {
  const std::string_view inner = cell.substr(1);
  size_t quote = inner.find('"');
  if (quote + 1 == inner.size()) return inner.substr(0, quote);
  unquoted_.clear();
  size_t from = 0;
  while (quote + 1 < inner.size() && inner[quote + 1] == '"') {
    unquoted_.append(inner, from, quote + 1 - from);
    from = quote + 2;
    quote = inner.find('"', from);
  }
  if (quote + 1 != inner.size())
    fail(size_t(cell.data() - data_), row, "something follows a closing quote",
         "a quote inside a quoted cell is written twice: \"\"");
  unquoted_.append(inner, from, quote - from);
  return unquoted_;
}

}  // namespace gristmill
