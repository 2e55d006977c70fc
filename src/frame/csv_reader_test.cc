#include <fmt/format.h>
#include <gtest/gtest.h>

#include "frame/testing.h"

namespace gristmill {
namespace {

Expected people() {
  return {Schema({{"name", Type::string, true}, {"age", Type::int64, true}}), {"id"}};
}

std::vector<std::string> read(const std::string& text, size_t piece = size_t(1) << 16,
                              CsvOptions options = {}) {
  return rows_of(*read_csv(bytes_of(text, piece), people(), std::move(options)));
}

using Rows = std::vector<std::string>;

TEST(CsvReader, ReadsWhatRfc4180Says) {
  for (size_t piece : {size_t(1), size_t(2), size_t(3), size_t(7), size_t(1) << 16}) {
    EXPECT_EQ(read("name,age\nAda,36\n", piece), Rows{"Ada|36"});
    EXPECT_EQ(read("name,age\nAda,36", piece), Rows{"Ada|36"});
    EXPECT_EQ(read("name,age\r\nAda,36\r\nBob,\r\n", piece), (Rows{"Ada|36", "Bob|~"}));
    EXPECT_EQ(read("name,age\rAda,36\rBob,1\r", piece), (Rows{"Ada|36", "Bob|1"}));
    EXPECT_EQ(read("\xEF\xBB\xBFname,age\nAda,36\n", piece), Rows{"Ada|36"});
    EXPECT_EQ(read("\xEF\xBB\xBF\"name\",\"age\"\r\n\"Ada\",\"36\"\r\n", piece), Rows{"Ada|36"});
    EXPECT_EQ(read("name,age\n\"a,\"\"b\"\"\r\nc\"\"\",1\n", piece), Rows{"a,\"b\"\r\nc\"|1"});
    EXPECT_EQ(read("name,age\n\"\"\"\",1\n\"\"\"\"\"\",2", piece), (Rows{"\"|1", "\"\"|2"}));
    EXPECT_EQ(read("name,age\n5\" pipe,1\n", piece), Rows{"5\" pipe|1"});
    EXPECT_EQ(read("age,id,x,name\n1,a,b,c\n", piece), Rows{"c|1"});
    EXPECT_EQ(read("name,age\n\n\nAda,1\n\n", piece), Rows{"Ada|1"});
    EXPECT_EQ(read("name\n\na\n\n", piece), (Rows{"~|~", "a|~", "~|~"}));
    EXPECT_EQ(read("name,age\n", piece), Rows{});
    EXPECT_EQ(read("name,age", piece), Rows{});
  }
}

TEST(CsvReader, TakesEmptyAndChosenTextsForNull) {
  EXPECT_EQ(read("name,age\n,\n\"\",\"\"\nNA,1\n"), (Rows{"~|~", "~|~", "NA|1"}));
  EXPECT_EQ(read("name;age\n;\nNA;NA\n\"NA\";1\n", 5, {';', {"NA", ""}}),
            (Rows{"~|~", "~|~", "~|1"}));
  EXPECT_EQ(read("name,age\n\"\",1\n", 5, {',', {}}), Rows{"|1"});
}

TEST(CsvReader, TellsUnknownColumnsOnceInTheirOrder) {
  std::vector<std::vector<std::string>> told;
  auto reader = read_csv(bytes_of("z,name,id,a\n1,2,3,4\n"), people(), {},
                         [&](const auto& names) { told.push_back(names); });
  EXPECT_EQ(told, (std::vector<std::vector<std::string>>{{"z", "a"}}));
  EXPECT_EQ(rows_of(*reader), Rows{"2|~"});
  EXPECT_EQ(told.size(), 1u);
}

TEST(CsvReader, OnlySoManyColumns) {
  for (int columns : {10000, 100000}) {
    std::string header = "name";
    for (int i = 1; i < columns; ++i) header += ",c" + std::to_string(i);
    EXPECT_EQ(read(header + "\na" + std::string(size_t(columns - 1), ',')), Rows{"a|~"});
  }
  EXPECT_THROW(read("name" + std::string(100000, ',')), Error);
  EXPECT_THROW(read(std::string(5 << 20, ',')), Error);
}

TEST(CsvReader, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string text;
    std::string message;
    int64_t row = -1;
    std::string field = "";
  };
  for (const Case& c : std::vector<Case>{
           {"", "the CSV is empty"},
           {"\xEF\xBB\xBF", "the CSV is empty"},
           {"name,age,name\n", "\"name\" occurs twice", -1, "name"},
           {"foo,bar\n1,2\n", "none of the expected columns"},
           {"name,age\nAda,1\nBob\n", "line 3: this line has 1 cells where the first has 2", 1},
           {"name,age\n\"Ada\nLovelace\",1,,\n",
            "line 2: this line has 4 cells where the first has 2", 0},
           {"name,age\nAda,1\n\"x\ny\",old\n",
            "line 4: column \"age\" takes an integer, not \"old\"", 1, "age"},
           {"name,age\nAda," + std::string(100, '9') + "\n", "…\"", 0, "age"},
           {"name,age\nAda,\"1\n", "line 2: a quote is not closed"},
           {"name,age\n\"Ada\"x,1\n", "line 2: something follows a closing quote", 0},
           {"name,age\n\"Ada\" ,1\n", "line 2: something follows a closing quote", 0},
           {std::string("name,age\nA\0a,1\n", 15), "line 2: a NUL byte"},
           {std::string("name,age\n\"A\0a\",1\n", 17), "line 2: a NUL byte"},
           {"name,age\nM\xFCller,1\n", "line 2: \"M\\xfcller\" is not UTF-8", 0, "name"},
           {"na\xFCme,age\n", "is not UTF-8"},
           {"\xFF\xFEn\0a\0", "UTF-16"},
       }) {
    for (size_t piece : {size_t(1), size_t(1) << 16}) {
      try {
        read(c.text, piece);
        ADD_FAILURE() << "accepted: " << c.text;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid);
        EXPECT_NE(error.message().find(c.message), std::string::npos) << error.what();
        EXPECT_EQ(error.where().row, c.row) << error.what();
        EXPECT_EQ(error.where().field, c.field) << error.what();
      }
    }
  }
}

TEST(CsvReader, RefusesAColumnThatMustBeThere) {
  const Expected expected{
      Schema({{"dep_delay", Type::float64, false}, {"carrier", Type::string, true}}), {}};
  try {
    read_csv(bytes_of("carrier,depdelay\n"), expected);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "column \"dep_delay\" is missing");
    EXPECT_EQ(error.where().field, "dep_delay");
    EXPECT_EQ(error.hint(), "\"depdelay\" is not known; did you mean \"dep_delay\"?");
  }
  Batch batch;
  try {
    read_csv(bytes_of("carrier,dep_delay\nUA,1\nAA,\n"), expected)->next(batch);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.where().row, 1);
    EXPECT_EQ(error.where().field, "dep_delay");
    EXPECT_NE(error.message().find("line 3"), std::string::npos) << error.what();
  }
}

TEST(CsvReader, StreamsManyRowsAndLongCells) {
  std::string text = "name,age\n";
  const std::string big(3 << 20, 'x');
  for (int i = 0; i < 50000; ++i) text += fmt::format("n{},{}\n", i, i);
  text += "\"" + big + "\"\"\n\",7\n";
  const Rows rows = read(text, 100000);
  ASSERT_EQ(rows.size(), 50001u);
  EXPECT_EQ(rows[49999], "n49999|49999");
  EXPECT_EQ(rows[50000], big + "\"\n|7");
}

TEST(CsvReader, RefusesACellBeyondTheLimit) {
  size_t left = size_t(70) << 20;
  bool head = true;
  auto endless = [&](char* to, size_t size) {
    if (head) {
      head = false;
      std::memcpy(to, "name,age\n\"", 10);
      return size_t(10);
    }
    size = std::min(size, left);
    left -= size;
    std::memset(to, 'x', size);
    return size;
  };
  try {
    rows_of(*read_csv(endless, people()));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
    EXPECT_NE(error.message().find("line 2"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace gristmill
