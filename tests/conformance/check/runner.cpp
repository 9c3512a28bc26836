#include "runner.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <system_error>
#include <utility>

#include "child.h"
#include "expect.h"
#include "tests/support/heartbeat.h"

namespace hwlab::check {
namespace {

constexpr std::size_t longest_output = 20'000;  // of a case that is shown
constexpr int most_tries = 4;
constexpr std::chrono::milliseconds long_stall{1'000};

// A file without a name.
class Scratch {
 public:
  Scratch() : file_(::memfd_create("case", MFD_CLOEXEC)) {
    if (file_ < 0)
      throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { ::close(file_); }
  [[nodiscard]] int file() const { return file_; }
  [[nodiscard]] std::string text() const {
    std::string text(longest_output, '\0');
    const auto got = ::pread(file_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

 private:
  int file_;
};

// The library that lets allocations fail, beside this program as the build puts it.
std::filesystem::path preloaded_library() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "lib" /
         "hwlab_check_malloc.so";
}

std::string why_left_out(const Case& chosen, const Subject& subject) {
  if ((chosen.needs & Case::server) != 0 && !subject.has_server)
    return "the plugin has no server to stall (--no-server)";
  if ((chosen.needs & Case::allocations) != 0 && is_sanitized)
    return "under a sanitizer no allocation can be made to fail";
  if ((chosen.needs & Case::allocations) != 0 && !std::filesystem::exists(preloaded_library()))
    return "there is no " + preloaded_library().string();
  return {};
}

pid_t start(std::vector<std::string> arguments, const Case& chosen, const Scratch& reason,
            const Scratch& output) {
  std::vector<char*> argv;
  for (auto& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    environment.push_back(*variable);
  std::string preload = "LD_PRELOAD=" + preloaded_library().string();
  if ((chosen.needs & Case::allocations) != 0)
    environment.push_back(preload.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.file(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.file(), STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, reason.file(), reason_descriptor);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // so that all of it can be ended
  ::posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, argv.data(),
                                   environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    throw std::system_error(failed, std::generic_category(), "cannot start a case");
  return child;
}

// False: it did not end in time, and has been killed.
bool wait_for(pid_t child, std::chrono::milliseconds limit, int& raw) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  const bool in_time = ::poll(&ended, 1, static_cast<int>(limit.count())) > 0;
  ::close(fd);
  if (!in_time)
    ::kill(-child, SIGKILL);
  while (::waitpid(child, &raw, 0) < 0 && errno == EINTR) {
  }
  ::kill(-child, SIGKILL);  // whatever it has left behind
  return in_time;
}

Ended run_one(const Case& chosen, const Subject& subject, std::vector<std::string> arguments) {
  Ended ended{
      .which = &chosen, .outcome = Outcome::left_out, .took = {}, .reason = {}, .output = {}};
  ended.reason = why_left_out(chosen, subject);
  if (!ended.reason.empty())
    return ended;
  arguments.emplace_back(chosen.name);
  const Scratch reason;
  const Scratch output;
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = start(std::move(arguments), chosen, reason, output);
  int raw = 0;
  const bool in_time = wait_for(child, subject.patience * chosen.limit, raw);
  ended.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  ended.reason = reason.text();
  const int code = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
  if (in_time && code == ExitOf::passed) {
    ended.outcome = Outcome::passed;
    return ended;
  }
  ended.outcome = in_time && code == ExitOf::not_reached ? Outcome::not_run : Outcome::failed;
  if (!in_time)
    ended.reason =
        join("it hangs: it did not end within ", (subject.patience * chosen.limit).count(), " s");
  else if (WIFSIGNALED(raw))
    ended.reason = join(ended.reason, ended.reason.empty() ? "" : "; ", "it died of signal ",
                        WTERMSIG(raw), " (", ::sigdescr_np(WTERMSIG(raw)), ")");
  else if (ended.reason.empty())
    ended.reason = join("it ended with ", code, " instead of returning");
  ended.output = output.text();
  return ended;
}

void print(const Ended& ended, const char* became, std::ostream& lines) {
  lines << std::left << std::setw(9) << became << std::setw(32) << ended.which->name << std::right
        << std::setw(7) << ended.took.count() << " ms";
  if (!ended.reason.empty())
    lines << "  " << ended.reason;
  lines << '\n';
  if (ended.outcome == Outcome::failed && !ended.output.empty())
    lines << ended.output << (ended.output.back() == '\n' ? "" : "\n");
  lines << std::flush;
}

// What a case finds while this machine has no processor for it says nothing of the plugin, so it
// is tried again.
Ended run_until_told(const Case& chosen, const Subject& subject,
                     const std::vector<std::string>& arguments, const test::Heartbeat& heartbeat,
                     std::ostream& lines) {
  for (int tries = 1;; ++tries) {
    const auto begin = std::chrono::steady_clock::now();
    Ended ended = run_one(chosen, subject, arguments);
    const auto stalled = std::chrono::duration_cast<std::chrono::milliseconds>(
        heartbeat.stalled(begin, std::chrono::steady_clock::now()));
    const bool is_bad = ended.outcome == Outcome::failed || ended.outcome == Outcome::not_run;
    const bool is_told = stalled < std::max(long_stall, ended.took / 5);
    if (!is_bad || is_told || tries == most_tries) {
      print(ended, name_of(ended.outcome), lines);
      return ended;
    }
    ended.reason =
        join("while there was no processor for ", stalled.count(), " ms: ", ended.reason);
    print(ended, "again", lines);
  }
}

}  // namespace

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "FAILED";
    case Outcome::left_out:
      return "left out";
    case Outcome::not_run:
      return "not run";
  }
  return "";
}

std::vector<Ended> run_cases(const std::vector<const Case*>& cases, const Subject& subject,
                             const std::vector<std::string>& arguments, std::ostream& lines) {
  std::vector<Ended> all;
  const test::Heartbeat heartbeat;
  for (const Case* const chosen : cases)
    all.push_back(run_until_told(*chosen, subject, arguments, heartbeat, lines));
  // What could not be run is excused only by a failure that is told.
  const bool is_told = std::any_of(
      all.begin(), all.end(), [](const Ended& ended) { return ended.outcome == Outcome::failed; });
  if (!is_told)
    for (Ended& ended : all)
      if (ended.outcome == Outcome::not_run)
        ended.outcome = Outcome::failed;
  return all;
}

}  // namespace hwlab::check
