// What one connection says and hears, without a socket: bytes come in, answers go out, and a clock
// decides what has taken too long. The whole protocol lives here; tests and the fuzzer drive it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "http/byte_buffer.h"
#include "http/request_parser.h"
#include "http/router.h"
#include "http/server.h"

namespace gristmill {

// What the connections of one network thread share.
struct SessionContext {
  const Router& router;
  const HttpLimits& limits;
  const HttpServer::Rejected& on_rejected;
  int64_t buffer_bytes;  // this thread's part of limits.buffer_bytes

  int64_t now = 0;   // milliseconds of a coarse monotonic clock
  std::string date;  // the Date header of this second
  BufferPool buffers;
  int64_t held_bytes = 0;  // by unfinished requests and unsent answers
  HttpRequest request;     // one at a time
  HttpResponse response;
  std::string decoded;  // captures

  void rejected(std::string_view reason) const {
    if (on_rejected) on_rejected(reason);
  }
  bool full() const { return held_bytes > buffer_bytes; }
};

class HttpSession {
 public:
  explicit HttpSession(SessionContext& context);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // Where the next bytes are to be put: never empty while wants_input(). May refuse the request for
  // want of memory, so ask wants_input() again after it.
  struct Space {
    char* data;
    size_t size;
  };
  Space space();
  void give_back_space();  // when nothing was put there
  // `bytes` were put there: answers every request that is whole.
  void received(size_t bytes);
  // The other side sends no more.
  void end_of_input();

  std::string_view output() const { return output_.view(); }
  // `bytes` of output() are gone; when all are, requests that waited for room are answered.
  void sent(size_t bytes);

  // False while answers wait to be sent, and when the session is over.
  bool wants_input() const { return !closing_ && output_.empty(); }
  // After the last answer is sent: end the connection, letting the other side read it.
  bool over() const { return closing_ && output_.empty(); }

  // The time (of context.now) by which something must have happened, or never.
  static constexpr int64_t never = std::numeric_limits<int64_t>::max();
  int64_t deadline() const { return deadline_; }
  // It did not: answers 408, or gives the connection up.
  void expire();

  // From now on the answer to what has arrived is the last.
  void drain() { draining_ = true; }
  void close_if_idle();  // when no request was begun
  // Answers 503 to whatever comes.
  void refuse_busy();

 private:
  void process();
  void answer();
  void run_handler(const HttpServer::Handler& handler);
  void refuse(const Refusal& refusal);
  void write(bool head_only, bool keep_alive, bool version_1_0);
  void update_deadline();
  void release_input();
  void release_output();
  void count_held();

  SessionContext& context_;
  RequestParser parser_;
  ByteBuffer input_, output_;
  int64_t held_ = 0;  // of context_.held_bytes
  enum class Phase { idle, head, body, writing } phase_ = Phase::idle;
  int64_t deadline_;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace gristmill
