// One network thread: an epoll loop over the connections dealt to it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "http/session.h"

namespace gristmill {

// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

class Worker {
 public:
  // `context` is this thread's own; `open_connections` counts over all threads. Code::unavailable
  // when the process may open no more files.
  Worker(SessionContext context, std::atomic<int>& open_connections);
  ~Worker();

  // From any thread: takes the connection over. `refuse`: only to tell it that there is no room.
  void adopt(UniqueFd socket, bool refuse);
  // From any thread: finish what was begun, then return from run().
  void drain();

  void run();

 private:
  struct Connection;
  struct Arrival {
    UniqueFd socket;
    bool refuse;
  };

  void wake();
  void handle_mailbox();
  void begin_drain();
  void add(Arrival arrival);
  Connection* open(UniqueFd socket);
  template <class Step>
  void guarded(Connection& connection, const Step& step);
  void on_event(Connection& connection, uint32_t events);
  void read(Connection& connection);
  void flush(Connection& connection);
  void linger(Connection& connection);
  void discard(Connection& connection);
  void watch(Connection& connection, uint32_t events);
  void close(Connection& connection);
  void update_clock();
  void expire_deadlines();

  SessionContext context_;
  std::atomic<int>& open_connections_;
  UniqueFd epoll_, wakeup_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // freed when no event can name them
  int64_t next_tick_ = 0;
  int64_t drain_deadline_ = 0;
  int64_t date_second_ = 0;
  bool draining_ = false;

  std::mutex mailbox_mutex_;
  std::vector<Arrival> arrivals_;
  bool drain_asked_ = false;
};

}  // namespace gristmill
