/* A slow disk: preloaded into the server, makes each fsync and fdatasync take BENCH_FSYNC_US
 * microseconds longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_function)(int);

static void pause_for_the_disk(void) {
  const char* text = getenv("BENCH_FSYNC_US");
  const long microseconds = text != NULL ? atol(text) : 0;
  struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

static int slow(const char* name, int file) {
  sync_function real;
  *(void**)&real = dlsym(RTLD_NEXT, name); /* as the manual page of dlsym does it */
  pause_for_the_disk();
  return real(file);
}

__attribute__((visibility("default"))) int fsync(int file) {
  return slow("fsync", file);
}

__attribute__((visibility("default"))) int fdatasync(int file) {
  return slow("fdatasync", file);
}
