// How long processes take from exec to the first byte that they print, in turns:
//
//   bench_first_result ROUNDS PROGRAM ARGUMENT ... -- PROGRAM ARGUMENT ... [-- ...]
//
// Prints one JSON list for each program, of microseconds.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace {

using Command = std::vector<char*>;

// Negative when it failed.
double run(const Command& command) {
  using Clock = std::chrono::steady_clock;
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0)
    return -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe[0]);
  posix_spawn_file_actions_addclose(&actions, pipe[1]);
  const auto started = Clock::now();
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, command[0], &actions, nullptr, command.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  double took = -1;
  char byte = 0;
  if (failed == 0 && ::read(pipe[0], &byte, 1) == 1)
    took = std::chrono::duration<double, std::micro>(Clock::now() - started).count();
  ::close(pipe[0]);
  int status = 0;
  if (failed == 0)
    ::waitpid(child, &status, 0);
  return status == 0 ? took : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 64;
  const int rounds = std::atoi(argv[1]);
  std::vector<Command> commands(1);
  for (int i = 2; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--")
      commands.emplace_back();
    else
      commands.back().push_back(argv[i]);
  }
  for (Command& command : commands)
    command.push_back(nullptr);
  std::vector<std::vector<double>> times(commands.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const double took = run(commands[i]);
      if (took < 0) {
        std::fprintf(stderr, "bench_first_result: %s has failed\n", commands[i][0]);
        return 1;
      }
      times[i].push_back(took);
    }
  }
  std::printf("%s\n", nlohmann::json(times).dump().c_str());
}
