#include "daemon.h"

#include <cstring>
#include <new>

#include "expect.h"

namespace hwlab::check {

Daemon::Daemon(const Subject& subject) : config(subject.config), origin_(subject.config_origin) {}

const hwlab_host* Daemon::host() {
  host_.struct_size = sizeof host_;
  host_.abi_minor = HWLAB_ABI_MINOR;
  host_.ctx = this;
  host_.name = name_.c_str();
  host_.config = text(config);
  host_.config_origin = text(origin_);
  host_.log = [](void* ctx, std::int32_t /*level*/, const hwlab_text* line) {
    try {
      static_cast<Daemon*>(ctx)->log(view(*line));
    } catch (const std::bad_alloc&) {
      // The line is lost, where allocations are made to fail; nothing may be thrown at a plugin.
    }
  };
  host_.register_hooks = [](void* ctx, const char* family, const void* table, void* self,
                            hwlab_error* error) -> hwlab_status {
    auto& daemon = *static_cast<Daemon*>(ctx);
    if (daemon.answer_to_registration != HWLAB_OK) {
      if (error != nullptr) {
        error->status = daemon.answer_to_registration;
        std::strcpy(error->message, "another plugin has that family already");
      }
      return daemon.answer_to_registration;
    }
    if (std::string_view(family) == HWLAB_CONVERSATION_STORE) {
      daemon.hooks_ = {static_cast<const hwlab_conversation_store*>(table), self};
      ++daemon.registrations_;
    }
    return HWLAB_OK;
  };
  return &host_;
}

void Daemon::log(std::string_view line) {
  if (on_log)
    return on_log(line);
  const std::lock_guard lock(mutex_);
  lines_.append(line).append("\n");
}

std::string Daemon::log_text() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

namespace {

hwlab_status load_raw(const hwlab_plugin& plugin, const hwlab_host* host, void** instance,
                      hwlab_error* error) noexcept {
  return plugin.load(host, instance, error);
}

hwlab_status unload_raw(const hwlab_plugin& plugin, void* instance, std::uint32_t grace_ms,
                        hwlab_error* error) noexcept {
  return plugin.unload(instance, grace_ms, error);
}

}  // namespace

Loaded load(const Library& library, Daemon& daemon) {
  Loaded loaded;
  loaded.error.struct_size = sizeof loaded.error;
  void* instance = &loaded;  // a plugin must not leave it as it was
  loaded.status = load_raw(library.plugin(), daemon.host(), &instance, &loaded.error);
  loaded.instance = instance;
  hwlab_result head{};
  // A load gives no result, so it is told apart from nothing as a result would be.
  if (loaded.status == HWLAB_OK)
    head.release = [](hwlab_result*) {};
  loaded.error.flags &= ~HWLAB_MAYBE_APPLIED;
  check_answer("load", loaded.status, loaded.error, head);
  require((loaded.status == HWLAB_OK) == (loaded.instance != nullptr) &&
              loaded.instance != static_cast<void*>(&loaded),
          "load (", status_name(loaded.status), "): the instance is ",
          loaded.instance == nullptr ? "a null pointer" : "not a null pointer");
  return loaded;
}

Unloaded unload(const Library& library, void* instance, std::uint32_t grace_ms) {
  Unloaded unloaded;
  unloaded.error.struct_size = sizeof unloaded.error;
  unloaded.status = unload_raw(library.plugin(), instance, grace_ms, &unloaded.error);
  return unloaded;
}

Instance::Instance(const Subject& subject) : Instance(subject, Library(subject.library)) {}

Instance::Instance(const Subject& subject, const Library& library,
                   const std::function<void(Daemon&)>& prepare)
    : library_(library), daemon_(subject) {
  if (prepare)
    prepare(daemon_);
  const Loaded loaded = load(library_, daemon_);
  require(loaded.status == HWLAB_OK, "load: expected OK, got ", status_name(loaded.status), " (",
          loaded.error.message, ")");
  instance_ = loaded.instance;
  hooks_ = daemon_.hooks();
  if (hooks_.table == nullptr || hooks_.table->struct_size < sizeof(hwlab_conversation_store)) {
    static_cast<void>(check::unload(library_, instance_, 0));
    throw NotReached("the case table says what must be mended first");
  }
}

Instance::~Instance() {
  if (instance_ != nullptr)
    static_cast<void>(check::unload(library_, instance_, 2'000));
}

void Instance::unload(std::uint32_t grace_ms) {
  const Unloaded unloaded = check::unload(library_, instance_, grace_ms);
  instance_ = nullptr;
  require(unloaded.status == HWLAB_OK, "unload: expected OK, got ", status_name(unloaded.status),
          " (", unloaded.error.message, ")");
}

}  // namespace hwlab::check
