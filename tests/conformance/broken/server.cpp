#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

namespace hwlab::broken {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }
  [[nodiscard]] int fd() const { return fd_; }

  [[nodiscard]] bool wait(short events, Clock::time_point until, int stop) const {
    std::array<pollfd, 2> files{pollfd{fd_, events, 0}, pollfd{stop, POLLIN, 0}};
    const auto away = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    int left = static_cast<int>(std::clamp<std::int64_t>(away.count() + 1, 0, 1'000'000));
#ifdef BROKEN_IGNORES_EVERY_TIMEOUT
    left = -1;
#endif
    const int ready = ::poll(files.data(), files.size(), left);
    return ready > 0 && files[0].revents != 0 && files[1].revents == 0;
  }
  [[nodiscard]] bool hear_a_byte(Clock::time_point until, int stop) const {
    char byte = 0;
    return wait(POLLIN, until, stop) && ::recv(fd_, &byte, 1, 0) == 1;
  }

 private:
  int fd_;
};

}  // namespace

Asked ask_server(const std::string& dsn, Clock::time_point until, int stop) {
  std::string host;
  std::string port;
  std::istringstream words(dsn);
  for (std::string word; words >> word;) {
    if (word.starts_with("hostaddr=") || (word.starts_with("host=") && host.empty()))
      host = word.substr(word.find('=') + 1);
    else if (word.starts_with("port="))
      port = word.substr(5);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    return Asked::unreachable;
  const Socket socket;
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    return Asked::unreachable;
  if (!socket.wait(POLLOUT, until, stop) || !socket.hear_a_byte(until, stop))
    return Asked::unreachable;
  if (::send(socket.fd(), "?", 1, MSG_NOSIGNAL) != 1)
    return Asked::unreachable;
#ifdef BROKEN_IGNORES_TIMEOUT
  until = Clock::time_point::max();
#endif
  return socket.hear_a_byte(until, stop) ? Asked::answered : Asked::silent;
}

}  // namespace hwlab::broken
