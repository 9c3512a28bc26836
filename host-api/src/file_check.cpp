#include "file_check.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <hwlab/plugin_host.hpp>
#include <string>
#include <system_error>

namespace hwlab::host {
namespace {

constexpr int max_links = 40;  // as the kernel's own bound on links in one path

struct stat status_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    const auto reason = std::error_code(errno, std::generic_category());
    throw PluginFileError(Refusal::missing,
                          path.string() + " cannot be looked at: " + reason.message());
  }
  return status;
}

void check_owner(const std::filesystem::path& path, const struct stat& status) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    throw PluginFileError(Refusal::foreign_owner,
                          path.string() + " belongs to user " + std::to_string(status.st_uid) +
                              ", who could change the plugin's code: chown it to root or to the "
                              "daemon's user");
  }
}

void check_mode(const std::filesystem::path& path, const struct stat& status) {
  // In a sticky folder (/tmp) others may add entries, but not replace those of root and ours; and
  // whose the next entry is, is checked when the walk comes to it.
  if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) {
    return;
  }
  const bool by_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
  const bool by_all = (status.st_mode & S_IWOTH) != 0;
  if (by_group || by_all) {
    throw PluginFileError(Refusal::writable_by_others,
                          path.string() + " may be written by others, who could change the " +
                              "plugin's code: chmod go-w " + path.string());
  }
}

void push_front(std::deque<std::filesystem::path>& ahead, const std::filesystem::path& path) {
  ahead.insert(ahead.begin(), path.begin(), path.end());
}

std::filesystem::path link_target(const std::filesystem::path& link) {
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  if (size < 0) {
    throw PluginFileError(Refusal::missing, link.string() + " cannot be read as a link");
  }
  return std::string(target.data(), static_cast<std::size_t>(size));
}

// The next step from `here` (a folder) to the entry `name`; a link's target is put ahead instead.
std::filesystem::path step(const std::filesystem::path& here, const std::filesystem::path& name,
                           std::deque<std::filesystem::path>& ahead, int& links) {
  if (name.empty() || name == ".") {
    return here;
  }
  if (name == "..") {
    return here.parent_path();
  }
  auto entry = here / name;  // an absolute name ("/", from a link) starts anew
  const auto status = status_of(entry);
  check_owner(entry, status);
  if (S_ISLNK(status.st_mode)) {
    if (++links > max_links) {
      throw PluginFileError(Refusal::missing, entry.string() + " leads to too many links");
    }
    push_front(ahead, link_target(entry));
    return here;
  }
  check_mode(entry, status);
  if (!ahead.empty() && !S_ISDIR(status.st_mode)) {
    throw PluginFileError(Refusal::missing, entry.string() + " is not a folder");
  }
  return entry;
}

}  // namespace

CheckedFile check_file(const std::filesystem::path& path) {
  if (!path.is_absolute()) {
    throw PluginFileError(Refusal::relative_path,
                          "the plugin's path must be absolute, not \"" + path.string() + "\"");
  }
  std::deque<std::filesystem::path> ahead;
  push_front(ahead, path);
  std::filesystem::path here;
  int links = 0;
  while (!ahead.empty()) {
    const auto name = ahead.front();
    ahead.pop_front();
    here = step(here, name, ahead, links);
  }
  const auto status = status_of(here);
  if (!S_ISREG(status.st_mode)) {
    throw PluginFileError(Refusal::not_a_regular_file, here.string() + " is not a regular file");
  }
  return {here, {status.st_dev, status.st_ino}};
}

}  // namespace hwlab::host
