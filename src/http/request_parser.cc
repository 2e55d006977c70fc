#include "http/request_parser.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace gristmill {

struct RequestParser::Callbacks {
  static RequestParser& self(llhttp_t* llhttp) {
    return *static_cast<RequestParser*>(llhttp->data);
  }

  static int on_url(llhttp_t* llhttp, const char* at, size_t size) {
    RequestParser& parser = self(llhttp);
    if (parser.url_.size == 0) parser.url_.begin = size_t(at - parser.base_);
    parser.url_.size += size;
    return 0;
  }

  static int on_header_field(llhttp_t* llhttp, const char* at, size_t size) {
    RequestParser& parser = self(llhttp);
    if (parser.head_done_) return 0;  // trailers are not looked at
    size_t begin = size_t(at - parser.base_);
    // A piece that goes on where the last name ended is the rest of that name.
    if (parser.headers_.empty() || parser.headers_.back().name.end() != begin)
      parser.headers_.push_back({{begin, size}, {}});
    else
      parser.headers_.back().name.size += size;
    return 0;
  }

  static int on_header_value(llhttp_t* llhttp, const char* at, size_t size) {
    RequestParser& parser = self(llhttp);
    if (parser.head_done_) return 0;
    Piece& value = parser.headers_.back().value;
    if (value.size == 0) value.begin = size_t(at - parser.base_);
    value.size = size_t(at - parser.base_) + size - value.begin;
    return 0;
  }

  static int on_headers_complete(llhttp_t* llhttp) { return self(llhttp).head_complete(); }

  static int on_body(llhttp_t* llhttp, const char* at, size_t size) {
    return self(llhttp).body_piece(at, size);
  }

  // The size of a chunk says what is to come.
  static int on_chunk_header(llhttp_t* llhttp) {
    RequestParser& parser = self(llhttp);
    const auto room = uint64_t(parser.limits_.body_bytes) - parser.body_.size;
    return llhttp->content_length > room ? parser.refuse_long_body() : 0;
  }

  static int on_message_complete(llhttp_t* llhttp) {
    self(llhttp).keep_alive_ = llhttp_should_keep_alive(llhttp) != 0;
    return HPE_PAUSED;
  }

  static const llhttp_settings_t& settings() {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_url = on_url;
      s.on_header_field = on_header_field;
      s.on_header_value = on_header_value;
      s.on_headers_complete = on_headers_complete;
      s.on_body = on_body;
      s.on_chunk_header = on_chunk_header;
      s.on_message_complete = on_message_complete;
      return s;
    }();
    return settings;
  }
};

namespace {

// "http://host/path?query" → "/path?query": what proxies send.
std::string_view origin_form(std::string_view url) {
  size_t scheme = url.find("://");
  if (url.starts_with('/') || scheme == std::string_view::npos) return url;
  size_t path = url.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : url.substr(path);
}

}  // namespace

RequestParser::RequestParser(const HttpLimits& limits) : limits_(limits) {
  llhttp_init(&llhttp_, HTTP_REQUEST, &Callbacks::settings());
  llhttp_.data = this;
}

void RequestParser::reset() {
  llhttp_reset(&llhttp_);
  parsed_ = idle_bytes_ = head_end_ = 0;
  url_ = body_ = {};
  headers_.clear();
  content_length_ = 0;
  head_done_ = expects_continue_ = keep_alive_ = false;
}

int RequestParser::refuse(int status, Code code, std::string message, std::string_view reason) {
  refusal_ = {status, code, std::move(message), reason};
  return -1;
}

RequestParser::Result RequestParser::parse(ByteBuffer& input) {
  base_ = input.data();
  size_t begin = parsed_, body_before = body_.size;
  bool head_before = head_done_;
  llhttp_errno_t error = llhttp_execute(&llhttp_, base_ + begin, input.size() - begin);
  if (error == HPE_PAUSED) {
    parsed_ = size_t(llhttp_get_error_pos(&llhttp_) - base_);
    return Result::complete;
  }
  if (error != HPE_OK) return failed(error);

  parsed_ = input.size();
  bool progress = head_done_ != head_before || body_.size != body_before;
  idle_bytes_ = progress ? 0 : idle_bytes_ + (parsed_ - begin);
  if (idle_bytes_ > size_t(limits_.header_bytes) ||
      (!head_done_ && parsed_ > size_t(limits_.header_bytes))) {
    refuse(431, Code::exhausted,
           fmt::format("the head of the request is longer than {} bytes", limits_.header_bytes),
           "too_large");
    return Result::refused;
  }
  if (head_done_ && (llhttp_.flags & F_CHUNKED)) {
    // Chunk heads and trailers are parsed: only the body's bytes are kept.
    size_t kept = body_.size > 0 ? body_.end() : head_end_;
    input.truncate(kept);
    parsed_ = kept;
  }
  return Result::more;
}

RequestParser::Result RequestParser::failed(llhttp_errno_t error) {
  if (refusal_.status == 0 && error == HPE_INVALID_TRANSFER_ENCODING &&
      (llhttp_.flags & F_CONTENT_LENGTH) == 0) {
    refuse_coding();
  } else if (refusal_.status == 0) {
    const char* detail = llhttp_get_error_reason(&llhttp_);
    refuse(400, Code::invalid,
           fmt::format("not a valid HTTP request: {}",
                       detail != nullptr && *detail != 0 ? detail : llhttp_errno_name(error)),
           "bad_request");
  }
  return Result::refused;
}

int RequestParser::head_complete() {
  head_done_ = true;
  llhttp_.upgrade = 0;  // an Upgrade header is ignored, as RFC 9110 allows
  if (llhttp_.http_major != 1 || llhttp_.http_minor > 1)
    return refuse(505, Code::invalid, "this server speaks HTTP/1.0 and HTTP/1.1", "bad_request");
  head_end_ = url_.end();
  if (!headers_.empty())
    head_end_ = std::max(headers_.back().name.end(), headers_.back().value.end());
  if (head_end_ > size_t(limits_.header_bytes))
    return refuse(
        431, Code::exhausted,
        fmt::format("the head of the request is longer than {} bytes", limits_.header_bytes),
        "too_large");
  if (llhttp_.method == HTTP_CONNECT)
    return refuse(501, Code::invalid, "CONNECT is not supported", "bad_request");
  if (int refused = check_headers()) return refused;
  if ((llhttp_.flags & F_CONTENT_LENGTH) == 0) return 0;
  if (llhttp_.content_length > uint64_t(limits_.body_bytes)) return refuse_long_body();
  content_length_ = int64_t(llhttp_.content_length);
  return 0;
}

int RequestParser::check_headers() {
  int hosts = 0, codings = 0;
  for (const Header& header : headers_) {
    std::string_view name = text(header.name);
    if (equal_ignoring_case(name, "host")) {
      ++hosts;
    } else if (equal_ignoring_case(name, "expect")) {
      if (!equal_ignoring_case(text(header.value), "100-continue"))
        return refuse(417, Code::invalid, "the only expectation known is 100-continue",
                      "bad_request");
      expects_continue_ = llhttp_.http_minor == 1;
    } else if (equal_ignoring_case(name, "content-encoding")) {
      if (!equal_ignoring_case(text(header.value), "identity"))
        return refuse(415, Code::invalid, "bodies are taken as they are, without Content-Encoding",
                      "bad_request");
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      if (int refused = check_coding(text(header.value), ++codings)) return refused;
    }
  }
  if (hosts > 1 || (hosts == 0 && llhttp_.http_minor == 1))
    return refuse(400, Code::invalid, "an HTTP/1.1 request needs one Host header", "bad_request");
  return 0;
}

// What another coding has wrapped must not be taken for the body itself (RFC 9112 §6.1).
int RequestParser::check_coding(std::string_view coding, int which) {
  if (llhttp_.http_minor == 0)
    return refuse(400, Code::invalid, "HTTP/1.0 knows no Transfer-Encoding", "bad_request");
  if (which > 1 || !equal_ignoring_case(coding, "chunked")) return refuse_coding();
  return 0;
}

int RequestParser::refuse_coding() {
  return refuse(501, Code::invalid, "the only Transfer-Encoding known is chunked", "bad_request");
}

int RequestParser::refuse_long_body() {
  return refuse(413, Code::exhausted,
                fmt::format("the body is longer than {} bytes", limits_.body_bytes), "too_large");
}

int RequestParser::body_piece(const char* at, size_t size) {
  if (body_.size + size > size_t(limits_.body_bytes)) return refuse_long_body();
  if (body_.size == 0) body_.begin = size_t(at - base_);
  if (base_ + body_.end() != at) std::memmove(base_ + body_.end(), at, size);
  body_.size += size;
  return 0;
}

bool RequestParser::take_expects_continue() {
  bool expects = head_done_ && expects_continue_;
  if (expects) expects_continue_ = false;
  return expects;
}

size_t RequestParser::missing() const {
  return content_length_ > 0 ? size_t(content_length_) - body_.size : 0;
}

std::string_view RequestParser::text(const Piece& piece) const {
  return trimmed({base_ + piece.begin, piece.size});  // the space around a value is not part of it
}

void RequestParser::fill(const ByteBuffer& input, HttpRequest& request) const {
  auto view = [&](const Piece& piece) {
    return std::string_view(input.data() + piece.begin, piece.size);
  };
  request.method = llhttp_method_name(llhttp_method_t(llhttp_.method));
  std::string_view url = origin_form(view(url_));
  request.path = url.substr(0, url.find('?'));
  request.query = url.substr(std::min(url.size(), request.path.size() + 1));
  request.body = view(body_);
}

}  // namespace gristmill
