#include "http/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <new>
#include <system_error>

#include "base/log.h"
#include "http/message.h"

namespace gristmill {
namespace {

constexpr int64_t tick_milliseconds = 100;     // how late a deadline may be seen
constexpr int64_t linger_milliseconds = 2000;  // for the other side to read the last answer
constexpr size_t read_budget = 1 << 20;  // of one connection before the others have their turn

int checked(int result, const char* what) {
  if (result < 0)
    throw Error(Code::unavailable,
                std::string("cannot start a network thread: ") + what + ": " +
                    std::generic_category().message(errno),
                {}, "allow the process more open files, or ask for fewer threads");
  return result;
}

int64_t coarse_now(clockid_t clock, int64_t per_second) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * per_second + time.tv_nsec / (1'000'000'000 / per_second);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

struct Worker::Connection {
  UniqueFd socket;
  HttpSession session;
  size_t index = 0;          // in connections_
  uint32_t watched = 0;      // epoll events asked for
  bool input_ended = false;  // the other side has sent its last byte
  bool lingering = false;    // our last byte is sent
  bool closed = false;
  int64_t linger_deadline = 0;

  Connection(UniqueFd fd, SessionContext& context) : socket(std::move(fd)), session(context) {}
};

Worker::Worker(SessionContext context, std::atomic<int>& open_connections)
    : context_(std::move(context)),
      open_connections_(open_connections),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wakeup_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  epoll_event event{EPOLLIN, {.ptr = nullptr}};
  checked(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event), "epoll_ctl");
}

Worker::~Worker() = default;

void Worker::adopt(UniqueFd socket, bool refuse) {
  {
    std::lock_guard lock(mailbox_mutex_);
    arrivals_.push_back({std::move(socket), refuse});
  }
  wake();
}

void Worker::drain() {
  {
    std::lock_guard lock(mailbox_mutex_);
    drain_asked_ = true;
  }
  wake();
}

void Worker::wake() { eventfd_write(wakeup_.get(), 1); }

void Worker::run() {
  update_clock();
  epoll_event events[128];
  while (!draining_ || !connections_.empty()) {
    int timeout = connections_.empty() ? -1 : int(tick_milliseconds);
    int count = epoll_wait(epoll_.get(), events, 128, timeout);
    update_clock();
    for (int i = 0; i < count; ++i) {
      if (auto* connection = static_cast<Connection*>(events[i].data.ptr))
        guarded(*connection, [&] { on_event(*connection, events[i].events); });
      else
        handle_mailbox();
    }
    if (context_.now >= next_tick_) expire_deadlines();
    closed_.clear();
  }
}

// Memory that runs out costs the connection that asked for it, not the server.
template <class Step>
void Worker::guarded(Connection& connection, const Step& step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    log_error("a connection was closed: there is no memory for it");
    close(connection);
  }
}

void Worker::update_clock() {
  context_.now = coarse_now(CLOCK_MONOTONIC_COARSE, 1000);
  int64_t second = coarse_now(CLOCK_REALTIME_COARSE, 1);
  if (second == date_second_) return;
  date_second_ = second;
  context_.date = date_header(second);
}

void Worker::handle_mailbox() {
  eventfd_t ignored;
  eventfd_read(wakeup_.get(), &ignored);
  std::vector<Arrival> arrivals;
  bool drain;
  {
    std::lock_guard lock(mailbox_mutex_);
    arrivals.swap(arrivals_);
    drain = drain_asked_;
  }
  for (Arrival& arrival : arrivals) add(std::move(arrival));
  if (drain && !draining_) begin_drain();
}

void Worker::add(Arrival arrival) {
  Connection* connection = open(std::move(arrival.socket));
  if (connection == nullptr || !arrival.refuse) return;
  guarded(*connection, [&] {
    connection->session.refuse_busy();
    flush(*connection);
  });
}

// nullptr when there is no room for it.
Worker::Connection* Worker::open(UniqueFd socket) {
  try {
    // close() must find room.
    size_t most = closed_.size() + connections_.size() + 1;
    if (closed_.capacity() < most) closed_.reserve(2 * most);
    connections_.push_back(std::make_unique<Connection>(std::move(socket), context_));
  } catch (const std::bad_alloc&) {
    log_error("a connection was refused: there is no memory for it");
    open_connections_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  Connection& connection = *connections_.back();
  connection.index = connections_.size() - 1;
  epoll_event event{EPOLLIN, {.ptr = &connection}};
  connection.watched = EPOLLIN;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event) == 0)
    return &connection;
  close(connection);
  return nullptr;
}

void Worker::begin_drain() {
  draining_ = true;
  drain_deadline_ = context_.now + 1000LL * context_.limits.drain_seconds;
  // From the end: closing one moves the last, which has had its turn, into its place.
  for (size_t i = connections_.size(); i-- > 0;) {
    Connection& connection = *connections_[i];
    guarded(connection, [&] {
      connection.session.drain();
      // A request may have arrived that no event has told of yet.
      if (!connection.lingering && connection.session.wants_input()) read(connection);
      if (connection.closed || connection.lingering) return;
      connection.session.close_if_idle();
      flush(connection);
    });
  }
}

void Worker::on_event(Connection& connection, uint32_t events) {
  if (connection.closed) return;
  if (connection.watched & EPOLLOUT)
    flush(connection);
  else if (connection.lingering)
    discard(connection);
  else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    read(connection);
}

void Worker::read(Connection& connection) {
  HttpSession& session = connection.session;
  for (size_t total = 0; total < read_budget;) {
    HttpSession::Space space = session.space();
    if (!session.wants_input()) break;  // no memory left for it
    ssize_t got = recv(connection.socket.get(), space.data, space.size, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && would_block(errno)) break;
    if (got < 0) return close(connection);
    if (got == 0) {
      connection.input_ended = true;
      session.end_of_input();
      break;
    }
    session.received(size_t(got));
    total += size_t(got);
    if (size_t(got) < space.size || !session.wants_input()) break;
  }
  session.give_back_space();
  flush(connection);
}

void Worker::flush(Connection& connection) {
  HttpSession& session = connection.session;
  while (!session.output().empty()) {
    std::string_view output = session.output();
    ssize_t gone =
        send(connection.socket.get(), output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (gone < 0 && errno == EINTR) continue;
    if (gone < 0 && would_block(errno)) return watch(connection, EPOLLOUT);
    if (gone < 0) return close(connection);
    session.sent(size_t(gone));
  }
  if (session.over()) return linger(connection);
  watch(connection, EPOLLIN);
}

// Closing with unread input would reset the connection, and the other side might lose the answer.
void Worker::linger(Connection& connection) {
  if (connection.input_ended) return close(connection);
  connection.lingering = true;
  connection.linger_deadline = context_.now + linger_milliseconds;
  shutdown(connection.socket.get(), SHUT_WR);
  watch(connection, EPOLLIN);
}

void Worker::discard(Connection& connection) {
  char bytes[4096];
  for (size_t total = 0; total < read_budget;) {
    ssize_t got = recv(connection.socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && would_block(errno)) return;
    if (got <= 0) return close(connection);
    total += size_t(got);
  }
}

void Worker::watch(Connection& connection, uint32_t events) {
  if (connection.watched == events) return;
  connection.watched = events;
  epoll_event event{events, {.ptr = &connection}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

void Worker::close(Connection& connection) {
  if (connection.closed) return;
  connection.closed = true;
  size_t index = connection.index;
  closed_.push_back(std::move(connections_[index]));
  if (index + 1 < connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  connection.socket = UniqueFd();
  open_connections_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::expire_deadlines() {
  next_tick_ = context_.now + tick_milliseconds;
  bool all = draining_ && context_.now >= drain_deadline_;
  for (size_t i = connections_.size(); i-- > 0;) {
    Connection& connection = *connections_[i];
    if (all) {
      close(connection);
    } else if (connection.lingering) {
      if (context_.now >= connection.linger_deadline) close(connection);
    } else if (context_.now >= connection.session.deadline()) {
      guarded(connection, [&] {
        connection.session.expire();
        connection.session.output().empty() ? close(connection) : flush(connection);
      });
    }
  }
}

}  // namespace gristmill
