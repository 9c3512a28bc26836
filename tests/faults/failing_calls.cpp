// Part of lack_test: lets the n-th system call fail, counted over all threads of the process. Of
// those, that is, which a session is made and used with; what the C library calls by itself is not
// seen.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>

namespace {

std::atomic<long> countdown;
std::atomic<bool> has_failed;
std::atomic<bool> by_interruption;

enum class By { lack, interruption_too };

// `why`: what this call says when it fails for good.
bool must_fail(int why, By by) {
  const bool counts = by == By::interruption_too || !by_interruption;
  if (countdown <= 0 || !counts || countdown.fetch_sub(1) != 1)
    return false;
  has_failed = true;
  errno = by_interruption ? EINTR : why;
  return true;
}

// The same of a connection, which is lost then.
bool must_lose(int fd, int why) {
  if (!must_fail(why, By::interruption_too))
    return false;
  if (errno != EINTR)
    ::shutdown(fd, SHUT_RDWR);
  errno = by_interruption ? EINTR : why;
  return true;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

// The n-th call from now on fails; 0: none. `interrupted`: by a signal, and only those are counted
// that a signal can interrupt.
void hwlab_test_fail_call(long nth, int interrupted) {
  has_failed = false;
  by_interruption = interrupted != 0;
  countdown = nth;
}
// Whether it has.
int hwlab_test_call_failed() {
  return has_failed ? 1 : 0;
}

#define HWLAB_EXPORT __attribute__((visibility("default")))

HWLAB_EXPORT int socket(int domain, int type, int protocol) noexcept {
  return must_fail(EMFILE, By::lack) ? -1
                                     : next<decltype(socket)>("socket")(domain, type, protocol);
}

HWLAB_EXPORT int connect(int fd, const sockaddr* address, socklen_t size) {
  return must_fail(ECONNREFUSED, By::lack) ? -1
                                           : next<decltype(connect)>("connect")(fd, address, size);
}

HWLAB_EXPORT int poll(pollfd* entries, nfds_t count, int timeout) {
  return must_fail(ENOMEM, By::interruption_too)
             ? -1
             : next<decltype(poll)>("poll")(entries, count, timeout);
}

HWLAB_EXPORT ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  return must_lose(fd, EPIPE) ? -1 : next<decltype(send)>("send")(fd, bytes, size, flags);
}

HWLAB_EXPORT ssize_t recv(int fd, void* bytes, size_t size, int flags) {
  return must_lose(fd, ECONNRESET) ? -1 : next<decltype(recv)>("recv")(fd, bytes, size, flags);
}

HWLAB_EXPORT int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
  return must_fail(ENOMEM, By::lack)
             ? -1
             : next<decltype(getsockopt)>("getsockopt")(fd, level, name, value, size);
}

HWLAB_EXPORT int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return must_fail(EMFILE, By::lack) ? -1 : next<decltype(fcntl)>("fcntl")(fd, command, argument);
}

HWLAB_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                void* (*body)(void*), void* argument) noexcept {
  // This one gives the error itself.
  return must_fail(EAGAIN, By::lack)
             ? EAGAIN
             : next<decltype(pthread_create)>("pthread_create")(thread, attributes, body, argument);
}

}  // extern "C"
