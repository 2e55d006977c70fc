#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file_system.h"
#include "frame/testing.h"

namespace gristmill {
namespace {

using Rows = std::vector<std::string>;

std::string file(const std::string& name) {
  return disk().read("src/frame/testdata/" + name + ".arrow");
}

// The columns of types.arrow, as pyarrow wrote them (testdata/make_arrow.py).
Expected all_columns() {
  Schema schema;
  auto add = [&](Type type, std::initializer_list<const char*> names) {
    for (const char* name : names) schema.add({name, type, true});
  };
  add(Type::int64, {"i8", "u16", "u64", "whole"});
  add(Type::float64, {"f16", "f32", "d18"});
  add(Type::boolean, {"flag"});
  add(Type::string, {"text", "large", "view", "word"});
  add(Type::date, {"day", "day64"});
  add(Type::timestamp, {"at_s", "at_ms", "at_ns"});
  add(Type::timestamptz, {"instant"});
  add(Type::float64, {"nothing", "absent"});
  return {schema, {"skipped"}};
}

TEST(ArrowReader, ReadsWhatPyarrowWrites) {
  const std::string b40(40, 'b');
  const Rows expected = {
      "1|65535|9223372036854775807|1|1.5|0.25|0.1|true|a||short|x|1969-12-31|1969-12-31|"
      "2013-01-01T05:00:00|1960-01-01T05:00:00.001000|1969-12-31T23:59:59.999999|"
      "2013-01-01T05:00:00Z|~|~",
      "~|0|0|~|~|1.0000000150474662e+30|~|~|~|" + b40 +
          "|a text beyond twelve bytes|~|~|~|~|~|1970-01-01T00:00:00.000001|~|~|~",
      "-3|~|1|-4000000000000000|-2|~|-1e+16|false|ünï|~|~|y|2013-02-28|"
      "2013-02-28|~|~|~|~|~|~"};
  for (const char* name : {"types", "types_file", "types_zstd", "types_lz4"}) {
    for (size_t piece : {size_t(1), size_t(1) << 16}) {
      std::vector<std::string> unknown;
      auto reader = read_arrow(bytes_of(file(name), piece), all_columns(),
                               [&](const auto& names) { unknown = names; });
      EXPECT_EQ(rows_of(*reader), expected) << name;
      EXPECT_EQ(unknown, std::vector<std::string>{"skipped_view"});
    }
  }
}

TEST(ArrowReader, FollowsDictionariesThatGrowAndChange) {
  const Expected expected{Schema({{"word", Type::string, true}}), {}};
  EXPECT_EQ(rows_of(*read_arrow(bytes_of(file("dictionaries")), expected)),
            (Rows{"a", "b", "c", "~", "a", "z"}));
}

// A value of a dictionary is of no row, whatever its place.
TEST(ArrowReader, ErrorsOfDictionariesNameNoRow) {
  std::string bytes = file("dictionaries");
  const size_t at = bytes.find("ab");
  ASSERT_NE(at, bytes.npos);
  bytes[at + 1] = '\xff';
  try {
    rows_of(*read_arrow(bytes_of(bytes), {Schema({{"word", Type::string, true}}), {}}));
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.where().row, -1) << error.what();
    EXPECT_NE(error.message().find("\\xff"), std::string::npos) << error.what();
  }
}

TEST(ArrowReader, NamesBothTypesWhenTheyDoNotFit) {
  auto error_of = [&](const char* column, Type type, bool nullable = true) {
    try {
      rows_of(*read_arrow(bytes_of(file("types")), {Schema({{column, type, nullable}}), {}}));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid);
      EXPECT_EQ(error.where().field, column);
      return fmt::format("{} @{}", error.message(), error.where().row);
    }
    return std::string("accepted");
  };
  EXPECT_EQ(error_of("skipped", Type::string), "column \"skipped\" is list, but string is due @-1");
  EXPECT_EQ(error_of("i8", Type::string), "column \"i8\" is int8, but string is due @-1");
  EXPECT_EQ(error_of("word", Type::int64),
            "column \"word\" is dictionary of utf8, but int64 is due @-1");
  EXPECT_EQ(error_of("at_s", Type::timestamptz),
            "column \"at_s\" is timestamp[s], but timestamptz is due @-1");
  EXPECT_EQ(error_of("instant", Type::timestamp),
            "column \"instant\" is timestamp[us] with a zone, but timestamp is due @-1");
  EXPECT_EQ(error_of("d18", Type::int64),
            "column \"d18\" is decimal128 of scale 2, but int64 is due @-1");
  EXPECT_EQ(error_of("f16", Type::int64), "column \"f16\" takes an integer, not 1.5 (float16) @0");
  EXPECT_EQ(error_of("i8", Type::int64, false),
            "column \"i8\" is empty, but it must have an integer @1");
  EXPECT_EQ(error_of("missing", Type::int64, false), "column \"missing\" is missing @-1");
}

TEST(ArrowReader, RefusesWhatIsCutOrForeign) {
  const std::string whole = file("types_file");
  for (const std::string& bytes :
       {std::string(), std::string("ARROW1"), std::string("ARROW1\0\0", 8),
        std::string("PAR1 is not Arrow"), std::string("a,b\n1,2\n3,4\n5,6\n"),
        whole.substr(0, whole.size() / 4), std::string(4096, '\0'), std::string(4096, '\xff')}) {
    EXPECT_THROW(rows_of(*read_arrow(bytes_of(bytes), all_columns())), Error) << bytes.size();
  }
  const std::string stream = file("types");
  int whole_batches = 0;
  for (size_t size = 0; size < stream.size(); ++size) {
    try {
      whole_batches +=
          !rows_of(*read_arrow(bytes_of(stream.substr(0, size)), all_columns())).empty();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid);
    }
  }
  EXPECT_LE(whole_batches, 8);  // only the end mark may be missing
}

// Any flipped byte is an error or other values, never a crash (run under the sanitizers).
TEST(ArrowReader, SurvivesEveryFlippedByte) {
  for (const char* name : {"types", "types_zstd", "types_lz4", "dictionaries"}) {
    const std::string bytes = file(name);
    for (size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = char(damaged[at] ^ (at % 3 == 0 ? 0x01 : at % 3 == 1 ? 0x80 : 0xff));
      try {
        auto reader = read_arrow(bytes_of(damaged), all_columns());
        Batch batch;
        for (int batches = 0; batches < 3 && reader->next(batch); ++batches) {
        }
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace gristmill
