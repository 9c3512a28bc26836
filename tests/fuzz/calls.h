// One call of a hook, as the input says, and what must be true of it whatever it was.
#pragma once

#include "tests/fuzz/host.h"
#include "tests/fuzz/target.h"

namespace hwlab::fuzz {

struct CallOptions {
  std::uint32_t longest_timeout_ms;  // of a call; each has at least 1
  // Whether errors may be told in the words of others, which then need not be plain.
  bool words_of_others = false;
};

void make_call(const Loaded& loaded, Input& input, const CallOptions& options);

// load(), and unload() when that went well, with a host as the input says; `config` is added to its
// configuration.
void try_load(const hwlab_plugin& plugin, Input& input, std::string_view config);

}  // namespace hwlab::fuzz
