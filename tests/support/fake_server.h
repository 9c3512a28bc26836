// A server that refuses every login, in words of the test's choice. Loopback only.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/loopback.h"

namespace hwlab::test {

class RefusingServer {
 public:
  // Answers with FATAL, this SQLSTATE and this text.
  RefusingServer(const std::string& sqlstate, const std::string& text) {
    std::string fields;
    for (const auto& [code, value] : {std::pair{'S', std::string("FATAL")},
                                      {'V', "FATAL"},
                                      {'C', sqlstate},
                                      {'M', text},
                                      {'D', text}}) {
      fields += code;
      fields += value;
      fields += '\0';
    }
    fields += '\0';
    const std::uint32_t size = htonl(static_cast<std::uint32_t>(fields.size() + 4));
    answer_ = 'E' + std::string(reinterpret_cast<const char*>(&size), 4) + fields;

    thread_ = std::thread([this] { serve(); });
  }
  RefusingServer(const RefusingServer&) = delete;
  RefusingServer& operator=(const RefusingServer&) = delete;
  ~RefusingServer() {
    listener_.wake();
    thread_.join();
  }

  [[nodiscard]] std::string port() const { return listener_.port(); }

 private:
  void serve() const {
    for (int client = 0; (client = listener_.accept()) >= 0;) {
      std::array<char, 4096> packet{};
      // The startup packet comes whole, after a question for TLS (8 bytes) that is answered with
      // no.
      while (::recv(client, packet.data(), packet.size(), 0) == 8)
        ::send(client, "N", 1, MSG_NOSIGNAL);
      ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      ::close(client);
    }
  }

  std::string answer_;
  LoopbackListener listener_;
  std::thread thread_;
};

}  // namespace hwlab::test
