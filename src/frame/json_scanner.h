// A strict scanner of JSON (RFC 8259) in one pass: what it passes over is checked as well as what
// it hands out. No allocation but for strings with escapes. Errors name the byte.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gristmill {

// A number as it is written: ±mantissa · 10^exponent, exactly so when `exact`.
struct JsonNumber {
  std::string_view text;
  uint64_t mantissa = 0;  // of at most 19 digits
  int exponent = 0;       // clamped to ±100,000
  bool negative = false;
  bool exact = true;

  enum class Fit { yes, fraction, overflow };
  Fit to_int64(int64_t& value) const;
  // False when it is beyond double; what is too small becomes 0.
  bool to_double(double& value) const;
};

// A name between quotes as JSON most likely has it, to be compared in a few instructions.
struct JsonName {
  explicit JsonName(std::string_view name);
  std::string quoted;  // empty: the name has characters that JSON must or may escape
  uint32_t mask = 0;   // of the first 32 bytes
  alignas(32) char head[32] = {};
};

// The bytes are not JSON: nothing about a row or a column.
class MalformedJson : public Error {
 public:
  explicit MalformedJson(const std::string& what) : Error(Code::invalid, "malformed JSON" + what) {}
};

class JsonScanner {
 public:
  static constexpr int depth_max = 512;

  // `bytes` must be valid UTF-8, readable for 32 bytes past its end, and outlive the scanning.
  // `offset` is where they begin in what the caller calls the input.
  void start(std::string_view bytes, size_t offset = 0) {
    begin_ = next_ = bytes.data();
    end_ = begin_ + bytes.size();
    offset_ = offset;
  }

  // Skips white space; the next character, or 0 at the end.
  char peek() {
    while (next_ < end_) {
      const char c = *next_;
      if (uint8_t(c) > ' ') return c;
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c == 0 ? '\1' : c;
      ++next_;
    }
    return 0;
  }
  // Takes the next character if it is `c`.
  bool take(char c) {
    if (peek() != c) return false;
    ++next_;
    return true;
  }
  void expect(char c, const char* where) {
    if (!take(c)) fail_expected(c, where);
  }
  // Takes the string `name` if it stands here literally. White space must have been skipped.
  bool take_name(const JsonName& name) {
    const size_t size = name.quoted.size();
    if (size == 0 || size_t(end_ - next_) < size) return false;
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(next_));
    const __m256i head = _mm256_load_si256(reinterpret_cast<const __m256i*>(name.head));
    const uint32_t equal = uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(here, head)));
    if ((equal & name.mask) != name.mask) return false;
    if (size > 32 && std::memcmp(next_, name.quoted.data(), size) != 0) return false;
    next_ += size;
    return true;
  }

  // A string with its escapes resolved: a view of the input, or of `scratch`.
  std::string_view string(std::string& scratch);
  JsonNumber number();
  // `true`, `false` or `null`, of which the first character was peeked.
  void literal(std::string_view word);
  // Passes over a value of any kind, checking it.
  void skip_value(int depth = 0);
  // Nothing but white space may follow.
  void expect_end();

  size_t position() const { return offset_ + size_t(next_ - begin_); }
  // What the next value is, in words: `the string "abc"`, `5.5`, `an object`. For errors.
  std::string describe();
  [[noreturn]] void fail(const std::string& reason) const;  // MalformedJson

 private:
  [[noreturn]] void fail_expected(char c, const char* where);
  std::string_view string_with_escapes(std::string& scratch, const char* begin);
  void escape(std::string& scratch);
  uint32_t hex4();
  const char* find_special(const char* from) const;

  const char* begin_ = nullptr;
  const char* next_ = nullptr;
  const char* end_ = nullptr;
  size_t offset_ = 0;
};

}  // namespace gristmill
