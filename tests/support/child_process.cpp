#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace hwlab::test {
namespace {

int status_of(int raw) {
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO);
  const int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[0]);
  stdin_ = pipe[1];
  if (failed != 0) {
    ::close(stdin_);
    throw std::system_error(failed, std::generic_category(), arguments[0]);
  }
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      stdin_(std::exchange(other.stdin_, -1)),
      status_(other.status_) {}

ChildProcess::~ChildProcess() {
  kill();
  let_go();
}

void ChildProcess::let_go() {
  if (stdin_ >= 0)
    ::close(std::exchange(stdin_, -1));
}

void ChildProcess::kill() {
  if (pid_ < 0 || status_)
    return;
  ::kill(pid_, SIGKILL);
  int raw = 0;
  while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
  }
  status_ = status_of(raw);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds patience) {
  if (pid_ < 0 || status_)
    return status_;
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(), "pidfd_open");
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(patience.count()));
  ::close(fd);
  int raw = 0;
  if (ready > 0 && ::waitpid(pid_, &raw, 0) == pid_)
    status_ = status_of(raw);
  return status_;
}

}  // namespace hwlab::test
