// How requests are read and answers written, apart from any connection.
#pragma once

#include <string_view>

#include "http/byte_buffer.h"
#include "http/server.h"

namespace gristmill {

struct AnswerForm {
  bool head_only = false;    // to HEAD: the length of the body without the body
  bool keep_alive = true;    // false: Connection: close
  bool version_1_0 = false;  // keep-alive must be said
  std::string_view date;     // "Date: …\r\n"
};

// Appends status line, headers and body. Allocates nothing when `out` has room.
void append_answer(ByteBuffer& out, const HttpResponse& response, const AnswerForm& form);

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
std::string date_header(int64_t unix_seconds);

}  // namespace gristmill
