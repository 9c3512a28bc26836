#include "tests/bench/programs/tape.h"

#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace {

struct Tape {
  std::string question;
  std::string answer;
  std::size_t read = 0;
  bool is_finished = false;
  bool is_replayed = false;  // the question was asked again
};

std::array<Tape, 256> tapes;  // by file descriptor
thread_local bool is_recording = false;
thread_local int last_socket = -1;
thread_local int sent = 0;

Tape* replayed(int socket) {
  const auto at = static_cast<std::size_t>(socket);
  return at < tapes.size() && tapes[at].is_replayed ? &tapes[at] : nullptr;
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace hwlab::bench {

void record() {
  is_recording = true;
  sent = 0;
}

int exchanges() {
  return sent;
}

void replay() {
  is_recording = false;
  tapes.at(static_cast<std::size_t>(last_socket)).is_finished = true;
}

}  // namespace hwlab::bench

// The functions of the C library that libpq uses, found here first because the program is searched
// before the libraries.
extern "C" {

__attribute__((visibility("default"))) ssize_t send(int socket, const void* data, size_t size,
                                                    int flags) {
  Tape& tape = tapes.at(static_cast<std::size_t>(socket));
  const std::string_view bytes(static_cast<const char*>(data), size);
  tape.is_replayed = tape.is_finished && bytes == tape.question;
  if (tape.is_replayed) {
    tape.read = 0;
    return static_cast<ssize_t>(size);
  }
  static auto* const next = real<decltype(send)>("send");
  if (is_recording) {
    last_socket = socket;
    tape.question = bytes;
    tape.answer.clear();
    ++sent;
  }
  return next(socket, data, size, flags);
}

__attribute__((visibility("default"))) ssize_t recv(int socket, void* data, size_t size,
                                                    int flags) {
  if (Tape* const tape = replayed(socket)) {
    const auto count = tape->answer.copy(static_cast<char*>(data), size, tape->read);
    tape->read += count;
    if (count > 0)
      return static_cast<ssize_t>(count);
    errno = EAGAIN;
    return -1;
  }
  static auto* const next = real<decltype(recv)>("recv");
  const auto count = next(socket, data, size, flags);
  if (is_recording && count > 0 && (flags & MSG_PEEK) == 0)
    tapes.at(static_cast<std::size_t>(socket))
        .answer.append(static_cast<const char*>(data), static_cast<std::size_t>(count));
  return count;
}

// The attribute that glibc gives to poll() says that it only writes, which is wrong.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
__attribute__((visibility("default"))) int poll(pollfd* files, nfds_t count, int timeout) {
  if (count == 1 && replayed(files->fd) != nullptr) {
    files->revents = files->events;
    return 1;
  }
  static auto* const next = real<decltype(poll)>("poll");
  return next(files, count, timeout);
}
#pragma GCC diagnostic pop

}  // extern "C"
