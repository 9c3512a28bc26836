// The contract's inputs, on the plugin as it is shipped and without a server.
//
// Opened as a daemon opens it, with all of its threads, and a DSN that leads nowhere. What passes
// the checks waits for its deadline, so this one is slower.
#include <dlfcn.h>

#include <cstdlib>

#include "tests/fuzz/calls.h"

using namespace hwlab;

namespace {

// Its directory for sockets cannot exist.
constexpr auto nowhere = "host=/dev/null/nowhere user=lab password=never-shown dbname=lab";

const hwlab_plugin& open_plugin() {
  void* const library = ::dlopen(HWLAB_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  fuzz::claim(library != nullptr, "the library can be opened");
  const auto* const plugin =
      static_cast<const hwlab_plugin*>(::dlsym(library, HWLAB_PLUGIN_SYMBOL));
  fuzz::claim(plugin != nullptr, "and has its symbol");
  return *plugin;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Loaded loaded = [] {
    if (::setenv("HWLAB_DATABASE_URL", nowhere, 1) != 0)
      std::abort();
    return fuzz::load(
        open_plugin(),
        "startup: lazy\ncall_timeout: 1ms\nlimits: { content: 64B, metadata: 256B }\n");
  }();
  fuzz::Input input(data, size);
  if (input.number<std::uint8_t>() == 0xFF)
    fuzz::try_load(*loaded.plugin, input, "startup: lazy\n");
  else
    fuzz::make_call(loaded, input, {.longest_timeout_ms = 1});
  return 0;
}
