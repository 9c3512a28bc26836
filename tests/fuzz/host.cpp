#include "tests/fuzz/host.h"

#include "tests/fuzz/target.h"

namespace hwlab::fuzz {
namespace {

hwlab_status register_hooks(void* ctx, const char* family, const void* table, void* self,
                            hwlab_error* /*error*/) {
  claim(std::string_view(family) == HWLAB_CONVERSATION_STORE, "the family is that of the table");
  *static_cast<Registered*>(ctx) = {static_cast<const hwlab_conversation_store*>(table), self};
  return HWLAB_OK;
}

void log(void* /*ctx*/, std::int32_t level, const hwlab_text* line) {
  claim(level >= HWLAB_LOG_TRACE && level <= HWLAB_LOG_CRITICAL && line != nullptr &&
            !has(std::string_view(line->data, line->size), canary),
        "a line of the log shows no text");
}

}  // namespace

hwlab_host make_host(Registered& registered, std::string_view config) {
  hwlab_host host{};
  host.struct_size = sizeof host;
  host.abi_minor = HWLAB_ABI_MINOR;
  host.ctx = &registered;
  host.name = "fuzz";
  host.config = {config.data(), config.size()};
  host.log = log;
  host.register_hooks = register_hooks;
  return host;
}

Loaded load(const hwlab_plugin& plugin, std::string_view config) {
  Loaded loaded;
  loaded.plugin = &plugin;
  hwlab_error error{};
  error.struct_size = sizeof error;
  const auto host = make_host(loaded.registered, config);
  const auto status = plugin.load(&host, &loaded.instance, &error);
  claim(status == HWLAB_OK, error.message);
  loaded.maintenance = static_cast<const hwlab_maintenance*>(
      plugin.get_extension(loaded.instance, HWLAB_MAINTENANCE));
  return loaded;
}

}  // namespace hwlab::fuzz
