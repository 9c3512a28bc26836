/* A daemon in C that uses every hook and checks what it gets. Compiled from the headers of each
 * frozen version, from the current ones and from grown ones, and run against plugins of each.
 *
 *   host LIBRARY CONFIG known|unknown
 *
 * The last argument: whether the plugin knows the members that grown headers have. */
#include <dlfcn.h>
#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>
#include <hwlab/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition)                                                                         \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      fprintf(stderr, "line %d: %s is not so: %d %s\n", __LINE__, #condition, (int)error.status, \
              error.message);                                                                    \
      ++failures;                                                                                \
    }                                                                                            \
  } while (0)

/* What a later plugin must leave alone: the bytes behind a result of this version. */
#define CANARY 0x5a5a5a5a5a5a5a5aULL
#define GUARDED(type, name)    \
  struct {                     \
    type value;                \
    unsigned long long canary; \
  } name = {.canary = CANARY}; \
  name.value.head.struct_size = sizeof name.value

static hwlab_error error = {.struct_size = sizeof(hwlab_error)};
static const hwlab_call patient = {.struct_size = sizeof(hwlab_call), .timeout_ms = 60000};
static const hwlab_conversation_store* hooks;
static void* self;

static hwlab_text text(const char* from) {
  const hwlab_text made = {from, strlen(from)};
  return made;
}

static int is(hwlab_text found, const char* expected) {
  return found.size == strlen(expected) && memcmp(found.data, expected, found.size) == 0;
}

static void on_log(void* ctx, int32_t level, const hwlab_text* line) {
  (void)level;
  ++*(int*)ctx;
  fprintf(stderr, "log: %.*s\n", (int)line->size, line->data);
}

static hwlab_status on_register(void* ctx, const char* family, const void* table, void* its_self,
                                hwlab_error* out) {
  (void)ctx;
  (void)out;
  if (strcmp(family, HWLAB_CONVERSATION_STORE) != 0)
    return HWLAB_UNSUPPORTED;
  hooks = table;
  self = its_self;
  return HWLAB_OK;
}

static const void* on_extension(void* ctx, const char* id) {
  (void)ctx;
  (void)id;
  return NULL;
}

#define CONVERSATION "0b8f9a1e-95a1-4c3e-8d4c-6f5d2a7b9c01"
#define MESSAGE "0b8f9a1e-95a1-4c3e-8d4c-6f5d2a7b9c02"

static void create(void) {
  const hwlab_create_conversation_request request = {.struct_size = sizeof request,
                                                     .id = text(CONVERSATION),
                                                     .model = text("llama3"),
                                                     .title = text("a title"),
                                                     .metadata = text("{\"a\": 1}")};
  for (uint32_t again = 0; again < 2; ++again) {
    GUARDED(hwlab_create_conversation_result, result);
    CHECK(hooks->create_conversation(self, &patient, &request, &result.value, &error) == HWLAB_OK);
    CHECK(is(result.value.id, CONVERSATION));
    CHECK(result.value.head.flags == (again ? HWLAB_EXISTED : 0));
    CHECK(result.canary == CANARY);
    result.value.head.release(&result.value.head);
    CHECK(result.value.head.release == NULL);
  }
}

static hwlab_status add(const hwlab_add_message_request* request) {
  GUARDED(hwlab_add_message_result, result);
  const hwlab_status status = hooks->add_message(self, &patient, request, &result.value, &error);
  CHECK(result.canary == CANARY);
  CHECK((status == HWLAB_OK) == (result.value.head.release != NULL));
  if (status == HWLAB_OK) {
    CHECK(is(result.value.id, MESSAGE) && result.value.seq == 1);
    result.value.head.release(&result.value.head);
  }
  return status;
}

static void add_one(void) {
  hwlab_new_message message = {.struct_size = sizeof message,
                               .id = text(MESSAGE),
                               .role = text("user"),
                               .content = text("one")};
  const hwlab_add_message_request whole = {.struct_size = sizeof whole,
                                           .conversation_id = text(CONVERSATION),
                                           .message = &message,
                                           .expected_seq = HWLAB_EXPECT_EMPTY};
  CHECK(add(&whole) == HWLAB_OK);
  /* As a host of an earlier version would: without the last member, which is 0 then. */
  hwlab_add_message_request request = whole;
  request.struct_size = offsetof(hwlab_add_message_request, expected_seq);
  CHECK(add(&request) == HWLAB_OK); /* it existed */
  /* As a host of a later version would. */
  struct {
    hwlab_add_message_request known;
    unsigned long long later[8];
  } longer = {whole, {0}};
  longer.known.expected_seq = 0;
  longer.known.struct_size = sizeof longer;
  CHECK(add(&longer.known) == HWLAB_OK);
  longer.later[7] = 1;
  CHECK(add(&longer.known) == HWLAB_TOO_NEW);
  request = whole;
  request.expected_seq = 0;
  request.reserved = 1;
  CHECK(add(&request) == HWLAB_TOO_NEW);
  request.reserved = 0;
  message.reserved = 1;
  CHECK(add(&request) == HWLAB_TOO_NEW);
  message.reserved = 0;
  request.expected_seq = 7;
  message.id = text("0b8f9a1e-95a1-4c3e-8d4c-6f5d2a7b9c03");
  CHECK(add(&request) == HWLAB_CONFLICT && error.actual_seq == 1);
  request.conversation_id = text("0b8f9a1e-95a1-4c3e-8d4c-6f5d2a7b9c04");
  CHECK(add(&request) == HWLAB_NOT_FOUND);
}

static void append_two(void) {
  const hwlab_new_message two = {
      .struct_size = sizeof two, .role = text("assistant"), .content = text("two")};
  const hwlab_new_message three = {
      .struct_size = sizeof three, .role = text("system"), .content = text("")};
  const hwlab_new_message* const messages[] = {&two, &three};
  const hwlab_append_messages_request request = {.struct_size = sizeof request,
                                                 .conversation_id = text(CONVERSATION),
                                                 .messages = messages,
                                                 .message_count = 2,
                                                 .expected_seq = 1};
  GUARDED(hwlab_append_messages_result, result);
  CHECK(hooks->append_messages(self, NULL, &request, &result.value, &error) == HWLAB_OK);
  CHECK(result.value.message_count == 2 && result.value.messages[1]->seq == 3);
  CHECK(result.value.messages[0]->id.size == 36 && result.canary == CANARY);
  result.value.head.release(&result.value.head);
}

/* The result, which outlives the instance. */
static hwlab_get_conversation_result get(void) {
  hwlab_get_conversation_request request = {.struct_size = sizeof request,
                                            .id = text(CONVERSATION)};
  GUARDED(hwlab_get_conversation_result, result);
  CHECK(hooks->get_conversation(self, &patient, &request, &result.value, &error) == HWLAB_OK);
  CHECK(result.canary == CANARY && result.value.message_count == 3);
  CHECK(is(result.value.conversation->model, "llama3") && result.value.conversation->last_seq == 3);
  CHECK(is(result.value.messages[0]->content, "one") && result.value.messages[0]->seq == 1);
  CHECK(is(result.value.messages[1]->role, "assistant"));
  CHECK(result.value.messages[2]->content.data && result.value.messages[2]->content.size == 0);
  request.id = text(MESSAGE);
  GUARDED(hwlab_get_conversation_result, none);
  CHECK(hooks->get_conversation(self, &patient, &request, &none.value, &error) == HWLAB_NOT_FOUND);
  CHECK(none.value.head.release == NULL && error.message[0] != '\0');
  return result.value;
}

static void list(void) {
  const hwlab_list_conversations_request request = {.struct_size = sizeof request,
                                                    .order = HWLAB_ORDER_ACTIVE};
  GUARDED(hwlab_list_conversations_result, result);
  CHECK(hooks->list_conversations(self, &patient, &request, &result.value, &error) == HWLAB_OK);
  CHECK(result.value.conversation_count == 1 && result.canary == CANARY);
  CHECK(is(result.value.conversations[0]->id, CONVERSATION));
  CHECK(result.value.conversations[0]->message_count == 3 && !result.value.next_cursor.data);
  result.value.head.release(&result.value.head);
}

static void maintain(const hwlab_plugin* plugin, void* instance) {
  const hwlab_maintenance* const table = plugin->get_extension(instance, HWLAB_MAINTENANCE);
  const hwlab_report_request report = {.struct_size = sizeof report};
  const hwlab_migrate_request migrate = {.struct_size = sizeof migrate};
  const hwlab_repair_request repair = {.struct_size = sizeof repair};
  GUARDED(hwlab_report_result, reported);
  GUARDED(hwlab_migrate_result, migrated);
  GUARDED(hwlab_repair_result, repaired);
  CHECK(table->migrate(instance, &patient, &migrate, &migrated.value, &error) == HWLAB_OK);
  CHECK(table->report(instance, &patient, &report, &reported.value, &error) == HWLAB_OK);
  CHECK(table->repair(instance, &patient, &repair, &repaired.value, &error) == HWLAB_OK);
  CHECK(reported.value.worst != HWLAB_CHECK_FAILED && reported.value.check_count > 0);
  CHECK(reported.value.checks[0]->name.size > 0 && migrated.value.schema_version > 0);
  CHECK(repaired.value.repaired == 0);
  CHECK(reported.canary == CANARY && migrated.canary == CANARY && repaired.canary == CANARY);
  reported.value.head.release(&reported.value.head);
  migrated.value.head.release(&migrated.value.head);
  repaired.value.head.release(&repaired.value.head);
  CHECK(plugin->get_extension(instance, "nobody.has_this/1") == NULL);
}

#ifdef HWLAB_GROWN
/* What only the headers grown by tests/conformance/abi/alter have. */
static void use_what_is_new(int known) {
  const hwlab_new_message message = {.struct_size = sizeof message,
                                     .id = text(MESSAGE),
                                     .role = text("user"),
                                     .content = text("one")};
  hwlab_add_message_request request = {
      .struct_size = sizeof request, .conversation_id = text(CONVERSATION), .message = &message};
  CHECK(add(&request) == HWLAB_OK);
  request.grown_tag = text("new");
  CHECK(add(&request) == (known ? HWLAB_OK : HWLAB_TOO_NEW));
  /* A plugin may know the header and not have the hook: HWLAB_HAS is for both. */
  CHECK(known || !HWLAB_HAS(hooks, hwlab_conversation_store, grown_hook));
}
#else
static void use_what_is_new(int known) {
  (void)known;
}
#endif

static void run(const hwlab_plugin* plugin, const char* config, int known) {
  int lines = 0;
  void* instance = NULL;
  const hwlab_host host = {.struct_size = sizeof host,
                           .abi_minor = HWLAB_ABI_MINOR,
                           .ctx = &lines,
                           .name = "conformance host",
                           .config = text(config),
                           .config_origin = text("host.yaml:3"),
                           .log = on_log,
                           .register_hooks = on_register,
                           .get_extension = on_extension};
  CHECK(plugin->load(&host, &instance, &error) == HWLAB_OK);
  if (!instance || !hooks) {
    ++failures;
    return;
  }
  create();
  add_one();
  append_two();
  hwlab_get_conversation_result thread = get();
  list();
  maintain(plugin, instance);
  use_what_is_new(known);
  CHECK(plugin->unload(instance, 5000, &error) == HWLAB_OK);
  CHECK(is(thread.messages[1]->content, "two"));
  thread.head.release(&thread.head);
}

int main(int argc, char** argv) {
  if (argc != 4)
    return 64;
  void* const library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  const hwlab_plugin* const plugin = library ? dlsym(library, HWLAB_PLUGIN_SYMBOL) : NULL;
  if (!plugin) {
    fprintf(stderr, "%s\n", dlerror());
    return 66;
  }
  /* Of the descriptor as it was in the first version; a later one may be longer. */
  CHECK(plugin->struct_size >= offsetof(hwlab_plugin, get_extension) + sizeof(void*));
  CHECK(plugin->magic == HWLAB_PLUGIN_MAGIC && plugin->min_host_minor <= HWLAB_ABI_MINOR);
  run(plugin, argv[2], strcmp(argv[3], "known") == 0);
  printf("%d failures, ABI 1.%d with a plugin of 1.%u\n", failures, HWLAB_ABI_MINOR,
         plugin->abi_minor);
  return failures != 0;
}
