// What the plugins that are broken on purpose have per instance, and what all of their hooks do.
#pragma once

#include <hwlab/conversation_store.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>

#include "server.h"
#include "store.h"

namespace hwlab::broken {

struct Instance {
  hwlab_host host{};
  std::string variable;  // of the DSN; empty: there is no server
  int stop = -1;         // can be read once waiting must end
  std::thread worker;    // idle, so that there is one to leave behind
  std::mutex mutex;      // guards what follows
  std::condition_variable changed;
  int inside = 0;
  bool closing = false;

  Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();
  [[nodiscard]] std::string dsn() const;
};

// Rises in a forked child.
extern std::atomic<int> generation;

// Writes as much of an error as struct_size covers.
inline hwlab_status tell(hwlab_error* error, hwlab_status status, const char* why = "",
                         std::uint32_t flags = 0, std::int64_t actual_seq = 0) {
  if (error == nullptr)
    return status;
  hwlab_error whole{};
  whole.struct_size = error->struct_size;
  whole.status = status;
  whole.flags = flags;
  whole.actual_seq = actual_seq;
  std::strncpy(whole.message, why, sizeof whole.message - 1);
#ifdef BROKEN_WRITES_PAST_ERRORS
  std::memcpy(error, &whole, sizeof whole);
#else
  const auto size = std::min<std::size_t>(whole.struct_size, sizeof whole);
  if (size > offsetof(hwlab_error, message))
    reinterpret_cast<char*>(&whole)[size - 1] = '\0';
  std::memcpy(error, &whole, size);
#endif
  return status;
}

// The members that struct_size covers; the others are zero.
template <typename Struct>
Struct covered(const Struct* from) {
  if (from == nullptr)
    throw Refused{HWLAB_INVALID, "a null pointer"};
  const std::uint32_t size = from->struct_size;
  Struct read{};
  std::memcpy(&read, from, std::min<std::size_t>(size, sizeof read));
#ifdef BROKEN_TAKES_UNKNOWN_MEMBERS_OF
  if constexpr (std::is_same_v<Struct, BROKEN_TAKES_UNKNOWN_MEMBERS_OF>)
    return read;
#endif
  const auto* const bytes = reinterpret_cast<const unsigned char*>(from);
  const bool is_known =
      std::all_of(bytes + sizeof read, bytes + std::max<std::size_t>(size, sizeof read),
                  [](unsigned char byte) { return byte == 0; });
  if (!is_known)
    throw Refused{HWLAB_TOO_NEW, "a member that is not known"};
  if constexpr (requires { read.reserved; })
    if (read.reserved != 0)
      throw Refused{HWLAB_TOO_NEW, "a reserved member is in use"};
  return read;
}

template <typename Result>
void write_result(Result* to, Result from) {
  const std::uint32_t size = to->head.struct_size;
  from.head.struct_size = size;
#ifdef BROKEN_WRITES_PAST_RESULTS
  std::memcpy(to, &from, sizeof from);
#else
  std::memcpy(to, &from, std::min<std::size_t>(size, sizeof from));
#endif
}

// `work(request, ask, result)`; ask(is_write) asks the server, and throws when it says nothing.
template <typename Request, typename Result, typename Work>
hwlab_status run(void* self, const hwlab_call* call, const Request* request, Result* out,
                 hwlab_error* error, Work work) {
  auto& instance = *static_cast<Instance*>(self);
  if (generation != 0)
    return tell(error, HWLAB_STOPPED, "this process was forked");
  {
    const std::lock_guard lock(instance.mutex);
    if (instance.closing)
      return tell(error, HWLAB_STOPPED, "the plugin is being unloaded");
    ++instance.inside;
  }
  Result result{};
  hwlab_status status = HWLAB_OK;
  try {
    if (out != nullptr)
      write_result(out, Result{});
    const hwlab_call given = call != nullptr ? covered(call) : hwlab_call{};
    const auto timeout =
        std::chrono::milliseconds(given.timeout_ms != 0 ? given.timeout_ms : 10'000);
    const auto until = std::chrono::steady_clock::now() + timeout;
    const Request asked = covered(request);
    if (out == nullptr)
      throw Refused{HWLAB_INVALID, "there is no result"};
    bool is_silent = false;
    const auto ask = [&](bool is_write) {
      const Asked answer = instance.variable.empty()
                               ? Asked::answered
                               : ask_server(instance.dsn(), until, instance.stop);
      if (answer == Asked::unreachable)
        throw Refused{HWLAB_UNAVAILABLE, "the server cannot be reached"};
      is_silent = answer == Asked::silent;
      if (is_silent && !is_write)
        throw Refused{HWLAB_TIMEOUT, "the server says nothing"};
    };
    work(asked, ask, result);
    write_result(out, result);
    status = is_silent ? tell(error, HWLAB_TIMEOUT, "the server says nothing", HWLAB_MAYBE_APPLIED)
                       : tell(error, HWLAB_OK);
  } catch (const Refused& refused) {
    status = tell(error, refused.status, refused.why, 0, refused.actual_seq);
  } catch (const std::bad_alloc&) {
    status = tell(error, HWLAB_NO_MEMORY, "out of memory");
  }
  const std::lock_guard lock(instance.mutex);
#ifdef BROKEN_LOGS_UNDER_LOCK
  const hwlab_text line{"called", 6};
  instance.host.log(instance.host.ctx, HWLAB_LOG_INFO, &line);
#endif
  --instance.inside;
  instance.changed.notify_all();
  return status;
}

// Their table.
extern const hwlab_conversation_store hooks;

}  // namespace hwlab::broken
