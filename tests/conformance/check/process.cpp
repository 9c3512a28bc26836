#include "process.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "expect.h"

namespace hwlab::check {

std::set<pid_t> thread_ids() {
  std::set<pid_t> ids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    ids.insert(static_cast<pid_t>(std::stoi(entry.path().filename().string())));
  return ids;
}

std::size_t count_descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

std::string status_line(pid_t thread, const std::string& name) {
  std::ifstream file(join("/proc/self/task/", thread, "/status"));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) {
      const auto value = line.find_first_not_of(" \t", name.size() + 1);
      return value == std::string::npos ? "" : line.substr(value);
    }
  return {};
}

std::size_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4;
}

namespace {

// What the descriptors lead to, for people.
std::string describe_descriptors() {
  std::string described;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    described += " " + std::filesystem::read_symlink(entry.path(), gone).string();
  }
  return described;
}

}  // namespace

Footprint::Footprint() : threads_(thread_ids().size()), descriptors_(count_descriptors()) {}

bool Footprint::is_same(std::chrono::milliseconds patience) const {
  return comes_true(
      [this] { return thread_ids().size() <= threads_ && count_descriptors() <= descriptors_; },
      patience);
}

void Footprint::require_same(const std::string& after, std::chrono::milliseconds patience) const {
  if (!is_same(patience))
    throw Failed(join(after, " there are ", thread_ids().size(), " threads and ",
                      count_descriptors(), " descriptors; before there were ", threads_, " and ",
                      descriptors_, "; now open:", describe_descriptors()));
}

}  // namespace hwlab::check
