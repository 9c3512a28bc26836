/* A plugin in C that keeps conversations in memory. Compiled from the headers of each frozen
 * version and from grown ones, and run under hosts of each. It keeps the rules of growth in the
 * simplest way that there is. */
#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>
#include <hwlab/plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 }; /* conversations, and messages of each */

typedef struct Kept {
  char id[37], model[32], role[MOST][16], content[MOST][64], message_id[MOST][37];
  int count;
} Kept;

typedef struct Store {
  pthread_mutex_t mutex;
  Kept kept[MOST];
  int count, ids;
} Store;

/* ---- the two sides' structs ---- */

/* Reads what `size` covers of a request; the rest is zero. 0: it has members that are not known. */
static int read_request(void* into, size_t known, const void* from) {
  uint32_t size;
  memcpy(&size, from, sizeof size);
  memset(into, 0, known);
  memcpy(into, from, size < known ? size : known);
  for (size_t i = known; i < size; ++i)
    if (((const unsigned char*)from)[i])
      return 0;
  return 1;
}

static void release(hwlab_result* result) {
  free(result->owner);
  result->release = NULL;
}

/* Writes what the caller's struct has room for. `owner` becomes the caller's to release. */
static hwlab_status give(void* into, void* from, size_t known, void* owner) {
  hwlab_result* const head = from;
  uint32_t size;
  memcpy(&size, into, sizeof size);
  head->struct_size = size;
  head->release = release;
  head->owner = owner;
  memset(into, 0, size);
  memcpy(into, from, size < known ? size : known);
  return HWLAB_OK;
}

static hwlab_status fail(void* result, hwlab_error* error, hwlab_status status) {
  uint32_t size;
  memcpy(&size, result, sizeof size);
  memset(result, 0, size);
  memcpy(result, &size, sizeof size);
  if (error) {
    size = error->struct_size;
    memset(error, 0, size < sizeof *error ? size : sizeof *error);
    error->struct_size = size;
    error->status = status;
    snprintf(error->message, sizeof error->message, "status %d", (int)status);
  }
  return status;
}

static hwlab_text text(const char* from) {
  const hwlab_text made = {from, strlen(from)};
  return made;
}

static void keep(char* into, size_t room, hwlab_text from) {
  snprintf(into, room, "%.*s", (int)from.size, from.data ? from.data : "");
}

static Kept* find(Store* store, hwlab_text id) {
  for (int i = 0; i < store->count; ++i)
    if (id.size == 36 && memcmp(store->kept[i].id, id.data, 36) == 0)
      return &store->kept[i];
  return NULL;
}

static void keep_id(Store* store, char* into, hwlab_text id) {
  keep(into, 37, id);
  if (!id.data)
    snprintf(into, 37, "00000000-0000-4000-8000-%012d", ++store->ids);
}

/* ---- hooks ---- */

static hwlab_status create_conversation(void* self, const hwlab_call* call,
                                        const hwlab_create_conversation_request* from,
                                        hwlab_create_conversation_result* into,
                                        hwlab_error* error) {
  Store* const store = self;
  hwlab_create_conversation_request request;
  hwlab_create_conversation_result result = {.started_at_us = 1};
  (void)call;
  if (!read_request(&request, sizeof request, from) || request.reserved)
    return fail(into, error, HWLAB_TOO_NEW);
  pthread_mutex_lock(&store->mutex);
  Kept* kept = find(store, request.id);
  if (kept) {
    result.head.flags = HWLAB_EXISTED;
  } else {
    kept = &store->kept[store->count++];
    keep_id(store, kept->id, request.id);
    keep(kept->model, sizeof kept->model, request.model);
  }
  char* const copy = strdup(kept->id);
  pthread_mutex_unlock(&store->mutex);
  result.id = text(copy);
  return give(into, &result, sizeof result, copy);
}

/* The message's place, from 0; or what is wrong, as a negative status. */
static int append(Kept* kept, Store* store, const hwlab_new_message* from) {
  hwlab_new_message message;
  if (!read_request(&message, sizeof message, from) || message.reserved)
    return -HWLAB_TOO_NEW;
  for (int i = 0; i < kept->count; ++i)
    if (message.id.size == 36 && memcmp(kept->message_id[i], message.id.data, 36) == 0)
      return i;
  keep_id(store, kept->message_id[kept->count], message.id);
  keep(kept->role[kept->count], sizeof kept->role[0], message.role);
  keep(kept->content[kept->count], sizeof kept->content[0], message.content);
  return kept->count++;
}

static hwlab_status add_message(void* self, const hwlab_call* call,
                                const hwlab_add_message_request* from,
                                hwlab_add_message_result* into, hwlab_error* error) {
  Store* const store = self;
  hwlab_add_message_request request;
  hwlab_add_message_result result = {.created_at_us = 1};
  (void)call;
  if (!read_request(&request, sizeof request, from) || request.reserved)
    return fail(into, error, HWLAB_TOO_NEW);
  pthread_mutex_lock(&store->mutex);
  Kept* const kept = find(store, request.conversation_id);
  const int before = kept ? kept->count : 0;
  const int place = kept ? append(kept, store, request.message) : -HWLAB_NOT_FOUND;
  const int64_t expected = request.expected_seq == HWLAB_EXPECT_EMPTY ? 0 : request.expected_seq;
  if (place == before && request.expected_seq != 0 && expected != before) {
    --kept->count;
    pthread_mutex_unlock(&store->mutex);
    fail(into, error, HWLAB_CONFLICT);
    if (error && error->struct_size >= sizeof *error)
      error->actual_seq = before;
    return HWLAB_CONFLICT;
  }
  char* const copy = place < 0 ? NULL : strdup(kept->message_id[place]);
  pthread_mutex_unlock(&store->mutex);
  if (place < 0)
    return fail(into, error, -place);
  result.head.flags = place < before ? HWLAB_EXISTED : 0;
  result.id = text(copy);
  result.seq = place + 1;
#ifdef HWLAB_GROWN
  result.grown_number = (int64_t)request.grown_tag.size;
#endif
  return give(into, &result, sizeof result, copy);
}

/* What results point to, in one piece. */
typedef struct Block {
  Kept kept;
  hwlab_conversation conversation;
  hwlab_message messages[MOST];
  hwlab_appended appended[MOST];
  const hwlab_message* message_pointers[MOST];
  const hwlab_appended* appended_pointers[MOST];
  const hwlab_conversation* conversation_pointer;
} Block;

static Block* new_block(const Kept* kept) {
  Block* const block = calloc(1, sizeof *block);
  block->kept = *kept;
  kept = &block->kept;
  block->conversation_pointer = &block->conversation;
  block->conversation.struct_size = sizeof block->conversation;
  block->conversation.id = text(kept->id);
  block->conversation.model = text(kept->model);
  block->conversation.message_count = block->conversation.last_seq = kept->count;
  for (int i = 0; i < kept->count; ++i) {
    hwlab_message* const message = &block->messages[i];
    block->message_pointers[i] = message;
    message->struct_size = sizeof *message;
    message->id = text(kept->message_id[i]);
    message->role = text(kept->role[i]);
    message->content = text(kept->content[i]);
    message->seq = i + 1;
    hwlab_appended* const appended = &block->appended[i];
    block->appended_pointers[i] = appended;
    appended->struct_size = sizeof *appended;
    appended->id = message->id;
    appended->seq = i + 1;
  }
  return block;
}

static hwlab_status append_messages(void* self, const hwlab_call* call,
                                    const hwlab_append_messages_request* from,
                                    hwlab_append_messages_result* into, hwlab_error* error) {
  Store* const store = self;
  hwlab_append_messages_request request;
  hwlab_append_messages_result result = {0};
  (void)call;
  if (!read_request(&request, sizeof request, from) || request.reserved)
    return fail(into, error, HWLAB_TOO_NEW);
  pthread_mutex_lock(&store->mutex);
  Kept* const kept = find(store, request.conversation_id);
  Block* block = NULL;
  hwlab_status status = kept ? HWLAB_OK : HWLAB_NOT_FOUND;
  const int before = kept ? kept->count : 0;
  for (size_t i = 0; status == HWLAB_OK && i < request.message_count; ++i) {
    const int place = append(kept, store, request.messages[i]);
    status = place < 0 ? -place : HWLAB_OK;
  }
  if (status == HWLAB_OK)
    block = new_block(kept);
  pthread_mutex_unlock(&store->mutex);
  if (status != HWLAB_OK)
    return fail(into, error, status);
  result.messages = block->appended_pointers + before;
  result.message_count = request.message_count;
  return give(into, &result, sizeof result, block);
}

static hwlab_status get_conversation(void* self, const hwlab_call* call,
                                     const hwlab_get_conversation_request* from,
                                     hwlab_get_conversation_result* into, hwlab_error* error) {
  Store* const store = self;
  hwlab_get_conversation_request request;
  hwlab_get_conversation_result result = {0};
  (void)call;
  if (!read_request(&request, sizeof request, from) || request.reserved)
    return fail(into, error, HWLAB_TOO_NEW);
  pthread_mutex_lock(&store->mutex);
  const Kept* const kept = find(store, request.id);
  Block* const block = kept ? new_block(kept) : NULL;
  pthread_mutex_unlock(&store->mutex);
  if (!block)
    return fail(into, error, HWLAB_NOT_FOUND);
  result.conversation = &block->conversation;
  result.messages = block->message_pointers;
  result.message_count = (size_t)block->kept.count;
  return give(into, &result, sizeof result, block);
}

static hwlab_status list_conversations(void* self, const hwlab_call* call,
                                       const hwlab_list_conversations_request* from,
                                       hwlab_list_conversations_result* into, hwlab_error* error) {
  Store* const store = self;
  hwlab_list_conversations_request request;
  hwlab_list_conversations_result result = {0};
  (void)call;
  if (!read_request(&request, sizeof request, from) || request.reserved)
    return fail(into, error, HWLAB_TOO_NEW);
  pthread_mutex_lock(&store->mutex);
  Block* const block = new_block(&store->kept[store->count ? store->count - 1 : 0]);
  result.conversation_count = store->count ? 1 : 0;
  pthread_mutex_unlock(&store->mutex);
  result.conversations = &block->conversation_pointer;
  return give(into, &result, sizeof result, block);
}

static const hwlab_conversation_store table = {
    .struct_size = sizeof table,
    .abi_minor = HWLAB_ABI_MINOR,
    .create_conversation = create_conversation,
    .add_message = add_message,
    .append_messages = append_messages,
    .get_conversation = get_conversation,
    .list_conversations = list_conversations,
};

/* ---- maintenance ---- */

static hwlab_status report(void* instance, const hwlab_call* call, const hwlab_report_request* from,
                           hwlab_report_result* into, hwlab_error* error) {
  static const hwlab_check memory = {
      .struct_size = sizeof memory, .name = {"memory", 6}, .value = {"there is some", 13}};
  static const hwlab_check* const checks[] = {&memory};
  hwlab_report_result result = {.checks = checks, .check_count = 1};
  (void)instance, (void)call, (void)from, (void)error;
  return give(into, &result, sizeof result, NULL);
}

static hwlab_status migrate(void* instance, const hwlab_call* call,
                            const hwlab_migrate_request* from, hwlab_migrate_result* into,
                            hwlab_error* error) {
  hwlab_migrate_result result = {.schema_version = 1};
  (void)instance, (void)call, (void)from, (void)error;
  return give(into, &result, sizeof result, NULL);
}

static hwlab_status repair(void* instance, const hwlab_call* call, const hwlab_repair_request* from,
                           hwlab_repair_result* into, hwlab_error* error) {
  hwlab_repair_result result = {.examined = 0};
  (void)instance, (void)call, (void)from, (void)error;
  return give(into, &result, sizeof result, NULL);
}

static const hwlab_maintenance maintenance = {.struct_size = sizeof maintenance,
                                              .abi_minor = HWLAB_ABI_MINOR,
                                              .report = report,
                                              .migrate = migrate,
                                              .repair = repair};

/* ---- the plugin ---- */

static hwlab_status load(const hwlab_host* host, void** instance, hwlab_error* error) {
  Store* const store = calloc(1, sizeof *store);
  pthread_mutex_init(&store->mutex, NULL);
  const hwlab_text line = text("conversations are kept in memory");
  if (HWLAB_HAS(host, hwlab_host, log))
    host->log(host->ctx, HWLAB_LOG_INFO, &line);
  const hwlab_status status =
      host->register_hooks(host->ctx, HWLAB_CONVERSATION_STORE, &table, store, error);
  if (status != HWLAB_OK)
    free(store);
  *instance = status == HWLAB_OK ? store : NULL;
  return status;
}

static hwlab_status unload(void* instance, uint32_t grace_ms, hwlab_error* error) {
  (void)grace_ms, (void)error;
  free(instance);
  return HWLAB_OK;
}

static const void* get_extension(void* instance, const char* id) {
  (void)instance;
  return strcmp(id, HWLAB_MAINTENANCE) == 0 ? &maintenance : NULL;
}

__attribute__((visibility("default"))) const hwlab_plugin hwlab_plugin_v1 = {
    .struct_size = sizeof hwlab_plugin_v1,
    .magic = HWLAB_PLUGIN_MAGIC,
    .abi_minor = HWLAB_ABI_MINOR,
    .name = "memory",
    .version = "0.1.0",
    .description = "Keeps conversations in memory",
    .load = load,
    .unload = unload,
    .get_extension = get_extension,
};
