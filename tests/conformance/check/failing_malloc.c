/* Preloaded by hwlab-plugin-check, and part of lack_test: lets the n-th allocation fail. Beside
 * malloc() it stands for operator new, which calls it. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

/* The C library's own, of which the usual names are aliases. */
extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

static _Thread_local long countdown __attribute__((tls_model("initial-exec")));
static _Thread_local int has_failed __attribute__((tls_model("initial-exec")));

/* The n-th allocation of this thread from now on fails; 0: none. */
__attribute__((visibility("default"))) void hwlab_check_fail_here(long nth) {
  countdown = nth;
  has_failed = 0;
}
/* Whether it has. */
__attribute__((visibility("default"))) int hwlab_check_failed_here(void) {
  return has_failed;
}

static atomic_long countdown_anywhere;
static atomic_int has_failed_anywhere;

/* The same, counted over all threads of the process. */
__attribute__((visibility("default"))) void hwlab_check_fail_anywhere(long nth) {
  atomic_store(&countdown_anywhere, nth);
  atomic_store(&has_failed_anywhere, 0);
}
__attribute__((visibility("default"))) int hwlab_check_failed_anywhere(void) {
  return atomic_load(&has_failed_anywhere);
}

static int must_fail(void) {
  if (countdown > 0 && --countdown == 0) {
    has_failed = 1;
    errno = ENOMEM;
    return 1;
  }
  if (atomic_load_explicit(&countdown_anywhere, memory_order_relaxed) > 0 &&
      atomic_fetch_sub(&countdown_anywhere, 1) == 1) {
    atomic_store(&has_failed_anywhere, 1);
    errno = ENOMEM;
    return 1;
  }
  return 0;
}

__attribute__((visibility("default"))) void* malloc(size_t size) {
  return must_fail() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void* calloc(size_t count, size_t size) {
  return must_fail() ? NULL : __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void* realloc(void* old, size_t size) {
  return must_fail() ? NULL : __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void* memalign(size_t alignment, size_t size) {
  return must_fail() ? NULL : __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t size) {
  return must_fail() ? NULL : __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) int posix_memalign(void** place, size_t alignment,
                                                          size_t size) {
  if (must_fail())
    return ENOMEM;
  void* const made = __libc_memalign(alignment, size);
  if (made == NULL)
    return ENOMEM;
  *place = made;
  return 0;
}
