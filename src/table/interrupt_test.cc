// Queries stopped at any instant: what they ran on is taken down in order, and what comes after
// works.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "base/progress.h"
#include "table/engine.h"

namespace gristmill {
namespace {

class InterruptTest : public testing::Test {
 protected:
  ~InterruptTest() override { interrupted() = false; }
  ScratchDir dir;
};

// Sets interrupted() some time from now.
class Later {
 public:
  explicit Later(int64_t microseconds)
      : thread_([microseconds] {
          std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
          interrupted() = true;
        }) {}
  ~Later() { thread_.join(); }

 private:
  std::thread thread_;
};

void read_sorted(Engine& engine, const std::string& parquet) {
  const auto rows =
      engine.query("SELECT a.*, b.v AS w FROM read_parquet('" + parquet +
                   "') a LEFT JOIN read_parquet('" + parquet + "') b ON a.k = b.k ORDER BY ALL");
  Batch batch;
  while (rows->next(batch)) {
  }
}

TEST_F(InterruptTest, AnEngineIsTakenDownWhileItsQueryRuns) {
  const std::string parquet = (dir.path() / "rows.parquet").string();
  Engine(EngineOptions{.temp_dir = dir.path() / "spill"})
      .execute(
          "COPY (SELECT i AS k, hash(i) % 1000 AS v, 'text ' || i AS s FROM range(300000) t(i)) TO "
          "'" +
          parquet + "'");
  std::mt19937 random(7);
  const char* wanted = std::getenv("GRISTMILL_INTERRUPTS");
  int stopped = 0;
  const int rounds = wanted == nullptr ? 20 : std::atoi(wanted);
  for (int i = 0; i < rounds; ++i) {
    Later later(int64_t(random() % 250000));
    try {
      Engine engine(EngineOptions{.temp_dir = dir.path() / "spill", .threads = 2});
      for (int k = 0; k < 100; ++k) read_sorted(engine, parquet);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::interrupted) << error.what();
      ++stopped;
    }
    while (!interrupted()) std::this_thread::yield();
    interrupted() = false;
  }
  EXPECT_EQ(stopped, rounds);
}

TEST_F(InterruptTest, RowsMayGoOnceTheirWriterWasStopped) {
  Engine engine(EngineOptions{.temp_dir = dir.path() / "spill", .threads = 2});
  const auto read =
      engine.query("SELECT i AS k, hash(i) AS v, 'text ' || i AS s FROM range(60000) t(i)");
  BatchBuffer rows;
  ASSERT_TRUE(read->read(rows));
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    auto copy = std::make_unique<BatchBuffer>();
    copy->reset(read->schema());
    copy->append(rows.view(), 0, rows.rows());
    Later later(int64_t(random() % 20000));
    try {
      while (!interrupted()) engine.write_parquet(copy->view(), dir.path() / "part.parquet");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::interrupted) << error.what();
    }
    copy.reset();  // what still read it would read freed memory
    while (!interrupted()) std::this_thread::yield();
    interrupted() = false;
  }
}

}  // namespace
}  // namespace gristmill
