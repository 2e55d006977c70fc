#include "frame/json_scanner.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int mantissa_digits = 19;  // as many as always fit into 64 bits
constexpr int exponent_max = 100000;

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xC0 | (c >> 6));
    out += char(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += char(0xE0 | (c >> 12));
    out += char(0x80 | ((c >> 6) & 0x3F));
    out += char(0x80 | (c & 0x3F));
  } else {
    out += char(0xF0 | (c >> 18));
    out += char(0x80 | ((c >> 12) & 0x3F));
    out += char(0x80 | ((c >> 6) & 0x3F));
    out += char(0x80 | (c & 0x3F));
  }
}

}  // namespace

JsonNumber::Fit JsonNumber::to_int64(int64_t& value) const {
  if (!exact) return exponent < 0 ? Fit::fraction : Fit::overflow;
  uint64_t magnitude = mantissa;
  if (magnitude != 0) {
    for (int e = exponent; e < 0; ++e) {
      if (magnitude % 10 != 0) return Fit::fraction;
      magnitude /= 10;
    }
    for (int e = exponent; e > 0; --e) {
      if (__builtin_mul_overflow(magnitude, uint64_t(10), &magnitude)) return Fit::overflow;
    }
  }
  const uint64_t limit = uint64_t(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return Fit::overflow;
  value = int64_t(negative ? 0 - magnitude : magnitude);
  return Fit::yes;
}

bool JsonNumber::to_double(double& value) const {
  // Both operands are exact, so one rounding gives the nearest double (Clinger's fast path).
  if (exact && mantissa <= (uint64_t(1) << 53) && exponent >= -22 && exponent <= 22) {
    const double m = double(mantissa);
    const double magnitude =
        exponent < 0 ? m / powers_of_ten[-exponent] : m * powers_of_ten[exponent];
    value = negative ? -magnitude : magnitude;
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && std::isfinite(value)) return true;
  if (mantissa != 0 && exponent > -mantissa_digits) return false;
  value = negative ? -0.0 : 0.0;
  return true;
}

JsonName::JsonName(std::string_view name) {
  for (char c : name) {
    if (uint8_t(c) < 0x20 || c == '"' || c == '\\') return;
  }
  quoted = '"' + std::string(name) + '"';
  const size_t size = std::min<size_t>(quoted.size(), 32);
  std::memcpy(head, quoted.data(), size);
  mask = size == 32 ? ~uint32_t(0) : (uint32_t(1) << size) - 1;
}

// The first quote, backslash or control character; at most end_.
const char* JsonScanner::find_special(const char* from) const {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i control = _mm256_set1_epi8(0x1F);
  for (const char* p = from; p < end_; p += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, control), bytes);
    const __m256i special = _mm256_or_si256(
        low, _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, backslash)));
    const uint32_t found = uint32_t(_mm256_movemask_epi8(special));
    if (found != 0) return std::min(p + __builtin_ctz(found), end_);
  }
  return end_;
}

std::string_view JsonScanner::string(std::string& scratch) {
  if (peek() != '"') fail("expected a string in double quotes");
  const char* begin = next_ + 1;
  const char* special = find_special(begin);
  if (special < end_ && *special == '"') {
    next_ = special + 1;
    return {begin, size_t(special - begin)};
  }
  return string_with_escapes(scratch, begin);
}

std::string_view JsonScanner::string_with_escapes(std::string& scratch, const char* begin) {
  scratch.clear();
  const char* opened = next_;
  next_ = begin;
  for (;;) {
    const char* special = find_special(next_);
    scratch.append(next_, special);
    next_ = special;
    if (next_ == end_) {
      next_ = opened;
      fail("a string is not closed");
    }
    if (*next_ == '"') {
      ++next_;
      return scratch;
    }
    if (*next_ != '\\') fail("a control character in a string must be escaped");
    escape(scratch);
  }
}

void JsonScanner::escape(std::string& scratch) {
  const char* at = next_++;
  const char c = next_ < end_ ? *next_ : '\0';
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (const size_t which = letters.find(c); c != '\0' && which != letters.npos) {
    scratch += meanings[which];
    ++next_;
    return;
  }
  if (c != 'u') {
    next_ = at;
    fail("an unknown escape in a string");
  }
  ++next_;
  uint32_t code = hex4();
  if (code >= 0xD800 && code <= 0xDBFF && end_ - next_ >= 6 && next_[0] == '\\' &&
      next_[1] == 'u') {
    next_ += 2;
    const uint32_t low = hex4();
    if (low >= 0xDC00 && low <= 0xDFFF) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  if (code >= 0xD800 && code <= 0xDFFF) {
    next_ = at;
    fail("half of a surrogate pair in a string");
  }
  append_utf8(scratch, code);
}

uint32_t JsonScanner::hex4() {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i, ++next_) {
    const char c = next_ < end_ ? *next_ : '\0';
    const char letter = char(c | 0x20);
    if (is_digit(c)) {
      code = code * 16 + uint32_t(c - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      code = code * 16 + uint32_t(letter - 'a' + 10);
    } else {
      fail("\\u needs four hexadecimal digits");
    }
  }
  return code;
}

JsonNumber JsonScanner::number() {
  JsonNumber number;
  peek();
  const char* begin = next_;
  const char* p = next_;
  auto at = [&](const char* q) { return q < end_ ? *q : '\0'; };
  if (at(p) == '-') {
    number.negative = true;
    ++p;
  }
  int digits = 0;
  auto take_digits = [&](bool fraction) {
    const char* from = p;
    for (; is_digit(at(p)); ++p) {
      if (digits < mantissa_digits) {
        number.mantissa = number.mantissa * 10 + uint64_t(*p - '0');
        digits += number.mantissa != 0;  // leading zeros count for nothing
        number.exponent -= fraction;
      } else {
        number.exact = number.exact && *p == '0';
        number.exponent += !fraction;
      }
    }
    return p != from;
  };
  const bool leading_zero = at(p) == '0';
  const char* whole = p;
  if (!take_digits(false)) {
    next_ = p;
    fail(begin == p ? "expected a value" : "a minus sign without a number");
  }
  if (leading_zero && p - whole > 1) fail("a number with a leading zero");
  if (at(p) == '.') {
    ++p;
    if (!take_digits(true)) {
      next_ = p;
      fail("a decimal point without digits");
    }
  }
  if ((at(p) | 0x20) == 'e') {
    ++p;
    const bool minus = at(p) == '-';
    if (minus || at(p) == '+') ++p;
    if (!is_digit(at(p))) {
      next_ = p;
      fail("an exponent without digits");
    }
    int exponent = 0;
    for (; is_digit(at(p)); ++p) exponent = std::min(exponent * 10 + (*p - '0'), exponent_max);
    number.exponent += minus ? -exponent : exponent;
  }
  number.text = {begin, size_t(p - begin)};
  next_ = p;
  return number;
}

void JsonScanner::literal(std::string_view word) {
  if (size_t(end_ - next_) < word.size() || std::memcmp(next_, word.data(), word.size()) != 0) {
    fail("expected a value");
  }
  next_ += word.size();
}

void JsonScanner::skip_value(int depth) {
  if (depth > depth_max) fail(fmt::format("nested deeper than {}", depth_max));
  std::string scratch;
  switch (peek()) {
    case '"':
      string(scratch);
      return;
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    case '[':
      ++next_;
      if (take(']')) return;
      do {
        skip_value(depth + 1);
      } while (take(','));
      return expect(']', "in an array");
    case '{':
      ++next_;
      if (take('}')) return;
      do {
        string(scratch);
        expect(':', "after a name");
        skip_value(depth + 1);
      } while (take(','));
      return expect('}', "in an object");
    default:
      number();
  }
}

void JsonScanner::expect_end() {
  if (peek() != 0) fail("something follows the end of the document");
}

std::string JsonScanner::describe() {
  std::string scratch;
  switch (peek()) {
    case '"':
      return "the string " + excerpt(string(scratch));
    case 't':
      return "true";
    case 'f':
      return "false";
    case 'n':
      return "null";
    case '[':
      return "an array";
    case '{':
      return "an object";
    default: {
      std::string text = excerpt(number().text);
      return text.substr(1, text.size() - 2);
    }
  }
}

void JsonScanner::fail_expected(char c, const char* where) {
  fail(fmt::format("expected '{}' {}", c, where));
}

void JsonScanner::fail(const std::string& reason) const {
  if (next_ >= end_) {
    throw MalformedJson(fmt::format(": it ends at byte {}: {}", position(), reason));
  }
  throw MalformedJson(fmt::format(" at byte {}: {}", position(), reason));
}

}  // namespace gristmill
