// A plugin's file, opened as a daemon opens it.
#pragma once

#include <hwlab/plugin.h>

#include <filesystem>

namespace hwlab::check {

// Never closed: results may be released, and exit handlers may run, until the process ends.
class Library {
 public:
  enum class Binding {
    deep,     // as hwlab::host::Plugin does, but not under sanitizers
    shallow,  // so that a preloaded library is asked first
  };
  // Throws Failed when the linker refuses the file.
  explicit Library(const std::filesystem::path& file, Binding binding = Binding::deep);

  // The descriptor, whatever it holds; null when the symbol is not there.
  [[nodiscard]] const hwlab_plugin* descriptor() const noexcept { return descriptor_; }
  // Throws NotReached unless it can be used, which the cases `symbols` and `descriptor` prove.
  [[nodiscard]] const hwlab_plugin& plugin() const;
  [[nodiscard]] void* handle() const noexcept { return handle_; }

 private:
  void* handle_;
  const hwlab_plugin* descriptor_;
};

}  // namespace hwlab::check
