#include "table/result_stream.h"

#include <system_error>

#include <fmt/format.h>

#include "base/progress.h"

namespace gristmill {
namespace {

// So much keeps both sides busy. A chunk may hold 2,048 long texts a column.
constexpr size_t ahead_max = 4;
constexpr int64_t ahead_bytes_max = int64_t(16) << 20;
// Small results need no thread.
constexpr int64_t fetched_alone = 8;

// Of its texts.
int64_t text_bytes(const DuckChunk& chunk) {
  int64_t bytes = 0;
  const idx_t rows = duckdb_data_chunk_get_size(chunk.get());
  for (idx_t c = 0; c < duckdb_data_chunk_get_column_count(chunk.get()); ++c) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), c);
    const DuckType type(duckdb_vector_get_column_type(vector));
    if (duckdb_get_type_id(type.get()) != DUCKDB_TYPE_VARCHAR) continue;
    const auto* texts = static_cast<const duckdb_string_t*>(duckdb_vector_get_data(vector));
    uint64_t* validity = duckdb_vector_get_validity(vector);
    for (idx_t i = 0; i < rows; ++i) {
      const bool present = validity == nullptr || duckdb_validity_row_is_valid(validity, i);
      bytes += present ? texts[i].value.inlined.length : 0;
    }
  }
  return bytes;
}

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
  DuckChunk chunk = std::move(ahead_.front().first);
  ahead_bytes_ -= ahead_.front().second;
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
    int64_t bytes = 0;
    std::exception_ptr failure;
    try {
      check_interrupted();
      chunk = fetch();
      if (chunk) bytes = text_bytes(chunk);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    ended_ = !chunk;
    ahead_bytes_ += bytes;
    if (chunk) ahead_.emplace_back(std::move(chunk), bytes);
    changed_.notify_all();
    changed_.wait(lock, [this] {
      return stop_ || ended_ || (ahead_.size() < ahead_max && ahead_bytes_ < ahead_bytes_max);
    });
  }
}

}  // namespace gristmill
