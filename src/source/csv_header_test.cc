#include "source/csv_header.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/testing.h"

namespace gristmill {
namespace {

class CsvHeaderTest : public testing::Test {
 protected:
  ScratchDir dir;
  fs::path file = dir.path() / "x.csv";
  using Names = std::vector<std::string>;

  CsvHeader read(const std::string& bytes, char delimiter = 0) {
    std::ofstream(file, std::ios::binary) << bytes;
    return read_csv_header(file, "", delimiter);
  }
  Names names(const std::string& bytes, bool sure = false) {
    CsvHeader header = read(bytes);
    return column_names(file, header, sure);
  }
  Error failure(const std::string& bytes) {
    const Error error = gristmill::failure([&] { names(bytes); });
    EXPECT_EQ(error.where().file, file.string());
    EXPECT_GT(error.where().line, 0);
    EXPECT_EQ(error.code(), Code::invalid);
    return error;
  }
};

TEST_F(CsvHeaderTest, OnlySoManyColumns) {
  EXPECT_EQ(read(std::string(9999, ',')).cells.size(), 10000u);
  EXPECT_EQ(read(std::string(99999, ',')).cells.size(), 100000u);
  EXPECT_NE(failure(std::string(100000, ',')).message().find("columns"), std::string::npos);
}

TEST_F(CsvHeaderTest, ReadsTheFirstRecord) {
  EXPECT_EQ(names("a,b,c\n1,2,3\n"), (Names{"a", "b", "c"}));
  EXPECT_EQ(names("a,b,c"), (Names{"a", "b", "c"}));
  EXPECT_EQ(names("\xef\xbb\xbf\"a\",b\r\n1,2"), (Names{"a", "b"}));
  EXPECT_EQ(names("\"a, \"\"b\"\"\nc\",d\n1,2"), (Names{"a, \"b\"\nc", "d"}));
  EXPECT_EQ(names("only\n1"), (Names{"only"}));
  EXPECT_EQ(names(",b\n1,2"), (Names{"column0", "b"}));
  EXPECT_EQ(names(std::string("\xff\xfe\x61\0,\0\x62\0\n\0", 10)), (Names{"a", "b"}));
}

TEST_F(CsvHeaderTest, FindsTheDelimiter) {
  EXPECT_EQ(read("a;b,c;d\n").delimiter, ';');
  EXPECT_EQ(read("a\tb\n").delimiter, '\t');
  EXPECT_EQ(read("a|b|c\n").delimiter, '|');
  EXPECT_EQ(read("\"a;b;c\",d\n").delimiter, ',');
  EXPECT_EQ(read("a;b;c\n", ',').cells, (Names{"a;b;c"}));
}

TEST_F(CsvHeaderTest, RefusesWhatIsNoHeader) {
  EXPECT_NE(failure("").message().find("empty"), std::string::npos);
  EXPECT_NE(failure(" \r\n\n").message().find("empty"), std::string::npos);
  EXPECT_NE(failure("2013,1,UA\n2013,2,AA\n").message().find("\"2013\""), std::string::npos);
  EXPECT_NE(failure("UA,2013-01-01\n").message().find("2013-01-01"), std::string::npos);
  EXPECT_NE(failure("a,b,A\n").message().find("columns 1 and 3"), std::string::npos);
  Error zero = failure("a,b\n1,2\n3,\0004\n" + std::string("5,6\n7,\0\n", 9));
  EXPECT_NE(zero.message().find("zero byte"), std::string::npos);
  EXPECT_GT(zero.where().line, 2);
  failure("\"" + std::string(2 << 20, 'x'));
  EXPECT_EQ(names("country,2010,2011\n", true), (Names{"country", "2010", "2011"}));
}

TEST_F(CsvHeaderTest, NamesLikeNumbersWithLettersAreNames) {
  EXPECT_EQ(names("nan,inf,e5,x1\n"), (Names{"nan", "inf", "e5", "x1"}));
}

}  // namespace
}  // namespace gristmill
