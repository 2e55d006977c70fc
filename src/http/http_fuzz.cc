// Feeds hostile bytes, in cuts that the input chooses, to the protocol as a socket would.
#include <cstdlib>
#include <cstring>

#include "http/session.h"

namespace gristmill {
namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

Router make_router() {
  Router router;
  router.add("POST", "/predict", [](const HttpRequest& request, HttpResponse& response) {
    unsigned sum = 0;
    for (size_t i = 0; i < request.body.size() + 64; ++i)
      sum += static_cast<unsigned char>(request.body.data()[i]);
    response.body = std::to_string(sum & 1) + std::string(request.body);
  });
  router.add("GET", "/models/*/schema", [](const HttpRequest& request, HttpResponse& response) {
    response.body = request.captures.at(0);
  });
  return router;
}

void run(const uint8_t* data, size_t size) {
  static const Router router = make_router();
  static const HttpServer::Rejected on_rejected;
  HttpLimits limits;
  limits.body_bytes = 4096;
  limits.header_bytes = 1024;
  SessionContext context{router, limits, on_rejected, 64 << 10};
  {
    HttpSession session(context);
    std::string answers;
    while (size > 0 && session.wants_input()) {
      size_t step = std::min<size_t>(size - 1, data[0] < 128 ? data[0] : data[0] * 16);
      ++data, --size;
      while (step > 0 && session.wants_input()) {
        HttpSession::Space space = session.space();
        if (!session.wants_input()) break;
        check(space.size > 0);
        size_t part = std::min(step, space.size);
        std::memcpy(space.data, data, part);
        session.received(part);
        data += part, size -= part, step -= part;
        while (!session.output().empty()) {
          size_t sent = std::min<size_t>(session.output().size(), 1000);
          answers.append(session.output().substr(0, sent));
          session.sent(sent);
        }
      }
    }
    check(context.held_bytes <= 256 << 10);
    check(answers.empty() || answers.starts_with("HTTP/1.1 "));
    session.expire();
    session.end_of_input();
  }
  check(context.held_bytes == 0);
}

}  // namespace
}  // namespace gristmill

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gristmill::run(data, size);
  return 0;
}
