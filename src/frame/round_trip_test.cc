#include <gtest/gtest.h>

#include "frame/testing.h"

namespace gristmill {
namespace {

enum class Format { csv, json_lines, arrow };

std::unique_ptr<BatchReader> reader_of(Format format, ReadBytes in, const Expected& expected) {
  switch (format) {
    case Format::csv:
      return read_csv(std::move(in), expected);
    case Format::json_lines:
      return read_json_lines(std::move(in), expected);
    default:
      return read_arrow(std::move(in), expected);
  }
}

std::unique_ptr<BatchWriter> writer_of(Format format, WriteBytes out, const Schema& schema) {
  switch (format) {
    case Format::csv:
      return write_csv(std::move(out), schema);
    case Format::json_lines:
      return write_json_lines(std::move(out), schema);
    default:
      return write_arrow(std::move(out), schema);
  }
}

std::string written(Format format, const BatchBuffer& rows) {
  std::string bytes;
  auto writer = writer_of(format, append_to(bytes), rows.schema());
  writer->write(rows.view());
  writer->write(rows.view());
  writer->finish();
  return bytes;
}

class RoundTrip : public testing::TestWithParam<Format> {};

TEST_P(RoundTrip, EveryValueComesBack) {
  std::mt19937_64 random(3);
  for (const int64_t rows : {0, 1, 7, 64, 1000, 20000}) {
    for (const bool nullable : {true, false}) {
      BatchBuffer given(all_types(nullable));
      fill_random(given, rows, random);
      const std::string bytes = written(GetParam(), given);
      auto reader =
          reader_of(GetParam(), bytes_of(bytes, 1 + random() % 100000), {given.schema(), {}});
      EXPECT_EQ(reader->schema(), given.schema());
      const Batch source = given.view();
      int64_t at = 0;
      Batch batch;
      while (reader->next(batch)) {
        ASSERT_GT(batch.rows, 0);
        ASSERT_LE(batch.rows, chunk_rows);
        for (int64_t row = 0; row < batch.rows; ++row, ++at) {
          for (size_t i = 0; i < source.columns.size(); ++i) {
            ASSERT_TRUE(equal_cells(batch.columns[i], row, source.columns[i], at % rows))
                << given.schema()[i].name << " of row " << at << ": "
                << cell_text(batch.columns[i], row) << ", not "
                << cell_text(source.columns[i], at % rows);
          }
        }
      }
      EXPECT_EQ(at, 2 * rows);
    }
  }
}

TEST_P(RoundTrip, OneColumnOfNullsComesBack) {
  BatchBuffer given(Schema({{"x", Type::int64, true}}));
  given[0].append_null();
  given[0].append(int64_t(5));
  given[0].append_null();
  auto reader = reader_of(GetParam(), bytes_of(written(GetParam(), given)), {given.schema(), {}});
  EXPECT_EQ(rows_of(*reader), (std::vector<std::string>{"~", "5", "~", "~", "5", "~"}));
}

TEST_P(RoundTrip, ThePartOfARowThatIsWantedComesBack) {
  std::mt19937_64 random(4);
  BatchBuffer given(all_types());
  fill_random(given, 100, random);
  const Expected some{Schema({{"z", Type::timestamptz, true}, {"b", Type::boolean, true}}), {"i"}};
  auto reader = reader_of(GetParam(), bytes_of(written(GetParam(), given)), some);
  Batch batch;
  ASSERT_TRUE(reader->next(batch));
  ASSERT_EQ(batch.columns.size(), 2u);
  for (int64_t row = 0; row < batch.rows; ++row) {
    EXPECT_TRUE(equal_cells(batch.columns[0], row, given.view().columns[6], row % 100));
    EXPECT_TRUE(equal_cells(batch.columns[1], row, given.view().columns[0], row % 100));
  }
}

TEST_P(RoundTrip, WhatTheSinkThrowsComesThrough) {
  BatchBuffer given(all_types());
  std::mt19937_64 random(5);
  fill_random(given, 10, random);
  EXPECT_THROW(
      {
        auto writer = writer_of(
            GetParam(), [](std::string_view) { throw Error(Code::unavailable, "disk full"); },
            given.schema());
        writer->write(given.view());
        writer->finish();
      },
      Error);
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip,
                         testing::Values(Format::csv, Format::json_lines, Format::arrow));

TEST(JsonLines, SaysWhichLineIsWrong) {
  const Expected expected{Schema({{"id", Type::int64, false}}), {}};
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"{\"id\":1}\n\n{\"id\":}\n", "line 3: malformed JSON at byte 6"},
           {"{\"id\":1}\n{\"id\":1} {\"id\":2}\n", "line 2: malformed JSON at byte 9"},
           {"{\"id\":1}\n{\"Id\":2}\n", "line 2: column \"id\" is missing"},
           {"{\"id\":1}\n{\"id\":\n2}\n", "line 2: malformed JSON: it ends at byte 6"},
           {"{\"id\":1}\n{\"id\":\"\xff\"}", "line 2: malformed JSON at byte 7"},
           {"{\"id\":1}\n[2]\n", "line 2: a row must be an object"},
       }) {
    for (const size_t piece : {size_t(1), size_t(1000)}) {
      try {
        rows_of(*read_json_lines(bytes_of(text, piece), expected));
        ADD_FAILURE() << "accepted: " << text;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid);
        EXPECT_EQ(error.message().find(message), 0u) << error.what();
        EXPECT_EQ(error.where().row, 1) << error.what();
      }
    }
  }
}

TEST(JsonLines, ToleratesBlankLinesAndByteOrderMarks) {
  const Expected expected{Schema({{"id", Type::int64, false}}), {}};
  std::vector<std::string> told;
  auto reader = read_json_lines(bytes_of("\xEF\xBB\xBF{\"id\":1,\"x\":[]}\r\n \n\n{\"id\":2}"),
                                expected, [&](const auto& names) { told = names; });
  EXPECT_EQ(rows_of(*reader), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(told, std::vector<std::string>{"x"});
  EXPECT_TRUE(rows_of(*read_json_lines(bytes_of(""), expected)).empty());
}

}  // namespace
}  // namespace gristmill
