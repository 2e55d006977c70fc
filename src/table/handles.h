// DuckDB's C handles as owners, and its errors as ours. Only table's own sources include this.
#pragma once

#include <string>
#include <string_view>
#include <utility>

// Only calls that DuckDB means to rename stream a result; its version is pinned, so they stay.
#undef DUCKDB_API_NO_DEPRECATED
#include <duckdb.h>

#include "base/error.h"

namespace gristmill {

// Sole owner of a handle that `destroy` frees and sets to null.
template <class Handle, void (*destroy)(Handle*)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  ~Owned() { reset(); }
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Handle get() const { return handle_; }
  Handle* out() {  // for calls that make one
    reset();
    return &handle_;
  }
  explicit operator bool() const { return handle_ != nullptr; }
  void reset() {
    if (handle_ != nullptr) destroy(&handle_);
    handle_ = nullptr;
  }

 private:
  Handle handle_ = nullptr;
};

using DuckConfig = Owned<duckdb_config, duckdb_destroy_config>;
using DuckDatabase = Owned<duckdb_database, duckdb_close>;
using DuckConnection = Owned<duckdb_connection, duckdb_disconnect>;
using DuckStatement = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using DuckPending = Owned<duckdb_pending_result, duckdb_destroy_pending>;
using DuckChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using DuckType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;

class DuckResult {
 public:
  DuckResult() = default;
  ~DuckResult() { duckdb_destroy_result(&result_); }
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  duckdb_result* get() { return &result_; }

 private:
  duckdb_result result_{};
};

// What DuckDB said about `sql`, as an Error: its prefix dropped, "LINE n: … ^" as line and column,
// "Did you mean" and "Candidate bindings" as hint, the file and line of a CSV error as its place.
Error duckdb_failure(std::string_view text, std::string_view sql);

}  // namespace gristmill
