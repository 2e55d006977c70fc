#include "source/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/testing.h"

namespace gristmill {
namespace {

class FilesTest : public testing::Test {
 protected:
  ScratchDir dir;

  void touch(const std::string& name, const std::string& bytes = "x") {
    fs::create_directories((dir.path() / name).parent_path());
    std::ofstream(dir.path() / name, std::ios::binary) << bytes;
  }
  SourceSpec spec(nlohmann::json given) {
    return {.name = "s", .given = std::move(given), .base = dir.path()};
  }
  std::vector<std::string> found(const std::string& pattern) {
    std::vector<std::string> out;
    for (const fs::path& file : glob_files(dir.path(), pattern)) {
      out.push_back(fs::relative(file, dir.path()).string());
    }
    return out;
  }
  Error failure(nlohmann::json given) {
    return gristmill::failure([&] { make_source(spec(std::move(given))); });
  }
};

TEST_F(FilesTest, GlobsAreSortedAndKnowFolders) {
  for (const char* name :
       {"a.csv", "b.csv", "b.txt", ".hidden.csv", "x/c.csv", "x/y/d.csv", "e[1].csv"})
    touch(name);
  using Names = std::vector<std::string>;
  EXPECT_EQ(found("*.csv"), (Names{"a.csv", "b.csv", "e[1].csv"}));
  EXPECT_EQ(found("**/*.csv"), (Names{"a.csv", "b.csv", "e[1].csv", "x/c.csv", "x/y/d.csv"}));
  EXPECT_EQ(found("x/**/*.csv"), (Names{"x/c.csv", "x/y/d.csv"}));
  EXPECT_EQ(found("?.csv"), (Names{"a.csv", "b.csv"}));
  EXPECT_EQ(found("[ab].csv"), (Names{"a.csv", "b.csv"}));
  EXPECT_EQ(found("*/c.csv"), (Names{"x/c.csv"}));
  EXPECT_EQ(found("nothing*"), Names{});
  // A loop of links ends.
  fs::create_directory_symlink(dir.path(), dir.path() / "x" / "loop");
  EXPECT_EQ(found("**/d.csv"), (Names{"x/y/d.csv"}));
}

// Each `**` may be any folders: their ways to one place are as many as there are grains of sand.
TEST_F(FilesTest, ManyFoldersOfAnyNameAreSeenOnce) {
  std::string deep;
  for (int i = 0; i < 25; ++i) deep += "x/";
  touch(deep + "a.csv");
  std::string pattern, apart;
  for (int i = 0; i < 12; ++i) {
    pattern += "**/";
    apart += "**/x/";
  }
  using Names = std::vector<std::string>;
  EXPECT_EQ(found(pattern + "*.csv"), Names{deep + "a.csv"});
  EXPECT_EQ(found(apart + "*.csv"), Names{deep + "a.csv"});
  EXPECT_EQ(found(apart + "*.txt"), Names{});
}

TEST_F(FilesTest, OnlyRegularFilesAreSources) {
  ASSERT_EQ(mkfifo((dir.path() / "pipe.csv").c_str(), 0600), 0);
  touch("a.csv");
  fs::create_symlink(dir.path() / "a.csv", dir.path() / "link.csv");
  EXPECT_EQ(find_files(spec("link.csv")).files.size(), 1u);
  for (const char* given : {"pipe.csv", "*.csv", "/dev/zero"}) {
    const Error error = failure(given);
    EXPECT_EQ(error.code(), Code::invalid) << given;
    EXPECT_NE(error.message().find("no regular file"), std::string::npos) << error.message();
  }
}

TEST_F(FilesTest, APathThatIsThereIsNoGlob) {
  touch("e[1].csv");
  touch("e1.csv");
  SourceFiles files = find_files(spec("e[1].csv"));
  ASSERT_EQ(files.files.size(), 1u);
  EXPECT_EQ(files.files[0].filename(), "e[1].csv");
}

TEST_F(FilesTest, ReadsTheForms) {
  touch("data/x.db", std::string("SQLite format 3\0", 16));
  EXPECT_EQ(find_files(spec("sqlite:data/x.db")).scheme, "sqlite:");
  EXPECT_EQ(find_files(spec("sqlite://data/x.db")).files[0], dir.path() / "data/x.db");
  EXPECT_EQ(find_files(spec({{"url", "sqlite:data/x.db"}})).files.size(), 1u);
  EXPECT_EQ(find_files(spec({{"files", "./data/../data/x.db"}})).files[0],
            dir.path() / "data/x.db");
  touch("a.csv");
  touch("b.csv");
  SourceFiles files = find_files(spec({{"files", {"b.csv", "*.csv"}}, {"as", "all"}}));
  EXPECT_EQ(files.files.size(), 2u);
  EXPECT_EQ(files.as, "all");
  EXPECT_EQ(find_files(spec((dir.path() / "a.csv").string())).files[0], dir.path() / "a.csv");
}

TEST_F(FilesTest, SaysWhatIsWrong) {
  touch("data/flights.csv");
  touch("notes.md");
  Error error = failure("data/flihgts.csv");
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.hint(), "did you mean \"flights.csv\"?");
  EXPECT_EQ(failure("nowhere/x.csv").code(), Code::not_found);
  error = failure("data/*.parquet");
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_NE(error.message().find("data/*.parquet"), std::string::npos);
  error = failure("data");
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_NE(error.hint().find("data/*.csv"), std::string::npos);
  error = failure("notes.md");
  EXPECT_NE(error.hint().find(".parquet"), std::string::npos);
  touch("data/w.parquet");
  EXPECT_EQ(failure("data/*").code(), Code::invalid);
  EXPECT_EQ(failure("").code(), Code::invalid);
  EXPECT_EQ(failure(7).code(), Code::invalid);
  EXPECT_EQ(failure(nlohmann::json::object()).code(), Code::invalid);
  EXPECT_EQ(failure({{"files", nlohmann::json::array()}}).code(), Code::invalid);
  EXPECT_EQ(failure({{"files", {1, 2}}}).code(), Code::invalid);
  error = failure({{"files", "data/flights.csv"}, {"delimter", ";"}});
  EXPECT_EQ(error.hint(), "did you mean \"delimiter\"?");
  error = failure({{"files", "notes.md"}, {"kind", "cvs"}});
  EXPECT_EQ(error.hint(), "did you mean \"csv\"?");
  error = failure("postgrs://host/db");
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_NE(error.message().find("postgrs"), std::string::npos);
}

TEST_F(FilesTest, TablesAreNamedAfterTheirFiles) {
  const std::vector<std::string> suffixes = {".csv", ".csv.gz"};
  EXPECT_EQ(stem_of("a/flights.csv", suffixes), "flights");
  EXPECT_EQ(stem_of("a/flights.CSV.GZ", suffixes), "flights");
  EXPECT_EQ(stem_of("a/flights.2013.csv", suffixes), "flights.2013");
  EXPECT_EQ(stem_of("a/flights.txt", suffixes), "flights");
  SourceFiles files{.files = {"a/x.csv", "b/X.csv"}};
  const Error error = gristmill::failure([&] { table_names(files, suffixes); });
  EXPECT_EQ(error.code(), Code::conflict);
}

TEST_F(FilesTest, QuotesForSql) {
  EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_text("it's"), "'it''s'");
  EXPECT_EQ(quote_paths({"/a/b[1]*.csv"}), "['/a/b[[]1][*].csv']");
}

TEST_F(FilesTest, ReadsEnds) {
  touch("f", "0123456789");
  EXPECT_EQ(head_of(dir.path() / "f", 3), "012");
  EXPECT_EQ(head_of(dir.path() / "f", 30), "0123456789");
  EXPECT_EQ(tail_of(dir.path() / "f", 3), "789");
  EXPECT_EQ(tail_of(dir.path() / "f", 30), "0123456789");
}

}  // namespace
}  // namespace gristmill
