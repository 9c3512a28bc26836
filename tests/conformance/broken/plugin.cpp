// A plugin that keeps the contract, unless it is compiled with one of the BROKEN_... definitions:
// each breaks one promise, which one case of hwlab-plugin-check must find.
#include <hwlab/plugin.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "instance.h"

#ifndef BROKEN_MAGIC
#define BROKEN_MAGIC HWLAB_PLUGIN_MAGIC
#endif
#ifndef BROKEN_SYMBOL
#define BROKEN_SYMBOL hwlab_plugin_v1
#endif

namespace hwlab::broken {

std::atomic<int> generation{0};

Instance::~Instance() {
  if (stop >= 0)
    ::close(stop);
}

std::string Instance::dsn() const {
  const char* const found = std::getenv(variable.c_str());
  return found != nullptr ? found : "";
}

namespace {

// "dsn: { env: NAME }", or nothing; the rest is refused.
std::string variable_in(std::string_view config) {
  constexpr std::string_view before = "dsn: { env: ";
  while (!config.empty() && config.back() == '\n')
    config.remove_suffix(1);
  while (config.starts_with(' '))
    config.remove_prefix(1);
  if (config.empty())
    return {};
  if (!config.starts_with(before) || !config.ends_with(" }"))
    throw Refused{HWLAB_CONFIG, "the section is not understood"};
  config.remove_prefix(before.size());
  config.remove_suffix(2);
  if (config.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string_view::npos)
    throw Refused{HWLAB_CONFIG, "dsn.env is no name"};
  return std::string(config);
}

// All signals are blocked on the thread that lives meanwhile, and on those that it starts.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// An idle thread, until `stop` can be read; -1: for ever.
std::thread start_worker(int stop) {
  const BlockedSignals blocked;
  return std::thread([stop] {
    pollfd file{stop, POLLIN, 0};
    while (::poll(&file, 1, -1) <= 0) {
    }
  });
}

void stop_worker(Instance& instance) {
  const std::uint64_t one = 1;
  static_cast<void>(::write(instance.stop, &one, sizeof one));
  if (instance.worker.joinable())
    instance.worker.join();
}

hwlab_status load(const hwlab_host* host, void** instance, hwlab_error* error) {
  *instance = nullptr;
  static const int registered = ::pthread_atfork(nullptr, nullptr, [] { ++generation; });
  static_cast<void>(registered);
  try {
    auto made = std::make_unique<Instance>();
    made->host = *host;
    made->variable = variable_in({host->config.data, host->config.size});
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    made->stop = ::eventfd(0, EFD_CLOEXEC);
    if (!made->variable.empty() && ask_server(made->dsn(), until, made->stop) != Asked::answered) {
#ifdef BROKEN_TELLS_THE_SECRET
      const std::string why = "cannot connect: " + made->dsn();
      return tell(error, HWLAB_UNAVAILABLE, why.c_str());
#else
      return tell(error, HWLAB_UNAVAILABLE, "the server cannot be reached");
#endif
    }
    made->worker = start_worker(made->stop);
    const hwlab_status registration =
        host->register_hooks(host->ctx, HWLAB_CONVERSATION_STORE, &hooks, made.get(), error);
    if (registration != HWLAB_OK) {
#ifdef BROKEN_LEAVES_A_FAILED_LOAD
      static_cast<void>(made.release());
#else
      stop_worker(*made);
#endif
      return registration;
    }
    *instance = made.release();
    return tell(error, HWLAB_OK);
  } catch (const Refused& refused) {
    return tell(error, refused.status, refused.why);
  } catch (const std::bad_alloc&) {
    return tell(error, HWLAB_NO_MEMORY, "out of memory");
  } catch (const std::system_error&) {
    return tell(error, HWLAB_NO_MEMORY, "no thread can be started");
  }
}

hwlab_status unload(void* given, std::uint32_t grace_ms, hwlab_error* error) {
  if (generation != 0)
    return tell(error, HWLAB_STOPPED, "this process was forked");
  auto* const instance = static_cast<Instance*>(given);
  const auto empty = [&] { return instance->inside == 0; };
  {
    std::unique_lock lock(instance->mutex);
    instance->closing = true;
#ifdef BROKEN_UNLOAD_WAITS
    static_cast<void>(grace_ms);
    instance->changed.wait(lock, empty);
#else
    instance->changed.wait_for(lock, std::chrono::milliseconds(grace_ms), empty);
#endif
  }
  stop_worker(*instance);
  {
    std::unique_lock lock(instance->mutex);
    instance->changed.wait(lock, empty);
  }
#ifdef BROKEN_LEAVES_THREADS
  try {
    start_worker(-1).detach();
  } catch (const std::exception&) {
    // Then none is left this time.
  }
#endif
#ifdef BROKEN_LEAVES_DESCRIPTORS
  instance->stop = -1;
#endif
#ifdef BROKEN_LEAVES_MEMORY
  // Volatile, or an optimiser leaves out what nobody reads.
  static void* volatile kept = nullptr;
  kept = std::malloc(std::size_t{1} << 20);
  if (kept != nullptr)
    std::memset(kept, 1, std::size_t{1} << 20);
#endif
  delete instance;
  return tell(error, HWLAB_OK);
}

const void* get_extension(void* /*instance*/, const char* /*id*/) {
  return nullptr;
}

}  // namespace
}  // namespace hwlab::broken

extern "C" {
#ifdef BROKEN_EXPORTS_MORE
__attribute__((visibility("default"))) int a_symbol_too_many = 1;
#endif
__attribute__((visibility("default"))) extern const hwlab_plugin BROKEN_SYMBOL;
const hwlab_plugin BROKEN_SYMBOL = {
    sizeof(hwlab_plugin),
    BROKEN_MAGIC,
    HWLAB_ABI_MINOR,
    0,
    "in-memory",
    "1",
    "Keeps nothing for long",
    R"({"type":"object"})",
    hwlab::broken::load,
    hwlab::broken::unload,
    hwlab::broken::get_extension,
};
}
