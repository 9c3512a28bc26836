// Package hwlab keeps conversations through a plugin, by the C headers of host-api/. Everything may be called on any
// number of goroutines at once; a call that blocks holds a thread of the system meanwhile.
package hwlab

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
#include <hwlab/calls.h>

// What the plugin holds pointers to must not be Go's memory.
struct opened {
	hwlab_store_hooks hooks; // first, as hwlab_take_store_hooks wants it
	const hwlab_plugin *plugin;
	void *instance;
	hwlab_host host;
	char *config, *origin;
};

extern void hwlabGoLog(int32_t level, char *data, size_t size);

static void log_line(void *ctx, int32_t level, const hwlab_text *line) {
	(void)ctx;
	if (line)
		hwlabGoLog(level, (char *)line->data, line->size);
}

static hwlab_status open_plugin(struct opened *o, const char *path, hwlab_error *error) {
	error->struct_size = sizeof *error;
	// The library is never closed.
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return hwlab_refuse(HWLAB_CONFIG, dlerror(), NULL, error);
	o->plugin = dlsym(library, HWLAB_PLUGIN_SYMBOL);
	hwlab_status status = hwlab_check_plugin(o->plugin, error);
	if (status != HWLAB_OK)
		return status;
	o->host = (hwlab_host){.struct_size = sizeof o->host, .abi_minor = HWLAB_ABI_MINOR, .ctx = o, .name = "go-host",
	                       .config = hwlab_text_of(o->config), .config_origin = hwlab_text_of(o->origin),
	                       .log = log_line, .register_hooks = hwlab_take_store_hooks};
	return hwlab_load(o->plugin, &o->host, &o->instance, error);
}

static hwlab_status close_plugin(struct opened *o, uint32_t grace_ms, hwlab_error *error) {
	error->struct_size = sizeof *error;
	return hwlab_unload(o->plugin, o->instance, grace_ms, error);
}

static void forget(struct opened *o) {
	free(o->config);
	free(o->origin);
	free(o);
}

// Requests are made here and not in Go, whose pointers C may have, but not pointers to pointers. Go's strings are
// borrowed for the call, as the contract wants it, and not copied.
static hwlab_text text(_GoString_ string) {
	return (hwlab_text){_GoStringLen(string) ? _GoStringPtr(string) : "", _GoStringLen(string)};
}

static hwlab_text optional(_GoString_ string) {
	return _GoStringLen(string) ? text(string) : (hwlab_text){0};
}

static hwlab_status create(const struct opened *o, uint32_t timeout_ms, _GoString_ model,
                           hwlab_create_conversation_result *result, hwlab_error *error) {
	hwlab_call call = {sizeof call, timeout_ms};
	hwlab_create_conversation_request request = {.struct_size = sizeof request, .model = text(model)};
	result->head.struct_size = sizeof *result;
	error->struct_size = sizeof *error;
	return hwlab_create_conversation(&o->hooks, &call, &request, result, error);
}

static hwlab_status add(const struct opened *o, uint32_t timeout_ms, _GoString_ conversation, _GoString_ id,
                        _GoString_ role, _GoString_ content, hwlab_add_message_result *result, hwlab_error *error) {
	hwlab_call call = {sizeof call, timeout_ms};
	hwlab_new_message message = {.struct_size = sizeof message, .id = optional(id), .role = text(role),
	                             .content = text(content)};
	hwlab_add_message_request request = {.struct_size = sizeof request, .conversation_id = text(conversation),
	                                     .message = &message};
	result->head.struct_size = sizeof *result;
	error->struct_size = sizeof *error;
	return hwlab_add_message(&o->hooks, &call, &request, result, error);
}

static hwlab_status get(const struct opened *o, uint32_t timeout_ms, _GoString_ conversation,
                        hwlab_get_conversation_result *result, hwlab_error *error) {
	hwlab_call call = {sizeof call, timeout_ms};
	hwlab_get_conversation_request request = {.struct_size = sizeof request, .id = text(conversation)};
	result->head.struct_size = sizeof *result;
	error->struct_size = sizeof *error;
	return hwlab_get_conversation(&o->hooks, &call, &request, result, error);
}

static hwlab_status list(const struct opened *o, uint32_t timeout_ms, hwlab_list_conversations_result *result,
                         hwlab_error *error) {
	hwlab_call call = {sizeof call, timeout_ms};
	hwlab_list_conversations_request request = {.struct_size = sizeof request};
	result->head.struct_size = sizeof *result;
	error->struct_size = sizeof *error;
	return hwlab_list_conversations(&o->hooks, &call, &request, result, error);
}
*/
import "C"

import (
	"path/filepath"
	"time"
	"unsafe"
)

// Error is a call that failed. ID is known beside MaybeApplied: repeat the call with it.
type Error struct {
	Status                  string
	Retryable, MaybeApplied bool
	ID                      string
	message                 string
}

func (e *Error) Error() string { return e.Status + ": " + e.message }

func failure(status C.hwlab_status, e *C.hwlab_error, id C.hwlab_text) error {
	if status == C.HWLAB_OK {
		return nil
	}
	return &Error{
		Status:       C.GoString(C.hwlab_status_name(status)),
		Retryable:    e.flags&C.HWLAB_RETRYABLE != 0,
		MaybeApplied: e.flags&C.HWLAB_MAYBE_APPLIED != 0,
		ID:           goString(id),
		message:      C.GoString(&e.message[0]),
	}
}

func goString(text C.hwlab_text) string { return C.GoStringN(text.data, C.int(text.size)) }

func milliseconds(timeout time.Duration) C.uint32_t {
	return C.uint32_t((timeout + time.Millisecond - 1) / time.Millisecond)
}

// Plugin is open and loaded until Close.
type Plugin struct{ opened *C.struct_opened }

// Open loads the library with its section of the configuration; origin says where that stands, for messages.
func Open(library, config, origin string) (*Plugin, error) {
	path, err := filepath.EvalSymlinks(library)
	if err != nil {
		return nil, err
	}
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	opened := (*C.struct_opened)(C.calloc(1, C.sizeof_struct_opened))
	opened.config, opened.origin = C.CString(config), C.CString(origin)
	var e C.hwlab_error
	if status := C.open_plugin(opened, cPath, &e); status != C.HWLAB_OK {
		C.forget(opened)
		return nil, failure(status, &e, C.hwlab_text{})
	}
	return &Plugin{opened}, nil
}

// Close unloads the plugin: calls that run may finish for the grace. No call may begin from now on.
func (p *Plugin) Close(grace time.Duration) error {
	var e C.hwlab_error
	err := failure(C.close_plugin(p.opened, milliseconds(grace), &e), &e, C.hwlab_text{})
	C.forget(p.opened)
	p.opened = nil
	return err
}

// A Message as it is stored; an empty ID of one to be added lets the plugin make it.
type Message struct {
	ID, Role, Content string
	Seq               int64
}

// A Conversation of a listing.
type Conversation struct {
	ID           string
	MessageCount int64
}

// CreateConversation returns the id. A timeout of 0 is, here and below, that of the configuration.
func (p *Plugin) CreateConversation(model string, timeout time.Duration) (string, error) {
	var result C.hwlab_create_conversation_result
	var e C.hwlab_error
	status := C.create(p.opened, milliseconds(timeout), model, &result, &e)
	defer C.hwlab_release(&result.head)
	return goString(result.id), failure(status, &e, result.id)
}

// AddMessage returns the message's place in the conversation.
func (p *Plugin) AddMessage(conversation string, m Message, timeout time.Duration) (int64, error) {
	var result C.hwlab_add_message_result
	var e C.hwlab_error
	status := C.add(p.opened, milliseconds(timeout), conversation, m.ID, m.Role, m.Content, &result, &e)
	defer C.hwlab_release(&result.head)
	return int64(result.seq), failure(status, &e, result.id)
}

// Thread returns the messages of a conversation in their order.
func (p *Plugin) Thread(conversation string, timeout time.Duration) ([]Message, error) {
	var result C.hwlab_get_conversation_result
	var e C.hwlab_error
	status := C.get(p.opened, milliseconds(timeout), conversation, &result, &e)
	defer C.hwlab_release(&result.head)
	var messages []Message
	for _, m := range unsafe.Slice(result.messages, result.message_count) {
		messages = append(messages, Message{goString(m.id), goString(m.role), goString(m.content), int64(m.seq)})
	}
	return messages, failure(status, &e, C.hwlab_text{})
}

// Newest returns the first page of conversations.
func (p *Plugin) Newest(timeout time.Duration) ([]Conversation, error) {
	var result C.hwlab_list_conversations_result
	var e C.hwlab_error
	status := C.list(p.opened, milliseconds(timeout), &result, &e)
	defer C.hwlab_release(&result.head)
	var conversations []Conversation
	for _, c := range unsafe.Slice(result.conversations, result.conversation_count) {
		conversations = append(conversations, Conversation{goString(c.id), int64(c.message_count)})
	}
	return conversations, failure(status, &e, C.hwlab_text{})
}
