// The chunks of a running query, in order. Once there are many, a thread of its own fetches them
// ahead of whoever reads them.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "table/session.h"

namespace gristmill {

class ResultStream {
 public:
  // Runs `statement`, whose text is `sql`, on a session in a transaction; it ends after the last
  // chunk.
  ResultStream(std::unique_ptr<Session> session, const DuckStatement& statement, std::string sql);
  ~ResultStream();  // ends what still runs
  ResultStream(const ResultStream&) = delete;
  ResultStream& operator=(const ResultStream&) = delete;

  DuckType column_type(size_t column);
  DuckChunk next();  // empty at the end

 private:
  DuckChunk fetch();
  void start_thread();
  void fetch_ahead();

  std::unique_ptr<Session> session_;
  std::string sql_;
  DuckResult result_;
  int64_t fetched_ = 0;  // before there was a thread

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<DuckChunk, int64_t>> ahead_;  // with the bytes of its texts
  int64_t ahead_bytes_ = 0;
  std::exception_ptr failure_;  // it comes after the chunks ahead
  bool ended_ = false;          // there is no more to fetch
  bool stop_ = false;           // it is to fetch no more
};

}  // namespace gristmill
