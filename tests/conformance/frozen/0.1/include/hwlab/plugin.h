/* SPDX-License-Identifier: MIT
 *
 * hwlab/plugin.h - the contract between a daemon (the host) and any plugin of this family.
 *
 * C11, LP64; readable from C, C++11 and later, cgo, ctypes/cffi and bindgen. This header is the
 * documentation of the contract; what a family of hooks means is said in the family's own header,
 * for conversations <hwlab/conversation_store.h>. How the contract grows, and how its promises are
 * proved: docs/abi.md.
 *
 * RULES, which hold for everything declared here and in the family headers
 *
 * 1. Growth. Every struct but the frozen ones (hwlab_text, hwlab_result) starts with
 *    `uint32_t struct_size`, which the side that fills the struct sets to its own sizeof; a result
 *    has it in its head. Structs gain members only at their end, have no padding, are passed by
 *    pointer, and never stand by value in an array (arrays are arrays of pointers). A reader uses
 *    only what struct_size covers; a member that is not covered reads as zero, and zero always
 *    means "default". A request that is longer than its reader knows is refused with HWLAB_TOO_NEW
 *    unless its surplus is all zero: an option that is dropped silently is a bug that nobody sees.
 *    The same goes for a request's `reserved` members. So set a request to zero before you fill it.
 *    A longer table of functions is fine, and so are a longer hwlab_host and hwlab_plugin.
 *    HWLAB_HAS tells whether a member is present and callable; the functions of <hwlab/calls.h> ask
 *    it before each call.
 * 2. Versions. The major version is in the name of the entry symbol (hwlab_plugin_v1) and in the
 *    ids of hook families ("hwlab.conversation_store/1"). The minor rises with every addition. A
 *    changed promise about threads, life time or blocking is a new major.
 * 3. Text is pointer and size, UTF-8, not terminated by a NUL, and borrowed for the duration of the
 *    call. Null data is "absent", non-null data of size 0 is "empty". U+0000 and invalid UTF-8 are
 *    refused (HWLAB_INVALID) before anything is sent anywhere. Only names that programs choose (of
 *    a host, a plugin, a family, an extension) are `const char*` and end with a NUL. Ids cross as
 *    canonical UUID text (36 characters, lower case when given out). Times are int64_t microseconds
 *    since 1970-01-01T00:00:00Z. Durations carry their unit in their name.
 * 4. Memory. Each side frees only what it allocated. An error owns nothing. A result is the
 *    caller's struct filled with the plugin's memory; it carries its own release callback, see
 *    hwlab_result.
 * 5. Threads. [any]: any number of threads at once. [loader]: one thread at a time for one
 *    instance. [constant]: data that never changes while the library is mapped. A plugin calls the
 *    host (log) holding no lock that a hook could wait for, so a host may hold its own locks around
 *    either.
 * 6. Process. No exception and no longjmp crosses the contract in either direction. A plugin
 *    changes no signal handler, locale, working directory or environment variable; its own threads
 *    block all signals. After fork() the child must not use an instance of its parent: it gets
 *    HWLAB_STOPPED.
 * 7. Mapping. A host opens a plugin by absolute path, with RTLD_NOW and RTLD_LOCAL. unload() stops
 *    everything that an instance started; the code itself stays mapped until the process ends,
 *    since exit handlers and thread-local destructors of the libraries behind a plugin may still
 *    run.
 *
 * HWLAB_BINDGEN, when it is defined, leaves nothing but declarations and constants: no #include of
 * the standard library, no inline function, no macro with arguments. It is for parsers that know
 * size_t and the types of <stdint.h> by themselves, as cffi does; what is a compiler itself (cgo,
 * Rust's bindgen) does not need it.
 */
#ifndef HWLAB_PLUGIN_H
#define HWLAB_PLUGIN_H

#ifndef HWLAB_BINDGEN
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. */
#define HWLAB_ABI_MAJOR 1
#define HWLAB_ABI_MINOR 0

/* First bytes of every plugin descriptor ("HWLP", little endian). */
#define HWLAB_PLUGIN_MAGIC 0x504c5748u

/* ---- text ---------------------------------------------------------------------------------- */

/* Frozen: will never change. See rule 3. */
typedef struct hwlab_text {
  const char* data;
  size_t size; /* bytes */
} hwlab_text;

/* ---- status -------------------------------------------------------------------------------- */

/* What a call came to. A value that the caller does not know is to be treated as HWLAB_INTERNAL. */
typedef int32_t hwlab_status;

#define HWLAB_OK 0
#define HWLAB_INVALID 1     /* the request breaks a rule: mend the call */
#define HWLAB_NOT_FOUND 2   /* the conversation (or what the id names) does not exist */
#define HWLAB_CONFLICT 3    /* something else stands there: other content, another last seq */
#define HWLAB_UNSUPPORTED 4 /* this plugin does not have that function or option */
#define HWLAB_TOO_NEW 5     /* a request has members that this plugin does not know */
#define HWLAB_UNAVAILABLE 6 /* no connection to the database by the deadline; nothing was sent */
#define HWLAB_OVERLOADED 7  /* too much is waiting already; nothing was sent: back off */
#define HWLAB_TIMEOUT 8     /* the deadline passed; see HWLAB_MAYBE_APPLIED */
#define HWLAB_PERMISSION 9  /* the database refuses the login or the right */
#define HWLAB_STOPPED 10    /* the instance is being unloaded, or belongs to the parent process */
#define HWLAB_CONFIG 11     /* the configuration, or the database's schema, must be mended first */
#define HWLAB_NO_MEMORY 12
#define HWLAB_INTERNAL 13 /* a defect in the plugin or in the stored data; see the message */

/* hwlab_error.flags. MAYBE_APPLIED: repeat the call with the same ids, and it is stored once. The
 * result is given too, and holds the ids. */
#define HWLAB_RETRYABLE 1u     /* the same call may succeed later */
#define HWLAB_MAYBE_APPLIED 2u /* a write was sent and its outcome is not known */

/* Why a call failed. The caller owns the struct, sets struct_size (the rest need not be
 * initialised), and may pass NULL where it does not care. It is written on every return: status
 * HWLAB_OK and an empty message on success. The struct owns no memory and can be copied. The
 * message is one sentence for an operator, in English, without secrets and without text of users.
 * Its 512 bytes are frozen, too. */
typedef struct hwlab_error {
  uint32_t struct_size;
  hwlab_status status;
  uint32_t flags;
  uint32_t retry_after_ms; /* a hint beside HWLAB_RETRYABLE; 0: none */
  int64_t actual_seq; /* beside HWLAB_CONFLICT of an expected_seq: the last seq there is; else 0 */
  char sqlstate[8];   /* five characters and NULs when a database said no, else empty */
  char message[480];  /* terminated by a NUL; cut between characters when it is too long */
} hwlab_error;

/* ---- calls and results --------------------------------------------------------------------- */

/* How a call is to be made. NULL or zero members: the defaults of the plugin's configuration. */
typedef struct hwlab_call {
  uint32_t struct_size;
  uint32_t timeout_ms; /* covers everything: queue, pool, connect, retries, query, commit */
} hwlab_call;

/* hwlab_result.flags */
#define HWLAB_EXISTED 1u /* an identical earlier write was found; nothing new was stored */

/* Frozen: the first member of every result.
 *
 * Before a call the caller sets struct_size to the sizeof of its whole result struct; the rest need
 * not be initialised. The call writes every member that struct_size covers, whatever its status.
 *
 * A result holds memory of the plugin exactly when `release` is not NULL: when the status is
 * HWLAB_OK, and beside HWLAB_MAYBE_APPLIED. The caller then calls release(&result.head) once, which
 * frees everything that the result points to and sets release to NULL. [any]: also on a thread that
 * never called the plugin, and after the instance is unloaded. A result may be moved by copying its
 * bytes, as long as only one copy is released. */
typedef struct hwlab_result {
  uint32_t struct_size;
  uint32_t flags;
  void (*release)(struct hwlab_result* result);
  void* owner; /* the plugin's; not for the caller */
} hwlab_result;

/* ---- what the host offers ------------------------------------------------------------------ */

/* Levels of hwlab_host.log, as in spdlog. */
#define HWLAB_LOG_TRACE 0
#define HWLAB_LOG_DEBUG 1
#define HWLAB_LOG_INFO 2
#define HWLAB_LOG_WARN 3
#define HWLAB_LOG_ERROR 4
#define HWLAB_LOG_CRITICAL 5

/* Valid, with everything it points to, from the start of load() to the end of unload(). */
typedef struct hwlab_host {
  uint32_t struct_size;
  uint32_t abi_minor; /* HWLAB_ABI_MINOR of the header that the host was compiled with */
  void* ctx;          /* handed back as the first argument of each callback */
  const char* name;   /* of the host program, for logs and for the database's list of sessions */

  /* The plugin's own section of the host's configuration as YAML text, and where it stands, for
   * messages: "hwlab.yaml:12" when the text is the source unchanged and starts on line 12, or
   * "hwlab.yaml" when it was written anew and its lines mean nothing to a reader. */
  hwlab_text config;
  hwlab_text config_origin;

  /* One line for the host's log, without a line end. May be NULL: no log. [any], also from threads
   * of the plugin, until unload() has returned. `line` is borrowed. It should not block for long:
   * the call that logs waits for it. */
  void (*log)(void* ctx, int32_t level, const hwlab_text* line);

  /* Offers a table of hooks to the host, which calls them with `self` once load() has returned
   * HWLAB_OK, and no longer once it has called unload(). `family` says which type `table` points
   * to. Called by the plugin from within load(), on its thread. Refusing (another plugin has the
   * family already) fails the load. */
  hwlab_status (*register_hooks)(void* ctx, const char* family, const void* table, void* self,
                                 hwlab_error* error);

  /* [any] Extensions that a host may offer, by id; NULL: unknown. The member may be NULL too. */
  const void* (*get_extension)(void* ctx, const char* id);
} hwlab_host;

/* ---- what the plugin offers ---------------------------------------------------------------- */

/* Constant data: a host reads it, and can refuse the plugin, before any code of the plugin runs. */
typedef struct hwlab_plugin {
  uint32_t struct_size;
  uint32_t magic;          /* HWLAB_PLUGIN_MAGIC */
  uint32_t abi_minor;      /* of the header that the plugin was compiled with */
  uint32_t min_host_minor; /* a host of a lower minor cannot use this plugin */
  const char* name;        /* "conversations" */
  const char* version;     /* "0.1.0" */
  const char* description; /* one line */
  /* JSON Schema of the section, so that a host can check and document it; NULL: none. */
  const char* config_schema;

  /* [loader] Reads the configuration, prepares the instance and registers its hooks. On HWLAB_OK
   * `*instance` is set; on any other status it is NULL, nothing is left running, and hooks that
   * were registered are void. Blocks as the configuration says (for the conversation plugin: until
   * the server has answered or connect_timeout has passed under `startup: verify`, not at all under
   * `lazy`). Several instances may live in one process. */
  hwlab_status (*load)(const hwlab_host* host, void** instance, hwlab_error* error);

  /* [loader] Ends an instance. The host lets no new call begin before it calls this; one that is on
   * its way in all the same gets HWLAB_STOPPED. Calls that run may finish for grace_ms milliseconds
   * and are cut off then. Returns when no thread is inside the plugin any more on behalf of this
   * instance, which is then gone, whatever the status: `instance` and `self` are dangling pointers
   * from here on. Results that were given out stay valid. */
  hwlab_status (*unload)(void* instance, uint32_t grace_ms, hwlab_error* error);

  /* [any] Extensions of an instance, by id ("hwlab.maintenance/1", <hwlab/maintenance.h>): a table
   * of functions whose first argument is the instance. NULL: unknown. */
  const void* (*get_extension)(void* instance, const char* id);
} hwlab_plugin;

/* The name of the one symbol that a plugin exports, of type `const hwlab_plugin`. */
#define HWLAB_PLUGIN_SYMBOL "hwlab_plugin_v1"
extern const hwlab_plugin hwlab_plugin_v1;

/* ---- small helpers, hidden from binding generators ------------------------------------------- */

#ifndef HWLAB_BINDGEN
/* Whether the struct behind `pointer` is long enough for `member`, and the member is not null. */
#define HWLAB_HAS(pointer, type, member)                                           \
  ((pointer)->struct_size >= offsetof(type, member) + sizeof((pointer)->member) && \
   (pointer)->member)
#endif

#ifdef __cplusplus
}
#endif

#endif /* HWLAB_PLUGIN_H */
