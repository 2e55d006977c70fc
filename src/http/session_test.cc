#include "http/session.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "http/test_client.h"

namespace gristmill {
namespace {

// A server without sockets: bytes in, bytes out, a clock that the test moves.
class Talk {
 public:
  Talk() : Talk(HttpLimits{}) {}
  explicit Talk(HttpLimits given) : limits(given) {
    router.add("POST", "/echo", [this](const HttpRequest& request, HttpResponse& response) {
      ++handled;
      response.body = request.body;
    });
    router.add("GET", "/models/*/schema", [](const HttpRequest& request, HttpResponse& response) {
      response.body = request.captures.at(0);
    });
    router.add("GET", "/query", [](const HttpRequest& request, HttpResponse& response) {
      response.body = request.path;
      if (!request.query.empty()) response.body += " " + std::string(request.query);
    });
    router.add("GET", "/fail", [](const HttpRequest&, HttpResponse&) {
      throw Error(Code::not_found, "no such model", {}, "did you mean \"late\"?");
    });
    router.add("GET", "/wrong-row", [](const HttpRequest&, HttpResponse&) {
      Where where;
      where.row = 3;
      throw Error(Code::invalid, "no number", where);
    });
    router.add("GET", "/full", [](const HttpRequest&, HttpResponse&) {
      throw Error(Code::unavailable, "the disk is full");
    });
    router.add("GET", "/bug",
               [](const HttpRequest&, HttpResponse&) { throw std::runtime_error("secret"); });
    on_rejected = [this](std::string_view reason) { rejected += std::string(reason) + " "; };
  }

  // Feeds bytes as a socket would; collects what is answered at once.
  std::string say(std::string_view bytes) {
    while (!bytes.empty() && session.wants_input()) {
      HttpSession::Space space = session.space();
      if (!session.wants_input()) break;
      size_t size = std::min(space.size, bytes.size());
      std::memcpy(space.data, bytes.data(), size);
      session.received(size);
      bytes.remove_prefix(size);
      take();
    }
    take();
    return std::exchange(answers, {});
  }
  void take() {
    while (!session.output().empty()) {
      answers += session.output();
      session.sent(session.output().size());
    }
  }

  HttpLimits limits;
  Router router;
  HttpServer::Rejected on_rejected;
  SessionContext context{router, limits, on_rejected, limits.buffer_bytes};
  HttpSession session{context};
  std::string answers, rejected;
  int handled = 0;
};

std::string post(std::string_view body, std::string_view more = "") {
  return fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{}\r\n{}",
                     body.size(), more, body);
}
size_t count(const std::string& text, std::string_view part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

TEST(HttpSession, AnswersAndGoesOn) {
  Talk talk;
  std::string answer = talk.say(post("hello"));
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "hello");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(body_of(talk.say(post("again"))), "again");
  EXPECT_TRUE(talk.session.wants_input());
}

TEST(HttpSession, ThePathEndsAtTheQuery) {
  Talk talk;
  EXPECT_EQ(body_of(talk.say("GET /query?a=1&b HTTP/1.1\r\nHost: x\r\nx-oNe: v w \t\r\n\r\n")),
            "/query a=1&b");
  EXPECT_EQ(body_of(talk.say("GET http://h:1/query?q HTTP/1.1\r\nHost: x\r\nX-One:\r\n\r\n")),
            "/query q");
}

TEST(HttpSession, CapturesArePercentDecoded) {
  Talk talk;
  EXPECT_EQ(body_of(talk.say("GET /models/a%20b%2Fc/schema HTTP/1.1\r\nHost: x\r\n\r\n")), "a b/c");
  EXPECT_EQ(status_of(talk.say("GET /models/a%2/schema HTTP/1.1\r\nHost: x\r\n\r\n")), 400);
  EXPECT_EQ(status_of(talk.say("GET /models/%zz/schema HTTP/1.1\r\nHost: x\r\n\r\n")), 400);
  EXPECT_EQ(status_of(talk.say("GET /models//schema HTTP/1.1\r\nHost: x\r\n\r\n")), 404);
  EXPECT_TRUE(talk.session.wants_input());
}

TEST(HttpSession, HeadHasTheLengthButNoBody) {
  Talk talk;
  std::string answer = talk.say("HEAD /query HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "");
  EXPECT_NE(answer.find("Content-Length: 6\r\n"), std::string::npos);
}

TEST(HttpSession, UnknownPathsAndMethods) {
  Talk talk;
  std::string answer = talk.say("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(answer), 404);
  auto error = nlohmann::json::parse(body_of(answer)).at("error");
  EXPECT_EQ(error.at("code"), "not_found");
  EXPECT_TRUE(error.contains("message") && error.contains("where") && error.contains("hint"));

  answer = talk.say("DELETE /query HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(answer), 405);
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_EQ(status_of(talk.say("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")), 404);
  EXPECT_EQ(talk.rejected, "not_found method not_found ");
}

TEST(HttpSession, WhatHandlersThrow) {
  Talk talk;
  std::string answer = talk.say("GET /fail HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_EQ(nlohmann::json::parse(body_of(answer))["error"]["hint"], "did you mean \"late\"?");
  answer = talk.say("GET /bug HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(answer), 500);
  EXPECT_EQ(answer.find("secret"), std::string::npos);
  EXPECT_EQ(status_of(talk.say("GET /wrong-row HTTP/1.1\r\nHost: x\r\n\r\n")), 422);
}

// Operators learn of each failure that is ours; clients' mistakes are theirs.
TEST(HttpSession, FailuresOfOursAreLogged) {
  Talk talk;
  auto logged = [&](const std::string& path) {
    testing::internal::CaptureStderr();
    talk.say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(logged("/fail"), "");
  EXPECT_EQ(logged("/wrong-row"), "");
  EXPECT_TRUE(logged("/bug").ends_with(" error a request was answered with 500: secret\n"));
  EXPECT_TRUE(
      logged("/full").ends_with(" error a request was answered with 503: the disk is full\n"));
}

TEST(HttpSession, ChunkedBodies) {
  Talk talk;
  std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string answer =
      talk.say(head + "5;name=\"v\"\r\nhello\r\n1\r\n \r\n005\r\nworld\r\n0\r\nTrailer: t\r\n\r\n" +
               post("next"));
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 2u);
  EXPECT_NE(answer.find("\r\n\r\nhello worldHTTP/1.1"), std::string::npos);
  EXPECT_EQ(body_of(talk.say(head + "0\r\n\r\n")), "");
}

// However the bytes are cut, the answers are the same.
TEST(HttpSession, CutAtEveryByte) {
  std::string bytes =
      post("first", "X-One: 1\r\nEmpty:\r\n") +
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n"
      "GET /models/m%41/schema?x HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
      "GET /nowhere HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" +
      post("last", "Connection: close\r\n");
  Talk whole;
  std::string expected = whole.say(bytes);
  EXPECT_EQ(count(expected, "HTTP/1.1 "), 5u);
  EXPECT_TRUE(whole.session.over());
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Talk talk;
    std::string got = talk.say(bytes.substr(0, cut));
    got += talk.say(bytes.substr(cut));
    ASSERT_EQ(got, expected) << "cut at " << cut;
  }
  Talk single;
  std::string got;
  for (char c : bytes) got += single.say(std::string(1, c));
  EXPECT_EQ(got, expected);
}

TEST(HttpSession, KeepAliveRules) {
  auto closes = [](const std::string& head) {
    Talk talk;
    std::string answer = talk.say("GET /query HTTP/" + head + "\r\n\r\n");
    EXPECT_EQ(status_of(answer), 200) << head;
    bool said = answer.find("Connection: close\r\n") != std::string::npos;
    EXPECT_EQ(said, talk.session.over()) << head;
    return said;
  };
  EXPECT_FALSE(closes("1.1\r\nHost: x"));
  EXPECT_TRUE(closes("1.1\r\nHost: x\r\nConnection: close"));
  EXPECT_TRUE(closes("1.0"));
  EXPECT_FALSE(closes("1.0\r\nConnection: keep-alive"));
  EXPECT_FALSE(closes("1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c"));
}

TEST(HttpSession, ExpectContinue) {
  Talk talk;
  EXPECT_EQ(talk.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                     "Expect: 100-continue\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  std::string answer = talk.say("ab");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "ab");
  // The body came with the head: nobody waits.
  EXPECT_EQ(count(talk.say(post("ab", "Expect: 100-continue\r\n")), "HTTP/1.1 "), 1u);
  EXPECT_EQ(status_of(talk.say(post("ab", "Expect: tea\r\n"))), 417);
}

TEST(HttpSession, RefusesWhatSmugglersSend) {
  const std::vector<std::string> requests = {
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"
      "0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\na",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\na",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 1\r\n\r\na",
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5 "
      "\r\nhello\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "fffffffffffffffff\r\na\r\n0\r\n\r\n",
      "GET /query HTTP/1.1\nHost: x\n\n",
      "GET /query HTTP/1.1\r\nHost: x\n\r\n",
      "GET /query HTTP/1.1\r\nHost: x\r\n X-One: folded\r\n\r\n",
      "GET /query HTTP/1.1\r\nHost: x\r\nX-One: a\r\n b\r\n\r\n",
      "GET /query HTTP/1.1\r\nHost: x\r\nX\x01: a\r\n\r\n",
      "GET /query HTTP/1.1\r\nHost: x\r\nX: a\x01\r\n\r\n",
      "GET /query HTTP/1.1\r\nHost: x\r\nX: a" + std::string(1, 0) + "b\r\n\r\n",
      "GET /query HTTP/1.1\r\n\r\n",
      "GET /query HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET /que ry HTTP/1.1\r\nHost: x\r\n\r\n",
      "get /query HTTP/1.1\r\nHost: x\r\n\r\n",
      "BREW /query HTTP/1.1\r\nHost: x\r\n\r\n",
      "\x16\x03\x01\x02",
      "{}",
  };
  for (const std::string& request : requests) {
    Talk talk;
    std::string answer = talk.say(request);
    EXPECT_EQ(status_of(answer), 400) << request << "\n" << answer;
    EXPECT_EQ(count(answer, "Content-Length: "), 1u) << request;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(talk.session.over()) << request;
    EXPECT_EQ(talk.rejected, "bad_request ");
    EXPECT_EQ(talk.handled, 0) << request;
    EXPECT_TRUE(nlohmann::json::accept(body_of(answer)));
  }
}

// A body in any other coding than chunked alone is never taken for what it is not.
TEST(HttpSession, OtherTransferCodings) {
  for (const char* coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, identity", "identity", "chunked;q=1",
        "chunked, chunked", "chunked\r\nTransfer-Encoding: chunked",
        "gzip\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: gzip"}) {
    Talk talk;
    std::string answer = talk.say(fmt::format(
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {}\r\n\r\n1\r\na\r\n0\r\n\r\n",
        coding));
    EXPECT_EQ(status_of(answer), 501) << coding << "\n" << answer;
    EXPECT_TRUE(talk.session.over()) << coding;
    EXPECT_EQ(talk.rejected, "bad_request ");
    EXPECT_EQ(talk.handled, 0) << coding;
  }
  Talk talk;
  EXPECT_EQ(body_of(talk.say("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked \r\n"
                             "\r\n1\r\na\r\n0\r\n\r\n")),
            "a");
}

TEST(HttpSession, OtherVersions) {
  for (const char* version : {"", " HTTP/0.9", " HTTP/2.0"}) {
    Talk talk;
    std::string answer = talk.say(fmt::format("GET /query{}\r\nHost: x\r\n\r\n", version));
    EXPECT_EQ(status_of(answer), 505) << version;
    EXPECT_TRUE(talk.session.over());
  }
  Talk talk;
  EXPECT_EQ(status_of(talk.say("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n")), 501);
}

HttpLimits small_limits() {
  HttpLimits limits;
  limits.body_bytes = 100;
  limits.header_bytes = 500;
  return limits;
}

TEST(HttpSession, BodyLimit) {
  Talk fits(small_limits());
  EXPECT_EQ(status_of(fits.say(post(std::string(100, 'a')))), 200);
  Talk announced(small_limits());
  EXPECT_EQ(status_of(announced.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n"
                                    "Expect: 100-continue\r\n\r\n")),
            413);
  EXPECT_TRUE(announced.session.over());
  EXPECT_EQ(announced.rejected, "too_large ");
  Talk chunked(small_limits());
  std::string answer = chunked.say(
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "32\r\n" +
      std::string(50, 'a') + "\r\n33\r\n" + std::string(51, 'a') + "\r\n0\r\n\r\n");
  EXPECT_EQ(status_of(answer), 413);
  for (const char* size : {"65", "fffffffffffffff0"}) {  // before its bytes come
    Talk chunk(small_limits());
    EXPECT_EQ(status_of(chunk.say(
                  fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "{}\r\n",
                              size))),
              413);
  }
}

TEST(HttpSession, BodiesAreTakenAsTheyAre) {
  Talk packed;
  EXPECT_EQ(status_of(packed.say(post("a", "Content-Encoding: gzip\r\n"))), 415);
  EXPECT_EQ(packed.handled, 0);
  Talk plain;
  EXPECT_EQ(body_of(plain.say(post("a", "Content-Encoding: identity\r\n"))), "a");
}

TEST(HttpSession, HeadLimit) {
  Talk long_header(small_limits());
  EXPECT_EQ(status_of(long_header.say(
                "GET /query HTTP/1.1\r\nHost: x\r\nX-One: " + std::string(600, 'a') + "\r\n\r\n")),
            431);
  Talk long_path(small_limits());
  EXPECT_EQ(status_of(long_path.say("GET /" + std::string(600, 'a'))), 431);
  Talk many(small_limits());
  std::string answer = many.say("GET /query HTTP/1.1\r\n");
  for (int i = 0; i < 1000 && answer.empty(); ++i) answer = many.say("A: b\r\n");
  EXPECT_EQ(status_of(answer), 431);
  Talk blank(small_limits());
  for (int i = 0; i < 1000 && answer.empty(); ++i) answer = blank.say("\r\n");
  EXPECT_EQ(status_of(answer), 431);
  // Chunk extensions and trailers without end.
  Talk extension(small_limits());
  std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  answer = extension.say(head + "1;");
  for (int i = 0; i < 1000 && answer.empty(); ++i) answer = extension.say("aaaaaaaa");
  EXPECT_EQ(status_of(answer), 431);
  Talk trailer(small_limits());
  answer = trailer.say(head + "0\r\n");
  for (int i = 0; i < 1000 && answer.empty(); ++i) answer = trailer.say("A: b\r\n");
  EXPECT_EQ(status_of(answer), 431);
}

TEST(HttpSession, MemoryOfManySmallChunksIsBoundedByTheBody) {
  Talk talk;
  std::string answer =
      talk.say("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 20000; ++i) answer += talk.say("1;extension=aaaaaaaaaaaaaaaa\r\nx\r\n");
  EXPECT_LE(talk.context.held_bytes, 64 << 10);
  answer += talk.say("0\r\n\r\n");
  EXPECT_EQ(body_of(answer), std::string(20000, 'x'));
}

TEST(HttpSession, MemoryOfAllRequestsIsBounded) {
  Talk talk;
  talk.context.buffer_bytes = 100 << 10;
  std::string answer =
      talk.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(talk.context.held_bytes, 0);  // a promise costs nothing
  for (int i = 0; i < 1000 && answer.empty(); ++i) answer = talk.say(std::string(1000, 'a'));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(talk.rejected, "busy ");
  EXPECT_EQ(talk.context.held_bytes, 0);
}

// What readers leave unread counts like what writers leave unfinished.
TEST(HttpSession, MemoryOfUnsentAnswersIsBounded) {
  Talk talk;
  talk.context.buffer_bytes = 100 << 10;
  HttpSession reader(talk.context);
  const std::string request = post(std::string(60 << 10, 'a'));
  for (std::string_view rest = request; !rest.empty();) {
    HttpSession::Space space = reader.space();
    ASSERT_TRUE(reader.wants_input());
    size_t size = std::min(space.size, rest.size());
    std::memcpy(space.data, rest.data(), size);
    reader.received(size);
    rest.remove_prefix(size);
  }
  EXPECT_EQ(talk.handled, 1);
  EXPECT_GT(talk.context.held_bytes, 60 << 10);
  EXPECT_EQ(status_of(talk.say(post("small"))), 200);
  talk.context.buffer_bytes = 50 << 10;
  EXPECT_EQ(status_of(talk.say(post("small"))), 503);
  EXPECT_EQ(talk.handled, 2);
  EXPECT_EQ(talk.rejected, "busy ");
  reader.sent(reader.output().size());
  EXPECT_EQ(talk.context.held_bytes, 0);
}

TEST(HttpSession, PipelinedAnswersStopAtHighWater) {
  Talk talk;
  std::string body(10000, 'a'), all;
  for (int i = 0; i < 200; ++i) all += post(body);
  size_t most = 0, answered = 0;
  for (std::string_view rest = all; !rest.empty() || !talk.session.output().empty();) {
    while (talk.session.wants_input() && !rest.empty()) {
      HttpSession::Space space = talk.session.space();
      size_t size = std::min(space.size, rest.size());
      std::memcpy(space.data, rest.data(), size);
      talk.session.received(size);
      rest.remove_prefix(size);
    }
    most = std::max(most, talk.session.output().size());
    answered += count(std::string(talk.session.output()), "HTTP/1.1 200");
    talk.session.sent(talk.session.output().size());
  }
  EXPECT_EQ(answered, 200u);
  EXPECT_LE(most, 300u << 10);
}

TEST(HttpSession, Deadlines) {
  Talk idle;
  idle.context.now = 59'000;
  EXPECT_GT(idle.session.deadline(), idle.context.now);
  idle.context.now = 60'000;
  EXPECT_LE(idle.session.deadline(), idle.context.now);
  idle.session.expire();
  EXPECT_TRUE(idle.session.over());

  Talk head;
  head.context.now = 5'000;
  head.say("GET /que");
  head.context.now = 14'000;
  head.say("ry");  // dripping does not help
  EXPECT_EQ(head.session.deadline(), 15'000);
  head.session.expire();
  EXPECT_EQ(status_of(head.say("")), 408);
  EXPECT_TRUE(head.session.over());
  EXPECT_EQ(head.rejected, "timeout ");

  Talk body;
  body.context.now = 1'000;
  body.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  body.context.now = 20'000;
  body.say("a");
  EXPECT_EQ(body.session.deadline(), 31'000);
  body.context.now = 21'000;
  body.say("bcde");
  EXPECT_EQ(body.session.deadline(), 81'000);  // idle again

  Talk reader;
  HttpSession::Space space = reader.session.space();
  std::string request = post("abc");
  std::memcpy(space.data, request.data(), request.size());
  reader.session.received(request.size());
  EXPECT_EQ(reader.session.deadline(), 30'000);
  reader.context.now = 29'000;
  reader.session.sent(1);
  EXPECT_EQ(reader.session.deadline(), 30'000);
  reader.session.expire();
  EXPECT_TRUE(reader.session.over());
}

TEST(HttpSession, DrainAnswersWhatHasArrivedAndCloses) {
  Talk talk;
  talk.say(post("begun").substr(0, 30));
  talk.session.drain();
  talk.session.close_if_idle();
  EXPECT_FALSE(talk.session.over());
  std::string answer = talk.say(post("begun").substr(30) + post("behind"));
  EXPECT_EQ(count(answer, "HTTP/1.1 200"), 2u);
  EXPECT_EQ(count(answer, "Connection: close"), 1u);
  EXPECT_TRUE(talk.session.over());
  Talk idle;
  idle.session.drain();
  idle.session.close_if_idle();
  EXPECT_TRUE(idle.session.over());
}

TEST(HttpSession, EndOfInputInTheMiddle) {
  Talk talk;
  talk.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  talk.session.end_of_input();
  EXPECT_TRUE(talk.session.over());
  EXPECT_EQ(talk.handled, 0);
}

TEST(HttpSession, BodyIsReadableBeyondItsEnd) {
  Talk talk;
  unsigned sum = 0;
  talk.router.add("POST", "/beyond", [&](const HttpRequest& request, HttpResponse&) {
    for (size_t i = 0; i < 64; ++i) sum += static_cast<unsigned char>(request.body.end()[i]);
  });
  for (size_t size : {0, 1, 16 * 1024 - 63, 16 * 1024, 40000})
    talk.say(fmt::format("POST /beyond HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", size,
                         std::string(size, 'a')));
  EXPECT_TRUE(talk.session.wants_input());
}

}  // namespace
}  // namespace gristmill
