// One HTTP request at a time out of a stream of bytes: llhttp in its strict mode, with our limits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <llhttp.h>

#include "http/byte_buffer.h"
#include "http/server.h"

namespace gristmill {

// A request refused before any handler saw it.
struct Refusal {
  int status = 0;
  Code code = Code::invalid;
  std::string message;
  std::string_view reason;  // for counting
};

class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class Result { more, complete, refused };
  // Goes on where it stopped. `input` starts with the request's first byte; it may have moved since
  // the last call, and what was parsed stays in it until the request is complete. The pieces of a
  // chunked body are moved together in place.
  Result parse(ByteBuffer& input);

  // After `complete`: views into `input`.
  void fill(const ByteBuffer& input, HttpRequest& request) const;
  size_t length() const { return parsed_; }  // bytes of the complete request in `input`
  bool keep_alive() const { return keep_alive_; }
  bool version_1_0() const { return llhttp_.http_minor == 0; }

  const Refusal& refusal() const { return refusal_; }
  bool begun() const { return parsed_ > 0; }
  bool in_body() const { return head_done_; }
  // The client waits for `100 Continue`; true once.
  bool take_expects_continue();
  // Bytes that are still to come as far as the head told, else 0.
  size_t missing() const;

  void reset();  // for the next request

 private:
  // Relative to the request's first byte.
  struct Piece {
    size_t begin = 0, size = 0;
    size_t end() const { return begin + size; }
  };
  struct Header {
    Piece name, value;
  };
  struct Callbacks;

  int refuse(int status, Code code, std::string message, std::string_view reason);
  int head_complete();
  int check_headers();
  int check_coding(std::string_view coding, int which);
  int refuse_coding();
  int refuse_long_body();
  int body_piece(const char* at, size_t size);
  Result failed(llhttp_errno_t error);
  std::string_view text(const Piece& piece) const;

  const HttpLimits& limits_;
  llhttp_t llhttp_;
  char* base_ = nullptr;  // of the request, while parsing
  size_t parsed_ = 0;
  size_t head_end_ = 0;    // the end of the last header
  size_t idle_bytes_ = 0;  // parsed since the last byte of head or body: chunk heads, trailers
  Piece url_, body_;
  std::vector<Header> headers_;
  int64_t content_length_ = 0;
  bool head_done_ = false;
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  Refusal refusal_;
};

}  // namespace gristmill
