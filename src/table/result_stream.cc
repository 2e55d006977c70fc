#include "table/result_stream.h"

#include <system_error>

#include <fmt/format.h>

#include "base/progress.h"

namespace gristmill {
namespace {

// A chunk may hold 2,048 long texts a column: few are enough to keep both sides busy.
constexpr size_t ahead_max = 2;
// Small results need no thread.
constexpr int64_t fetched_alone = 8;

}  // namespace

ResultStream::ResultStream(std::unique_ptr<Session> session, const DuckStatement& statement,
                           std::string sql)
    : session_(std::move(session)), sql_(std::move(sql)) {
  session_->stream(statement, sql_, result_);
}

ResultStream::~ResultStream() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    session_->interrupt();
    thread_.join();
  }
  session_->cancel();
}

DuckType ResultStream::column_type(size_t column) {
  return DuckType(duckdb_column_logical_type(result_.get(), column));
}

DuckChunk ResultStream::next() {
  check_interrupted();
  if (!thread_.joinable()) {
    if (ended_) return {};
    if (fetched_++ < fetched_alone) {
      DuckChunk chunk = fetch();
      ended_ = !chunk;
      return chunk;
    }
    start_thread();
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !ahead_.empty(); });
  if (ahead_.empty()) {
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }
  DuckChunk chunk = std::move(ahead_.front());
  ahead_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return chunk;
}

void ResultStream::start_thread() {
  try {
    thread_ = std::thread([this] { fetch_ahead(); });
  } catch (const std::system_error& error) {
    throw Error(Code::unavailable,
                fmt::format("cannot start a thread to read the result: {}", error.code().message()),
                {}, "allow the process more threads");
  }
}

DuckChunk ResultStream::fetch() {
  DuckChunk chunk(duckdb_fetch_chunk(*result_.get()));
  if (chunk) return chunk;
  const char* error = duckdb_result_error(result_.get());
  if (error != nullptr && *error != '\0') throw duckdb_failure(error, sql_);
  session_->finish_stream();
  return chunk;
}

void ResultStream::fetch_ahead() {
  std::unique_lock lock(mutex_);
  while (!ended_ && !stop_) {
    lock.unlock();
    DuckChunk chunk;
    std::exception_ptr failure;
    try {
      check_interrupted();
      chunk = fetch();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    ended_ = !chunk;
    if (chunk) ahead_.push_back(std::move(chunk));
    changed_.notify_all();
    changed_.wait(lock, [this] { return stop_ || ahead_.size() < ahead_max; });
  }
}

}  // namespace gristmill
