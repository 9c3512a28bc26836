// The server of the plugins that are broken on purpose, see server.h.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace hwlab::broken {

class ByteServer {
 public:
  ByteServer() {
    files_.push_back({::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), POLLIN, 0});
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener(), generic, length) != 0 || ::listen(listener(), 256) != 0 ||
        ::getsockname(listener(), generic, &length) != 0)
      throw std::runtime_error("the test's server cannot listen");
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ByteServer(const ByteServer&) = delete;
  ByteServer& operator=(const ByteServer&) = delete;
  ~ByteServer() {
    ::shutdown(listener(), SHUT_RDWR);
    thread_.join();
    for (const pollfd& file : files_)
      ::close(file.fd);
  }
  [[nodiscard]] std::string dsn() const {
    return "host=127.0.0.1 port=" + port_ + " user=x dbname=x";
  }

 private:
  [[nodiscard]] int listener() const { return files_.front().fd; }

  void serve() {
    while (::poll(files_.data(), files_.size(), -1) > 0) {
      std::vector<pollfd> open{files_.front()};
      for (std::size_t i = 1; i < files_.size(); ++i) {
        char byte = 0;
        const bool goes_on =
            files_[i].revents == 0 || (::recv(files_[i].fd, &byte, 1, 0) == 1 &&
                                       ::send(files_[i].fd, &byte, 1, MSG_NOSIGNAL) == 1);
        if (goes_on)
          open.push_back(files_[i]);
        else
          ::close(files_[i].fd);
      }
      const bool is_asked = files_.front().revents != 0;
      files_.swap(open);
      if (!is_asked)
        continue;
      const int client = ::accept4(listener(), nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0)
        return;  // the listener has been shut down
      static_cast<void>(::send(client, "!", 1, MSG_NOSIGNAL));
      files_.push_back({client, POLLIN, 0});
    }
  }

  std::vector<pollfd> files_;  // the listener first; of the thread until it has ended
  std::string port_;
  std::thread thread_;
};

}  // namespace hwlab::broken
