#include <cstring>
#include <exception>
#include <hwlab/plugin_host.hpp>

#include "call.h"
#include "instance.h"
#include "library.h"

namespace hwlab::host {
namespace {

std::string_view text_or_nothing(const char* text) noexcept {
  return text != nullptr ? std::string_view(text) : std::string_view();
}

// An instance that is not called any more when this ends.
struct Ending {
  explicit Ending(std::shared_ptr<Instance> given) noexcept : instance(std::move(given)) {}
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;
  Ending(Ending&&) = delete;
  Ending& operator=(Ending&&) = delete;
  ~Ending() {
    if (instance != nullptr) {
      instance->end_log();
      keep_for_latecomers(instance);
    }
  }
  std::shared_ptr<Instance> instance;
};

}  // namespace

struct Plugin::State {
  Library library;
  std::shared_ptr<Instance> instance;  // null: not loaded

  // For those who cannot handle an error any more.
  void unload_quietly() noexcept {
    const Ending ending(std::exchange(instance, nullptr));
    if (ending.instance == nullptr) {
      return;
    }
    try {
      ending.instance->unload(default_grace);
    } catch (const std::exception& error) {
      ending.instance->log(LogLevel::error, error.what());
    }
  }
};

Plugin::Plugin(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Plugin::Plugin(Plugin&& other) noexcept = default;

Plugin& Plugin::operator=(Plugin&& other) noexcept {
  if (this != &other) {
    if (state_ != nullptr) {
      state_->unload_quietly();
    }
    state_ = std::move(other.state_);
  }
  return *this;
}

Plugin::~Plugin() {
  if (state_ != nullptr) {
    state_->unload_quietly();
  }
}

Plugin Plugin::open(const std::filesystem::path& library) {
  auto state = std::make_unique<State>();
  state->library = open_library(library);
  return Plugin(std::move(state));
}

std::string_view Plugin::name() const noexcept {
  return state_->library.descriptor->name;
}

std::string_view Plugin::version() const noexcept {
  return state_->library.descriptor->version;
}

std::string_view Plugin::description() const noexcept {
  return text_or_nothing(state_->library.descriptor->description);
}

std::optional<std::string_view> Plugin::config_schema() const noexcept {
  const auto* const schema = state_->library.descriptor->config_schema;
  return schema != nullptr ? std::optional<std::string_view>(schema) : std::nullopt;
}

std::uint32_t Plugin::abi_minor() const noexcept {
  return state_->library.descriptor->abi_minor;
}

const std::filesystem::path& Plugin::path() const noexcept {
  return state_->library.path;
}

bool Plugin::is_replaced() const noexcept {
  return state_->library.is_replaced;
}

void Plugin::load(HostServices services) {
  if (is_loaded()) {
    throw_status(HWLAB_INVALID, "the plugin is loaded already");
  }
  Ending unless_loaded(
      std::make_shared<Instance>(*state_->library.descriptor, std::move(services)));
  auto& instance = unless_loaded.instance;
  if (is_replaced()) {
    instance->log(LogLevel::warn, path().string() +
                                      " was replaced after this process had loaded it; the new "
                                      "file takes effect when the process starts again");
  }
  instance->load();
  state_->instance = std::move(instance);
}

bool Plugin::is_loaded() const noexcept {
  return state_->instance != nullptr;
}

bool Plugin::offers(std::string_view family) const {
  return is_loaded() && state_->instance->find(family) != nullptr;
}

ConversationStore Plugin::conversation_store() const {
  if (!is_loaded()) {
    throw_status(HWLAB_STOPPED, "the plugin is not loaded");
  }
  const auto* const hooks = state_->instance->find(HWLAB_CONVERSATION_STORE);
  if (hooks == nullptr) {
    throw_missing_hook("hooks of the family " HWLAB_CONVERSATION_STORE);
  }
  return {state_->instance, static_cast<const hwlab_conversation_store*>(hooks->table),
          hooks->self};
}

Maintenance Plugin::maintenance() const {
  if (!is_loaded()) {
    throw_status(HWLAB_STOPPED, "the plugin is not loaded");
  }
  const auto* const table = state_->instance->extension(HWLAB_MAINTENANCE);
  if (table == nullptr) {
    throw_missing_hook("extension " HWLAB_MAINTENANCE);
  }
  return {state_->instance, static_cast<const hwlab_maintenance*>(table)};
}

void Plugin::unload(std::chrono::milliseconds grace) {
  const Ending ending(std::exchange(state_->instance, nullptr));
  if (ending.instance != nullptr) {
    ending.instance->unload(grace);
  }
}

}  // namespace hwlab::host
