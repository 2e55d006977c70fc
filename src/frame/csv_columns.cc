#include "frame/csv_columns.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

[[noreturn]] void fail(const CsvCells& cells, int64_t row, size_t column, const Field& field,
                       const std::string& message, const std::string& hint) {
  throw Error(Code::invalid, message,
              {.line = int(cells.line(row, column)), .field = field.name, .row = row}, hint);
}

[[noreturn]] void fail_null(const CsvCells& cells, int64_t row, size_t column, const Field& field) {
  throw missing_value(field, row).at({.line = int(cells.line(row, column))});
}

[[noreturn]] void fail_type(const CsvCells& cells, int64_t row, size_t column, const Field& field,
                            std::string_view text) {
  fail(
      cells, row, column, field,
      fmt::format("column \"{}\" takes {}, not {}", field.name, kind_of(field.type), excerpt(text)),
      "");
}

// Values of fixed width; parse(text, value) is false for a text that is none.
template <class T, class Parse>
void read_values(CsvCells& cells, size_t column, const Field& field, const NullTexts& nulls,
                 ColumnBuffer& out, Parse parse) {
  const int64_t rows = cells.rows();
  T* values = out.resize<T>(rows);
  uint8_t* validity = nullptr;
  for (int64_t row = 0; row < rows; ++row) {
    const std::string_view text = cells.text(row, column);
    if (nulls.contains(text)) {
      if (!field.nullable) fail_null(cells, row, column, field);
      if (validity == nullptr) validity = out.validity();
      clear_bit(validity, row);
      values[row] = 0;
    } else if (!parse(text, values[row])) {
      fail_type(cells, row, column, field, text);
    }
  }
}

bool parse_number(std::string_view text, char decimal, double& value) {
  if (decimal == '.') return parse_float64(text, value);
  if (text.find('.') != text.npos) return false;
  std::string dotted(text);
  std::replace(dotted.begin(), dotted.end(), decimal, '.');
  return parse_float64(dotted, value);
}

// 33249.0 is a whole number, as it is in JSON: programs write integers so where some are missing.
bool parse_whole(std::string_view text, char decimal, int64_t& value) {
  if (parse_int64(text, value)) return true;
  constexpr double most = 9007199254740992;  // 2^53
  double number;
  if (!parse_number(text, decimal, number) || std::trunc(number) != number ||
      std::abs(number) > most)
    return false;
  value = int64_t(number);
  return true;
}

// Times come in runs: a text like the last one that was parsed is not parsed again. That one still
// lies in the block: it held no quote, so nothing was unquoted.
template <class T>
class RunParser {
 public:
  using Parse = bool (*)(std::string_view text, T& value);
  explicit RunParser(Parse parse) : parse_(parse) {}
  bool operator()(std::string_view text, T& value) {
    if (text.empty() || text != text_) {
      if (!parse_(text, value_)) return false;
      text_ = text;
    }
    value = value_;
    return true;
  }

 private:
  Parse parse_;
  std::string_view text_;
  T value_ = 0;
};

// Text and booleans.
void read_others(CsvCells& cells, size_t column, const Field& field, const NullTexts& nulls,
                 ColumnBuffer& out) {
  const bool check_utf8 = field.type == Type::string && !cells.is_utf8();
  for (int64_t row = 0; row < cells.rows(); ++row) {
    const std::string_view text = cells.text(row, column);
    if (nulls.contains(text)) {
      if (!field.nullable) fail_null(cells, row, column, field);
      out.append_null();
      continue;
    }
    if (check_utf8 && !is_utf8(text))
      fail(cells, row, column, field, excerpt(text) + " is not UTF-8",
           "save the file as UTF-8; of a source, say `encoding: latin1`, or what it is");
    if (!append_parsed(out, text)) fail_type(cells, row, column, field, text);
  }
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c); });
}

// Begins as numbers do: "007" and "+49" are codes, and inf and nan are words.
bool is_plain_number(std::string_view text, char decimal) {
  text = trimmed(text);
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || (!is_digit(text[0]) && text[0] != decimal)) return false;
  return !(text[0] == '0' && text.size() > 1 && is_digit(text[1]));
}

// A whole number that float64 may not hold exactly: beyond 2^53 or near it.
bool is_long_integer(std::string_view text) {
  if (text.size() < 16) return false;
  text = trimmed(text);
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() >= 16 && all_digits(text);
}

// Most numbers of most tables, told without parsing: a minus sign, at most 15 digits, no zero
// before others.
bool is_short_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > 15 || (text[0] == '0' && text.size() > 1)) return false;
  return all_digits(text);
}

// "4711-1-2" is a code.
bool is_plain_date(std::string_view text) {
  text = trimmed(text);
  return text.size() >= 10 && text[4] == '-' && text[7] == '-';
}

bool takes(Type type, std::string_view text, char decimal) {
  int64_t whole;
  double number;
  int32_t days;
  bool had_offset = false;
  switch (type) {
    case Type::int64:
      return is_short_integer(text) || (is_plain_number(text, decimal) && parse_int64(text, whole));
    case Type::float64:
      return is_short_integer(text) || (is_plain_number(text, decimal) && !is_long_integer(text) &&
                                        parse_number(text, decimal, number));
    case Type::date:
      return is_plain_date(text) && parse_date(text, days);
    case Type::timestamp:
      return is_plain_date(text) && parse_timestamp(text, whole, &had_offset) && !had_offset;
    case Type::timestamptz:
      return is_plain_date(text) && parse_timestamp(text, whole, &had_offset) && had_offset;
    case Type::boolean:
      text = trimmed(text);
      return equal_ignoring_case(text, "true") || equal_ignoring_case(text, "false") ||
             equal_ignoring_case(text, "t") || equal_ignoring_case(text, "f");
    case Type::string:
      break;
  }
  return true;
}

Type narrowest(std::string_view text, char decimal) {
  for (Type type : {Type::int64, Type::float64, Type::date, Type::timestamp, Type::timestamptz,
                    Type::boolean}) {
    if (takes(type, text, decimal)) return type;
  }
  return Type::string;
}

bool is_comma_number(std::string_view text) {
  return text.find(',') != text.npos && takes(Type::float64, text, ',');
}

// Takes digits from the front; how many.
int take_digits(std::string_view& text) {
  int count = 0;
  for (; !text.empty() && is_digit(text.front()); ++count) text.remove_prefix(1);
  return count;
}

// "25/12/2013", "1.2.13 10:00".
bool is_other_time(std::string_view text) {
  text = trimmed(text);
  for (int part = 0; part < 3; ++part) {
    const int digits = take_digits(text);
    if (digits < 1 || digits > 4) return false;
    if (part == 2) break;
    if (text.empty() || std::string_view("/.-").find(text.front()) == text.npos) return false;
    text.remove_prefix(1);
  }
  return text.empty() || text.front() == ' ';
}

}  // namespace

void read_csv_column(CsvCells& cells, size_t column, const Field& field, const NullTexts& nulls,
                     char decimal, ColumnBuffer& out) {
  switch (field.type) {
    case Type::int64:
      return read_values<int64_t>(cells, column, field, nulls, out,
                                  [decimal](std::string_view text, int64_t& value) {
                                    return parse_whole(text, decimal, value);
                                  });
    case Type::float64:
      return read_values<double>(cells, column, field, nulls, out,
                                 [decimal](std::string_view text, double& value) {
                                   return parse_number(text, decimal, value);
                                 });
    case Type::date:
      return read_values<int32_t>(cells, column, field, nulls, out, RunParser(parse_date));
    case Type::timestamp:
    case Type::timestamptz:
      return read_values<int64_t>(cells, column, field, nulls, out,
                                  RunParser<int64_t>([](std::string_view text, int64_t& value) {
                                    return parse_timestamp(text, value);
                                  }));
    case Type::boolean:
    case Type::string:
      return read_others(cells, column, field, nulls, out);
  }
}

Type widened(Type a, Type b, bool long_integers) {
  if (a == b) return a;
  auto both_of = [&](Type one, Type other) {
    return (a == one || a == other) && (b == one || b == other);
  };
  if (both_of(Type::int64, Type::float64)) return long_integers ? Type::string : Type::float64;
  if (both_of(Type::date, Type::timestamp)) return Type::timestamp;
  return Type::string;
}

// A column of names is not looked at to its end.
void CsvType::observe(CsvCells& cells, size_t column, const NullTexts& nulls, char decimal) {
  constexpr int64_t values_enough = 64;
  std::string_view taken;  // the last time; as RunParser keeps it
  for (int64_t row = 0; row < cells.rows() && !gave_up_; ++row) {
    const std::string_view text = cells.text(row, column);
    if (nulls.contains(text)) continue;
    ++values_;
    if (narrow_ &&
        ((is_time(*narrow_) && !text.empty() && text == taken) || takes(*narrow_, text, decimal))) {
      ++narrow_values_;
      taken = text;
      long_ = long_ || (narrow_ == Type::int64 && is_long_integer(text));
    } else {
      observe(text, decimal, cells, row, column);
    }
    gave_up_ = values_ >= values_enough && narrow_values_ + comma_numbers_ < values_ / 2 &&
               other_times_ < values_;
  }
}

// A text that is not of the type so far.
void CsvType::observe(std::string_view text, char decimal, const CsvCells& cells, int64_t row,
                      size_t column) {
  const Type one = narrowest(text, decimal);
  long_ = long_ || (one == Type::int64 && is_long_integer(text));
  const Type both = narrow_ ? widened(*narrow_, one, long_) : one;
  if (both != Type::string) {
    narrow_ = both;
    ++narrow_values_;
    return;
  }
  broken_ = true;
  other_times_ += is_other_time(text);
  comma_numbers_ += decimal == '.' && is_comma_number(text);
  if (example_line_ > 0) return;
  example_ = excerpt(text);
  example_line_ = cells.line(row, column);
}

void CsvType::merge(const CsvType& other) {
  values_ += other.values_;
  long_ = long_ || other.long_;
  broken_ = broken_ || other.broken_;
  gave_up_ = gave_up_ || other.gave_up_;
  narrow_values_ += other.narrow_values_;
  other_times_ += other.other_times_;
  comma_numbers_ += other.comma_numbers_;
  if (narrow_ && other.narrow_) {
    narrow_ = widened(*narrow_, *other.narrow_, long_);
    broken_ = broken_ || narrow_ == Type::string;
  } else if (other.narrow_) {
    narrow_ = other.narrow_;
  }
  if (other.example_line_ > 0 && (example_line_ == 0 || other.example_line_ < example_line_)) {
    example_ = other.example_;
    example_line_ = other.example_line_;
  }
}

std::string CsvType::note(const std::string& column) const {
  if (!broken_ || example_line_ == 0) return {};
  if (other_times_ == values_)
    return fmt::format(
        "column {} is read as text: its times are not written as ISO 8601 ({}); the "
        "rule `parse` reads them",
        column, example_);
  const bool is_number_else = !narrow_ || is_number(*narrow_);
  if (!gave_up_ && is_number_else && comma_numbers_ + narrow_values_ == values_)
    return fmt::format(
        "column {} is read as text: its numbers have a decimal comma ({}), which `decimal: \",\"` "
        "of "
        "the source reads",
        column, example_);
  const bool nearly = narrow_ && narrow_ != Type::string && narrow_values_ * 10 >= values_ * 9;
  if (!nearly || gave_up_) return {};
  return fmt::format(
      "column {} is read as text: line {} holds {} where all but {} cells are {}; if it means "
      "missing, name it in `nulls`, beside those that mean it already",
      column, example_line_, example_, values_ - narrow_values_, name_of(*narrow_));
}

}  // namespace gristmill
