// How far a task is, told to whoever listens; and the request to stop, told to the task.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace gristmill {

// Set by SIGINT and SIGTERM; long work calls check_interrupted() once a chunk.
std::atomic<bool>& interrupted();
void check_interrupted();  // throws Code::interrupted

// A library reports; only the command line prints. Thread-safe.
class Progress {
 public:
  virtual ~Progress() = default;
  // A step begins, e.g. "table flights"; `total` rows or rounds are expected (0: unknown).
  virtual void begin(std::string_view step, int64_t total, std::string_view unit) = 0;
  virtual void advance(int64_t done) = 0;  // done since the last call
  virtual void end() = 0;
  virtual void note(std::string_view text) = 0;  // a line worth reading
};

// Says nothing.
class SilentProgress : public Progress {
 public:
  void begin(std::string_view, int64_t, std::string_view) override {}
  void advance(int64_t) override {}
  void end() override {}
  void note(std::string_view) override {}
};

}  // namespace gristmill
