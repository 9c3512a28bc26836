// The contract's inputs, on a plugin whose store answers at once.
//
// Everything between a daemon's call and the store, and back; store_stub.cpp stands in for the
// store.
#include <cstdlib>

#include "tests/fuzz/calls.h"
#include "tests/fuzz/store_stub.h"

using namespace hwlab;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Loaded loaded = [] {
    if (::setenv("HWLAB_DATABASE_URL", "postgresql://lab:never-shown@lab.invalid/lab", 1) != 0)
      std::abort();
    return fuzz::load(hwlab_plugin_v1,
                      "call_timeout: 1ms\nlimits: { content: 64B, metadata: 256B }\n");
  }();
  fuzz::Input input(data, size);
  const auto answer = input.number<std::uint8_t>();
  if (answer == 0xFF) {
    fuzz::try_load(hwlab_plugin_v1, input, "");
    return 0;
  }
  fuzz::set_answer(answer);
  fuzz::make_call(
      loaded, input,
      {.longest_timeout_ms = 255, .words_of_others = fuzz::has_words_of_others(answer)});
  return 0;
}
