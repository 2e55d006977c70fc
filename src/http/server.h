// The one HTTP server: HTTP/1.1 and 1.0 over Boost.Asio and llhttp. Handlers run on the network
// threads: they must not block. Memory is bounded by the limits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

// Views into the connection's buffer; they hold until the handler returns.
struct HttpRequest {
  std::string_view method;
  std::string_view path;   // as sent, up to '?'
  std::string_view query;  // after '?'
  std::string_view body;   // readable for 64 bytes past its end
  std::string_view content_type;
  std::vector<std::string_view> captures;  // of the route's `*` parts, percent-decoded
  std::string_view header(std::string_view name) const;  // "" when absent; name in lower case
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

// Reused from request to request: clear() keeps capacity.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // must outlive the response: a literal
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  void clear();
};

struct HttpLimits {
  int64_t body_bytes = 16 << 20;
  int64_t header_bytes = 16 << 10;
  int connections = 1024;   // beyond: 503 at once, with Retry-After
  int header_seconds = 10;  // a request's head must be whole by then
  int body_seconds = 30;    // its body, counted from the head
  int idle_seconds = 60;    // keep-alive without a request
  int write_seconds = 30;   // a reader that does not read
  int drain_seconds = 10;
};

class HttpServer {
 public:
  using Handler = std::function<void(const HttpRequest&, HttpResponse&)>;
  // Called after each answer with the status and the seconds spent in the handler.
  using Observer = std::function<void(const HttpRequest&, int status, double seconds)>;
  // Makes the JSON body of an error that the server itself answers (400, 404, 405, 408, 413, 431,
  // 503).
  HttpServer(HttpLimits limits, int threads);
  ~HttpServer();

  // `*` in a pattern stands for one path segment. Before listen(). HEAD follows GET; a path known
  // under other methods answers 405 with Allow.
  void route(std::string method, std::string pattern, Handler handler);
  // Counts requests that no handler saw, by reason: "bad_request", "too_large", "timeout", "busy",
  // …
  void on_rejected(std::function<void(std::string_view reason)> observer);

  // Binds; port 0 picks one. Code::unavailable when the port is taken. Returns the port.
  int listen(const std::string& host, int port);
  // Serves until stop(); each thread has its own acceptor-free event loop, connections are dealt
  // round.
  void run();
  // Stops accepting, answers what was begun (Connection: close), ends within drain_seconds. From
  // any thread, and from a signal handler.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
