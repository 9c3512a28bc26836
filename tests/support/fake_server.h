// A server that refuses every login, in words of the test's choice. Loopback only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>

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

    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, length) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &length) != 0)
      throw std::runtime_error("the test's server cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  RefusingServer(const RefusingServer&) = delete;
  RefusingServer& operator=(const RefusingServer&) = delete;
  ~RefusingServer() {
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  void serve() const {
    for (;;) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0)
        return;
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
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace hwlab::test
