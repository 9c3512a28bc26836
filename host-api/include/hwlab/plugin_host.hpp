// SPDX-License-Identifier: MIT
//
// hwlab/plugin_host.hpp - loading and calling plugins from a daemon written in C++17 or later.
//
//   auto plugin = hwlab::host::Plugin::open("/usr/lib/hwlab/hwlab_conversations.so");
//   plugin.load({"hwlabd", section, "hwlab.yaml:12", log});
//   auto store = plugin.conversation_store();
//   auto message = store.add_message({id, {{}, "user", "hello"}}, {std::chrono::seconds(2)});
//
// Link the library hwlab::plugin_host. Everything that fails throws hwlab::host::Error. What a call
// means, and which status it may end with, is said in <hwlab/conversation_store.h>.
#ifndef HWLAB_PLUGIN_HOST_HPP
#define HWLAB_PLUGIN_HOST_HPP

#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>
#include <hwlab/plugin.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hwlab::host {

// Microseconds since 1970-01-01T00:00:00Z.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

// ---- errors -------------------------------------------------------------------------------------

// What is known of a failure. The status is one that this header knows: whatever else a plugin
// returns has become HWLAB_INTERNAL.
struct Failure {
  hwlab_status status = HWLAB_INTERNAL;
  bool retryable = false;      // the same call may succeed later
  bool maybe_applied = false;  // a write was sent, its outcome is unknown: repeat it with `ids`
  std::chrono::milliseconds retry_after{0};  // a hint beside retryable; zero: none
  std::int64_t actual_seq = 0;   // beside CONFLICT of an expected_seq: the last seq there is
  std::string sqlstate;          // five characters when a database said no, else empty
  std::vector<std::string> ids;  // beside maybe_applied: of the conversation, or of the messages
};

// A call that failed. what() is one sentence for an operator.
class Error : public std::runtime_error {
 public:
  Error(const std::string& message, Failure failure);

  [[nodiscard]] hwlab_status status() const noexcept { return failure_->status; }
  [[nodiscard]] bool retryable() const noexcept { return failure_->retryable; }
  [[nodiscard]] bool maybe_applied() const noexcept { return failure_->maybe_applied; }
  [[nodiscard]] auto retry_after() const noexcept { return failure_->retry_after; }
  [[nodiscard]] std::int64_t actual_seq() const noexcept { return failure_->actual_seq; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return failure_->sqlstate; }
  [[nodiscard]] const std::vector<std::string>& ids() const noexcept { return failure_->ids; }

 private:
  std::shared_ptr<const Failure> failure_;  // shared, because copying an exception must not throw
};

// "NOT_FOUND"; a status that is not known is "INTERNAL".
[[nodiscard]] std::string_view status_name(hwlab_status status) noexcept;

// Why a plugin's file was refused.
enum class Refusal {
  relative_path,
  missing,
  not_a_regular_file,
  writable_by_others,  // the file, or a folder or link on the way to it
  foreign_owner,       // one of them belongs neither to root nor to the user of this process
  not_loadable,        // the dynamic linker says no
  no_descriptor,       // it does not export hwlab_plugin_v1
  wrong_magic,
  truncated_descriptor,
  incomplete_descriptor,  // no name, version, load or unload
  host_too_old,           // it needs a host of a higher minor version
};

// A plugin's file that was refused, before a function of the plugin was called. Status: CONFIG.
class PluginFileError : public Error {
 public:
  PluginFileError(Refusal kind, const std::string& message);
  [[nodiscard]] Refusal kind() const noexcept { return kind_; }

 private:
  Refusal kind_;
};

// ---- requests -----------------------------------------------------------------------------------
// The text in a request is borrowed until the call returns.

struct CallOptions {
  // Covers everything. Zero: the default of the plugin's configuration. Negative: the deadline has
  // passed already, and the call throws TIMEOUT without asking the plugin.
  std::chrono::milliseconds timeout{0};
};

struct NewConversation {
  std::optional<std::string_view> id{};  // nothing: the plugin makes one
  std::string_view model{};
  std::optional<std::string_view> title{};
  std::optional<std::string_view> metadata{};  // a JSON object
};

struct NewMessage {
  std::optional<std::string_view> id{};  // nothing: the plugin makes one
  std::string_view role{};               // "user", "assistant" or "system"
  std::string_view content{};
  std::optional<std::string_view> metadata{};  // a JSON object
  std::optional<Time> created_at{};            // nothing: the time at which it is stored
};

// expected_seq: append only if the conversation's last seq is this one; 0: only if nothing has been
// appended to it yet; nothing: wherever it stands.
struct AddMessage {
  std::string_view conversation_id{};
  NewMessage message{};
  std::optional<std::int64_t> expected_seq{};
};

struct AppendMessages {
  std::string_view conversation_id{};
  std::vector<NewMessage> messages{};
  std::optional<std::int64_t> expected_seq{};
};

// Zero means "no bound". last_n and limit exclude each other.
struct GetConversation {
  std::string_view id{};
  std::int64_t after_seq = 0;
  std::int64_t before_seq = 0;
  std::uint32_t limit = 0;   // the first so many messages of the range
  std::uint32_t last_n = 0;  // the last so many
};

enum class Order : std::int32_t { started = HWLAB_ORDER_STARTED, active = HWLAB_ORDER_ACTIVE };

struct ListConversations {
  Order order = Order::started;
  std::string_view cursor{};  // empty: the first page
  std::uint32_t limit = 0;    // 1 to 100; 0: 100
};

// ---- results ------------------------------------------------------------------------------------

struct Created {
  std::string id;
  Time started_at;
  bool existed = false;  // an identical earlier one was found; nothing new was stored
};

struct Appended {
  std::string id;
  std::int64_t seq = 0;
  Time created_at;
};

struct AddedMessage : Appended {
  bool existed = false;
};

struct AppendedMessages {
  std::vector<Appended> messages;  // in the order of the request
  bool existed = false;
};

// Views into a result that the plugin holds: valid as long as the Thread or Listing they come from.
struct MessageView {
  std::string_view id;
  std::string_view role;
  std::string_view content;
  std::optional<std::string_view> metadata;
  std::int64_t seq = 0;
  Time created_at;
};

struct ConversationView {
  std::string_view id;
  std::string_view model;
  std::optional<std::string_view> title;
  std::optional<std::string_view> metadata;
  Time started_at;
  std::optional<Time> last_message_at;
  std::int64_t message_count = 0;
  std::int64_t last_seq = 0;
};

// The memory of a plugin's result (Result: a C result struct), released once. Any thread may drop
// it, also after the plugin is unloaded.
template <class Result>
class OwnedResult {
 public:
  OwnedResult() noexcept { value_.head.struct_size = sizeof(Result); }
  OwnedResult(const OwnedResult&) = delete;
  OwnedResult(OwnedResult&& other) noexcept : value_(std::exchange(other.value_, Result{})) {}
  OwnedResult& operator=(OwnedResult other) noexcept {  // whose destructor frees what was held here
    std::swap(value_, other.value_);
    return *this;
  }
  ~OwnedResult() {
    if (given())
      value_.head.release(&value_.head);
  }

  [[nodiscard]] Result& get() noexcept { return value_; }
  [[nodiscard]] const Result& get() const noexcept { return value_; }
  [[nodiscard]] bool given() const noexcept { return value_.head.release != nullptr; }

 private:
  Result value_{};
};

// A conversation and its messages, in rising seq. Content is not copied. Reading is [any].
class Thread {
 public:
  explicit Thread(OwnedResult<hwlab_get_conversation_result> result);

  [[nodiscard]] const ConversationView& conversation() const noexcept { return conversation_; }
  [[nodiscard]] const std::vector<MessageView>& messages() const noexcept { return messages_; }
  // Cut by limit: go on with this after_seq. Zero: not cut.
  [[nodiscard]] auto next_after_seq() const noexcept { return result_.get().next_after_seq; }
  // Cut by last_n: older ones come with this before_seq. Zero: not cut.
  [[nodiscard]] auto next_before_seq() const noexcept { return result_.get().next_before_seq; }

 private:
  OwnedResult<hwlab_get_conversation_result> result_;
  ConversationView conversation_;
  std::vector<MessageView> messages_;
};

// A page of conversations, newest first. Reading is [any].
class Listing {
 public:
  explicit Listing(OwnedResult<hwlab_list_conversations_result> result);

  [[nodiscard]] const std::vector<ConversationView>& conversations() const noexcept {
    return conversations_;
  }
  // Nothing: this was the last page.
  [[nodiscard]] std::optional<std::string_view> next_cursor() const noexcept;

 private:
  OwnedResult<hwlab_list_conversations_result> result_;
  std::vector<ConversationView> conversations_;
};

enum class CheckLevel { ok, warning, failed };

struct Check {
  CheckLevel level = CheckLevel::ok;
  std::string name;   // stable, for programs
  std::string value;  // what was found
  std::optional<std::string> remedy;
};

struct Report {
  std::vector<Check> checks;
  CheckLevel worst = CheckLevel::ok;
};

struct AppliedMigration {
  std::int32_t version = 0;
  std::string name;
};

struct MigrateResult {
  std::vector<AppliedMigration> applied;  // by this call, in order
  std::int32_t schema_version = 0;        // afterwards
};

struct RepairResult {
  std::int64_t examined = 0;  // conversations
  std::int64_t repaired = 0;  // of those, whose counters or numbers were wrong
};

// ---- calls --------------------------------------------------------------------------------------

class Instance;  // one loaded instance of a plugin; private to the loader

// The conversation hooks of a plugin. A light handle: copy it as you like, use it on any thread.
// Every call blocks until it has an answer or its deadline has passed; after Plugin::unload() it
// throws STOPPED. UNSUPPORTED: the plugin has no such hook.
class ConversationStore {
 public:
  ConversationStore(std::shared_ptr<Instance> instance, const hwlab_conversation_store* table,
                    void* self) noexcept;

  [[nodiscard]] Created create_conversation(const NewConversation& request = {},
                                            CallOptions options = {}) const;
  AddedMessage add_message(const AddMessage& request, CallOptions options = {}) const;
  AppendedMessages append_messages(const AppendMessages& request, CallOptions options = {}) const;
  [[nodiscard]] Thread get_conversation(const GetConversation& request,
                                        CallOptions options = {}) const;
  [[nodiscard]] Listing list_conversations(const ListConversations& request = {},
                                           CallOptions options = {}) const;

 private:
  std::shared_ptr<Instance> instance_;
  const hwlab_conversation_store* table_;
  void* self_;
};

// What an operator needs of a plugin. As ConversationStore in every respect.
class Maintenance {
 public:
  Maintenance(std::shared_ptr<Instance> instance, const hwlab_maintenance* table) noexcept;

  [[nodiscard]] Report report(CallOptions options = {}) const;
  MigrateResult migrate(CallOptions options = {}) const;
  RepairResult repair(CallOptions options = {}) const;

 private:
  std::shared_ptr<Instance> instance_;
  const hwlab_maintenance* table_;
};

// ---- the plugin ---------------------------------------------------------------------------------

enum class LogLevel : std::int32_t { trace, debug, info, warn, error, critical };

// What the daemon offers to an instance.
struct HostServices {
  std::string name{};           // of the daemon, for logs and the database's list of sessions
  std::string config{};         // the plugin's section as YAML text
  std::string config_origin{};  // "FILE:LINE" of its first line, or "FILE"
  // One line for the daemon's log. Called on any thread until unload() has returned; an exception
  // it throws is dropped. Empty: no log.
  std::function<void(LogLevel level, std::string_view line)> log{};
};

// A plugin's library, and one instance of it; opening the file again gives another instance of the
// same code. Life: open(), load(), calls, unload(); [loader], but the handles it gives out are
// [any].
//
// The code stays mapped until the process ends, since results may be released after unload() and
// exit handlers of the libraries behind a plugin may run late. So a file that is replaced takes
// effect at the next start of the process; see is_replaced().
class Plugin {
 public:
  static constexpr std::chrono::milliseconds default_grace{5'000};

  // Opens the library behind an absolute path and checks its descriptor; none of its functions is
  // called (the constructors of its static objects run, as with every library). Throws
  // PluginFileError.
  [[nodiscard]] static Plugin open(const std::filesystem::path& library);

  Plugin(Plugin&& other) noexcept;
  Plugin& operator=(Plugin&& other) noexcept;  // unloads what it held, as the destructor does
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  ~Plugin();  // unload(default_grace); a failure goes to the log

  // From the descriptor; valid as long as the process.
  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] std::string_view version() const noexcept;
  [[nodiscard]] std::string_view description() const noexcept;
  [[nodiscard]] std::optional<std::string_view> config_schema() const noexcept;  // JSON Schema
  [[nodiscard]] std::uint32_t abi_minor() const noexcept;

  [[nodiscard]] const std::filesystem::path& path() const noexcept;  // canonical
  // Whether another file stands at path() than the one whose code this process runs. load() also
  // says so in the log.
  [[nodiscard]] bool is_replaced() const noexcept;

  // Makes the instance. Blocks as the plugin's configuration says. Throws Error; then nothing is
  // left running, and load() may be tried again.
  void load(HostServices services);
  [[nodiscard]] bool is_loaded() const noexcept;

  // Whether the loaded instance has registered hooks of this family.
  [[nodiscard]] bool offers(std::string_view family) const;
  // Both throw UNSUPPORTED when the plugin has none, STOPPED when it is not loaded.
  [[nodiscard]] ConversationStore conversation_store() const;
  [[nodiscard]] Maintenance maintenance() const;

  // Ends the instance: new calls throw STOPPED, running ones may finish for `grace` and are cut off
  // then. Returns when no call is inside the plugin. Nothing happens when it is not loaded.
  void unload(std::chrono::milliseconds grace = default_grace);

 private:
  struct State;
  explicit Plugin(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace hwlab::host

#endif  // HWLAB_PLUGIN_HOST_HPP
