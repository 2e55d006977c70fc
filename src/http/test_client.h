// A blocking HTTP client for tests: sends bytes as they are, reads one answer at a time.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "http/worker.h"

namespace gristmill {

class TestClient {
 public:
  explicit TestClient(int port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0)
      setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(port));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    connected_ = connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    timeval limit{20, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(size_t(sent));
    }
    return true;
  }
  void end() { shutdown(socket_.get(), SHUT_WR); }

  // One answer, head and body; what was received of it when the connection ends first.
  std::string answer() {
    for (;;) {
      size_t head = received_.find("\r\n\r\n");
      if (head != std::string::npos) {
        size_t at = received_.find("Content-Length: ");
        size_t length = at < head ? size_t(std::atoll(received_.c_str() + at + 16)) : 0;
        if (received_.size() >= head + 4 + length) {
          std::string answer = received_.substr(0, head + 4 + length);
          received_.erase(0, answer.size());
          return answer;
        }
      }
      if (!receive()) return std::exchange(received_, {});
    }
  }
  // True when the other side closes with nothing more to say.
  bool ended() {
    while (receive()) {
    }
    return received_.empty();
  }

 private:
  bool receive() {
    char bytes[65536];
    ssize_t got = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got > 0) received_.append(bytes, size_t(got));
    return got > 0;
  }
  UniqueFd socket_;
  bool connected_;
  std::string received_;
};

inline int status_of(const std::string& answer) {
  return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
}
inline std::string body_of(const std::string& answer) {
  size_t at = answer.find("\r\n\r\n");
  return at == std::string::npos ? "" : answer.substr(at + 4);
}

}  // namespace gristmill
