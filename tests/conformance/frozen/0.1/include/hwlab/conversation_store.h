/* SPDX-License-Identifier: MIT
 *
 * hwlab/conversation_store.h - the hooks that keep conversations.
 *
 * A plugin that stores conversations registers one table of this type in load():
 *
 *   host->register_hooks(host->ctx, HWLAB_CONVERSATION_STORE, &table, self, error);
 *
 * and the host calls table->add_message(self, ...) from then on. The rules at the top of
 * <hwlab/plugin.h> hold here too. Every hook is [any]: call it from as many threads as you like.
 * Every hook blocks until it has an answer or its deadline has passed (hwlab_call.timeout_ms; NULL
 * or 0: the plugin's call_timeout), never longer. Text in a request is borrowed until the hook
 * returns; text in a result lives until the result is released.
 *
 * Any hook may return: INVALID (a null pointer as request, result or message, a text that is not
 * UTF-8 or holds U+0000, an id that is no UUID, a size beyond the plugin's limits), TOO_NEW,
 * UNAVAILABLE, OVERLOADED, TIMEOUT, PERMISSION, STOPPED, CONFIG (the schema must be migrated
 * first), NO_MEMORY, INTERNAL. What else a hook may return stands with it.
 *
 * Exactly once. Every conversation and message has an id, made by the caller or by the plugin
 * before anything is sent. To repeat a call with the same id is always safe: the same content again
 * is HWLAB_OK with the flag HWLAB_EXISTED, other content is HWLAB_CONFLICT. When an error carries
 * HWLAB_MAYBE_APPLIED, the result is given too, with the ids to repeat.
 */
#ifndef HWLAB_CONVERSATION_STORE_H
#define HWLAB_CONVERSATION_STORE_H

#include <hwlab/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The family's id: the type of the table is hwlab_conversation_store. */
#define HWLAB_CONVERSATION_STORE "hwlab.conversation_store/1"

/* ---- records ------------------------------------------------------------------------------- */

/* A message to be stored. */
typedef struct hwlab_new_message {
  uint32_t struct_size;
  uint32_t reserved;     /* 0 */
  hwlab_text id;         /* absent: the plugin makes one */
  hwlab_text role;       /* "user", "assistant" or "system" */
  hwlab_text content;    /* at most the plugin's limit (16 MiB); may be empty, not absent */
  hwlab_text metadata;   /* a JSON object; absent: none */
  int64_t created_at_us; /* 0: the time at which it is stored */
} hwlab_new_message;

/* A message as it is stored. */
typedef struct hwlab_message {
  uint32_t struct_size;
  uint32_t reserved;
  hwlab_text id;
  hwlab_text role;
  hwlab_text content;
  hwlab_text metadata;   /* a JSON object, not byte for byte as it was given; absent: none */
  int64_t seq;           /* 1, 2, 3 ... within the conversation; its order */
  int64_t created_at_us; /* for people: the order is seq's */
} hwlab_message;

/* What became of a message that was appended. */
typedef struct hwlab_appended {
  uint32_t struct_size;
  uint32_t reserved;
  hwlab_text id;
  int64_t seq;           /* 0 while unknown, beside HWLAB_MAYBE_APPLIED */
  int64_t created_at_us; /* 0 while unknown */
} hwlab_appended;

typedef struct hwlab_conversation {
  uint32_t struct_size;
  uint32_t reserved;
  hwlab_text id;
  hwlab_text model;
  hwlab_text title;    /* absent: none */
  hwlab_text metadata; /* a JSON object; absent: none */
  int64_t started_at_us;
  int64_t last_message_at_us; /* 0: no message yet */
  int64_t message_count;
  int64_t last_seq; /* seq of the last message that was appended; 0: none */
} hwlab_conversation;

/* ---- create_conversation ------------------------------------------------------------------- */

typedef struct hwlab_create_conversation_request {
  uint32_t struct_size;
  uint32_t reserved;   /* 0 */
  hwlab_text id;       /* absent: the plugin makes one */
  hwlab_text model;    /* the advisor's model, at most 1,024 bytes; absent is stored as "" */
  hwlab_text title;    /* at most 1,024 bytes; absent: none */
  hwlab_text metadata; /* a JSON object; absent: none */
} hwlab_create_conversation_request;

typedef struct hwlab_create_conversation_result {
  hwlab_result head;
  hwlab_text id;
  int64_t started_at_us; /* 0 while unknown, beside HWLAB_MAYBE_APPLIED */
} hwlab_create_conversation_result;

/* ---- add_message, append_messages ---------------------------------------------------------- */

/* expected_seq: 0, append wherever the conversation stands; n > 0, append only if its last seq is
 * n; HWLAB_EXPECT_EMPTY, append only if nothing has been appended yet. Otherwise CONFLICT, and
 * hwlab_error.actual_seq is the last seq there is. */
#define HWLAB_EXPECT_EMPTY (-1)

typedef struct hwlab_add_message_request {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
  hwlab_text conversation_id;
  const hwlab_new_message* message;
  int64_t expected_seq;
} hwlab_add_message_request;

typedef struct hwlab_add_message_result {
  hwlab_result head;
  hwlab_text id;
  int64_t seq;           /* 0 while unknown, beside HWLAB_MAYBE_APPLIED */
  int64_t created_at_us; /* 0 while unknown */
} hwlab_add_message_result;

typedef struct hwlab_append_messages_request {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
  hwlab_text conversation_id;
  const hwlab_new_message* const* messages;
  size_t message_count; /* 1 to 10,000 */
  int64_t expected_seq;
} hwlab_append_messages_request;

typedef struct hwlab_append_messages_result {
  hwlab_result head;
  const hwlab_appended* const* messages; /* in the order of the request */
  size_t message_count;
} hwlab_append_messages_result;

/* ---- get_conversation ---------------------------------------------------------------------- */

/* Which part of a thread is wanted; all zero: the whole. Messages always come in rising seq. */
typedef struct hwlab_get_conversation_request {
  uint32_t struct_size;
  uint32_t last_n; /* the newest n of the range instead of its first `limit`; not with limit */
  hwlab_text id;
  int64_t after_seq;  /* only messages of a higher seq; 0: from the first */
  int64_t before_seq; /* only messages of a lower seq; 0: to the last */
  uint32_t limit;     /* at most so many, the first ones of the range; 0: all */
  uint32_t reserved;  /* 0 */
} hwlab_get_conversation_request;

typedef struct hwlab_get_conversation_result {
  hwlab_result head;
  const hwlab_conversation* conversation;
  const hwlab_message* const* messages; /* NULL when there are none */
  size_t message_count;
  int64_t next_after_seq;  /* cut by limit: go on with this after_seq; else 0 */
  int64_t next_before_seq; /* cut by last_n: older ones come with this before_seq; else 0 */
} hwlab_get_conversation_result;

/* ---- list_conversations -------------------------------------------------------------------- */

/* Newest first, by started_at or by the last message (started_at until there is one). */
#define HWLAB_ORDER_STARTED 0
#define HWLAB_ORDER_ACTIVE 1

typedef struct hwlab_list_conversations_request {
  uint32_t struct_size;
  int32_t order;     /* HWLAB_ORDER_... */
  hwlab_text cursor; /* next_cursor of the page before, of the same order; absent or empty: the
                        first page */
  uint32_t limit;    /* 1 to 100; 0: 100 */
  uint32_t reserved; /* 0 */
} hwlab_list_conversations_request;

typedef struct hwlab_list_conversations_result {
  hwlab_result head;
  const hwlab_conversation* const* conversations; /* NULL when there are none */
  size_t conversation_count;
  hwlab_text next_cursor; /* absent: this was the last page */
} hwlab_list_conversations_result;

/* ---- the table ----------------------------------------------------------------------------- */

/* Constant from load() to the end of unload(). `self` is what register_hooks was given. */
typedef struct hwlab_conversation_store {
  uint32_t struct_size;
  uint32_t abi_minor;

  /* [any] Stores a conversation. The same id and model again: OK and HWLAB_EXISTED, whatever has
   * become of title and metadata. CONFLICT: the id stands for a conversation with another model. */
  hwlab_status (*create_conversation)(void* self, const hwlab_call* call,
                                      const hwlab_create_conversation_request* request,
                                      hwlab_create_conversation_result* result, hwlab_error* error);

  /* [any] Appends one message; it is committed before the hook returns. The same id with the same
   * role, content and metadata again: OK, HWLAB_EXISTED, and the seq it has. CONFLICT: the id
   * stands for another message, or expected_seq is not the last. NOT_FOUND: no such conversation.
   * INVALID: a role outside user, assistant and system. */
  hwlab_status (*add_message)(void* self, const hwlab_call* call,
                              const hwlab_add_message_request* request,
                              hwlab_add_message_result* result, hwlab_error* error);

  /* [any] Appends several messages, all or none, with consecutive seq. Otherwise as add_message.
   * CONFLICT also when some of the ids are stored already and others are not. */
  hwlab_status (*append_messages)(void* self, const hwlab_call* call,
                                  const hwlab_append_messages_request* request,
                                  hwlab_append_messages_result* result, hwlab_error* error);

  /* [any] Reads a conversation and its messages, or a part of them, as they stood at one moment.
   * NOT_FOUND: no such conversation. */
  hwlab_status (*get_conversation)(void* self, const hwlab_call* call,
                                   const hwlab_get_conversation_request* request,
                                   hwlab_get_conversation_result* result, hwlab_error* error);

  /* [any] Lists conversations, newest first, a page at a time. A page costs the same however many
   * there are. Pages do not repeat or skip a conversation because others are added meanwhile.
   * INVALID: a cursor that is not one, or is of another order. */
  hwlab_status (*list_conversations)(void* self, const hwlab_call* call,
                                     const hwlab_list_conversations_request* request,
                                     hwlab_list_conversations_result* result, hwlab_error* error);
} hwlab_conversation_store;

#ifdef __cplusplus
}
#endif

#endif /* HWLAB_CONVERSATION_STORE_H */
