// A fixed set of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace gristmill {

// The cores that this process may use: of the machine, its affinity and its cgroup.
int available_cores();

class ThreadPool {
 public:
  // 0 threads: available_cores(). Code::unavailable when the system grants fewer.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();

  int size() const;

  // Runs task(i) for i in [0, n), in any order, and returns when all are done. The first exception
  // thrown is rethrown; tasks not yet begun are then left out. Calls from inside a task run inline.
  void for_each(int64_t n, const std::function<void(int64_t)>& task);

  // Ordered pipeline: `produce` is called from one thread at a time, in order, until it returns
  // false; `work(i)` runs on any thread; `consume(i)` is called in order of i, one at a time.
  // At most `window` items are between produce and consume: memory stays bounded.
  // Each item lives in slot i % window, which the caller owns.
  void ordered(int64_t window, const std::function<bool(int64_t slot)>& produce,
               const std::function<void(int64_t slot)>& work,
               const std::function<void(int64_t slot)>& consume);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
