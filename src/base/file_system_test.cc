#include "base/file_system.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "base/memory_file_system.h"

namespace gristmill {
namespace {

Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Code::internal;
}

// What both file systems promise.
class FileSystems : public testing::TestWithParam<bool> {
 protected:
  MemoryFileSystem memory_;
  ScratchDir scratch_;
  FileSystem& files() { return GetParam() ? static_cast<FileSystem&>(memory_) : disk(); }
  fs::path root() { return GetParam() ? fs::path("/root") : scratch_.path(); }
  void SetUp() override { files().make_dirs(root()); }
};

TEST_P(FileSystems, ReadsWhatWasWritten) {
  std::string bytes("a\0b", 3);
  files().write_atomic(root() / "x", bytes);
  EXPECT_EQ(files().read(root() / "x"), bytes);
  files().write_atomic(root() / "x", "");
  EXPECT_EQ(files().read(root() / "x"), "");
  EXPECT_EQ(files().list(root()), std::vector<fs::path>{root() / "x"});
}

TEST_P(FileSystems, PublishMoves) {
  files().write_atomic(root() / "aside", "new");
  files().write_atomic(root() / "x", "old");
  files().publish(root() / "aside", root() / "x");
  EXPECT_EQ(files().read(root() / "x"), "new");
  EXPECT_FALSE(files().exists(root() / "aside"));
}

TEST_P(FileSystems, ListsSortedFilesAndFolders) {
  files().make_dirs(root() / "b" / "deep");
  files().write_atomic(root() / "c", "");
  files().write_atomic(root() / "a", "");
  EXPECT_EQ(files().list(root()),
            (std::vector<fs::path>{root() / "a", root() / "b", root() / "c"}));
  EXPECT_TRUE(files().exists(root() / "b" / "deep"));
}

TEST_P(FileSystems, AbsentThings) {
  EXPECT_FALSE(files().exists(root() / "none"));
  EXPECT_FALSE(files().exists(root() / "none" / "deeper"));
  files().remove(root() / "none");
  EXPECT_EQ(code_of([&] { files().read(root() / "none"); }), Code::not_found);
  EXPECT_EQ(code_of([&] { files().list(root() / "none"); }), Code::not_found);
  EXPECT_EQ(code_of([&] { files().write_atomic(root() / "none" / "x", ""); }), Code::not_found);
  EXPECT_EQ(code_of([&] { files().publish(root() / "none", root() / "x"); }), Code::not_found);
}

INSTANTIATE_TEST_SUITE_P(Both, FileSystems, testing::Bool());

TEST(FileError, IsPlain) {
  EXPECT_EQ(file_error(ENOSPC, "write", "a/b").message(), "cannot write a/b: the disk is full");
  EXPECT_EQ(file_error(EROFS, "write", "a").message(), "cannot write a: the disk is read-only");
  EXPECT_EQ(file_error(EACCES, "read", "a").message(), "cannot read a: permission denied");
  EXPECT_EQ(file_error(EACCES, "read", "a").code(), Code::unavailable);
  EXPECT_EQ(file_error(ENOENT, "read", "a").code(), Code::not_found);
}

// A limit on the size of files stands for a full disk: it needs no rights and no mount.
class SmallFilesOnly {
 public:
  explicit SmallFilesOnly(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallFilesOnly() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_;
  sighandler_t handler_;
};

TEST(Disk, FailedWriteLeavesTheOldFileAndNothingElse) {
  ScratchDir scratch;
  disk().write_atomic(scratch.path() / "x", "old");
  {
    SmallFilesOnly limit(1000);
    EXPECT_EQ(code_of([&] { disk().write_atomic(scratch.path() / "x", std::string(5000, 'n')); }),
              Code::unavailable);
    EXPECT_EQ(code_of([&] {
                FileWriter writer(scratch.path() / "x");
                writer.write(std::string(5000, 'n'));
                writer.finish();
              }),
              Code::unavailable);
  }
  EXPECT_EQ(disk().read(scratch.path() / "x"), "old");
  EXPECT_EQ(disk().list(scratch.path()).size(), 1u);
}

TEST(FileWriter, PublishesWhenFinished) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "x";
  std::string expected;
  {
    FileWriter writer(path);
    for (int i = 0; i < 3000; ++i) {
      std::string piece(size_t(i * 37 % 900), char('a' + i % 26));
      writer.write(piece);
      expected += piece;
    }
    std::string large(1 << 20, 'L');
    writer.write(large);
    writer.write("end");
    expected += large + "end";
    EXPECT_FALSE(disk().exists(path));
    writer.finish();
  }
  EXPECT_EQ(disk().read(path), expected);
  {
    FileWriter(path).write("unfinished");
  }
  EXPECT_EQ(disk().read(path), expected);
  EXPECT_EQ(disk().list(scratch.path()).size(), 1u);
}

TEST(AsideFile, PublishesWhatSomebodyElseWrote) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "x";
  {
    AsideFile file(path);
    disk().write_atomic(file.aside(), "whole");
    file.publish();
  }
  {
    AsideFile unpublished(path);
    disk().write_atomic(unpublished.aside(), "half");
  }
  EXPECT_EQ(disk().read(path), "whole");
  EXPECT_EQ(disk().list(scratch.path()).size(), 1u);
}

TEST(Disk, ReadsFilesWithoutASize) { EXPECT_FALSE(disk().read("/proc/self/status").empty()); }

TEST(MappedFile, ShowsTheBytes) {
  ScratchDir scratch;
  disk().write_atomic(scratch.path() / "x", "hello");
  disk().write_atomic(scratch.path() / "empty", "");
  EXPECT_EQ(MappedFile(scratch.path() / "x").bytes(), "hello");
  EXPECT_EQ(MappedFile(scratch.path() / "empty").bytes(), "");
  EXPECT_EQ(code_of([&] { MappedFile file(scratch.path() / "none"); }), Code::not_found);
}

TEST(FileCopy, KeepsTheBytesThatWereThere) {
  ScratchDir scratch;
  const fs::path path = scratch.path() / "x";
  disk().write_atomic(path, "hello");
  const FileCopy copy(path);
  std::ofstream(path) << "other";  // in place
  EXPECT_EQ(copy.bytes(), "hello");
  fs::resize_file(path, 0);
  EXPECT_EQ(copy.bytes(), "hello");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(copy.bytes().data()) % 64, 0u);
  EXPECT_EQ(FileCopy(path).bytes(), "");
  EXPECT_EQ(code_of([&] { FileCopy file(scratch.path() / "none"); }), Code::not_found);
}

// A pipe without a writer is told at once.
TEST(FileCopy, OnlyRegularFiles) {
  ScratchDir scratch;
  const fs::path pipe = scratch.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const fs::path& path : {scratch.path(), pipe, fs::path("/dev/zero")}) {
    EXPECT_EQ(code_of([&] { FileCopy file(path); }), Code::invalid) << path;
    EXPECT_EQ(code_of([&] { MappedFile file(path); }), Code::invalid) << path;
  }
}

TEST(ScratchDir, GoesWithWhatIsInIt) {
  fs::path path;
  {
    ScratchDir scratch;
    path = scratch.path();
    disk().make_dirs(path / "a" / "b");
    disk().write_atomic(path / "a" / "b" / "x", "1");
  }
  EXPECT_FALSE(disk().exists(path));
}

TEST(MemoryFileSystem, FailsTheWantedChange) {
  MemoryFileSystem files;
  files.write_atomic("a", "1");
  files.fail_change(2);
  files.write_atomic("a", "2");
  EXPECT_EQ(code_of([&] { files.write_atomic("a", "3"); }), Code::unavailable);
  EXPECT_EQ(files.read("a"), "2");
  files.write_atomic("a", "4");
  EXPECT_EQ(files.changes(), 4);
  files.fail_change(1, true);
  EXPECT_EQ(code_of([&] { files.write_atomic("b", "5"); }), Code::unavailable);
  EXPECT_EQ(code_of([&] { files.publish("a", "c"); }), Code::unavailable);
  EXPECT_EQ(files.read("a"), "4");
  EXPECT_FALSE(files.exists("b"));
}

}  // namespace
}  // namespace gristmill
