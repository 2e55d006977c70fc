#include "http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "http/worker.h"

namespace gristmill {
namespace {

constexpr int backlog = 1024;
constexpr int refused_at_once = 64;  // connections that are being told that there is no room
constexpr int pause_milliseconds = 50;

struct AddressesDeleter {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesDeleter>;

Addresses resolve(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error != 0)
    throw Error(Code::unavailable,
                fmt::format("cannot listen on host \"{}\": {}", host, gai_strerror(error)));
  return Addresses(found);
}

[[noreturn]] void throw_bind_error(const std::string& host, int port, int error) {
  if (error == EADDRINUSE)
    throw Error(Code::unavailable, fmt::format("port {} on {} is taken", port, host));
  throw Error(Code::unavailable, fmt::format("cannot listen on {}:{}: {}", host, port,
                                             std::generic_category().message(error)));
}

int bound_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// Without a descriptor for a first connection nobody would ever be answered.
void check_room(int listener) {
  if (UniqueFd probe(fcntl(listener, F_DUPFD_CLOEXEC, 0)); probe.get() < 0)
    throw Error(Code::unavailable,
                "there is no room for connections: " + std::generic_category().message(errno), {},
                "allow the process more open files");
}

struct DrainAtEnd {
  std::vector<std::unique_ptr<Worker>>& workers;
  ~DrainAtEnd() {
    for (auto& worker : workers) worker->drain();
  }
};

}  // namespace

struct HttpServer::Impl {
  HttpLimits limits;
  int threads;
  Router router;
  Rejected on_rejected;
  UniqueFd listener;
  UniqueFd stopped{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable once stop() was called
  std::atomic<int> open_connections{0};

  std::vector<std::unique_ptr<Worker>> workers;
  size_t next_worker = 0;

  void accept_until_stopped();
  bool accept_waiting();
};

HttpServer::HttpServer(HttpLimits limits, int threads) : impl_(std::make_unique<Impl>()) {
  impl_->limits = limits;
  impl_->threads = std::max(threads, 1);
  if (impl_->stopped.get() < 0)
    throw Error(Code::unavailable,
                "cannot open another file: " + std::generic_category().message(errno));
}

HttpServer::~HttpServer() = default;

void HttpServer::route(std::string method, std::string pattern, Handler handler) {
  impl_->router.add(std::move(method), std::move(pattern), std::move(handler));
}

void HttpServer::on_rejected(Rejected observer) { impl_->on_rejected = std::move(observer); }

int HttpServer::listen(const std::string& host, int port) {
  Addresses addresses = resolve(host, port);
  int error = EADDRNOTAVAIL;
  for (addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    UniqueFd socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int on = 1;
    // A restart must not wait for the connections of the last run to be forgotten.
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (socket.get() >= 0 && bind(socket.get(), at->ai_addr, at->ai_addrlen) == 0 &&
        ::listen(socket.get(), backlog) == 0) {
      impl_->listener = std::move(socket);
      return bound_port(impl_->listener.get());
    }
    error = errno;
  }
  throw_bind_error(host, port, error);
}

void HttpServer::run(const std::function<void()>& ready) {
  Impl& impl = *impl_;
  impl.workers.clear();
  for (int i = 0; i < impl.threads; ++i) {
    SessionContext context{impl.router, impl.limits, impl.on_rejected,
                           impl.limits.buffer_bytes / impl.threads};
    context.request.thread = i;
    impl.workers.push_back(std::make_unique<Worker>(std::move(context), impl.open_connections));
  }
  std::vector<std::jthread> threads;
  DrainAtEnd drain{impl.workers};  // also when a thread cannot be started
  for (auto& worker : impl.workers) {
    try {
      threads.emplace_back([&worker] { worker->run(); });
    } catch (const std::system_error& error) {
      throw Error(Code::unavailable,
                  fmt::format("cannot start network thread {} of {}: {}", threads.size() + 1,
                              impl.threads, error.code().message()),
                  {}, "allow the process more threads, or ask for fewer");
    }
  }
  check_room(impl.listener.get());
  ready();
  impl.accept_until_stopped();
  impl.listener = UniqueFd();
}

void HttpServer::stop() { eventfd_write(impl_->stopped.get(), 1); }

void HttpServer::Impl::accept_until_stopped() {
  pollfd waits[2] = {{stopped.get(), POLLIN, 0}, {listener.get(), POLLIN, 0}};
  for (;;) {
    poll(waits, 2, -1);
    if (waits[0].revents != 0) {
      accept_waiting();  // who is connected already may have asked already
      return;
    }
    // Out of descriptors: those who knock wait in the backlog until some connection ends.
    if (waits[1].revents != 0 && !accept_waiting()) poll(waits, 1, pause_milliseconds);
  }
}

// False when the machine has no room for another connection.
bool HttpServer::Impl::accept_waiting() {
  for (;;) {
    UniqueFd socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
    }
    int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int open = open_connections.load(std::memory_order_relaxed);
    if (open >= limits.connections + refused_at_once) {
      if (on_rejected) on_rejected("busy");
      continue;
    }
    open_connections.fetch_add(1, std::memory_order_relaxed);
    try {
      workers[next_worker]->adopt(std::move(socket), open >= limits.connections);
    } catch (const std::bad_alloc&) {
      open_connections.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    next_worker = (next_worker + 1) % workers.size();
  }
}

}  // namespace gristmill
