#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "frame/csv_columns.h"
#include "frame/testing.h"

namespace gristmill {
namespace {

using Cells = std::vector<std::string>;

// Records byte by byte, as RFC 4180 says.
std::vector<Cells> by_byte(const std::string& text) {
  std::vector<Cells> records(1, Cells(1));
  bool quoted = false, begins = true;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string& cell = records.back().back();
    const char c = text[i];
    if (quoted) {
      quoted = c != '"' || (i + 1 < text.size() && text[i + 1] == '"');
      if (quoted) cell += c;
      if (quoted && c == '"') ++i;
      continue;
    }
    if (c == '"' && begins) {
      quoted = true;
    } else if (c == ',') {
      records.back().emplace_back();
    } else if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      if (i + 1 < text.size()) records.emplace_back(1);
    } else {
      cell += c;
    }
    begins = c == ',' || c == '\r' || c == '\n';
  }
  return records;
}

std::vector<Cells> by_block(const std::string& text, size_t columns, size_t piece) {
  CsvBlocks blocks(bytes_of(text, piece), ',');
  CsvCells cells(',');
  cells.set_columns(columns);
  CsvBlock block;
  std::vector<Cells> records;
  while (blocks.next(block)) {
    cells.find(block);
    for (int64_t row = 0; row < cells.rows(); ++row) {
      records.emplace_back();
      for (size_t c = 0; c < columns; ++c) records.back().emplace_back(cells.text(row, c));
    }
  }
  return records;
}

std::string random_cell(std::mt19937& random) {
  static const std::vector<std::string> plain = {"", "7", "ab", "5\" pipe", "x\"\"y\"", "Größe"};
  static const std::vector<std::string> inner = {"a,b", "\"\"", "\n", "\r\n", "\r", "x", ",\"\","};
  if (random() % 3 > 0) {
    std::string cell = plain[random() % plain.size()];
    if (random() % 8 == 0) cell = "z" + std::string(random() % 200, 'z') + cell;
    return cell;
  }
  std::string cell = "\"";
  for (unsigned parts = random() % 5; parts > 0; --parts) cell += inner[random() % inner.size()];
  return cell + "\"";
}

TEST(CsvBlocks, CutsAndFindsWhatAByteByByteReaderDoes) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const size_t columns = 2 + random() % 4;
    const std::string end = std::vector<std::string>{"\n", "\r\n", "\r"}[random() % 3];
    const int records = round % 100 == 0 ? 30000 : int(1 + random() % 30);
    std::string text;
    for (int i = 0; i < records; ++i) {
      text += "c";  // no empty line
      for (size_t c = 1; c < columns; ++c) text += "," + random_cell(random);
      if (i + 1 < records || random() % 2 == 0) text += end;
    }
    const size_t piece = records > 1000 ? 100000 : 1 + random() % 100;
    ASSERT_EQ(by_block(text, columns, piece), by_byte(text)) << text.substr(0, 300);
  }
}

TEST(CsvBlocks, LinesAreThoseOfTheInput) {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += i % 7 == 0 ? "\"a\nb\",1\r\n" : "a,1\r\n";
  CsvBlocks blocks(bytes_of(text, 1 << 16), ',');
  CsvCells cells(',');
  cells.set_columns(2);
  CsvBlock block;
  int64_t rows = 0;
  while (blocks.next(block)) {
    cells.find(block);
    const int64_t inner = (rows + 6) / 7;  // line ends in the cells before
    EXPECT_EQ(cells.line(0, 0), 1 + rows + inner);
    rows += cells.rows();
  }
  EXPECT_EQ(rows, 200000);
}

// The type of a column with these cells, however they are parted.
Type type_of(const Cells& texts, char decimal = '.') {
  const auto look = [decimal](const Cells& some) {
    std::string csv;
    for (const std::string& text : some) csv += "x;" + text + "\n";
    CsvType type;
    CsvBlocks blocks(bytes_of(csv, 1000), ';');
    CsvCells cells(';');
    cells.set_columns(2);
    CsvBlock block;
    while (blocks.next(block)) {
      cells.find(block);
      type.observe(cells, 1, NullTexts({"", "NA"}), decimal);
    }
    return type;
  };
  const Type whole = look(texts).type();
  for (size_t cut = 0; cut <= texts.size(); ++cut) {
    CsvType head = look({texts.begin(), texts.begin() + long(cut)});
    CsvType tail = look({texts.begin() + long(cut), texts.end()});
    CsvType other = tail;
    other.merge(head);
    head.merge(tail);
    EXPECT_EQ(head.type(), whole) << fmt::format("{}", fmt::join(texts, " "));
    EXPECT_EQ(other.type(), whole) << fmt::format("{}", fmt::join(texts, " "));
  }
  return whole;
}

TEST(CsvType, IsTheNarrowestThatHoldsAll) {
  EXPECT_EQ(type_of({"1", "-20", "NA", "", " 4 "}), Type::int64);
  EXPECT_EQ(type_of({"1", "2.5", "1e3"}), Type::float64);
  EXPECT_EQ(type_of({"9007199254740993", "-9223372036854775808"}), Type::int64);
  EXPECT_EQ(type_of({"99999999999999999999", "1"}), Type::string);
  EXPECT_EQ(type_of({"9007199254740993", "1", "0.5"}), Type::string);
  EXPECT_EQ(type_of({"1e300", "0.12345678901234567"}), Type::float64);
  EXPECT_EQ(type_of({"+4930123456", "1"}), Type::string);
  EXPECT_EQ(type_of({"007", "12"}), Type::string);
  EXPECT_EQ(type_of({"0", "0.5", "-0"}), Type::float64);
  EXPECT_EQ(type_of({"inf", "1"}), Type::string);
  EXPECT_EQ(type_of({"true", "F", "t"}), Type::boolean);
  EXPECT_EQ(type_of({"yes", "no"}), Type::string);
  EXPECT_EQ(type_of({"true", "1"}), Type::string);
  EXPECT_EQ(type_of({"2013-01-01", "1999-12-31"}), Type::date);
  EXPECT_EQ(type_of({"2013-01-01", "2013-01-01 10:00"}), Type::timestamp);
  EXPECT_EQ(type_of({"2013-01-01T10:00:00Z", "2013-01-01 10:00+02"}), Type::timestamptz);
  EXPECT_EQ(type_of({"4711-1-2"}), Type::string);
  EXPECT_EQ(type_of({"999999-01-01", "2013-01-01 10:00"}), Type::string);
  EXPECT_EQ(type_of({"2013-01-01T10:00:00Z", "2013-01-01 10:00"}), Type::string);
  EXPECT_EQ(type_of({"2013-01-01", "7"}), Type::string);
  EXPECT_EQ(type_of({"NA", ""}), Type::string);
  EXPECT_EQ(type_of({"1", "x", "2"}), Type::string);
}

TEST(CsvType, NumbersMayHaveADecimalComma) {
  EXPECT_EQ(type_of({"1234,5", "-,5", "7", "1,5e3"}, ','), Type::float64);
  EXPECT_EQ(type_of({"1", "-20"}, ','), Type::int64);
  EXPECT_EQ(type_of({"1,5", "1.5"}, ','), Type::string);
  EXPECT_EQ(type_of({"1.234,5"}, ','), Type::string);
  EXPECT_EQ(type_of({"1,2,3"}, ','), Type::string);
  EXPECT_EQ(type_of({"007,5"}, ','), Type::string);
  EXPECT_EQ(type_of({"1234,5"}), Type::string);
  EXPECT_EQ(type_of({"2013-01-01 10:00:00.5"}, ','), Type::timestamp);
}

}  // namespace
}  // namespace gristmill
