// A daemon that brings another libpqxx, yaml-cpp ... of its own, and so exports symbols of their
// names. Ends with 0 when the plugin was not touched by them.
//
//   clashing_host deepbind|usual LIBRARY
//
// "usual" opens the library as dlopen() does by itself, which proves that the symbols do clash.
#include <dlfcn.h>

#include <hwlab/plugin_host.hpp>
#include <iostream>
#include <string_view>

namespace {

constexpr const char* config = "dsn: { env: HWLAB_TEST_URL }\n";

int keep_a_conversation(const char* library) {
  auto plugin = hwlab::host::Plugin::open(library);
  plugin.load({"clashing_host", config, "clashing.yaml:1",
               [](hwlab::host::LogLevel, std::string_view line) { std::cerr << line << "\n"; }});
  const auto store = plugin.conversation_store();
  const auto id = store.create_conversation({.model = "llama3"}).id;
  const auto seq = store.add_message({.conversation_id = id, .message = {{}, "user", "one"}}).seq;
  const auto thread = store.get_conversation({.id = id});
  plugin.unload();
  return seq == 1 && thread.messages().at(0).content == "one" ? 0 : 1;
}

hwlab_status take_hooks(void* /*ctx*/, const char* /*family*/, const void* /*table*/,
                        void* /*self*/, hwlab_error* /*error*/) {
  return HWLAB_OK;
}

int open_as_usual(const char* library) {
  void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  const auto* const plugin =
      handle != nullptr ? static_cast<const hwlab_plugin*>(::dlsym(handle, HWLAB_PLUGIN_SYMBOL))
                        : nullptr;
  if (plugin == nullptr)
    return 66;
  hwlab_host host{};
  host.struct_size = sizeof(host);
  host.config = {config, std::string_view(config).size()};
  host.register_hooks = take_hooks;
  void* instance = nullptr;
  return plugin->load(&host, &instance, nullptr);  // does not return
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return 64;
  try {
    return std::string_view(argv[1]) == "deepbind" ? keep_a_conversation(argv[2])
                                                   : open_as_usual(argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 70;
  }
}
