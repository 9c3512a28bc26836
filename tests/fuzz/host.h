// The fuzzer as a daemon: loads the plugin, and calls what it has registered.
#pragma once

#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>

#include <functional>
#include <string_view>

namespace hwlab::fuzz {

// What a plugin has registered.
struct Registered {
  const hwlab_conversation_store* hooks = nullptr;
  void* self = nullptr;
};

// A host with every member, whose ctx is `registered`.
hwlab_host make_host(Registered& registered, std::string_view config);

// One instance, for as long as the process runs.
struct Loaded {
  const hwlab_plugin* plugin = nullptr;
  void* instance = nullptr;
  Registered registered;
  const hwlab_maintenance* maintenance = nullptr;
};
Loaded load(const hwlab_plugin& plugin, std::string_view config);

}  // namespace hwlab::fuzz
