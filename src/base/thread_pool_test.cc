#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace gristmill {
namespace {

class Pools : public testing::TestWithParam<int> {};

TEST_P(Pools, ForEachRunsEachOnce) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.size(), GetParam());
  std::vector<std::atomic<int>> seen(1000);
  pool.for_each(1000, [&](int64_t i) { ++seen[size_t(i)]; });
  for (auto& count : seen) EXPECT_EQ(count, 1);
  pool.for_each(0, [&](int64_t) { FAIL(); });
}

TEST_P(Pools, LowestFailureIsRethrown) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 50; ++round) {
    try {
      pool.for_each(100, [&](int64_t i) {
        if (i == 20) std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (i >= 20 && i % 2 == 0) throw std::runtime_error(std::to_string(i));
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "20");
    }
  }
  std::atomic<int> after{0};
  pool.for_each(10, [&](int64_t) { ++after; });
  EXPECT_EQ(after, 10);
}

TEST_P(Pools, NestedCallsRunInline) {
  ThreadPool pool(GetParam());
  std::atomic<int> sum{0};
  pool.for_each(8, [&](int64_t) {
    auto thread = std::this_thread::get_id();
    pool.for_each(8, [&](int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), thread);
      ++sum;
    });
    int next = 0;
    pool.ordered(
        2, [&](int64_t) { return next < 3; }, [&](int64_t) { ++next; }, [&](int64_t) { ++sum; });
  });
  EXPECT_EQ(sum, 8 * 8 + 8 * 3);
}

TEST_P(Pools, OrderedConsumesInOrder) {
  ThreadPool pool(GetParam());
  for (int64_t window : {1, 2, 5, 64}) {
    std::vector<int64_t> slots(size_t(window), -1);
    std::vector<int64_t> seen;
    std::atomic<int64_t> between{0}, most{0};
    int64_t next = 0;
    pool.ordered(
        window,
        [&](int64_t slot) {
          if (next == 300) return false;
          int64_t now = ++between;
          if (now > most) most = now;
          slots[size_t(slot)] = next++;
          return true;
        },
        [&](int64_t slot) {
          if (slots[size_t(slot)] % 7 == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(50));
          slots[size_t(slot)] *= 10;
        },
        [&](int64_t slot) {
          seen.push_back(slots[size_t(slot)]);
          --between;
        });
    ASSERT_EQ(seen.size(), 300u);
    for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], int64_t(i) * 10);
    EXPECT_LE(most, window);
  }
}

TEST_P(Pools, OrderedFailsAsOneThreadWould) {
  ThreadPool pool(GetParam());
  enum Step { produce, work, consume };
  for (Step failing : {produce, work, consume}) {
    int64_t next = 0, slots[8] = {};
    std::vector<int64_t> seen;
    auto fail = [&](Step step, int64_t item) {
      if (step == failing && item >= 40) throw std::runtime_error(std::to_string(item));
    };
    try {
      pool.ordered(
          8,
          [&](int64_t slot) {
            fail(produce, next);
            slots[slot] = next++;
            return true;
          },
          [&](int64_t slot) { fail(work, slots[slot]); },
          [&](int64_t slot) {
            fail(consume, slots[slot]);
            seen.push_back(slots[slot]);
          });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "40");
    }
    EXPECT_EQ(seen.size(), 40u);
  }
}

TEST_P(Pools, MayBeCalledFromSeveralThreads) {
  ThreadPool pool(GetParam());
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) pool.for_each(20, [&](int64_t i) { sum += i; });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 50 * 190);
}

INSTANTIATE_TEST_SUITE_P(Threads, Pools, testing::Values(1, 2, 7));

TEST(ThreadPool, CountsTheMachinesCores) {
  EXPECT_GE(available_cores(), 1);
  EXPECT_EQ(ThreadPool().size(), available_cores());
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// In a process of its own, with address space for a few stacks.
TEST(ThreadPoolDeathTest, SaysWhenNoThreadCanBeStarted) {
  auto start_many = [] {
    const rlimit limit{256 << 20, 256 << 20};
    setrlimit(RLIMIT_AS, &limit);
    try {
      ThreadPool pool(1000);
    } catch (const Error& error) {
      std::fprintf(stderr, "%s: %s\n", std::string(name_of(error.code())).c_str(), error.what());
      std::_Exit(0);
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(start_many(), testing::ExitedWithCode(0),
              "unavailable: cannot start thread .* of 1000");
}
#endif

}  // namespace
}  // namespace gristmill
