#include "serve/serve.h"

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "serve/endpoint.h"

namespace gristmill {
namespace {

// Set while a server runs; a signal handler has no other way to it.
std::atomic<HttpServer*> running_server{nullptr};

void stop_running_server(int) {
  if (HttpServer* server = running_server.load()) server->stop();
}

// SIGTERM and SIGINT drain `server` while this lives.
class StopOnSignals {
 public:
  explicit StopOnSignals(HttpServer& server) {
    running_server = &server;
    struct sigaction action{};
    action.sa_handler = stop_running_server;
    action.sa_flags = SA_RESTART | int(SA_RESETHAND);  // the second signal is not for us
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, &terminate_before_);
    sigaction(SIGINT, &action, &interrupt_before_);
  }
  ~StopOnSignals() {
    sigaction(SIGTERM, &terminate_before_, nullptr);
    sigaction(SIGINT, &interrupt_before_, nullptr);
    running_server = nullptr;
  }

 private:
  struct sigaction terminate_before_{}, interrupt_before_{};
};

// A connection takes a descriptor, and shells allow 1024 by default.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int listen(HttpServer& server, const ServeOptions& options) {
  try {
    return server.listen(options.host, options.port);
  } catch (const Error& error) {
    throw error.with_hint(
        "choose another with --port or GRISTMILL_PORT (0 picks a free one); "
        "--host or GRISTMILL_HOST set the address");
  }
}

void announce(const std::string& host, int port) {
  bool is_ipv6 = host.find(':') != std::string::npos;
  fmt::print("listening on http://{}:{}\n", is_ipv6 ? "[" + host + "]" : host, port);
  std::fflush(stdout);
}

}  // namespace

void serve_bundles(const ServeOptions& options) {
  check(options);
  std::vector<std::shared_ptr<const Bundle>> bundles;
  for (const std::string& path : options.bundles) bundles.push_back(Bundle::open(path));
  int threads = options.threads > 0 ? options.threads : available_cores();
  Endpoint endpoint(std::move(bundles), threads);
  allow_many_files();
  HttpServer server(HttpLimits{}, threads);
  endpoint.attach(server);
  int port = listen(server, options);
  StopOnSignals stop(server);
  server.run([&] { announce(options.host, port); });
}

int serve_main(int argc, char** argv) {
  try {
    std::string text;
    if (auto options = parse_serve_options(argc, argv, text)) serve_bundles(*options);
    std::fputs(text.c_str(), stdout);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.code() == Code::usage ? 2 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}

}  // namespace gristmill
