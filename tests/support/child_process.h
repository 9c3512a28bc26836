// A process that a test starts, may kill, and waits for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace hwlab::test {

// Killed and waited for, with the object. Its stdin is a pipe that is open until let_go(), so that
// many can be started and then let go together; stdout and stderr are the test's.
class ChildProcess {
 public:
  // arguments[0] is the program's path. Throws std::system_error.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  // Ends its stdin.
  void let_go();
  // SIGKILL; returns when it is dead.
  void kill();
  // Its exit status (128 + signal when a signal ended it); none when it runs on beyond `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  std::optional<int> status_;
};

}  // namespace hwlab::test
