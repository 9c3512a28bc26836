// The shared library behind a plugin: opened, its descriptor checked, and kept.
#pragma once

#include <hwlab/plugin.h>

#include <filesystem>

namespace hwlab::host {

struct Library {
  std::filesystem::path path;  // canonical
  // At least as long as ABI 1.0, with name, version, load and unload. Valid as long as the process.
  const hwlab_plugin* descriptor = nullptr;
  // Another file stands behind the path by now; the descriptor is the one of the file that was
  // opened first.
  bool is_replaced = false;
};

// [any] Throws PluginFileError.
Library open_library(const std::filesystem::path& path);

}  // namespace hwlab::host
