#include "frame/csv_scanner.h"

#include <fmt/format.h>
#include <immintrin.h>

#include <cstring>

#include "frame/decoding.h"

namespace gristmill {

namespace {

constexpr size_t slack = 32;  // a vector load at the last byte stays inside

}  // namespace

CsvScanner::CsvScanner(ReadBytes in, char delimiter)
    : in_(std::move(in)), delimiter_(delimiter), data_((size_t(1) << 18) + slack) {
  if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' || delimiter == '\0') {
    throw Error(Code::invalid, "a CSV delimiter cannot be a quote, a line end or NUL");
  }
  size_t at = 0;
  while (end_ < 3 && more(at)) {
  }
  const std::string_view head(data_.data(), std::min<size_t>(end_, 3));
  if (head == "\xEF\xBB\xBF") begin_ = 3;
  if (head.substr(0, 2) == "\xFF\xFE" || head.substr(0, 2) == "\xFE\xFF") {
    fail("this is UTF-16", "save the file as UTF-8");
  }
}

// Reads on, moving the open cell to the front; `at` keeps its byte. False at the end of the input.
bool CsvScanner::more(size_t& at) {
  if (exhausted_) return false;
  if (end_ - begin_ > cell_bytes_max) {
    throw Error(Code::exhausted, fmt::format("line {}: a cell is longer than 64 MiB", line_), {},
                "is a quote not closed?");
  }
  if (begin_ > 0) {
    std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    at -= begin_;
    begin_ = 0;
  }
  if (data_.size() - slack - end_ < data_.size() / 2) data_.resize(data_.size() * 2);
  const size_t got = in_(data_.data() + end_, data_.size() - slack - end_);
  end_ += got;
  exhausted_ = got == 0;
  return !exhausted_;
}

bool CsvScanner::at_end() {
  size_t at = begin_;
  return begin_ == end_ && !more(at);
}

// The first of three characters or NUL; at most end_.
size_t CsvScanner::find(size_t from, char a, char b, char c) const {
  const __m256i first = _mm256_set1_epi8(a);
  const __m256i second = _mm256_set1_epi8(b);
  const __m256i third = _mm256_set1_epi8(c);
  for (size_t at = from; at < end_; at += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data_.data() + at));
    const __m256i one_or_two =
        _mm256_or_si256(_mm256_cmpeq_epi8(bytes, first), _mm256_cmpeq_epi8(bytes, second));
    const __m256i three_or_nul = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, third),
                                                 _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
    const auto found = uint32_t(_mm256_movemask_epi8(_mm256_or_si256(one_or_two, three_or_nul)));
    if (found != 0) return std::min(at + size_t(__builtin_ctz(found)), end_);
  }
  return end_;
}

CsvCell CsvScanner::cell() {
  if (at_end()) return {{}, false, true};
  return data_[begin_] == '"' ? quoted_cell() : plain_cell();
}

CsvCell CsvScanner::plain_cell() {
  size_t at = begin_;
  for (;;) {
    at = find(at, delimiter_, '\n', '\r');
    if (at < end_) break;
    if (!more(at)) {
      const CsvCell cell{{data_.data() + begin_, end_ - begin_}, false, true};
      begin_ = end_;
      return cell;
    }
  }
  const char stop = data_[at];
  if (stop == '\0') fail("a NUL byte", "is this a text file?");
  if (stop == '\r' && at + 1 == end_) more(at);
  CsvCell cell{{data_.data() + begin_, at - begin_}, false, stop != delimiter_};
  if (cell.last) {
    end_record(at);
  } else {
    begin_ = at + 1;
  }
  return cell;
}

// data_[at] is LF or CR.
void CsvScanner::end_record(size_t at) {
  begin_ = at + 1;
  if (data_[at] == '\r' && begin_ < end_ && data_[begin_] == '\n') ++begin_;
  ++line_;
}

CsvCell CsvScanner::quoted_cell() {
  const int64_t opened = line_;
  size_t at = begin_ + 1;        // where to read on
  size_t text_end = begin_ + 1;  // of what has been unquoted in place
  bool moved = false;            // "" made the text shorter
  auto keep = [&](size_t upto) {
    if (moved) std::memmove(data_.data() + text_end, data_.data() + at, upto - at);
    text_end += upto - at;
    at = upto;
  };
  auto refill = [&] {
    const size_t before = at;
    const bool got = more(at);
    text_end -= before - at;
    return got;
  };
  for (;;) {
    keep(find(at, '"', '\n', '"'));
    if (at == end_) {
      if (refill()) continue;
      line_ = opened;
      fail("a quote is not closed");
    }
    if (data_[at] == '\0') fail("a NUL byte", "is this a text file?");
    if (data_[at] == '\n') {
      ++line_;
      keep(at + 1);
      continue;
    }
    if (at + 1 == end_) refill();
    if (at + 1 < end_ && data_[at + 1] == '"') {  // "" stands for one quote
      keep(at + 1);
      ++at;
      moved = true;
      continue;
    }
    break;
  }
  ++at;  // past the closing quote
  while (at + 1 >= end_ && refill()) {
  }
  const CsvCell cell{{data_.data() + begin_ + 1, text_end - begin_ - 1},
                     true,
                     at >= end_ || data_[at] != delimiter_};
  if (at >= end_) {
    begin_ = end_;
  } else if (!cell.last) {
    begin_ = at + 1;
  } else if (data_[at] == '\n' || data_[at] == '\r') {
    end_record(at);
  } else {
    fail("something follows a closing quote",
         "a quote inside a quoted cell is written twice: \"\"");
  }
  return cell;
}

void CsvScanner::fail(const std::string& message, const std::string& hint) const {
  throw Error(Code::invalid, fmt::format("line {}: {}", line_, message), {}, hint);
}

}  // namespace gristmill
