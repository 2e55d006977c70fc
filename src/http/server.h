// The one HTTP server: HTTP/1.1 and 1.0 over epoll and llhttp. Handlers run on the network
// threads: they must not block. Memory is bounded by the limits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gristmill {

// Views into the connection's buffer; they hold until the handler returns.
struct HttpRequest {
  std::string_view method;
  std::string_view path;                   // as sent, up to '?'
  std::string_view query;                  // as sent, after '?'
  std::string_view body;                   // readable for 64 bytes past its end
  std::vector<std::string_view> captures;  // of the route's `*` parts, percent-decoded
  int thread = 0;  // of the network threads, from 0: for memory of one's own on each
};

// Reused from request to request: clear() keeps capacity.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // must outlive the response: a literal
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  void clear();
};

// Fills `response` with {"error": {"code", "message", "where", "hint"}}.
void answer_error(HttpResponse& response, int status, const Error& error);
// What an error means over HTTP: 400, 404, 409, 413, 500 or 503; 422 for rows that are wrong, which
// is Code::invalid with a row or a field.
int http_status(const Error& error);
// Answers with what was thrown: an Error as it is, all else as 500 without its words. Each 5xx is
// logged.
void answer_failure(HttpResponse& response, const std::exception& failure);

struct HttpLimits {
  int64_t body_bytes = 16 << 20;
  int64_t header_bytes = 16 << 10;
  int64_t buffer_bytes = 256 << 20;  // of all unfinished requests and unsent answers; beyond: 503
  int connections = 1024;            // beyond: 503 at once, with Retry-After
  int header_seconds = 10;           // a request's head must be whole by then
  int body_seconds = 30;             // its body, counted from the head
  int idle_seconds = 60;             // keep-alive without a request
  int write_seconds = 30;            // a reader that does not read
  int drain_seconds = 10;
};

class HttpServer {
 public:
  using Handler = std::function<void(const HttpRequest&, HttpResponse&)>;
  // Reasons: bad_request, not_found, method, too_large, timeout, busy.
  using Rejected = std::function<void(std::string_view reason)>;

  HttpServer(HttpLimits limits, int threads);
  ~HttpServer();

  // `*` in a pattern stands for one path segment. Before listen(). HEAD follows GET; a path known
  // under other methods answers 405 with Allow. What a handler throws goes to answer_failure().
  void route(std::string method, std::string pattern, Handler handler);
  // Counts requests that no handler saw. Before run(); called on the network threads.
  void on_rejected(Rejected observer);

  // Binds; port 0 picks one. Code::unavailable when the port is taken. Returns the port.
  int listen(const std::string& host, int port);
  // Accepts on this thread until stop() and deals connections round over the network threads, each
  // with an event loop of its own. Returns when all connections are gone. Code::unavailable when
  // the machine has no threads or files left for them; `ready` is called once it had.
  void run(const std::function<void()>& ready = [] {});
  // Stops accepting, answers what was begun (Connection: close), ends within drain_seconds. From
  // any thread, and from a signal handler.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
