#include "store/database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/testing.h"

namespace gristmill {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  ScratchDir dir;
  fs::path path = dir.path() / "a.db";

  int64_t count(Database& database, const std::string& table) {
    Statement statement = database.prepare("SELECT count(*) FROM " + table);
    statement.step();
    return statement.integer(0);
  }
};

TEST_F(DatabaseTest, BindsAndReadsEveryKind) {
  Database database(path);
  database.execute("CREATE TABLE t (i, r, s, n)");
  Statement insert = database.prepare("INSERT INTO t VALUES (?, ?, ?, NULL)");
  for (int64_t i = 0; i < 3; ++i) {
    insert.bind(i).bind(i / 2.0).bind(std::string_view("a\0b", 3));
    EXPECT_FALSE(insert.step());
  }
  insert.bind(int64_t(9)).bind(0.0).bind("").step();
  Statement select = database.prepare("SELECT * FROM t ORDER BY i");
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(select.step());
    EXPECT_EQ(select.integer(0), i);
    EXPECT_EQ(select.real(1), i / 2.0);
    EXPECT_EQ(select.text(2), std::string("a\0b", 3));
    EXPECT_TRUE(select.is_null(3));
  }
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.text(2), "");
  EXPECT_FALSE(select.is_null(2));
  EXPECT_FALSE(select.step());
}

TEST_F(DatabaseTest, TransactionsAreWholeOrNothing) {
  Database database(path);
  database.execute("CREATE TABLE t (i)");
  EXPECT_THROW(database.transaction([&] {
    database.execute("INSERT INTO t VALUES (1)");
    database.transaction([&] { database.execute("INSERT INTO t VALUES (2)"); });
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(count(database, "t"), 0);
  database.transaction([&] { database.execute("INSERT INTO t VALUES (1)"); });
  EXPECT_EQ(count(database, "t"), 1);
}

TEST_F(DatabaseTest, MigratesOnce) {
  const std::string first = "CREATE TABLE a (i)";
  std::vector<std::string> steps = {first};
  steps.push_back("CREATE TABLE b (i); INSERT INTO b VALUES (1)");
  {
    Database database(path);
    database.migrate({first});
    database.migrate(steps);
    database.migrate(steps);
    EXPECT_EQ(count(database, "b"), 1);
  }
  Database newer(path);
  EXPECT_EQ(failure([&] { newer.migrate({first}); }).code(), Code::invalid);
  // A step that fails leaves the schema as it was.
  steps.push_back("CREATE TABLE c (i); CREATE TABLE a (i)");
  EXPECT_THROW(newer.migrate(steps), Error);
  EXPECT_THROW(count(newer, "c"), Error);
}

TEST_F(DatabaseTest, SaysWhatIsWrongWithTheFile) {
  std::ofstream(path) << std::string(5000, 'x');
  Error error = failure([&] { Database database(path); });
  EXPECT_EQ(error.code(), Code::corrupt);
  EXPECT_EQ(error.where().file, path.string());
  EXPECT_EQ(failure([&] { Database database(dir.path() / "no" / "a.db"); }).code(),
            Code::unavailable);
  EXPECT_EQ(failure([&] { Database database(dir.path()); }).code(), Code::unavailable);
  Database database(dir.path() / "b.db");
  EXPECT_EQ(failure([&] { database.execute("CREATE TABLE"); }).code(), Code::internal);
  database.execute("CREATE TABLE t (i UNIQUE); INSERT INTO t VALUES (1)");
  EXPECT_EQ(failure([&] { database.execute("INSERT INTO t VALUES (1)"); }).code(), Code::conflict);
}

TEST_F(DatabaseTest, SaysThatTheDiskIsFull) {
  {
    Database database(path);
    database.execute("CREATE TABLE t (s)");
  }
  pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    int code = 1;
    try {
      Database database(path);
      rlimit limit{20000, 20000};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      database.transaction([&] {
        for (int i = 0; i < 1000; ++i) {
          database.prepare("INSERT INTO t VALUES (?)").bind(std::string(1000, 'x')).step();
        }
      });
    } catch (const Error& error) {
      code = error.code() == Code::unavailable ? 0 : 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  Database database(path);
  EXPECT_EQ(count(database, "t"), 0);
}

TEST_F(DatabaseTest, AKilledWriterLeavesAWholeDatabase) {
  {
    Database database(path);
    database.execute("CREATE TABLE t (i); CREATE TABLE u (i)");
  }
  for (int round = 0; round < 8; ++round) {
    pid_t pid = ::fork();
    if (pid == 0) {
      try {
        Database database(path);
        for (;;) {
          database.transaction([&] {
            database.execute("INSERT INTO t VALUES (1)");
            database.execute("INSERT INTO u VALUES (1)");
          });
        }
      } catch (...) {
        ::_exit(1);
      }
    }
    ::usleep(10000 + round * 1500);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Database database(path);
  EXPECT_GT(count(database, "t"), 0);
  EXPECT_EQ(count(database, "t"), count(database, "u"));
}

TEST_F(DatabaseTest, ReadingTakesOnlySoManySteps) {
  const char* endless =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";
  {
    Database database(path);
  }
  Database database(path, Database::Access::read);
  database.allow_steps(1000000);
  EXPECT_EQ(failure([&] { database.prepare(endless).step(); }).code(), Code::exhausted);
  database.allow_steps(1000000);
  EXPECT_TRUE(database.prepare("SELECT 1").step());
}

TEST_F(DatabaseTest, ManyOpenANewFileAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const fs::path fresh = dir.path() / std::to_string(round);
    std::vector<pid_t> children;
    for (int i = 0; i < 6; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        try {
          Database database(fresh);
          database.migrate({"CREATE TABLE t (i)"});
          _exit(0);
        } catch (const Error&) {
          _exit(1);
        }
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
  }
}

TEST_F(DatabaseTest, TwoWritersTakeTurns) {
  {
    Database database(path);
    database.execute("CREATE TABLE t (i)");
  }
  std::vector<pid_t> children;
  for (int child = 0; child < 3; ++child) {
    pid_t pid = ::fork();
    if (pid == 0) {
      int code = 0;
      try {
        Database database(path);
        for (int i = 0; i < 100; ++i) {
          database.transaction([&] { database.execute("INSERT INTO t VALUES (1)"); });
        }
      } catch (...) {
        code = 1;
      }
      ::_exit(code);
    }
    children.push_back(pid);
  }
  for (pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  Database database(path);
  EXPECT_EQ(count(database, "t"), 300);
}

}  // namespace
}  // namespace gristmill
