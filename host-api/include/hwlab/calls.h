/* SPDX-License-Identifier: MIT
 *
 * hwlab/calls.h - the calls of the contract as functions, for hosts in C and for languages whose
 * bindings can call a C function but not a function pointer (cgo).
 *
 *   hwlab_store_hooks hooks = {0};
 *   host.ctx = &hooks;
 *   host.register_hooks = hwlab_take_store_hooks;   // then load
 *   hwlab_add_message(&hooks, NULL, &request, &result, &error);
 *   hwlab_release(&result.head);
 *
 * Each function makes one call and promises what the member of the same name in <hwlab/plugin.h>,
 * <hwlab/conversation_store.h> or <hwlab/maintenance.h> promises: owners, blocking and threads are
 * the same. Beyond that it looks whether the plugin has that function; one that it does not have
 * (the table is NULL or of an earlier version) is HWLAB_UNSUPPORTED, with an error and an empty
 * result.
 *
 * Everything here is static inline and no part of the ABI. Parsers of HWLAB_BINDGEN see nothing.
 */
#ifndef HWLAB_CALLS_H
#define HWLAB_CALLS_H

#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>
#include <hwlab/plugin.h>

#ifndef HWLAB_BINDGEN

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- small things --------------------------------------------------------------------------- */

/* A text that ends with a NUL, borrowed; NULL is absent. */
static inline hwlab_text hwlab_text_of(const char* string) {
  hwlab_text text;
  text.data = string;
  text.size = string ? strlen(string) : 0;
  return text;
}

/* "NOT_FOUND"; a status that is not known is "INTERNAL". */
static inline const char* hwlab_status_name(hwlab_status status) {
  switch (status) {
    case HWLAB_OK:
      return "OK";
    case HWLAB_INVALID:
      return "INVALID";
    case HWLAB_NOT_FOUND:
      return "NOT_FOUND";
    case HWLAB_CONFLICT:
      return "CONFLICT";
    case HWLAB_UNSUPPORTED:
      return "UNSUPPORTED";
    case HWLAB_TOO_NEW:
      return "TOO_NEW";
    case HWLAB_UNAVAILABLE:
      return "UNAVAILABLE";
    case HWLAB_OVERLOADED:
      return "OVERLOADED";
    case HWLAB_TIMEOUT:
      return "TIMEOUT";
    case HWLAB_PERMISSION:
      return "PERMISSION";
    case HWLAB_STOPPED:
      return "STOPPED";
    case HWLAB_CONFIG:
      return "CONFIG";
    case HWLAB_NO_MEMORY:
      return "NO_MEMORY";
    default:
      return "INTERNAL";
  }
}

/* Frees what a result holds of the plugin's memory. Nothing happens when it holds none, so it may
 * follow every call, whatever its status. [any] */
static inline void hwlab_release(hwlab_result* result) {
  if (result && result->release) {
    result->release(result);
    result->release = NULL;
  }
}

/* Fills error and result as a call does that fails with `status`, and returns it. `result` is NULL
 * or a struct that begins with a hwlab_result; `error` may be NULL. */
static inline hwlab_status hwlab_refuse(hwlab_status status, const char* message, void* result,
                                        hwlab_error* error) {
  uint32_t size = 0;
  if (result) {
    memcpy(&size, result, sizeof size);
    memset(result, 0, size);
    memcpy(result, &size, sizeof size);
  }
  if (error && error->struct_size >= sizeof size) {
    const size_t begin = offsetof(hwlab_error, message);
    const size_t covered = error->struct_size < sizeof *error ? error->struct_size : sizeof *error;
    const size_t room = covered > begin ? covered - begin : 0;
    size_t length = strlen(message);
    hwlab_error filled;
    memset(&filled, 0, sizeof filled);
    filled.struct_size = error->struct_size;
    filled.status = status;
    if (length >= room) { /* cut between characters, with room for the NUL */
      length = room > 0 ? room - 1 : 0;
      while (length > 0 && (message[length] & 0xC0) == 0x80)
        --length;
    }
    memcpy(filled.message, message, length);
    memcpy(error, &filled, covered);
  }
  return status;
}

/* ---- the plugin ----------------------------------------------------------------------------- */

/* Whether this host can use the plugin that dlsym() found under HWLAB_PLUGIN_SYMBOL (NULL: it found
 * none). Anything but HWLAB_OK says why not, and then nothing of the plugin may be called. */
static inline hwlab_status hwlab_check_plugin(const hwlab_plugin* plugin, hwlab_error* error) {
  if (!plugin || plugin->struct_size < offsetof(hwlab_plugin, magic) + sizeof plugin->magic ||
      plugin->magic != HWLAB_PLUGIN_MAGIC)
    return hwlab_refuse(HWLAB_CONFIG, "the library is no plugin of this family", NULL, error);
  if (!HWLAB_HAS(plugin, hwlab_plugin, name) || !HWLAB_HAS(plugin, hwlab_plugin, version) ||
      !HWLAB_HAS(plugin, hwlab_plugin, load) || !HWLAB_HAS(plugin, hwlab_plugin, unload))
    return hwlab_refuse(HWLAB_CONFIG, "the plugin's descriptor is not whole", NULL, error);
  if (plugin->min_host_minor > HWLAB_ABI_MINOR)
    return hwlab_refuse(HWLAB_CONFIG, "the plugin needs a later host", NULL, error);
  return HWLAB_OK;
}

/* [loader] */
static inline hwlab_status hwlab_load(const hwlab_plugin* plugin, const hwlab_host* host,
                                      void** instance, hwlab_error* error) {
  return plugin->load(host, instance, error);
}

/* [loader] No other call of this instance may begin from now on. */
static inline hwlab_status hwlab_unload(const hwlab_plugin* plugin, void* instance,
                                        uint32_t grace_ms, hwlab_error* error) {
  return plugin->unload(instance, grace_ms, error);
}

/* [any] NULL: the plugin does not have it. */
static inline const void* hwlab_get_extension(const hwlab_plugin* plugin, void* instance,
                                              const char* id) {
  return HWLAB_HAS(plugin, hwlab_plugin, get_extension) ? plugin->get_extension(instance, id)
                                                        : NULL;
}

/* ---- the hooks of conversations ------------------------------------------------------------- */

/* What a plugin registered: the table and the first argument of its hooks. Zero until then. */
typedef struct hwlab_store_hooks {
  const hwlab_conversation_store* table;
  void* self;
} hwlab_store_hooks;

/* A hwlab_host.register_hooks for hosts that want nothing but conversations: keeps them in the
 * hwlab_store_hooks that `ctx` points to, or that the struct behind `ctx` begins with. After
 * load(), a table that is still NULL tells that the plugin keeps no conversations. */
static inline hwlab_status hwlab_take_store_hooks(void* ctx, const char* family, const void* table,
                                                  void* self, hwlab_error* error) {
  hwlab_store_hooks hooks;
  if (strcmp(family, HWLAB_CONVERSATION_STORE) != 0)
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this host wants hooks for conversations only", NULL,
                        error);
  if (!table)
    return hwlab_refuse(HWLAB_INVALID, "hooks need a table", NULL, error);
  memcpy(&hooks, ctx, sizeof hooks);
  if (hooks.table)
    return hwlab_refuse(HWLAB_CONFLICT, "another plugin keeps the conversations", NULL, error);
  memcpy(&hooks.table, &table, sizeof table);
  hooks.self = self;
  memcpy(ctx, &hooks, sizeof hooks);
  return HWLAB_OK;
}

/* [any] */
static inline hwlab_status hwlab_create_conversation(
    const hwlab_store_hooks* hooks, const hwlab_call* call,
    const hwlab_create_conversation_request* request, hwlab_create_conversation_result* result,
    hwlab_error* error) {
  if (!hooks->table || !HWLAB_HAS(hooks->table, hwlab_conversation_store, create_conversation))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no create_conversation", result, error);
  return hooks->table->create_conversation(hooks->self, call, request, result, error);
}

static inline hwlab_status hwlab_add_message(const hwlab_store_hooks* hooks, const hwlab_call* call,
                                             const hwlab_add_message_request* request,
                                             hwlab_add_message_result* result, hwlab_error* error) {
  if (!hooks->table || !HWLAB_HAS(hooks->table, hwlab_conversation_store, add_message))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no add_message", result, error);
  return hooks->table->add_message(hooks->self, call, request, result, error);
}

static inline hwlab_status hwlab_append_messages(const hwlab_store_hooks* hooks,
                                                 const hwlab_call* call,
                                                 const hwlab_append_messages_request* request,
                                                 hwlab_append_messages_result* result,
                                                 hwlab_error* error) {
  if (!hooks->table || !HWLAB_HAS(hooks->table, hwlab_conversation_store, append_messages))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no append_messages", result, error);
  return hooks->table->append_messages(hooks->self, call, request, result, error);
}

static inline hwlab_status hwlab_get_conversation(const hwlab_store_hooks* hooks,
                                                  const hwlab_call* call,
                                                  const hwlab_get_conversation_request* request,
                                                  hwlab_get_conversation_result* result,
                                                  hwlab_error* error) {
  if (!hooks->table || !HWLAB_HAS(hooks->table, hwlab_conversation_store, get_conversation))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no get_conversation", result, error);
  return hooks->table->get_conversation(hooks->self, call, request, result, error);
}

static inline hwlab_status hwlab_list_conversations(const hwlab_store_hooks* hooks,
                                                    const hwlab_call* call,
                                                    const hwlab_list_conversations_request* request,
                                                    hwlab_list_conversations_result* result,
                                                    hwlab_error* error) {
  if (!hooks->table || !HWLAB_HAS(hooks->table, hwlab_conversation_store, list_conversations))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no list_conversations", result, error);
  return hooks->table->list_conversations(hooks->self, call, request, result, error);
}

/* ---- maintenance ---------------------------------------------------------------------------- */

/* [any] NULL: the plugin has none; the calls below may be made all the same. */
static inline const hwlab_maintenance* hwlab_maintenance_of(const hwlab_plugin* plugin,
                                                            void* instance) {
  const void* const found = hwlab_get_extension(plugin, instance, HWLAB_MAINTENANCE);
  const hwlab_maintenance* table;
  memcpy(&table, &found, sizeof table);
  return table;
}

/* [any] */
static inline hwlab_status hwlab_report(const hwlab_maintenance* table, void* instance,
                                        const hwlab_call* call, const hwlab_report_request* request,
                                        hwlab_report_result* result, hwlab_error* error) {
  if (!table || !HWLAB_HAS(table, hwlab_maintenance, report))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no report", result, error);
  return table->report(instance, call, request, result, error);
}

static inline hwlab_status hwlab_migrate(const hwlab_maintenance* table, void* instance,
                                         const hwlab_call* call,
                                         const hwlab_migrate_request* request,
                                         hwlab_migrate_result* result, hwlab_error* error) {
  if (!table || !HWLAB_HAS(table, hwlab_maintenance, migrate))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no migrate", result, error);
  return table->migrate(instance, call, request, result, error);
}

static inline hwlab_status hwlab_repair(const hwlab_maintenance* table, void* instance,
                                        const hwlab_call* call, const hwlab_repair_request* request,
                                        hwlab_repair_result* result, hwlab_error* error) {
  if (!table || !HWLAB_HAS(table, hwlab_maintenance, repair))
    return hwlab_refuse(HWLAB_UNSUPPORTED, "this plugin has no repair", result, error);
  return table->repair(instance, call, request, result, error);
}

#ifdef __cplusplus
}
#endif

#endif /* HWLAB_BINDGEN */

#endif /* HWLAB_CALLS_H */
