#include "plugin/instance.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "config/dsn.h"
#include "plugin/checks.h"
#include "plugin/log.h"
#include "plugin/refusal.h"
#include "plugin/structs.h"

namespace hwlab::plugin {
namespace {

// Rises with every fork, in the child. Asking for the process id would be a system call for each
// hook.
std::atomic<unsigned> process_generation{0};

unsigned this_process() {
  // The library stays mapped until the process ends, so the handler can stay too.
  static const int registered = ::pthread_atfork(
      nullptr, nullptr, [] { process_generation.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
  return process_generation.load(std::memory_order_relaxed);
}

constexpr std::size_t longest_origin = 8192;  // more than a path has

// The section's own bytes are checked by its parser, which tells the line.
config::Settings read_settings(const hwlab_host& host) {
  if (host.config.data == nullptr && host.config.size != 0)
    throw Refusal("the configuration is a null pointer with a size");
  const std::string_view section(host.config.data, host.config.size);
  const auto origin = check_text(host.config_origin, "config_origin", longest_origin);
  return config::parse_settings(section, origin.value_or(""));
}

store::MigrateMode to_store(config::Migrate mode) {
  switch (mode) {
    case config::Migrate::automatic:
      return store::MigrateMode::automatic;
    case config::Migrate::verify:
      return store::MigrateMode::verify;
    case config::Migrate::off:
      return store::MigrateMode::off;
  }
  return store::MigrateMode::verify;
}

store::StoreOptions to_store(const config::Settings& settings) {
  using namespace std::chrono_literals;
  return {.pool = {.max = settings.pool.max,
                   .min = settings.pool.min,
                   .idle_timeout = settings.pool.idle_timeout,
                   .max_lifetime = settings.pool.max_lifetime,
                   .connect_timeout = settings.pool.connect_timeout},
          .append = {.max_batch = settings.append.max_batch,
                     .max_batch_bytes = settings.append.max_batch_bytes,
                     .max_waiting = settings.append.max_waiting,
                     .max_waiting_bytes = settings.append.max_waiting_bytes},
          .schema_name = settings.schema.name,
          .migrate = to_store(settings.schema.migrate),
          .lock_timeout = settings.schema.lock_timeout,
          .statement_timeout = std::max<std::chrono::milliseconds>(settings.call_timeout, 60s) + 5s,
          .prepare_statements = settings.prepared_statements != config::PreparedStatements::off};
}

// Asked for before each attempt to connect. Owns what it uses: it may outlive the instance.
store::Store::ConnectionSource connection_source(const config::DsnReference& reference,
                                                 std::shared_ptr<config::Redactor> redactor,
                                                 std::string application) {
  return [reference, redactor = std::move(redactor), application = std::move(application)] {
    try {
      const config::Dsn dsn = config::resolve_dsn(reference);
      redactor->add(dsn.secrets);
      std::vector<std::pair<std::string, std::string>> options = {
          {"fallback_application_name", application}};
      for (const config::ConnectionOption& option : dsn.options)
        options.emplace_back(option.keyword, option.value.reveal());
      return options;
    } catch (const config::Error& mistake) {
      throw store::Error(store::Kind::config, mistake.what());
    }
  };
}

}  // namespace

Instance::Instance(const hwlab_host& host, std::shared_ptr<config::Redactor> redactor)
    : process_(this_process()), settings_(read_settings(host)), redactor_(std::move(redactor)) {
  const store::Log log = make_log(host, settings_.log_level, redactor_);
  const config::Dsn dsn = config::resolve_dsn(settings_.dsn);  // a mistake in it is told now
  redactor_->add(dsn.secrets);
  for (const std::string& warning : dsn.warnings)
    log(store::Severity::warning, warning);

  const std::string application = host.name != nullptr ? host.name : "hwlab-conversations";
  store_ = std::make_unique<store::Store>(
      to_store(settings_), connection_source(settings_.dsn, redactor_, application), log);
  if (settings_.startup == config::Startup::verify)
    store_->verify(store::Deadline::in(settings_.pool.connect_timeout));
}

bool Instance::is_forked() const noexcept {
  return process_ != process_generation.load(std::memory_order_relaxed);
}

void Instance::close(store::Deadline grace) {
  std::unique_lock lock(mutex_);
  closing_ = true;
  const auto empty = [this] { return inside_ == 0; };
  left_.wait_until(lock, grace.at(), empty);
  lock.unlock();
  store_->stop();
  lock.lock();
  left_.wait(lock, empty);
}

Instance::Entry::Entry(Instance& instance) noexcept
    : instance_(instance), is_forked_(instance.is_forked()) {
  if (is_forked_)
    return;  // the mutex may be held by a thread that only the parent has
  const std::lock_guard lock(instance.mutex_);
  is_closing_ = instance.closing_;
  ++instance.inside_;
}

Instance::Entry::~Entry() {
  if (is_forked_)
    return;
  const std::lock_guard lock(instance_.mutex_);
  if (--instance_.inside_ == 0 && instance_.closing_)
    instance_.left_.notify_all();
}

void Instance::Entry::check() const {
  if (is_forked_)
    throw Refusal("this process was forked from the one that loaded the plugin: load it anew here",
                  HWLAB_STOPPED);
  if (is_closing_)
    throw Refusal("the plugin is being unloaded", HWLAB_STOPPED);
}

store::Deadline Instance::deadline_of(const hwlab_call* call) const {
  if (call == nullptr)
    return store::Deadline::in(settings_.call_timeout);
  const auto read = read_struct(call, "the call");
  return store::Deadline::in(read.timeout_ms == 0 ? settings_.call_timeout
                                                  : std::chrono::milliseconds(read.timeout_ms));
}

}  // namespace hwlab::plugin
