/* host HWLAB.YAML: keeps a short conversation through the plugin that the daemon's file names. */
#include <dlfcn.h>
#include <hwlab/calls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static int complain(const hwlab_error* error) {
  fprintf(stderr, "%s: %s\n", hwlab_status_name(error->status), error->message);
  return -1;
}

static void log_line(void* ctx, int32_t level, const hwlab_text* line) {
  (void)ctx, (void)level;
  if (line)
    fprintf(stderr, "%.*s\n", (int)line->size, line->data);
}

/* An id outlives its result only as a copy. */
struct id {
  char text[37];
};

static struct id copy_id(hwlab_text text) {
  struct id id = {{0}};
  if (text.data && text.size < sizeof id.text)
    memcpy(id.text, text.data, text.size);
  return id;
}

/* Appends a message; `id`, when it is not empty, is the message's. When the outcome is unknown,
 * `id` is set: with it the call can be repeated, and the message is stored once. */
static hwlab_status add(const hwlab_store_hooks* hooks, uint32_t timeout_ms,
                        const char* conversation, const char* role, hwlab_text content,
                        struct id* id, int64_t* seq, hwlab_error* error) {
  const hwlab_call call = {sizeof call, timeout_ms};
  const hwlab_new_message message = {.struct_size = sizeof message,
                                     .id = hwlab_text_of(id->text[0] ? id->text : NULL),
                                     .role = hwlab_text_of(role),
                                     .content = content};
  const hwlab_add_message_request request = {.struct_size = sizeof request,
                                             .conversation_id = hwlab_text_of(conversation),
                                             .message = &message};
  hwlab_add_message_result result = {.head.struct_size = sizeof result};
  const hwlab_status status = hwlab_add_message(hooks, &call, &request, &result, error);
  if (result.id.data)
    *id = copy_id(result.id);
  *seq = result.seq;
  hwlab_release(&result.head);
  return status;
}

static int show(const hwlab_store_hooks* hooks, const char* conversation, hwlab_error* error) {
  const hwlab_get_conversation_request get = {.struct_size = sizeof get,
                                              .id = hwlab_text_of(conversation)};
  hwlab_get_conversation_result thread = {.head.struct_size = sizeof thread};
  if (hwlab_get_conversation(hooks, NULL, &get, &thread, error) != HWLAB_OK)
    return complain(error);
  for (size_t i = 0; i < thread.message_count; ++i) {
    const hwlab_message* m = thread.messages[i];
    printf("%lld %.*s: %.*s\n", (long long)m->seq, (int)m->role.size, m->role.data,
           (int)m->content.size, m->content.data);
  }
  hwlab_release(&thread.head);
  return 0;
}

static int list(const hwlab_store_hooks* hooks, const char* conversation, hwlab_error* error) {
  const hwlab_list_conversations_request request = {.struct_size = sizeof request};
  hwlab_list_conversations_result page = {.head.struct_size = sizeof page};
  if (hwlab_list_conversations(hooks, NULL, &request, &page, error) != HWLAB_OK)
    return complain(error);
  for (size_t i = 0; i < page.conversation_count; ++i)
    if (strcmp(copy_id(page.conversations[i]->id).text, conversation) == 0)
      printf("listed with %lld messages\n", (long long)page.conversations[i]->message_count);
  hwlab_release(&page.head);
  return 0;
}

static int converse(const hwlab_store_hooks* hooks, char* four_megabytes) {
  static const char* const lines[][2] = {{"user", "Is the pool still fine?"},
                                         {"assistant", "Yes: both disks are online 🙂"}};
  hwlab_error error = {.struct_size = sizeof error};
  const hwlab_create_conversation_request create = {.struct_size = sizeof create,
                                                    .model = hwlab_text_of("llama3")};
  hwlab_create_conversation_result created = {.head.struct_size = sizeof created};
  const hwlab_status status = hwlab_create_conversation(hooks, NULL, &create, &created, &error);
  const struct id conversation = copy_id(created.id);
  hwlab_release(&created.head);
  if (status != HWLAB_OK)
    return complain(&error);
  printf("conversation %s\n", conversation.text);

  int64_t seq = 0;
  for (size_t i = 0; i < 2; ++i) {
    struct id id = {{0}};
    if (add(hooks, 0, conversation.text, lines[i][0], hwlab_text_of(lines[i][1]), &id, &seq,
            &error))
      return complain(&error);
  }
  if (show(hooks, conversation.text, &error) != 0 || list(hooks, conversation.text, &error) != 0)
    return -1;

  const hwlab_get_conversation_request get = {
      .struct_size = sizeof get, .id = hwlab_text_of("00000000-0000-4000-8000-000000000000")};
  hwlab_get_conversation_result none = {.head.struct_size = sizeof none};
  printf("an unknown conversation is %s\n",
         hwlab_status_name(hwlab_get_conversation(hooks, NULL, &get, &none, &error)));
  hwlab_release(&none.head);

  const hwlab_text text = {four_megabytes, 4000000};
  struct id id = {{0}};
  memset(four_megabytes, 'x', text.size);
  printf("4 MB in a millisecond end with %s\n",
         hwlab_status_name(add(hooks, 1, conversation.text, "user", text, &id, &seq, &error)));
  if (add(hooks, 0, conversation.text, "user", text, &id, &seq, &error) != HWLAB_OK)
    return complain(&error);
  printf("repeated, it is seq %lld\n", (long long)seq);
  return 0;
}

static int run(const struct plugin_config* config) {
  hwlab_error error = {.struct_size = sizeof error};
  void* library = dlopen(config->library, RTLD_NOW | RTLD_LOCAL); /* and never closed */
  if (!library) {
    fprintf(stderr, "CONFIG: %s\n", dlerror());
    return -1;
  }
  const hwlab_plugin* plugin = dlsym(library, HWLAB_PLUGIN_SYMBOL);
  if (hwlab_check_plugin(plugin, &error) != HWLAB_OK)
    return complain(&error);

  hwlab_store_hooks hooks = {0};
  const hwlab_host host = {.struct_size = sizeof host,
                           .abi_minor = HWLAB_ABI_MINOR,
                           .ctx = &hooks,
                           .name = "c-host",
                           .config = {config->section, config->section_size},
                           .config_origin = hwlab_text_of(config->origin),
                           .log = log_line,
                           .register_hooks = hwlab_take_store_hooks};
  void* instance = NULL;
  if (hwlab_load(plugin, &host, &instance, &error) != HWLAB_OK)
    return complain(&error);
  char* four_megabytes = malloc(4000000);
  int result = four_megabytes ? converse(&hooks, four_megabytes) : -1;
  free(four_megabytes);
  if (hwlab_unload(plugin, instance, 5000, &error) != HWLAB_OK)
    result = complain(&error);
  if (result == 0)
    puts("unloaded");
  return result;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fputs("usage: host HWLAB.YAML\n", stderr);
    return 64;
  }
  struct plugin_config config;
  const int result = read_config(argv[1], &config) == 0 ? run(&config) : -1;
  free_config(&config);
  return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
