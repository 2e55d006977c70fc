#include "frame/cell.h"

#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <random>
#include <set>

#include "frame/civil.h"

namespace gristmill {
namespace {

TEST(Civil, MatchesTheStandardLibrary) {
  for (int64_t day = -800'000; day <= 1'000'000; ++day) {
    std::chrono::year_month_day expected{std::chrono::sys_days{std::chrono::days{day}}};
    CivilDate date = civil_from_days(day);
    ASSERT_EQ(date.year, int(expected.year()));
    ASSERT_EQ(unsigned(date.month), unsigned(expected.month()));
    ASSERT_EQ(unsigned(date.day), unsigned(expected.day()));
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), day);
  }
}

TEST(ParseInt64, IsExact) {
  int64_t value = 0;
  EXPECT_TRUE(parse_int64("9223372036854775807", value));
  EXPECT_EQ(value, INT64_MAX);
  EXPECT_TRUE(parse_int64("-9223372036854775808", value));
  EXPECT_EQ(value, INT64_MIN);
  EXPECT_TRUE(parse_int64(" +5 ", value));
  EXPECT_EQ(value, 5);
  EXPECT_TRUE(parse_int64("007", value));
  for (const char* bad : {"", " ", "-", "+", "+-5", "--5", "5x", "5.0", "1e3", "0x10", "5 5",
                          "9223372036854775808", "١"})
    EXPECT_FALSE(parse_int64(bad, value)) << bad;
  EXPECT_FALSE(parse_int64(std::string_view("5\0", 2), value));
}

TEST(ParseFloat64, IsExact) {
  double value = 0;
  auto parsed = [&](std::string_view text) {
    EXPECT_TRUE(parse_float64(text, value)) << text;
    return value;
  };
  EXPECT_EQ(parsed("0.1"), 0.1);
  EXPECT_EQ(parsed("+1e3"), 1000);
  EXPECT_EQ(parsed("5."), 5);
  EXPECT_EQ(parsed(".5"), 0.5);
  EXPECT_EQ(parsed(" -2.5E-3 "), -0.0025);
  EXPECT_EQ(parsed("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(parsed("4.9e-324"), 4.9e-324);
  EXPECT_EQ(parsed("1e-400"), 0);
  EXPECT_EQ(parsed("9007199254740993"), 9007199254740992);
  EXPECT_TRUE(std::isinf(parsed("inf")));
  EXPECT_TRUE(std::isinf(parsed("-Infinity")));
  EXPECT_TRUE(std::isnan(parsed("NaN")));
  for (const char* bad : {"", " ", ".", "-", "+-1", "1e", "1,5", "1.2.3", "nan(1)", "0x1p3", "infx",
                          "1e400", "-1e400", "1_000", "1 2"})
    EXPECT_FALSE(parse_float64(bad, value)) << bad;
}

TEST(ParseFloat64, RoundsAsStrtodDoes) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    const int digits = 1 + int(random() % 19), point = int(random() % uint64_t(digits + 1));
    std::string text = random() % 2 == 0 ? "-" : "";
    for (int d = 0; d < digits; ++d) {
      if (d == point) text += '.';
      text += char('0' + random() % 10);
    }
    double value = 0;
    ASSERT_TRUE(parse_float64(text, value)) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(value),
              std::bit_cast<uint64_t>(std::strtod(text.c_str(), nullptr)))
        << text;
  }
}

TEST(ParseBoolean, KnowsItsWords) {
  bool value = false;
  for (const char* yes : {"true", "TRUE", "True", "t", "T", "1", " true ", "yes", "Y"}) {
    EXPECT_TRUE(parse_boolean(yes, value)) << yes;
    EXPECT_TRUE(value);
  }
  for (const char* no : {"false", "FALSE", "f", "F", "0", "No", "n"}) {
    EXPECT_TRUE(parse_boolean(no, value)) << no;
    EXPECT_FALSE(value);
  }
  for (const char* bad : {"", "yess", "2", "tru", "truee", "01"})
    EXPECT_FALSE(parse_boolean(bad, value)) << bad;
  EXPECT_TRUE(read_boolean("yEs", value) && value);
  EXPECT_FALSE(read_boolean(" yes", value));  // space is no part of a word
}

TEST(ParseDate, IsExact) {
  int32_t days = 0;
  EXPECT_TRUE(parse_date("1970-01-01", days));
  EXPECT_EQ(days, 0);
  EXPECT_TRUE(parse_date("2013-3-9", days));
  EXPECT_EQ(days, 15773);
  EXPECT_TRUE(parse_date("2000-02-29", days));
  EXPECT_TRUE(parse_date("-0001-12-31", days));
  EXPECT_EQ(days, -719529);
  for (const char* bad :
       {"", "2013", "2013-01", "2013-13-01", "2013-00-01", "2013-01-00", "2013-02-29", "1900-02-29",
        "2013-01-01x", "2013-01-01 00:00", "2013/01/01", "13-01-01", "2013-001-01", "2013-01-011",
        "9999999-01-01", "99999999-01-01"})
    EXPECT_FALSE(parse_date(bad, days)) << bad;
}

TEST(ParseTimestamp, IsExact) {
  int64_t micros = 0;
  bool offset = false;
  auto parsed = [&](std::string_view text) {
    EXPECT_TRUE(parse_timestamp(text, micros, &offset)) << text;
    return micros;
  };
  constexpr int64_t hour = 3600 * micros_per_second;
  EXPECT_EQ(parsed("1970-01-02"), micros_per_day);
  EXPECT_FALSE(offset);
  EXPECT_EQ(parsed("1970-01-01T05:06"), 5 * hour + 6 * 60 * micros_per_second);
  EXPECT_EQ(parsed("1970-01-01 00:00:01.5"), 1'500'000);
  EXPECT_EQ(parsed("1970-01-01 00:00:00.123456789"), 123'456);
  EXPECT_EQ(parsed("1970-01-01T00:00:00Z"), 0);
  EXPECT_TRUE(offset);
  EXPECT_EQ(parsed("1970-01-01T00:00:00+02"), -2 * hour);
  EXPECT_EQ(parsed("1970-01-01T00:00:00-05:30"), 5 * hour + hour / 2);
  EXPECT_EQ(parsed("1970-01-01T00:00:00+0530"), -5 * hour - hour / 2);
  EXPECT_EQ(parsed("1969-12-31T23:59:59.999999"), -1);
  EXPECT_EQ(parsed("2013-01-01T05:00:00Z"), 1357016400000000);
  EXPECT_EQ(parsed("294247-01-10T04:00:54.775807"), INT64_MAX);
  EXPECT_EQ(parsed("-290308-12-21T19:59:05.224192"), INT64_MIN);
  for (const char* bad :
       {"", "1970-01-01T", "1970-01-01T24:00", "1970-01-01T00:60", "1970-01-01T00:00:60",
        "1970-01-01T00:00:00.", "1970-01-01T00:00:00.5x", "1970-01-01T00:00:00+", "1970-01-01Z",
        "1970-01-01T00:00:00+2", "1970-01-01T00:00:00+02:", "1970-01-01T00:00:00+24",
        "1970-01-01T00:00:00ZZ", "1970-01-01X00:00", "294247-01-10T04:00:54.775808",
        "-290308-12-21T19:59:05.224191", "9999999-01-01T00:00:00"})
    EXPECT_FALSE(parse_timestamp(bad, micros)) << bad;
}

TEST(Parse, RefusesAnyCutOrLengthenedText) {
  int64_t micros = 0;
  std::string text = "2013-01-01T05:06:07.125+02:30";
  const std::set<size_t> whole = {10, 16, 19, 21, 22, 23, 26, 29};
  for (size_t size = 0; size <= text.size(); ++size)
    EXPECT_EQ(parse_timestamp(text.substr(0, size), micros), whole.count(size) > 0) << size;
  for (int c = 1; c < 256; ++c) {
    bool space = c == ' ' || (c >= '\t' && c <= '\r');
    EXPECT_EQ(parse_timestamp(text + char(c), micros), space) << c;
  }
}

// Text of a value parses back to the very value.
template <class T>
void expect_round_trip(Type type, T value) {
  ColumnBuffer column(type), back(type);
  if constexpr (sizeof(T) == 4)
    column.append_days(value);
  else
    column.append(value);
  std::string text = cell_text(column.view(), 0);
  ASSERT_TRUE(append_parsed(back, text)) << text;
  ASSERT_EQ(std::memcmp(back.view().data, column.view().data, sizeof(T)), 0) << text;
}

TEST(CellText, RoundTrips) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    expect_round_trip(Type::int64, int64_t(random()));
    expect_round_trip(Type::date, int32_t(random()));
    expect_round_trip(Type::timestamp, int64_t(random()));
    expect_round_trip(Type::timestamptz, int64_t(random() % (uint64_t(1) << 52)));
    double value = std::bit_cast<double>(random());
    if (!std::isnan(value)) expect_round_trip(Type::float64, value);
  }
  for (int64_t edge : {INT64_MIN, INT64_MAX, int64_t(0), int64_t(-1)}) {
    expect_round_trip(Type::int64, edge);
    if (edge != INT64_MAX) expect_round_trip(Type::timestamp, edge);
  }
  for (int32_t edge : {INT32_MIN, INT32_MAX - 1, 0, -1}) expect_round_trip(Type::date, edge);
}

// Databases have them; requests do not.
TEST(CellText, TimesBeforeAndBehindAllOthersHaveAName) {
  for (const int64_t sign : {1, -1}) {
    ColumnBuffer date(Type::date), time(Type::timestamptz);
    date.append_days(int32_t(sign) * INT32_MAX);
    time.append(sign * INT64_MAX);
    for (const ColumnBuffer* column : {&date, &time}) {
      const std::string text = cell_text(column->view(), 0);
      EXPECT_EQ(text, sign > 0 ? "infinity" : "-infinity");
      ColumnBuffer back(column->view().type);
      EXPECT_FALSE(append_parsed(back, text));
    }
  }
}

ColumnBuffer column_of(Type type, std::vector<std::string> cells) {
  ColumnBuffer column(type);
  for (const std::string& cell : cells)
    if (cell == "null")
      column.append_null();
    else
      EXPECT_TRUE(append_parsed(column, cell)) << cell;
  return column;
}

TEST(CellText, IsIso8601AndShortest) {
  auto text = [](Type type, const std::string& cell) {
    return cell_text(column_of(type, {cell}).view(), 0);
  };
  EXPECT_EQ(text(Type::date, "2013-01-09"), "2013-01-09");
  EXPECT_EQ(text(Type::timestamp, "2013-01-09 05:00"), "2013-01-09T05:00:00");
  EXPECT_EQ(text(Type::timestamp, "2013-01-09 05:00:00.25"), "2013-01-09T05:00:00.250000");
  EXPECT_EQ(text(Type::timestamptz, "2013-01-09 05:00+01"), "2013-01-09T04:00:00Z");
  EXPECT_EQ(text(Type::float64, "0.1"), "0.1");
  EXPECT_EQ(text(Type::float64, "5"), "5");
  EXPECT_EQ(text(Type::boolean, "t"), "true");
  EXPECT_EQ(text(Type::int64, "null"), "");
}

TEST(CellJson, HoldsNoNan) {
  EXPECT_EQ(cell_json(column_of(Type::float64, {"nan"}).view(), 0), nullptr);
  EXPECT_EQ(cell_json(column_of(Type::float64, {"inf"}).view(), 0), nullptr);
  EXPECT_EQ(cell_json(column_of(Type::float64, {"0.5"}).view(), 0), 0.5);
  EXPECT_EQ(cell_json(column_of(Type::int64, {"5"}).view(), 0), 5);
  EXPECT_EQ(cell_json(column_of(Type::boolean, {"f"}).view(), 0), false);
  EXPECT_EQ(cell_json(column_of(Type::date, {"2013-01-01"}).view(), 0), "2013-01-01");
  EXPECT_EQ(cell_json(column_of(Type::string, {"null"}).view(), 0), nullptr);
}

TEST(AppendParsed, LeavesTheColumnAloneWhenItIsNone) {
  for (Type type : {Type::boolean, Type::int64, Type::float64, Type::date, Type::timestamp,
                    Type::timestamptz}) {
    ColumnBuffer column(type);
    EXPECT_FALSE(append_parsed(column, "quatsch"));
    EXPECT_EQ(column.length(), 0);
  }
}

std::string canonical(const ColumnBuffer& column, int64_t i) {
  std::string bytes;
  append_canonical(column.view(), i, bytes);
  return bytes;
}

TEST(Canonical, BytesAreFixed) {
  using namespace std::string_literals;
  EXPECT_EQ(canonical(column_of(Type::boolean, {"t"}), 0), "\x00\x01"s);
  EXPECT_EQ(canonical(column_of(Type::int64, {"-2"}), 0), "\x02\xfe\xff\xff\xff\xff\xff\xff\xff"s);
  EXPECT_EQ(canonical(column_of(Type::float64, {"1"}), 0), "\x04\0\0\0\0\0\0\xf0\x3f"s);
  EXPECT_EQ(canonical(column_of(Type::string, {"ab"}), 0), "\x06\x02\0\0\0\0\0\0\0ab"s);
  EXPECT_EQ(canonical(column_of(Type::date, {"1970-01-03"}), 0), "\x08\x02\0\0\0"s);
  EXPECT_EQ(canonical(column_of(Type::string, {"null"}), 0), "\x07"s);
  EXPECT_NE(canonical(column_of(Type::timestamp, {"1970-01-01"}), 0),
            canonical(column_of(Type::timestamptz, {"1970-01-01"}), 0));
}

TEST(Canonical, ZeroesAndNansAreOne) {
  ColumnBuffer column(Type::float64);
  column.append(0.0);
  column.append(-0.0);
  column.append(std::bit_cast<double>(uint64_t(0x7ff8000000000001)));
  column.append(std::bit_cast<double>(uint64_t(0xfff8000000000000)));
  EXPECT_EQ(canonical(column, 0), canonical(column, 1));
  EXPECT_EQ(canonical(column, 2), canonical(column, 3));
}

// A batch with every type, nulls and long text.
BatchBuffer mixed(int64_t rows) {
  BatchBuffer buffer(Schema({{"b", Type::boolean},
                             {"i", Type::int64},
                             {"f", Type::float64},
                             {"s", Type::string},
                             {"d", Type::date}}));
  std::mt19937_64 random(11);
  for (int64_t i = 0; i < rows; ++i) {
    random() % 5 ? buffer[0].append(random() % 2 == 0) : buffer[0].append_null();
    random() % 5 ? buffer[1].append(int64_t(random())) : buffer[1].append_null();
    random() % 5 ? buffer[2].append(double(random() % 100)) : buffer[2].append_null();
    random() % 5 ? buffer[3].append(std::string_view(std::string(random() % 9000, 'x')))
                 : buffer[3].append_null();
    random() % 5 ? buffer[4].append_days(int32_t(random() % 999)) : buffer[4].append_null();
  }
  return buffer;
}

TEST(RowKeys, AreOverCanonicalCells) {
  BatchBuffer buffer = mixed(100);
  Batch batch = buffer.view();
  std::vector<size_t> columns = {3, 1};
  std::vector<uint64_t> keys;
  row_keys(batch, columns, keys);
  ASSERT_EQ(keys.size(), 100u);
  for (int64_t row = 0; row < 100; ++row) {
    std::string bytes;
    for (size_t column : columns) append_canonical(batch.columns[column], row, bytes);
    EXPECT_EQ(keys[size_t(row)], digest64(bytes));
  }
}

TEST(HashRows, DoesNotDependOnTheCuts) {
  BatchBuffer buffer = mixed(200);
  Batch batch = buffer.view();
  std::string bytes;
  for (int64_t row = 0; row < batch.rows; ++row)
    for (const Column& column : batch.columns) append_canonical(column, row, bytes);
  for (int64_t step : {1, 7, 200}) {
    Hasher hasher;
    for (int64_t begin = 0; begin < batch.rows; begin += step)
      hash_rows(batch, begin, std::min(step, batch.rows - begin), hasher);
    EXPECT_EQ(hasher.finish(), Digest::of(bytes));
  }
}

}  // namespace
}  // namespace gristmill
