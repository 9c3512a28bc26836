// A listening socket on a free port of the loopback interface.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace hwlab::test {

class LoopbackListener {
 public:
  LoopbackListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, generic, length) != 0 || ::listen(socket_, 64) != 0 ||
        ::getsockname(socket_, generic, &length) != 0)
      throw std::runtime_error("the test's server cannot listen");
    port_ = std::to_string(ntohs(address.sin_port));
  }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;
  ~LoopbackListener() { ::close(socket_); }

  [[nodiscard]] const std::string& port() const noexcept { return port_; }
  // The next connection; negative once woken.
  [[nodiscard]] int accept() const { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }
  // Ends an accept() that waits, and all later ones.
  void wake() const { ::shutdown(socket_, SHUT_RDWR); }

 private:
  int socket_;
  std::string port_;
};

}  // namespace hwlab::test
