// What the server counts, in Prometheus' text format. Each network thread counts into memory of
// its own; a scrape adds them up.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

class Metrics {
 public:
  struct Model {
    std::string name, version, problem;
  };
  Metrics(std::vector<Model> models, int threads);

  // One answered request. Only from network thread `thread`; lock-free.
  void count_request(int thread, size_t model, int status, int64_t rows, double seconds);
  // A request that no model saw. From any thread.
  void count_rejected(std::string_view reason);

  std::string text() const;

  static constexpr std::array<double, 14> bucket_seconds = {
      0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
  static constexpr std::array<int, 5> statuses = {200, 400, 413, 422, 500};
  static constexpr std::array<std::string_view, 7> reasons = {
      "bad_request", "not_found", "method", "too_large", "timeout", "busy", "unknown_model"};

 private:
  // Written by one thread alone: a load and a store, no locked instruction.
  struct Counter {
    std::atomic<uint64_t> value{0};
    void add(uint64_t n) {
      value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
  };
  struct alignas(64) ModelCounts {
    std::array<Counter, statuses.size()> requests;
    std::array<Counter, bucket_seconds.size() + 1> buckets;
    Counter rows, nanoseconds;
  };

  uint64_t sum(size_t model, const Counter& (*pick)(const ModelCounts&, size_t), size_t i) const;
  void append_requests(std::string& out) const;
  void append_durations(std::string& out) const;
  void append_rows(std::string& out) const;

  std::vector<Model> models_;
  std::vector<std::string> labels_;  // `model="late",version="…"`
  std::vector<std::unique_ptr<ModelCounts[]>> threads_;
  std::array<std::atomic<uint64_t>, reasons.size()> rejected_{};
};

}  // namespace gristmill
