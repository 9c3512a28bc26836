#include "plugin/barrier.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "config/settings.h"
#include "plugin/presentable.h"
#include "plugin/refusal.h"
#include "plugin/structs.h"
#include "store/error.h"

namespace hwlab::plugin {
namespace {

hwlab_status status_of(store::Kind kind) noexcept {
  switch (kind) {
    case store::Kind::invalid:
      return HWLAB_INVALID;
    case store::Kind::not_found:
      return HWLAB_NOT_FOUND;
    case store::Kind::conflict:
      return HWLAB_CONFLICT;
    case store::Kind::unavailable:
      return HWLAB_UNAVAILABLE;
    case store::Kind::overloaded:
      return HWLAB_OVERLOADED;
    case store::Kind::timeout:
      return HWLAB_TIMEOUT;
    case store::Kind::permission:
      return HWLAB_PERMISSION;
    case store::Kind::stopped:
      return HWLAB_STOPPED;
    case store::Kind::config:
      return HWLAB_CONFIG;
    case store::Kind::internal:
      return HWLAB_INTERNAL;
  }
  return HWLAB_INTERNAL;
}

// At most `room` bytes of a message, cut between two characters.
std::string_view fitting(std::string_view message, std::size_t room) {
  if (message.size() <= room)
    return message;
  std::size_t end = room;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0U) == 0x80U)
    --end;
  return message.substr(0, end);
}

void write(hwlab_error* error, const hwlab_error& value) noexcept {
  if (error == nullptr || error->struct_size < sizeof(error->struct_size))
    return;
  const std::uint32_t size = error->struct_size;
  const std::size_t covered = std::min<std::size_t>(size, sizeof(hwlab_error));
  std::memcpy(error, &value, covered);
  if (size > covered && size <= absurd_size)
    std::memset(reinterpret_cast<unsigned char*>(error) + covered, 0, size - covered);
  error->struct_size = size;
  if (covered > offsetof(hwlab_error, message)) {
    const std::size_t room = covered - offsetof(hwlab_error, message) - 1;
    error->message[fitting(value.message, room).size()] = '\0';
  }
}

void set_message(hwlab_error& error, std::string_view message) noexcept {
  fitting(message, sizeof error.message - 1).copy(error.message, sizeof error.message - 1);
}

}  // namespace

void write_error(hwlab_error* error, hwlab_status status, std::string_view message) noexcept {
  hwlab_error value{};
  value.status = status;
  set_message(value, message);
  write(error, value);
}

hwlab_status detail::translate_current(hwlab_error* error,
                                       const config::Redactor* redactor) noexcept {
  hwlab_error value{};
  try {
    const auto say = [&](const std::string& sentence) {
      set_message(value, redactor != nullptr ? presentable(sentence, *redactor) : sentence);
    };
    try {
      throw;
    } catch (const Refusal& refusal) {
      value.status = refusal.status();
      set_message(value, refusal.what());  // our own words: nothing to redact, and no lock to take
    } catch (const store::Error& failure) {
      value.status = status_of(failure.kind());
      value.flags = (failure.retryable() ? HWLAB_RETRYABLE : 0U) |
                    (failure.maybe_applied() ? HWLAB_MAYBE_APPLIED : 0U);
      value.actual_seq = failure.actual_seq();
      failure.sqlstate().copy(value.sqlstate, sizeof value.sqlstate - 1);
      say(failure.what());
    } catch (const config::Error& mistake) {
      value.status = HWLAB_CONFIG;
      say(mistake.what());
    } catch (const std::bad_alloc&) {
      value.status = HWLAB_NO_MEMORY;
      set_message(value, "there is not enough memory");
    } catch (const std::exception&) {
      value.status = HWLAB_INTERNAL;
      set_message(value, "an error that is a defect of the plugin: please report it");
    }
  } catch (...) {
    // Something that is no std::exception, or no memory for the sentence.
    value.status = value.status == HWLAB_OK ? HWLAB_INTERNAL : value.status;
    set_message(value, "an error for whose sentence there is no memory, or a defect of the plugin");
  }
  write(error, value);
  return value.status;
}

}  // namespace hwlab::plugin
