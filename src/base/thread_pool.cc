#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gristmill {

namespace {

// Aligned for the linker's sake: where less is, mold 1.10 may let the read-only part of a program
// begin in a page that is not mapped, and the program does not start.
alignas(64) thread_local bool inside_task = false;

struct InsideTask {
  bool before = std::exchange(inside_task, true);
  ~InsideTask() { inside_task = before; }
};

// The cores that `cpu.max` of one cgroup allows, rounded up; a large number when it sets no limit.
int cores_of_cgroup(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  long period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return INT32_MAX;
  long allowed = std::strtol(quota.c_str(), nullptr, 10);
  if (allowed <= 0) return INT32_MAX;
  return int(std::min<long>((allowed + period - 1) / period, INT32_MAX));
}

// The tightest limit from this process's cgroup up to the root.
int cores_of_cgroups() {
  std::ifstream file("/proc/self/cgroup");
  std::string line, group;
  while (std::getline(file, line))
    if (line.rfind("0::", 0) == 0) group = line.substr(3);
  int cores = cores_of_cgroup("/sys/fs/cgroup");
  while (group.size() > 1) {
    cores = std::min(cores, cores_of_cgroup("/sys/fs/cgroup" + group));
    group.resize(group.rfind('/'));
  }
  return cores;
}

// One for_each. Indices are handed out in order, so of all failing tasks the one with the lowest
// index is always begun: its exception is the one rethrown, whatever the thread count.
struct Job {
  int64_t n;
  const std::function<void(int64_t)>* task;
  int64_t next = 0;     // first index not handed out
  int64_t running = 0;  // handed out, not finished
  int64_t failed_index = -1;
  std::exception_ptr failure;

  bool finished() const { return next >= n && running == 0; }
};

}  // namespace

int available_cores() {
  cpu_set_t set;
  int cores = ::sched_getaffinity(0, sizeof(set), &set) == 0
                  ? CPU_COUNT(&set)
                  : int(std::thread::hardware_concurrency());
  return std::max(1, std::min(cores, cores_of_cgroups()));
}

struct ThreadPool::Impl {
  std::mutex mutex;
  std::condition_variable work_ready, job_done;
  std::deque<Job*> jobs;  // with indices left to hand out
  std::vector<std::thread> threads;
  bool stopping = false;

  ~Impl() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    work_ready.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  // Runs one index of `job`; the lock is held on entry and exit.
  void step(Job& job, std::unique_lock<std::mutex>& lock) {
    int64_t index = job.next++;
    ++job.running;
    if (job.next >= job.n) retire(job);
    lock.unlock();
    std::exception_ptr failure;
    try {
      InsideTask guard;
      (*job.task)(index);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    --job.running;
    if (failure) {
      if (job.failed_index < 0 || index < job.failed_index) {
        job.failed_index = index;
        job.failure = failure;
      }
      job.next = job.n;
      retire(job);
    }
    if (job.finished()) job_done.notify_all();
  }

  void retire(Job& job) {
    auto it = std::find(jobs.begin(), jobs.end(), &job);
    if (it != jobs.end()) jobs.erase(it);
  }

  void run_worker() {
    std::unique_lock lock(mutex);
    while (true) {
      work_ready.wait(lock, [this] { return stopping || !jobs.empty(); });
      if (stopping) return;
      step(*jobs.front(), lock);
    }
  }
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>()) {
  if (threads <= 0) threads = available_cores();
  impl_->threads.reserve(size_t(threads));
  try {
    // The calling thread is one of them.
    for (int i = 1; i < threads; ++i) {
      impl_->threads.emplace_back([impl = impl_.get()] { impl->run_worker(); });
    }
  } catch (const std::system_error& error) {
    throw Error(Code::unavailable,
                "cannot start thread " + std::to_string(size() + 1) + " of " +
                    std::to_string(threads) + ": " + error.code().message(),
                {}, "allow the process more threads, or ask for fewer");
  }
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::size() const { return int(impl_->threads.size()) + 1; }

void ThreadPool::for_each(int64_t n, const std::function<void(int64_t)>& task) {
  if (inside_task || impl_->threads.empty() || n <= 1) {
    InsideTask guard;
    for (int64_t i = 0; i < n; ++i) task(i);
    return;
  }
  Job job{.n = n, .task = &task};
  std::unique_lock lock(impl_->mutex);
  impl_->jobs.push_back(&job);
  impl_->work_ready.notify_all();
  while (job.next < job.n) impl_->step(job, lock);
  impl_->job_done.wait(lock, [&job] { return job.finished(); });
  lock.unlock();
  if (job.failure) std::rethrow_exception(job.failure);
}

namespace {

// The state of one ordered(): any number of threads call run() and share what there is to do.
class Pipeline {
 public:
  Pipeline(int threads, int64_t window, const std::function<bool(int64_t)>& produce,
           const std::function<void(int64_t)>& work, const std::function<void(int64_t)>& consume)
      : threads_(threads),
        window_(window),
        produce_(produce),
        work_(work),
        consume_(consume),
        worked_(size_t(window), false),
        failures_(size_t(window)) {}

  void run() {
    std::unique_lock lock(mutex_);
    while (!over()) {
      if (!consuming_ && consumed_ < produced_ && worked_[slot(consumed_)])
        consume_next(lock);
      else if (may_produce() && waiting_items() < threads_ - 1)
        produce_next(lock);
      else if (waiting_items() > 0)
        work_next(lock);
      else if (may_produce())
        produce_next(lock);
      else
        changed_.wait(lock);
    }
  }

  // The failure of the earliest item, as a single thread would have met it.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  size_t slot(int64_t item) const { return size_t(item % window_); }
  bool over() const { return stopped_ || (ended_ && consumed_ == produced_); }
  int64_t waiting_items() const { return produced_ - begun_; }
  bool may_produce() const { return !ended_ && !producing_ && produced_ - consumed_ < window_; }

  template <class Call>
  std::exception_ptr unlocked(std::unique_lock<std::mutex>& lock, const Call& call) {
    std::exception_ptr failure;
    lock.unlock();
    try {
      call();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    return failure;
  }

  void produce_next(std::unique_lock<std::mutex>& lock) {
    producing_ = true;
    bool more = false;
    auto failure = unlocked(lock, [&] { more = produce_(int64_t(slot(produced_))); });
    producing_ = false;
    if (more) {
      worked_[slot(produced_)] = false;
      ++produced_;
    } else {
      // What was produced before a failure is still consumed.
      ended_ = true;
      if (!stopped_) failure_ = failure;
    }
    changed_.notify_all();
  }

  void work_next(std::unique_lock<std::mutex>& lock) {
    size_t mine = slot(begun_++);
    failures_[mine] = unlocked(lock, [&] { work_(int64_t(mine)); });
    worked_[mine] = true;
    changed_.notify_all();
  }

  void consume_next(std::unique_lock<std::mutex>& lock) {
    consuming_ = true;
    size_t mine = slot(consumed_);
    std::exception_ptr failure = failures_[mine];
    if (!failure) failure = unlocked(lock, [&] { consume_(int64_t(mine)); });
    consuming_ = false;
    ++consumed_;
    if (failure) {
      failure_ = failure;
      stopped_ = true;
    }
    changed_.notify_all();
  }

  const int threads_;
  const int64_t window_;
  const std::function<bool(int64_t)>& produce_;
  const std::function<void(int64_t)>& work_;
  const std::function<void(int64_t)>& consume_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t produced_ = 0, begun_ = 0, consumed_ = 0;
  bool producing_ = false, consuming_ = false, ended_ = false, stopped_ = false;
  std::vector<bool> worked_;  // by slot
  std::vector<std::exception_ptr> failures_;
  std::exception_ptr failure_;
};

}  // namespace

void ThreadPool::ordered(int64_t window, const std::function<bool(int64_t slot)>& produce,
                         const std::function<void(int64_t slot)>& work,
                         const std::function<void(int64_t slot)>& consume) {
  int threads = inside_task ? 1 : size();
  Pipeline pipeline(threads, std::max<int64_t>(window, 1), produce, work, consume);
  for_each(threads, [&pipeline](int64_t) { pipeline.run(); });
  pipeline.rethrow();
}

}  // namespace gristmill
