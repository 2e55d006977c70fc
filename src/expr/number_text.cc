#include "expr/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace gristmill {
namespace {

// Digits of a run at the front of `text`, cut off it; `_` only between digits.
bool take_digits(std::string_view& text, std::string& digits) {
  size_t i = 0;
  while (i < text.size()) {
    if (is_digit(text[i])) {
      digits.push_back(text[i++]);
    } else if (text[i] == '_' && i > 0 && i + 1 < text.size() && is_digit(text[i + 1])) {
      ++i;
    } else {
      break;
    }
  }
  text.remove_prefix(i);
  return i > 0;
}

bool read_radix(std::string_view text, int radix, int64_t& value) {
  if (text.empty()) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && i > 0 && i + 1 < text.size() && text[i + 1] != '_') continue;
    const int digit = hex_digit(text[i]);
    if (digit < 0 || digit >= radix) return false;
    if (sum > uint64_t(std::numeric_limits<int64_t>::max() - digit) / radix) return false;
    sum = sum * radix + digit;
  }
  value = static_cast<int64_t>(sum);
  return true;
}

// A decimal number taken apart: 0.DIGITS · 10^point.
struct Decimal {
  bool negative = false;
  std::string digits;
  int64_t point = 0;
  int64_t exponent = 0;
  size_t whole = 0;  // digits before the point, as written
};

// DuckDB lets the exponent's digits lack where space follows, and a point stand behind them.
bool read_exponent(std::string_view text, bool spaced, int64_t& exponent) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  const bool digits_lack = !take_digits(text, digits);
  if (digits_lack && !spaced) return false;
  if (!text.empty() && (digits_lack || text != ".")) return false;
  constexpr int64_t far = 1'000'000;
  exponent = 0;
  for (char c : digits) exponent = std::min(far, exponent * 10 + (c - '0'));
  if (negative) exponent = -exponent;
  return true;
}

// `spaced`: space followed in the original.
bool read_decimal(std::string_view text, bool spaced, Decimal& decimal) {
  const bool is_signed = !text.empty() && (text[0] == '-' || text[0] == '+');
  if (is_signed) {
    decimal.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  take_digits(text, decimal.digits);
  decimal.whole = decimal.digits.size();
  decimal.point = static_cast<int64_t>(decimal.whole);
  const bool point = !text.empty() && text[0] == '.';
  if (point) {
    text.remove_prefix(1);
    take_digits(text, decimal.digits);
  }
  // A sign before nothing but space is 0 to DuckDB.
  if (decimal.digits.empty()) return is_signed && spaced && text.empty() && !point;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  if (!read_exponent(text.substr(1), spaced, decimal.exponent)) return false;
  decimal.point += decimal.exponent;
  return true;
}

// DuckDB wants the digits before the point to be a BIGINT by themselves, even when an exponent
// makes the number small, and exponents of 16 bits.
bool parts_fit(const Decimal& decimal) {
  if (decimal.exponent < -32768 || decimal.exponent > 32767) return false;
  int64_t sum = 0;
  for (size_t i = 0; i < decimal.whole; ++i) {
    if (__builtin_mul_overflow(sum, int64_t(10), &sum)) return false;
    if (__builtin_sub_overflow(sum, int64_t(decimal.digits[i] - '0'), &sum)) return false;
  }
  return decimal.negative || sum != std::numeric_limits<int64_t>::min();
}

// The whole number nearest, half away from zero.
bool round_decimal(const Decimal& decimal, int64_t& value) {
  const auto size = static_cast<int64_t>(decimal.digits.size());
  auto digit = [&](int64_t i) { return i >= 0 && i < size ? decimal.digits[i] - '0' : 0; };
  int64_t sum = 0;  // negative all along: the range reaches one further there
  for (int64_t i = 0; i < decimal.point; ++i) {
    if (i >= size && sum == 0) break;
    if (__builtin_mul_overflow(sum, int64_t(10), &sum)) return false;
    if (__builtin_sub_overflow(sum, int64_t(digit(i)), &sum)) return false;
  }
  if (decimal.point >= 0 && digit(decimal.point) >= 5) {
    if (__builtin_sub_overflow(sum, int64_t(1), &sum)) return false;
  }
  if (!decimal.negative && sum == std::numeric_limits<int64_t>::min()) return false;
  value = decimal.negative ? sum : -sum;
  return true;
}

// std::from_chars leaves the value alone when it is out of range; which end it left, this says.
double beyond_range(std::string_view text) {
  Decimal decimal;
  if (!read_decimal(text, false, decimal)) return 0;
  const size_t first = std::min(decimal.digits.find_first_not_of('0'), decimal.digits.size());
  const double size = decimal.point - static_cast<int64_t>(first) > 0
                          ? std::numeric_limits<double>::infinity()
                          : 0.0;
  return decimal.negative ? -size : size;
}

// Without the `_` between digits. False when one stands elsewhere.
bool without_underscores(std::string_view text, std::string& plain) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain.push_back(text[i]);
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool read_int64(std::string_view text, int64_t& value) {
  const bool spaced = !text.empty() && is_space(text.back());
  text = trimmed(text);
  if (text.size() > 2 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    // DuckDB takes no space after these.
    if (mark == 'x') return !spaced && read_radix(text.substr(2), 16, value);
    if (mark == 'b') return !spaced && read_radix(text.substr(2), 2, value);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return true;
  Decimal decimal;
  return read_decimal(text, spaced, decimal) && parts_fit(decimal) && round_decimal(decimal, value);
}

bool read_float64(std::string_view text, double& value) {
  text = trimmed(text);
  std::string plain;
  if (text.find('_') != std::string_view::npos) {
    if (!without_underscores(text, plain)) return false;
    text = plain;
  }
  if (text.size() > 1 && text[0] == '+') {
    text.remove_prefix(1);
    if (text[0] == '+') return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return false;
  if (text.back() == ')') return false;  // nan(…)
  if (error == std::errc::result_out_of_range) value = beyond_range(text);
  return true;
}

std::string_view write_float64(double value, char (&buffer)[40]) {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  // Positional between 1e-4 and 1e16, as people write numbers.
  const double size = std::fabs(value);
  const bool scientific = size != 0 && (size < 1e-4 || size >= 1e16);
  const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  char* end = std::to_chars(buffer, buffer + sizeof buffer - 2, value, format).ptr;
  if (!scientific && std::memchr(buffer, '.', size_t(end - buffer)) == nullptr) {
    *end++ = '.';
    *end++ = '0';
  }
  return {buffer, size_t(end - buffer)};
}

std::string float64_text(double value) {
  char buffer[40];
  return std::string(write_float64(value, buffer));
}

}  // namespace gristmill
