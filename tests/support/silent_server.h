// A server that takes connections and never says anything. Loopback only.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loopback.h"

namespace hwlab::test {

class SilentServer {
 public:
  SilentServer() : thread_([this] { serve(); }) {}
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  ~SilentServer() {
    listener_.wake();
    thread_.join();
    for (const int client : clients_)
      ::close(client);
  }

  [[nodiscard]] std::string port() const { return listener_.port(); }
  [[nodiscard]] int connections() const { return count_; }

 private:
  void serve() {
    for (int client = 0; (client = listener_.accept()) >= 0;) {
      clients_.push_back(client);
      ++count_;
    }
  }

  LoopbackListener listener_;
  std::atomic<int> count_ = 0;
  std::vector<int> clients_;  // of the thread until it has ended
  std::thread thread_;
};

}  // namespace hwlab::test
