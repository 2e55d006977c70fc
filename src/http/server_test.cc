#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include <fmt/format.h>

#include "http/test_client.h"

namespace gristmill {
namespace {

using Clock = std::chrono::steady_clock;

using Client = TestClient;

class Running {
 public:
  explicit Running(HttpLimits limits = {}, int threads = 2) : server(limits, threads) {
    server.route("POST", "/echo", [](const HttpRequest& request, HttpResponse& response) {
      response.body = request.body;
    });
    server.route("GET", "/large", [](const HttpRequest&, HttpResponse& response) {
      response.body.assign(8 << 20, 'x');
    });
    server.route("GET", "/slow", [](const HttpRequest&, HttpResponse& response) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      response.body = "slow";
    });
    server.on_rejected([this](std::string_view) { ++rejected; });
    port = server.listen("127.0.0.1", 0);
    thread = std::thread([this] { server.run(); });
  }
  ~Running() { stop(); }
  void stop() {
    server.stop();
    if (thread.joinable()) thread.join();
  }

  std::atomic<int> rejected{0};
  HttpServer server;
  int port;
  std::thread thread;
};

std::string post(std::string_view body) {
  return fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", body.size(),
                     body);
}
TEST(HttpServer, AnswersOverKeepAlive) {
  Running running;
  Client client(running.port);
  for (int i = 0; i < 100; ++i) {
    client.send(post(std::to_string(i)));
    std::string answer = client.answer();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), std::to_string(i));
    EXPECT_NE(answer.find("Date: "), std::string::npos);
  }
}

TEST(HttpServer, LargeBodiesBothWays) {
  Running running;
  Client client(running.port);
  std::string body(5 << 20, 'b');
  std::thread sender([&] { client.send(post(body)); });
  EXPECT_EQ(body_of(client.answer()), body);
  sender.join();
  client.send(post("after"));
  EXPECT_EQ(body_of(client.answer()), "after");
}

TEST(HttpServer, Pipelined) {
  Running running;
  Client client(running.port);
  std::string all;
  for (int i = 0; i < 5000; ++i) all += post(std::to_string(i));
  std::thread sender([&] { client.send(all); });
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(body_of(client.answer()), std::to_string(i));
  sender.join();
}

TEST(HttpServer, ByteByByte) {
  Running running;
  Client client(running.port);
  for (char c : post("slowly")) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  EXPECT_EQ(body_of(client.answer()), "slowly");
}

TEST(HttpServer, HalfClosedClientGetsItsAnswer) {
  Running running;
  Client client(running.port);
  client.send(post("bye"));
  client.end();
  EXPECT_EQ(body_of(client.answer()), "bye");
  EXPECT_TRUE(client.ended());
}

// The refusal must arrive although the client was still sending.
TEST(HttpServer, RefusedWhileSending) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  Running running(limits);
  for (int i = 0; i < 20; ++i) {
    Client client(running.port);
    client.send(post(std::string(1 << 20, 'a')));
    EXPECT_EQ(status_of(client.answer()), 413);
  }
}

TEST(HttpServer, BadRequestIsClosed) {
  Running running;
  Client client(running.port);
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 400);
  client.end();
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, SlowSenderIsTimedOut) {
  HttpLimits limits;
  limits.header_seconds = limits.body_seconds = limits.idle_seconds = 1;
  Running running(limits);
  Client head(running.port), body(running.port), idle(running.port);
  head.send("POST /echo HTTP/1.1\r\nHo");
  body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  auto began = Clock::now();
  EXPECT_EQ(status_of(head.answer()), 408);
  EXPECT_EQ(status_of(body.answer()), 408);
  EXPECT_TRUE(idle.ended());
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
}

TEST(HttpServer, SlowReaderIsGivenUp) {
  HttpLimits limits;
  limits.write_seconds = 1;
  Running running(limits, 1);
  Client reader(running.port, 4096), other(running.port);
  reader.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 20; ++i) {  // others are answered meanwhile
    other.send(post("quick"));
    EXPECT_EQ(body_of(other.answer()), "quick");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_LT(reader.answer().size(), size_t(8 << 20));
}

TEST(HttpServer, AReaderInTimeGetsAll) {
  Running running;
  Client reader(running.port, 4096);
  reader.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(body_of(reader.answer()).size(), size_t(8 << 20));
}

TEST(HttpServer, FullServerSaysSoAtOnce) {
  HttpLimits limits;
  limits.connections = 3;
  Running running(limits);
  std::vector<std::unique_ptr<Client>> inside;
  for (int i = 0; i < 3; ++i) {
    inside.push_back(std::make_unique<Client>(running.port));
    inside.back()->send(post("in"));
    EXPECT_EQ(body_of(inside.back()->answer()), "in");
  }
  {
    Client outside(running.port);
    outside.send(post("out"));
    std::string answer = outside.answer();
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("Retry-After: "), std::string::npos);
  }
  EXPECT_EQ(running.rejected, 1);
  inside.pop_back();
  // Room again, once the server has seen the connection go.
  int status = 0;
  for (int i = 0; i < 100 && status != 200; ++i) {
    Client again(running.port);
    again.send(post("in"));
    status = status_of(again.answer());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(status, 200);
}

TEST(HttpServer, ManyMoreConnectionsThanRoom) {
  HttpLimits limits;
  limits.connections = 8;
  Running running(limits);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(std::make_unique<Client>(running.port));
  clients.clear();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  Client client(running.port);
  client.send(post("still here"));
  EXPECT_EQ(body_of(client.answer()), "still here");
}

TEST(HttpServer, TakenPort) {
  Running running;
  HttpServer second({}, 1);
  try {
    second.listen("127.0.0.1", running.port);
    FAIL() << "bound twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(error.message().find(std::to_string(running.port)), std::string::npos);
  }
  EXPECT_THROW(second.listen("no such host", 0), Error);
}

TEST(HttpServer, DrainEndsIdleConnectionsAndFinishesWhatWasBegun) {
  Running running;
  Client idle(running.port), busy(running.port), partial(running.port);
  idle.send(post("a"));
  EXPECT_EQ(status_of(idle.answer()), 200);
  partial.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab");
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  running.server.stop();
  std::string answer = busy.answer();
  EXPECT_EQ(body_of(answer), "slow");
  EXPECT_TRUE(idle.ended());
  partial.send("cd");
  answer = partial.answer();
  EXPECT_EQ(body_of(answer), "abcd");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_FALSE(Client(running.port).connected());
  busy.end(), idle.end(), partial.end();
  running.thread.join();
}

TEST(HttpServer, DrainEndsInTimeWhateverClientsDo) {
  HttpLimits limits;
  limits.drain_seconds = 1;
  Running running(limits);
  Client reader(running.port, 4096), partial(running.port);
  reader.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  partial.send("POST /echo HTTP/1.1\r\nHo");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  auto began = Clock::now();
  running.stop();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(4));
}

// Every request gets either its answer or a connection that ends between requests.
TEST(HttpServer, DrainUnderLoad) {
  Running running;
  std::atomic<int> answered{0}, broken{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] {
      Client client(running.port);
      while (client.send(post("load"))) {
        std::string answer = client.answer();
        if (answer.empty()) return;
        ++(body_of(answer) == "load" ? answered : broken);
        if (answer.find("Connection: close") != std::string::npos) return;
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  running.stop();
  for (std::thread& client : clients) client.join();
  EXPECT_GT(answered, 8);
  EXPECT_EQ(broken, 0);
}

HttpServer* signalled = nullptr;

TEST(HttpServer, StopsFromASignalHandler) {
  Running running;
  signalled = &running.server;
  auto before = std::signal(SIGUSR1, [](int) { signalled->stop(); });
  std::raise(SIGUSR1);
  running.thread.join();
  std::signal(SIGUSR1, before);
}

TEST(HttpServer, StopBeforeRun) {
  HttpServer server({}, 1);
  server.listen("127.0.0.1", 0);
  server.stop();
  server.run();
}

}  // namespace
}  // namespace gristmill
