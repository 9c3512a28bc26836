// A plugin that keeps conversations in memory and misbehaves on demand. Loaded by the tests of the
// loader and of hwlab-host.
#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>
#include <hwlab/plugin.h>

#include <algorithm>
#include <cstddef>

#include "fake_plugin_state.h"

namespace {

using namespace hwlab::test;

hwlab_status create_conversation(void* self, const hwlab_call* /*call*/,
                                 const hwlab_create_conversation_request* request,
                                 hwlab_create_conversation_result* result, hwlab_error* error) {
  auto& fake = *static_cast<Fake*>(self);
  if (const auto status = misbehave(fake, error)) {
    return status;
  }
  if (fake.mode == "late_register") {
    return fake.host->register_hooks(fake.host->ctx, "test.late/1", "", &fake, error);
  }
  const std::lock_guard lock(fake.mutex);
  const auto id =
      request->id.data != nullptr ? view(request->id) : "33333333-3333-4333-8333-333333333333";
  auto block = std::make_unique<Block>();
  result->head.flags = fake.conversations.try_emplace(id).second ? 0 : HWLAB_EXISTED;
  result->id = block->text(id);
  result->started_at_us = 1'000'001;
  return give(fake, result->head, std::move(block));
}

// Stays inside until unload() cuts it off.
hwlab_status block_until_stopped(Fake& fake, hwlab_error* error) {
  const hwlab_text line{"inside", 6};
  fake.host->log(fake.host->ctx, HWLAB_LOG_INFO, &line);
  std::unique_lock lock(fake.mutex);
  ++fake.inside;
  fake.changed.wait(lock, [&] { return fake.stopping; });
  --fake.inside;
  fake.changed.notify_all();
  return fail(error, HWLAB_STOPPED, "cut off");
}

hwlab_status add_message(void* self, const hwlab_call* call,
                         const hwlab_add_message_request* request, hwlab_add_message_result* result,
                         hwlab_error* error) {
  auto& fake = *static_cast<Fake*>(self);
  if (const auto status = misbehave(fake, error)) {
    return status;
  }
  if (fake.mode == "block") {
    return block_until_stopped(fake, error);
  }
  const std::lock_guard lock(fake.mutex);
  auto block = std::make_unique<Block>();
  const auto& message = *request->message;
  const auto id = message.id.data != nullptr ? view(message.id) : fake.new_message_id();
  if (fake.mode == "maybe_applied") {
    result->id = block->text(id);
    give(fake, result->head, std::move(block));
    error->flags = HWLAB_MAYBE_APPLIED | HWLAB_RETRYABLE;
    return fail(error, HWLAB_TIMEOUT, "no answer in time");
  }
  if (fake.mode == "tell_timeout") {
    return fail(error, HWLAB_TIMEOUT, std::to_string(call->timeout_ms).c_str());
  }
  if (fake.mode == "show_content") {
    const auto line = "content=" + view(message.content) + ";";
    const hwlab_text text{line.data(), line.size()};
    fake.host->log(fake.host->ctx, HWLAB_LOG_INFO, &text);
  }
  const auto found = fake.conversations.find(view(request->conversation_id));
  if (found == fake.conversations.end()) {
    return fail(error, HWLAB_NOT_FOUND, "no such conversation");
  }
  if (view(message.role) != "user" && view(message.role) != "assistant") {
    return fail(error, HWLAB_INVALID, "the role must be user, assistant or system");
  }
  auto& thread = found->second;
  const auto last = static_cast<std::int64_t>(thread.size());
  if (request->expected_seq != 0 && std::max<std::int64_t>(request->expected_seq, 0) != last) {
    error->actual_seq = last;
    return fail(error, HWLAB_CONFLICT, "the last seq is another");
  }
  const auto same = std::find_if(thread.begin(), thread.end(),
                                 [&](const Message& stored) { return stored.id == id; });
  result->head.flags = 0;
  result->seq = same - thread.begin() + 1;
  if (same != thread.end()) {
    if (same->content != view(message.content)) {
      return fail(error, HWLAB_CONFLICT, "the id stands for another message");
    }
    result->head.flags = HWLAB_EXISTED;
  } else {
    thread.push_back({id, view(message.role), view(message.content)});
  }
  result->id = block->text(id);
  result->created_at_us = 2'000'002;
  return give(fake, result->head, std::move(block));
}

hwlab_status append_messages(void* self, const hwlab_call* /*call*/,
                             const hwlab_append_messages_request* request,
                             hwlab_append_messages_result* result, hwlab_error* error) {
  auto& fake = *static_cast<Fake*>(self);
  if (const auto status = misbehave(fake, error)) {
    return status;
  }
  auto block = std::make_unique<Block>();
  const auto count = request->message_count - (fake.mode == "one_less" ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::int64_t>(i);
    auto& record = block->appended.emplace_back();
    record.struct_size = sizeof(record);
    record.id = block->text(view(request->messages[i]->id) + "/stored");
    record.seq = number + 1;
    record.created_at_us = number;
    block->appended_pointers.push_back(&record);
  }
  result->messages = block->appended_pointers.data();
  result->message_count = count + (fake.mode == "one_more" ? 1 : 0);
  return give(fake, result->head, std::move(block));
}

void fill(hwlab_conversation& record, Block& block, const std::string& id, std::size_t count) {
  record = {};
  record.struct_size = sizeof(record);
  record.id = block.text(id);
  record.model = block.text("llama3");
  record.title = block.text("a \x1b[31mred\x1b[0m title");
  record.metadata = block.text(R"({"room": "lab"})");
  record.message_count = static_cast<std::int64_t>(count);
  record.last_seq = record.message_count;
  record.last_message_at_us = count != 0 ? 5 : 0;
}

hwlab_status get_conversation(void* self, const hwlab_call* /*call*/,
                              const hwlab_get_conversation_request* request,
                              hwlab_get_conversation_result* result, hwlab_error* error) {
  auto& fake = *static_cast<Fake*>(self);
  if (const auto status = misbehave(fake, error)) {
    return status;
  }
  const std::lock_guard lock(fake.mutex);
  const auto found = fake.conversations.find(view(request->id));
  if (found == fake.conversations.end()) {
    return fail(error, HWLAB_NOT_FOUND, "no such conversation");
  }
  auto block = std::make_unique<Block>();
  fill(block->conversation, *block, found->first, found->second.size());
  for (const auto& message : found->second) {
    auto& record = block->messages.emplace_back().message;
    record.struct_size = fake.mode == "long_records"    ? sizeof(Block::LongMessage)
                         : fake.mode == "short_records" ? offsetof(hwlab_message, metadata)
                                                        : sizeof(hwlab_message);
    record.id = block->text(message.id);
    record.role = block->text(message.role);
    record.content =
        block->text(fake.mode == "evil" ? "bell\a \x1b]52;c;AAAA\a \xff end" : message.content);
    if (fake.mode == "null_text") {
      record.content = {nullptr, 5};
    }
    record.metadata = block->text("{}");
    record.seq = static_cast<std::int64_t>(block->messages.size());
    block->message_pointers.push_back(fake.mode == "null_record" ? nullptr : &record);
  }
  result->conversation = fake.mode == "no_head" ? nullptr : &block->conversation;
  if (fake.mode == "null_text") {
    block->conversation.title = {nullptr, 5};
  }
  result->messages = fake.mode == "null_array" ? nullptr : block->message_pointers.data();
  result->message_count = fake.mode == "absurd_count" ? SIZE_MAX : found->second.size();
  result->next_after_seq = request->limit == 1 ? 1 : 0;
  result->next_before_seq = 0;
  give(fake, result->head, std::move(block));
  return fake.mode == "result_on_error" ? fail(error, HWLAB_NOT_FOUND, "and yet") : HWLAB_OK;
}

hwlab_status list_conversations(void* self, const hwlab_call* /*call*/,
                                const hwlab_list_conversations_request* request,
                                hwlab_list_conversations_result* result, hwlab_error* error) {
  auto& fake = *static_cast<Fake*>(self);
  if (const auto status = misbehave(fake, error)) {
    return status;
  }
  auto block = std::make_unique<Block>();
  fill(block->conversation, *block, canned_conversation, 1);
  block->conversation_pointers.push_back(&block->conversation);
  result->conversations = block->conversation_pointers.data();
  result->conversation_count = 1;
  result->next_cursor = request->limit == 1 ? block->text("page2") : hwlab_text{nullptr, 0};
  return give(fake, result->head, std::move(block));
}

hwlab_status report(void* instance, const hwlab_call* /*call*/,
                    const hwlab_report_request* /*request*/, hwlab_report_result* result,
                    hwlab_error* error) {
  auto& fake = *static_cast<Fake*>(instance);
  if (const auto status = misbehave(fake, error)) {
    return status;
  }
  auto block = std::make_unique<Block>();
  const auto add = [&](int level, const char* name, const char* value, const char* remedy) {
    auto& check = block->checks.emplace_back();
    check = {sizeof(hwlab_check), level, block->text(name), block->text(value), {nullptr, 0}};
    if (remedy != nullptr) {
      check.remedy = block->text(remedy);
    }
    block->check_pointers.push_back(&check);
  };
  add(HWLAB_CHECK_OK, "server", "PostgreSQL 15.14", nullptr);
  add(HWLAB_CHECK_WARNING, "tls", "off", "say sslmode=require");
  if (fake.mode == "schema_pending") {
    add(HWLAB_CHECK_FAILED, "schema", "2 migrations are pending", "run hwlab-host migrate");
  }
  if (fake.mode == "unknown_level") {
    add(9, "rights", "odd", nullptr);
  }
  result->checks = block->check_pointers.data();
  result->check_count = block->check_pointers.size();
  result->worst = HWLAB_CHECK_WARNING;
  return give(fake, result->head, std::move(block));
}

hwlab_status migrate(void* instance, const hwlab_call* /*call*/,
                     const hwlab_migrate_request* /*request*/, hwlab_migrate_result* result,
                     hwlab_error* /*error*/) {
  auto block = std::make_unique<Block>();
  block->migration = {sizeof(hwlab_migration), 1, block->text("base tables")};
  block->migration_pointer = &block->migration;
  result->applied = &block->migration_pointer;
  result->applied_count = 1;
  result->schema_version = 1;
  return give(*static_cast<Fake*>(instance), result->head, std::move(block));
}

// Without a repair, as a plugin of an earlier version would be.
const hwlab_maintenance maintenance{sizeof(hwlab_maintenance), HWLAB_ABI_MINOR, report, migrate,
                                    nullptr};

const hwlab_conversation_store whole_table{sizeof(hwlab_conversation_store),
                                           HWLAB_ABI_MINOR,
                                           create_conversation,
                                           add_message,
                                           append_messages,
                                           get_conversation,
                                           list_conversations};

// Of an earlier version: what stands behind its end must not be read.
const hwlab_conversation_store short_table{offsetof(hwlab_conversation_store, add_message),
                                           HWLAB_ABI_MINOR,
                                           create_conversation,
                                           add_message,
                                           append_messages,
                                           get_conversation,
                                           list_conversations};

// Not even its own version can be read.
const hwlab_conversation_store tiny_table{
    sizeof(std::uint32_t), HWLAB_ABI_MINOR,  create_conversation, add_message,
    append_messages,       get_conversation, list_conversations};

const hwlab_conversation_store table_with_hole{sizeof(hwlab_conversation_store),
                                               HWLAB_ABI_MINOR,
                                               create_conversation,
                                               nullptr,
                                               append_messages,
                                               get_conversation,
                                               list_conversations};

const struct LongTable {
  hwlab_conversation_store table;
  void (*later)();
} long_table{{sizeof(LongTable), 9, create_conversation, add_message, append_messages,
              get_conversation, list_conversations},
             nullptr};

hwlab_status register_all(Fake& fake, hwlab_error* error) {
  const auto add = [&](const void* table) {
    return fake.host->register_hooks(fake.host->ctx, HWLAB_CONVERSATION_STORE, table, &fake, error);
  };
  if (fake.mode == "no_hooks") {
    return HWLAB_OK;
  }
  if (fake.mode == "null_table") {
    return add(nullptr);
  }
  if (fake.mode == "null_family" || fake.mode == "other_family") {
    return fake.host->register_hooks(
        fake.host->ctx, fake.mode == "null_family" ? nullptr : "test.weather/1", &whole_table,
        &fake, fake.mode == "null_family" ? nullptr : error);
  }
  if (fake.mode == "twice" && add(&whole_table) != HWLAB_OK) {
    return HWLAB_INTERNAL;
  }
  return add(fake.mode == "short_table"  ? &short_table
             : fake.mode == "tiny_table" ? &tiny_table
             : fake.mode == "hole"       ? &table_with_hole
             : fake.mode == "long_table" ? &long_table.table
                                         : &whole_table);
}

[[maybe_unused]] hwlab_status load(const hwlab_host* host, void** instance, hwlab_error* error) {
  auto fake = std::make_unique<Fake>();
  fake->host = host;
  const std::string config(host->config.data, host->config.size);
  const auto at = config.find("mode: ");
  fake->mode = at == std::string::npos
                   ? ""
                   : config.substr(at + 6, config.find_first_of(" \r\n", at + 6) - at - 6);
  fake->counts_results = config.find("count_results: true") != std::string::npos;
  fake->conversations[canned_conversation] = {{canned_message, "user", "hello"}};
  if (host->log != nullptr) {
    const auto line = "loaded with " + view(host->config_origin);
    const hwlab_text text{line.data(), line.size()};
    host->log(host->ctx, HWLAB_LOG_INFO, &text);
    host->log(host->ctx, 99, &text);
    host->log(host->ctx, HWLAB_LOG_INFO, nullptr);
  }
  *instance = nullptr;
  counters.last_host = host;
  if (fake->mode == "load_fails") {
    return fail(error, HWLAB_CONFIG, "the configuration is wrong");
  }
  if (fake->mode == "load_unavailable") {
    return fail(error, HWLAB_UNAVAILABLE, "no server");
  }
  if (fake->mode == "load_null") {
    return HWLAB_OK;
  }
  if (const auto status = register_all(*fake, error)) {
    return status;
  }
  *instance = fake.release();
  return HWLAB_OK;
}

hwlab_status unload(void* instance, uint32_t /*grace_ms*/, hwlab_error* error) {
  const std::unique_ptr<Fake> fake(static_cast<Fake*>(instance));
  counters.last_host = fake->host;
  std::unique_lock lock(fake->mutex);
  fake->stopping = true;
  fake->changed.notify_all();
  fake->changed.wait(lock, [&] { return fake->inside == 0; });
  lock.unlock();
  if (fake->counts_results) {
    const auto line = std::to_string(counters.given) + " given, " +
                      std::to_string(counters.released) + " released";
    const hwlab_text text{line.data(), line.size()};
    fake->host->log(fake->host->ctx, HWLAB_LOG_INFO, &text);
  }
  return fake->mode == "unload_fails" ? fail(error, HWLAB_INTERNAL, "a thread is stuck") : HWLAB_OK;
}

const void* get_extension(void* instance, const char* id) {
  if (std::string_view(id) == hwlab::test::fake_counters_id) {
    return &counters;
  }
  const bool offered = static_cast<Fake*>(instance)->mode != "no_maintenance";
  return offered && std::string_view(id) == HWLAB_MAINTENANCE ? &maintenance : nullptr;
}

}  // namespace

// The variants that a loader must refuse are this file, compiled with other values.
#ifndef FAKE_SIZE
#define FAKE_SIZE sizeof(hwlab_plugin)
#endif
#ifndef FAKE_MAGIC
#define FAKE_MAGIC HWLAB_PLUGIN_MAGIC
#endif
#ifndef FAKE_MIN_HOST_MINOR
#define FAKE_MIN_HOST_MINOR 0
#endif
#ifndef FAKE_LOAD
#define FAKE_LOAD load
#endif
#ifdef FAKE_SYMBOL
#define hwlab_plugin_v1 FAKE_SYMBOL
extern "C" const hwlab_plugin hwlab_plugin_v1;
#endif

extern "C" __attribute__((visibility("default"))) const hwlab_plugin hwlab_plugin_v1 = {
    FAKE_SIZE, FAKE_MAGIC, HWLAB_ABI_MINOR,     FAKE_MIN_HOST_MINOR,
    "fake",    "1.2.3",    "a plugin of tests", R"({"type": "object"})",
    FAKE_LOAD, unload,     get_extension};
