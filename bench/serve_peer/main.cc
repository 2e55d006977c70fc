// A server written by hand in C++ for one schema: Boost.Beast, Boost.JSON and LightGBM's C API.
// serve_peer MODEL.txt LEVELS.json PORT THREADS
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include "handler.h"

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using net::ip::tcp;

namespace {

using Socket = net::basic_stream_socket<tcp, net::io_context::executor_type>;
constexpr uint64_t most_body_bytes = 16 << 20;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, Handler& handler) : stream_(std::move(socket)), handler_(handler) {
    stream_.socket().set_option(tcp::no_delay(true));
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(most_body_bytes);
    stream_.expires_after(std::chrono::seconds(60));
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    const auto& request = parser_->get();
    response_ = {};
    response_.version(request.version());
    response_.keep_alive(request.keep_alive());
    response_.set(http::field::content_type, "application/json");
    if (request.method() == http::verb::post && request.target() == "/predict") {
      response_.result(handler_.predict(request.body(), response_.body()));
    } else {
      response_.result(http::status::not_found);
    }
    response_.prepare_payload();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        if (error) return;
                        if (self->response_.keep_alive()) return self->read();
                        beast::error_code ignored;
                        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                      });
  }

  // One thread runs an io_context: neither strand nor type-erased executor is needed.
  beast::basic_stream<tcp, net::io_context::executor_type> stream_;
  Handler& handler_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

// An event loop, a model handler and the connections dealt to it.
struct Thread {
  Thread(const Booster& booster, const Encoder& encoder) : handler(booster, encoder) {}
  net::io_context context{1};
  net::executor_work_guard<net::io_context::executor_type> work{context.get_executor()};
  Handler handler;
};

class Acceptor {
 public:
  Acceptor(std::vector<std::unique_ptr<Thread>>& threads, unsigned short port)
      : threads_(threads),
        acceptor_(threads[0]->context, tcp::endpoint(net::ip::make_address("127.0.0.1"), port)) {}
  unsigned short port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    Thread& thread = *threads_[next_++ % threads_.size()];
    acceptor_.async_accept(
        thread.context.get_executor(), [this, &thread](beast::error_code error, Socket socket) {
          if (!error)
            net::post(thread.context, [&thread, socket = std::move(socket)]() mutable {
              std::make_shared<Session>(std::move(socket), thread.handler)->read();
            });
          accept();
        });
  }

 private:
  std::vector<std::unique_ptr<Thread>>& threads_;
  tcp::acceptor acceptor_;
  size_t next_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "serve_peer MODEL.txt LEVELS.json PORT THREADS\n");
    return 2;
  }
  Booster booster(argv[1]);
  Encoder encoder(argv[2]);
  std::vector<std::unique_ptr<Thread>> threads;
  for (int i = 0; i < std::atoi(argv[4]); ++i)
    threads.push_back(std::make_unique<Thread>(booster, encoder));
  Acceptor acceptor(threads, static_cast<unsigned short>(std::atoi(argv[3])));
  acceptor.accept();
  std::printf("listening on http://127.0.0.1:%d\n", acceptor.port());
  std::fflush(stdout);
  std::vector<std::jthread> running;
  for (size_t i = 1; i < threads.size(); ++i)
    running.emplace_back([&, i] { threads[i]->context.run(); });
  threads[0]->context.run();
}
