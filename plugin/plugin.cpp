// The entry of the library: its descriptor, and the life of an instance.
#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>
#include <hwlab/plugin.h>

#include <memory>
#include <string_view>

#include "config/schema.h"
#include "plugin/barrier.h"
#include "plugin/conversation_hooks.h"
#include "plugin/instance.h"
#include "plugin/maintenance_hooks.h"
#include "plugin/structs.h"

namespace hwlab::plugin {
namespace {

hwlab_status load(const hwlab_host* host, void** instance, hwlab_error* error) {
  std::shared_ptr<config::Redactor> redactor;
  std::unique_ptr<Instance> made;
  hwlab_host offered{};
  hwlab_status status = with_barrier(error, nullptr, [&] {
    if (instance == nullptr)
      throw Refusal("there is no place for the instance (a null pointer)");
    *instance = nullptr;  // first, so that it is so whatever fails
    redactor = std::make_shared<config::Redactor>();
  });
  if (status != HWLAB_OK)
    return status;
  status = with_barrier(error, redactor.get(), [&] {
    offered = read_covered(host, "the host");
    if (offered.register_hooks == nullptr)
      throw Refusal("the host has no register_hooks", HWLAB_UNSUPPORTED);
    made = std::make_unique<Instance>(offered, redactor);
  });
  if (status != HWLAB_OK)
    return status;

  // Last, and outside of the barrier: a host that refuses has said why in `error`.
  const hwlab_status registered = offered.register_hooks(offered.ctx, HWLAB_CONVERSATION_STORE,
                                                         &conversation_hooks(), made.get(), error);
  if (registered != HWLAB_OK)
    return registered;
  *instance = made.release();
  return HWLAB_OK;
}

hwlab_status unload(void* instance, std::uint32_t grace_ms, hwlab_error* error) {
  return with_barrier(error, nullptr, [&] {
    if (instance == nullptr)
      throw Refusal("the instance is absent (a null pointer)");
    auto* const loaded = static_cast<Instance*>(instance);
    if (loaded->is_forked())  // its threads are the parent's: it is left as it is
      throw Refusal("this process was forked from the one that loaded the plugin", HWLAB_STOPPED);
    loaded->close(store::Deadline::in(std::chrono::milliseconds(grace_ms)));
    delete loaded;  // NOLINT(cppcoreguidelines-owning-memory): handed out as void* by load()
  });
}

const void* get_extension(void* /*instance*/, const char* id) {
  if (id != nullptr && std::string_view(id) == HWLAB_MAINTENANCE)
    return &maintenance_hooks();
  return nullptr;
}

}  // namespace
}  // namespace hwlab::plugin

extern "C" __attribute__((visibility("default"))) const hwlab_plugin hwlab_plugin_v1 = {
    .struct_size = sizeof(hwlab_plugin),
    .magic = HWLAB_PLUGIN_MAGIC,
    .abi_minor = HWLAB_ABI_MINOR,
    .min_host_minor = 0,
    .name = "conversations",
    .version = HWLAB_VERSION,
    .description = "Keeps the advisor's conversations in PostgreSQL",
    .config_schema = hwlab::config::config_schema,
    .load = hwlab::plugin::load,
    .unload = hwlab::plugin::unload,
    .get_extension = hwlab::plugin::get_extension,
};
