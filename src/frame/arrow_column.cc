#include "frame/arrow_column.h"

#include <fmt/format.h>
#include <immintrin.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "frame/civil.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

constexpr int64_t millis_per_day = seconds_per_day * 1000;

template <class T>
T load(const ArrowValues& from, int64_t i) {
  T value;
  std::memcpy(&value, from.values.data() + size_t(i) * sizeof(T), sizeof(T));
  return value;
}

// `i` counts from the value that is of `row`.
[[noreturn]] void fail_cell(const ArrowValues& from, const Field& to, int64_t row, int64_t i,
                            const std::string& value) {
  Where where;
  if (row != dictionary_row) where.row = row + i;
  where.field = to.name;
  throw Error(Code::invalid,
              fmt::format("column \"{}\" takes {}, not {} ({})", to.name, kind_of(to.type), value,
                          from.field->type_name()),
              where);
}

// Calls use(T()) with the integer type of this width.
template <class Use>
void with_integer(int bits, bool is_signed, const Use& use) {
  switch (is_signed ? bits : -bits) {
    case 8:
      return use(int8_t());
    case 16:
      return use(int16_t());
    case 32:
      return use(int32_t());
    case 64:
      return use(int64_t());
    case -8:
      return use(uint8_t());
    case -16:
      return use(uint16_t());
    case -32:
      return use(uint32_t());
    case -64:
      return use(uint64_t());
    default:
      fail_arrow(fmt::format("integers of {} bits", bits));
  }
}

double load_floating(const ArrowValues& from, int64_t i) {
  switch (from.field->bits) {
    case 16:
      return double(_cvtsh_ss(load<uint16_t>(from, i)));
    case 32:
      return double(load<float>(from, i));
    default:
      return load<double>(from, i);
  }
}

// Value `i`, of fixed width, for people.
std::string value_text(const ArrowValues& from, int64_t i) {
  const ArrowField& field = *from.field;
  if (field.kind == ArrowKind::floating) return fmt::format("{}", load_floating(from, i));
  if (field.kind == ArrowKind::integer) {
    std::string text;
    with_integer(field.bits, field.is_signed,
                 [&](auto kind) { text = fmt::format("{}", +load<decltype(kind)>(from, i)); });
    return text;
  }
  if (field.kind == ArrowKind::decimal) {
    const __int128 unscaled = field.bits == 128  ? load<__int128>(from, i)
                              : field.bits == 64 ? load<int64_t>(from, i)
                                                 : load<int32_t>(from, i);
    return field.scale == 0 ? fmt::format("{}", unscaled)
                            : fmt::format("{}e{}", unscaled, -int64_t(field.scale));
  }
  static constexpr const char* units[] = {"s", "ms", "us", "ns"};
  return fmt::format("{} {} since 1970", load<int64_t>(from, i), units[field.unit & 3]);
}

// Calls convert(i, result) for each value; false: it does not fit.
template <class To, class Convert>
void convert_each(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                  int64_t row, ColumnBuffer& out, const Convert& convert) {
  To* values = out.resize<To>(count);
  for (int64_t i = 0; i < count; ++i) {
    values[i] = To();
    if (!convert(begin + i, values[i]) && !from.is_null(begin + i)) {
      fail_cell(from, to, row, i, value_text(from, begin + i));
    }
  }
}

// The unscaled value; false when it has more than 18 digits or so.
bool load_decimal(const ArrowValues& from, int64_t i, int64_t& value) {
  switch (from.field->bits) {
    case 32:
      value = load<int32_t>(from, i);
      return true;
    case 64:
      value = load<int64_t>(from, i);
      return true;
    default: {
      const auto wide = load<__int128>(from, i);
      value = int64_t(wide);
      return wide == value;
    }
  }
}

bool decimal_to_double(int64_t unscaled, int scale, double& value) {
  if (scale == 0) {
    value = double(unscaled);
    return true;
  }
  char text[48];
  const char* end = fmt::format_to_n(text, sizeof(text), "{}e{}", unscaled, -int64_t(scale)).out;
  const auto [stop, error] = std::from_chars(text, end, value);
  return stop == end && error == std::errc();
}

bool double_to_integer(double value, int64_t& out) {
  if (!(value >= -0x1p63 && value < 0x1p63) || value != std::trunc(value)) return false;
  out = int64_t(value);
  return true;
}

void convert_to_int64(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                      int64_t row, ColumnBuffer& out) {
  const ArrowField& field = *from.field;
  if (field.kind == ArrowKind::floating) {
    return convert_each<int64_t>(from, begin, count, to, row, out, [&](int64_t i, int64_t& value) {
      return double_to_integer(load_floating(from, i), value);
    });
  }
  if (field.kind == ArrowKind::decimal) {
    return convert_each<int64_t>(from, begin, count, to, row, out, [&](int64_t i, int64_t& value) {
      return load_decimal(from, i, value);
    });
  }
  with_integer(field.bits, field.is_signed, [&](auto kind) {
    using From = decltype(kind);
    convert_each<int64_t>(from, begin, count, to, row, out, [&](int64_t i, int64_t& value) {
      const From given = load<From>(from, i);
      value = int64_t(given);
      return std::is_signed_v<From> || value >= 0;
    });
  });
}

void convert_to_float64(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                        int64_t row, ColumnBuffer& out) {
  const ArrowField& field = *from.field;
  if (field.kind == ArrowKind::floating) {
    return convert_each<double>(from, begin, count, to, row, out, [&](int64_t i, double& value) {
      value = load_floating(from, i);
      return true;
    });
  }
  if (field.kind == ArrowKind::decimal) {
    return convert_each<double>(from, begin, count, to, row, out, [&](int64_t i, double& value) {
      int64_t unscaled;
      return load_decimal(from, i, unscaled) && decimal_to_double(unscaled, field.scale, value);
    });
  }
  with_integer(field.bits, field.is_signed, [&](auto kind) {
    convert_each<double>(from, begin, count, to, row, out, [&](int64_t i, double& value) {
      value = double(load<decltype(kind)>(from, i));
      return true;
    });
  });
}

void convert_to_date(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                     int64_t row, ColumnBuffer& out) {
  const bool days = from.field->unit == 0;
  convert_each<int32_t>(from, begin, count, to, row, out, [&](int64_t i, int32_t& value) {
    const int64_t day =
        days ? load<int32_t>(from, i) : floor_divide(load<int64_t>(from, i), millis_per_day);
    value = int32_t(day);
    return value == day;
  });
}

void convert_to_time(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                     int64_t row, ColumnBuffer& out) {
  const ArrowField& field = *from.field;
  int64_t factor = 1;
  int64_t divisor = 1;
  if (field.kind == ArrowKind::date) {
    factor = field.unit == 0 ? micros_per_day : 1000;
  } else {
    factor = field.unit == 0 ? 1000000 : field.unit == 1 ? 1000 : 1;
    divisor = field.unit == 3 ? 1000 : 1;
  }
  const bool narrow = field.kind == ArrowKind::date && field.unit == 0;
  convert_each<int64_t>(from, begin, count, to, row, out, [&](int64_t i, int64_t& value) {
    const int64_t given = narrow ? load<int32_t>(from, i) : load<int64_t>(from, i);
    if (divisor > 1) {
      value = floor_divide(given, divisor);
      return true;
    }
    return !__builtin_mul_overflow(given, factor, &value);
  });
}

void convert_to_boolean(const ArrowValues& from, int64_t begin, int64_t count, ColumnBuffer& out) {
  auto* bits = out.resize<uint8_t>(count);
  std::memcpy(bits, from.values.data() + begin / 8, size_t(count + 7) / 8);
}

std::string_view load_text(const ArrowValues& from, int64_t i) {
  switch (from.field->kind) {
    case ArrowKind::utf8: {
      const auto begin = load<int32_t>(from, i);
      return from.text.substr(size_t(begin), size_t(load<int32_t>(from, i + 1) - begin));
    }
    case ArrowKind::large_utf8: {
      const auto begin = load<int64_t>(from, i);
      return from.text.substr(size_t(begin), size_t(load<int64_t>(from, i + 1) - begin));
    }
    default: {
      const char* view = from.values.data() + size_t(i) * 16;
      int32_t words[4];
      std::memcpy(words, view, sizeof(words));
      if (words[0] <= 12) return {view + 4, size_t(words[0])};
      return from.pieces[size_t(words[2])].substr(size_t(words[3]), size_t(words[0]));
    }
  }
}

void convert_to_text(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                     int64_t row, ColumnBuffer& out) {
  for (int64_t i = begin; i < begin + count; ++i) {
    if (from.is_null(i)) {
      out.append_null();
      continue;
    }
    const std::string_view text = load_text(from, i);
    if (find_invalid_utf8(text) != text.npos) {
      fail_cell(from, to, row, i - begin, excerpt(text) + ", which is not UTF-8,");
    }
    out.append(text);
  }
}

}  // namespace

void check_convertible(const ArrowField& from, const Field& to) {
  const ArrowKind kind = from.kind;
  bool fits = kind == ArrowKind::null && !from.dictionary;
  switch (to.type) {
    case Type::boolean:
      fits = fits || kind == ArrowKind::boolean;
      break;
    case Type::int64:
      fits = fits || kind == ArrowKind::integer || kind == ArrowKind::floating ||
             (kind == ArrowKind::decimal && from.scale == 0);
      break;
    case Type::float64:
      fits = fits || kind == ArrowKind::integer || kind == ArrowKind::floating ||
             kind == ArrowKind::decimal;
      break;
    case Type::string:
      fits = fits || kind == ArrowKind::utf8 || kind == ArrowKind::large_utf8 ||
             kind == ArrowKind::utf8_view;
      break;
    case Type::date:
      fits = fits || kind == ArrowKind::date;
      break;
    case Type::timestamp:
      fits = fits || kind == ArrowKind::date || (kind == ArrowKind::timestamp && !from.has_zone);
      break;
    case Type::timestamptz:
      fits = fits || (kind == ArrowKind::timestamp && from.has_zone);
      break;
  }
  auto one_of = [&](std::initializer_list<int> widths) {
    return std::find(widths.begin(), widths.end(), from.bits) != widths.end();
  };
  if (kind == ArrowKind::integer) fits = fits && one_of({8, 16, 32, 64});
  if (kind == ArrowKind::floating) fits = fits && one_of({16, 32, 64});
  if (kind == ArrowKind::decimal) fits = fits && one_of({32, 64, 128});
  if (from.dictionary && from.index_bits != 8 && from.index_bits != 16) {
    fits = fits && (from.index_bits == 32 || from.index_bits == 64);
  }
  if (fits) return;
  Where where;
  where.field = to.name;
  throw Error(Code::invalid,
              fmt::format("column \"{}\" is {}, but {} is due", to.name, from.type_name(),
                          name_of(to.type)),
              where);
}

void convert_arrow(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                   int64_t row, ColumnBuffer& out) {
  if (from.field->kind == ArrowKind::null) {
    for (int64_t i = 0; i < count; ++i) out.append_null();
    return;
  }
  switch (to.type) {
    case Type::string:
      return convert_to_text(from, begin, count, to, row, out);
    case Type::boolean:
      convert_to_boolean(from, begin, count, out);
      break;
    case Type::int64:
      convert_to_int64(from, begin, count, to, row, out);
      break;
    case Type::float64:
      convert_to_float64(from, begin, count, to, row, out);
      break;
    case Type::date:
      convert_to_date(from, begin, count, to, row, out);
      break;
    case Type::timestamp:
    case Type::timestamptz:
      convert_to_time(from, begin, count, to, row, out);
      break;
  }
  if (from.validity != nullptr && count > 0) {
    std::memcpy(out.validity(), from.validity + begin / 8, size_t(count + 7) / 8);
  }
}

void gather_arrow(const ArrowValues& from, int64_t begin, int64_t count, const Column& dictionary,
                  const Field& to, int64_t row, ColumnBuffer& out) {
  with_integer(from.field->index_bits, from.field->index_signed, [&](auto kind) {
    for (int64_t i = begin; i < begin + count; ++i) {
      if (from.is_null(i)) {
        out.append_null();
        continue;
      }
      const auto index = uint64_t(load<decltype(kind)>(from, i));
      if (index >= uint64_t(dictionary.length)) {
        fail_cell(from, to, row, i - begin,
                  fmt::format("index {} of a dictionary of {}", int64_t(index), dictionary.length));
      }
      if (dictionary.is_null(int64_t(index))) {
        out.append_null();
      } else if (to.type == Type::string) {
        out.append(dictionary.string(int64_t(index)));
      } else {
        out.append(dictionary, int64_t(index), 1);
      }
    }
  });
}

}  // namespace gristmill
