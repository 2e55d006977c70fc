#include "store/file_digests.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>

#include "base/error.h"

namespace gristmill {
namespace {

class FileDigestsTest : public testing::Test {
 protected:
  ScratchDir dir;
  Database database{dir.path() / "a.db"};
  FileDigests digests{database};
  fs::path file = dir.path() / "data.csv";

  // Writes, and sets the time of the change `seconds` back.
  void write(const std::string& bytes, int seconds) {
    std::ofstream(file, std::ios::binary) << bytes;
    struct timespec times[2];
    ::clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    ::utimensat(AT_FDCWD, file.c_str(), times, 0);
  }
  int64_t remembered() {
    Statement count = database.prepare("SELECT count(*) FROM file_digests");
    count.step();
    return count.integer(0);
  }
};

TEST_F(FileDigestsTest, ReadsAFileOnceWhileItsStampStays) {
  write("hello", 100);
  EXPECT_EQ(digests.digest(file), Digest::of("hello"));
  EXPECT_EQ(remembered(), 1);
  // Another content under the same stamp shows that it was not read again.
  FileStamp stamp = stamp_of(file);
  std::ofstream(file, std::ios::binary | std::ios::in) << "HELLO";
  struct timespec times[2] = {};
  times[0].tv_sec = times[1].tv_sec = stamp.mtime_ns / 1000000000;
  times[0].tv_nsec = times[1].tv_nsec = stamp.mtime_ns % 1000000000;
  ::utimensat(AT_FDCWD, file.c_str(), times, 0);
  EXPECT_EQ(digests.digest(file), Digest::of("hello"));
  write("HELLO", 50);
  EXPECT_EQ(digests.digest(file), Digest::of("HELLO"));
  write("longer", 50);
  EXPECT_EQ(digests.digest(file), Digest::of("longer"));
}

TEST_F(FileDigestsTest, DoesNotTrustAFileThatJustChanged) {
  write("one", 0);
  EXPECT_EQ(digests.digest(file), Digest::of("one"));
  EXPECT_EQ(remembered(), 0);
  write("two", 0);
  EXPECT_EQ(digests.digest(file), Digest::of("two"));
}

TEST_F(FileDigestsTest, RemembersFactsOfAContent) {
  write("a,b", 100);
  int looks = 0;
  auto fact = [&](const std::string& name) {
    return digests.fact({file}, name, [&] { return std::to_string(++looks); });
  };
  EXPECT_EQ(fact("types"), "1");
  EXPECT_EQ(fact("types"), "1");
  EXPECT_EQ(fact("other"), "2");
  write("a,c", 100);
  EXPECT_EQ(fact("types"), "3");
  write("a,b", 90);
  EXPECT_EQ(fact("types"), "1");
  EXPECT_EQ(digests.fact({file, file}, "types", [] { return "both"; }), "both");
}

TEST_F(FileDigestsTest, WhatWasFoundWhileAFileChangedIsNoFactOfEither) {
  write("a,b", 100);
  auto late = [&] {
    write("b,a", 50);
    return "of a,b";
  };
  EXPECT_EQ(digests.fact({file}, "types", late), "of a,b");
  EXPECT_EQ(digests.fact({file}, "types", [] { return "of b,a"; }), "of b,a");
  write("a,b", 90);
  EXPECT_EQ(digests.fact({file}, "types", [] { return "anew"; }), "anew");
}

TEST_F(FileDigestsTest, SaysWhatIsNotAFile) {
  auto code_of = [&](const fs::path& path) {
    try {
      digests.digest(path);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  EXPECT_EQ(code_of(dir.path() / "absent"), Code::not_found);
  EXPECT_EQ(code_of(dir.path()), Code::invalid);
  ASSERT_EQ(::mkfifo((dir.path() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(code_of(dir.path() / "pipe"), Code::invalid);
}

}  // namespace
}  // namespace gristmill
