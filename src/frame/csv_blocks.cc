#include "frame/csv_blocks.h"

#include <fmt/format.h>
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "frame/decoding.h"

namespace gristmill {

namespace {

constexpr size_t record_bytes_max = cell_bytes_max + 1;  // with its end

uint64_t equal_to(const char* bytes, char wanted) {
  const __m256i pattern = _mm256_set1_epi8(wanted);
  auto half = [&](const char* at) {
    const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    return uint64_t(uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(some, pattern))));
  };
  return half(bytes) | half(bytes + 32) << 32;
}

// Bit i: the XOR of bits 0 … i.
uint64_t prefix_xor(uint64_t bits) {
  const __m128i all = _mm_set1_epi8(-1);
  const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, int64_t(bits)), all, 0);
  return uint64_t(_mm_cvtsi128_si64(product));
}

}  // namespace

int64_t count_csv_lines(std::string_view text) {
  int64_t lines = 0;
  size_t at = 0;
  for (; at + 64 <= text.size(); at += 64)
    lines += __builtin_popcountll(equal_to(text.data() + at, '\n'));
  for (; at < text.size(); ++at) lines += text[at] == '\n';
  for (size_t cr = text.find('\r'); cr != text.npos; cr = text.find('\r', cr + 1))
    lines += cr + 1 == text.size() || text[cr + 1] != '\n';
  return lines;
}

CsvMasks::Word CsvMasks::next(const char* bytes) {
  const uint64_t delimiters = equal_to(bytes, delimiter_);
  const uint64_t lf = equal_to(bytes, '\n'), cr = equal_to(bytes, '\r');
  const uint64_t quotes = equal_to(bytes, '"');
  const uint64_t ends = cr | (lf & ~(cr << 1 | uint64_t(after_cr_)));
  after_cr_ = cr >> 63;
  const uint64_t out = outside(bytes, quotes, delimiters | lf | cr);
  return {delimiters & out, ends & out};
}

// The bytes that are not quoted.
uint64_t CsvMasks::outside(const char* bytes, uint64_t quotes, uint64_t stops) {
  const bool open = state_ == State::quoted;
  uint64_t inside = open ? ~uint64_t(0) : 0;
  if (quotes != 0) {
    inside ^= prefix_xor(quotes);
    const uint64_t before = (stops | quotes) << 1 | uint64_t(state_ != State::plain);
    const uint64_t opening = quotes & inside;
    if ((opening & ~before) != 0) return outside_by_byte(bytes);
  }
  if (inside >> 63 != 0) {
    state_ = State::quoted;
  } else if (quotes >> 63 != 0) {
    state_ = State::closed;
  } else {
    state_ = stops >> 63 != 0 ? State::begin : State::plain;
  }
  return ~inside;
}

uint64_t CsvMasks::outside_by_byte(const char* bytes) {
  uint64_t out = 0;
  for (int i = 0; i < 64; ++i) {
    const bool quote = bytes[i] == '"';
    if (state_ == State::quoted) {
      if (quote) state_ = State::closed;
    } else if (quote && state_ != State::plain) {
      state_ = State::quoted;
    } else {
      out |= uint64_t(1) << i;
      state_ = is_stop(bytes[i]) ? State::begin : State::plain;
    }
  }
  return out;
}

CsvBlocks::CsvBlocks(ReadBytes in, char delimiter, size_t block_bytes)
    : in_(std::move(in)), delimiter_(delimiter), block_bytes_(block_bytes) {
  if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' || delimiter == '\0') {
    throw Error(Code::invalid, "a CSV delimiter cannot be a quote, a line end or NUL");
  }
}

void CsvBlocks::fill(CsvBlock& block, size_t size) {
  while (!ended_ && block.size < size) {
    block.bytes.resize(std::max(block.bytes.size(), size + csv_slack));
    const size_t got = in_(block.bytes.data() + block.size, size - block.size);
    block.size += got;
    ended_ = got == 0;
  }
}

// 0 when no record ends in it. The LF of a last CR may follow: only the input's end ends that one.
size_t CsvBlocks::last_record_end(const CsvBlock& block) const {
  const bool is_open = !ended_ && block.size > 0 && block.bytes[block.size - 1] == '\r';
  const size_t size = block.size - is_open;
  CsvMasks masks(delimiter_);
  size_t end = 0;
  for (size_t at = 0; at < size; at += 64) {
    uint64_t ends = masks.next(block.bytes.data() + at).ends;
    if (size - at < 64) ends &= (uint64_t(1) << (size - at)) - 1;
    if (ends != 0) end = at + 64 - size_t(__builtin_clzll(ends));
  }
  const bool is_crlf = end > 0 && end < size && block.bytes[end - 1] == '\r';
  return end + (is_crlf && block.bytes[end] == '\n');
}

bool CsvBlocks::next(CsvBlock& block) {
  block.bytes.resize(std::max(block.bytes.size(), rest_.size() + csv_slack));
  std::copy(rest_.begin(), rest_.end(), block.bytes.begin());
  block.size = rest_.size();
  rest_.clear();
  if (!begun_) {
    fill(block, 3);
    begun_ = true;
    const std::string_view head = block.text();
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
      throw Error(Code::invalid, "this is UTF-16", {.line = 1}, "save the file as UTF-8");
    if (head.starts_with("\xEF\xBB\xBF")) {
      std::copy(head.begin() + 3, head.end(), block.bytes.begin());
      block.size -= 3;
    }
  }
  size_t end = 0;
  for (size_t size = block_bytes_; end == 0; size = std::min(size * 2, record_bytes_max)) {
    fill(block, size);
    if (block.size == 0) return false;
    end = last_record_end(block);
    if (ended_ && end < block.size) {
      block.bytes.resize(std::max(block.bytes.size(), block.size + 1 + csv_slack));
      block.bytes[block.size++] = '\n';  // the end that the last record lacks
      end = block.size;
    }
    if (end == 0 && block.size >= record_bytes_max)
      throw Error(Code::exhausted, "a line is longer than 64 MiB", {.line = int(line_)},
                  "is a quote not closed?");
  }
  rest_.assign(block.bytes.begin() + long(end), block.bytes.begin() + long(block.size));
  block.size = end;
  block.first_line = line_;
  line_ += count_csv_lines(block.text());
  return true;
}

}  // namespace gristmill
