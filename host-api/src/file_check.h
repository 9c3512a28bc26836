// May this file's code run in our process? Asked before the dynamic linker sees the file.
#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace hwlab::host {

// Which file it is, whatever its names.
struct FileIdentity {
  dev_t device{};
  ino_t inode{};
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct CheckedFile {
  std::filesystem::path path;  // canonical: absolute, no links, no dots
  FileIdentity identity;
};

// Walks the path as the kernel does, link by link. Every folder, every link and the file itself
// must belong to root or to the effective user, and nobody else may write to it; so nobody else can
// put another file there between this check and the opening. Throws PluginFileError.
CheckedFile check_file(const std::filesystem::path& path);

}  // namespace hwlab::host
