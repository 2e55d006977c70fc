#include "http/session.h"

#include <algorithm>
#include <exception>

#include "http/message.h"

namespace gristmill {
namespace {

// Answers pile up to this before they are sent, however many requests came in one read.
constexpr size_t output_high_water = 256 << 10;

// The first buffers are bounded by the number of connections.
int64_t held_by(const ByteBuffer& buffer) {
  return buffer.capacity() > BufferPool::first_capacity ? int64_t(buffer.capacity()) : 0;
}

const Refusal no_memory{503, Code::unavailable,
                        "the server holds as many unfinished requests and unsent answers as it may",
                        "busy"};

}  // namespace

HttpSession::HttpSession(SessionContext& context)
    : context_(context),
      parser_(context.limits),
      deadline_(context.now + 1000LL * context.limits.idle_seconds) {}

HttpSession::~HttpSession() {
  release_input();
  release_output();
}

void HttpSession::release_input() {
  if (input_.capacity() > 0) context_.buffers.give(std::move(input_));
  count_held();
}

void HttpSession::release_output() {
  if (output_.capacity() > 0) context_.buffers.give(std::move(output_));
  count_held();
}

void HttpSession::count_held() {
  int64_t held = held_by(input_) + held_by(output_);
  context_.held_bytes += held - held_;
  held_ = held;
}

HttpSession::Space HttpSession::space() {
  if (input_.capacity() == 0) input_ = context_.buffers.take();
  // What the head announced, but no more than doubling: a lying head costs nothing.
  size_t wanted = std::clamp<size_t>(parser_.missing(), 1, std::max<size_t>(input_.size(), 1));
  if (input_.room() < wanted) {
    input_.reserve(wanted);
    count_held();
    if (context_.full()) refuse(no_memory);
  }
  return {input_.end(), input_.room()};
}

void HttpSession::give_back_space() {
  if (input_.empty()) release_input();
}

void HttpSession::received(size_t bytes) {
  input_.added(bytes);
  process();
}

void HttpSession::process() {
  while (!closing_ && !input_.empty() && output_.size() < output_high_water) {
    RequestParser::Result result = parser_.parse(input_);
    if (result == RequestParser::Result::refused) {
      refuse(parser_.refusal());
    } else if (result == RequestParser::Result::more) {
      if (parser_.take_expects_continue()) output_.append("HTTP/1.1 100 Continue\r\n\r\n");
      break;
    } else if (context_.full()) {
      refuse(no_memory);  // so that no more than one answer comes on top of the limit
    } else {
      answer();
      input_.consume(parser_.length());
      parser_.reset();
    }
  }
  if (closing_ || input_.empty()) release_input();
  update_deadline();
}

void HttpSession::answer() {
  HttpRequest& request = context_.request;
  HttpResponse& response = context_.response;
  parser_.fill(input_, request);
  response.clear();
  const HttpServer::Handler* handler = nullptr;
  switch (context_.router.find(request, context_.decoded, handler)) {
    case Router::Outcome::found:
      run_handler(*handler);
      break;
    case Router::Outcome::not_found:
      context_.rejected("not_found");
      answer_error(response, 404,
                   Error(Code::not_found, "there is nothing at " + std::string(request.path)));
      break;
    case Router::Outcome::wrong_method: {
      context_.rejected("method");
      std::string allowed = context_.router.allowed(request.path);
      answer_error(
          response, 405,
          Error(Code::invalid,
                std::string(request.path) + " does not answer " + std::string(request.method), {},
                "it answers " + allowed));
      response.headers.emplace_back("Allow", std::move(allowed));
      break;
    }
    case Router::Outcome::bad_escape:
      context_.rejected("bad_request");
      answer_error(response, 400,
                   Error(Code::invalid,
                         "the path holds a % that two hexadecimal digits do not "
                         "follow"));
      break;
  }
  // While draining, requests that have arrived behind this one are answered too.
  bool last = draining_ && input_.size() == parser_.length();
  bool keep_alive = parser_.keep_alive() && !last;
  write(request.method == "HEAD", keep_alive, parser_.version_1_0());
  if (!keep_alive) closing_ = true;
}

void HttpSession::run_handler(const HttpServer::Handler& handler) {
  HttpResponse& response = context_.response;
  try {
    handler(context_.request, response);
  } catch (const std::exception& failure) {
    answer_failure(response, failure);
  }
}

void HttpSession::write(bool head_only, bool keep_alive, bool version_1_0) {
  if (output_.capacity() == 0) output_ = context_.buffers.take();
  append_answer(output_, context_.response, {head_only, keep_alive, version_1_0, context_.date});
  count_held();
}

void HttpSession::refuse(const Refusal& refusal) {
  context_.rejected(refusal.reason);
  context_.response.clear();
  answer_error(context_.response, refusal.status, Error(refusal.code, refusal.message));
  if (refusal.status == 503) context_.response.headers.emplace_back("Retry-After", "1");
  write(false, false, false);
  closing_ = true;
  phase_ = Phase::idle;  // what is still to be written gets a deadline of its own
  update_deadline();
}

void HttpSession::refuse_busy() {
  refuse({503, Code::unavailable, "the server has as many connections as it may have", "busy"});
}

void HttpSession::update_deadline() {
  Phase phase = !output_.empty()    ? Phase::writing
                : parser_.in_body() ? Phase::body
                : !input_.empty()   ? Phase::head
                                    : Phase::idle;
  if (phase == phase_ && phase != Phase::idle) return;  // counted from when it began
  phase_ = phase;
  const HttpLimits& limits = context_.limits;
  int seconds = phase == Phase::writing ? limits.write_seconds
                : phase == Phase::body  ? limits.body_seconds
                : phase == Phase::head  ? limits.header_seconds
                                        : limits.idle_seconds;
  deadline_ = context_.now + 1000LL * seconds;
}

void HttpSession::sent(size_t bytes) {
  output_.consume(bytes);
  if (!output_.empty()) return;
  release_output();
  process();
}

void HttpSession::end_of_input() {
  closing_ = true;
  release_input();
}

void HttpSession::expire() {
  bool reading = phase_ == Phase::head || phase_ == Phase::body;
  if (reading && output_.empty() && !closing_) {
    refuse({408, Code::exhausted, "the request took too long to arrive", "timeout"});
    return;
  }
  if (output_.empty()) release_input();
  release_output();
  closing_ = true;
  deadline_ = never;
}

void HttpSession::close_if_idle() {
  if (output_.empty() && input_.empty()) closing_ = true;
}

}  // namespace gristmill
