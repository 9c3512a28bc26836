"""A plugin that keeps conversations, called from Python: host-api/include/hwlab/*.h by ctypes.

The structs below are those of the headers; tests/hosts/python_layout_test.py compares them with the compiler's. ctypes
releases the GIL during a call, so calls of several threads run at once.
"""
import contextlib
import ctypes
import os
from ctypes import POINTER, Structure, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p

STATUS_NAMES = ("OK INVALID NOT_FOUND CONFLICT UNSUPPORTED TOO_NEW UNAVAILABLE OVERLOADED TIMEOUT PERMISSION STOPPED "
                "CONFIG NO_MEMORY INTERNAL").split()
MAGIC, ABI_MINOR, STORE = 0x504C5748, 0, b"hwlab.conversation_store/1"
RETRYABLE, MAYBE_APPLIED = 1, 2


class Text(Structure):
    _fields_ = [("data", POINTER(c_char)), ("size", c_size_t)]

    @classmethod
    def of(cls, text):
        """None is absent. The bytes live as long as the struct that this is stored in."""
        if text is None:
            return cls()
        data = text.encode()
        return cls(ctypes.cast(c_char_p(data), POINTER(c_char)), len(data))

    def __str__(self):
        return ctypes.string_at(self.data, self.size).decode() if self.data else ""


class CError(Structure):
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("flags", c_uint32), ("retry_after_ms", c_uint32),
                ("actual_seq", c_int64), ("sqlstate", c_char * 8), ("message", c_char * 480)]


class Call(Structure):
    _fields_ = [("struct_size", c_uint32), ("timeout_ms", c_uint32)]


class Result(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("release", ctypes.CFUNCTYPE(None, c_void_p)),
                ("owner", c_void_p)]


LogFunction = ctypes.CFUNCTYPE(None, c_void_p, c_int32, POINTER(Text))
RegisterFunction = ctypes.CFUNCTYPE(c_int32, c_void_p, c_char_p, c_void_p, c_void_p, POINTER(CError))


class Host(Structure):
    _fields_ = [("struct_size", c_uint32), ("abi_minor", c_uint32), ("ctx", c_void_p), ("name", c_char_p),
                ("config", Text), ("config_origin", Text), ("log", LogFunction), ("register_hooks", RegisterFunction),
                ("get_extension", c_void_p)]


class Descriptor(Structure):
    _fields_ = [("struct_size", c_uint32), ("magic", c_uint32), ("abi_minor", c_uint32), ("min_host_minor", c_uint32),
                ("name", c_char_p), ("version", c_char_p), ("description", c_char_p), ("config_schema", c_char_p),
                ("load", ctypes.CFUNCTYPE(c_int32, POINTER(Host), POINTER(c_void_p), POINTER(CError))),
                ("unload", ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint32, POINTER(CError)))]


class NewMessage(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("id", Text), ("role", Text), ("content", Text),
                ("metadata", Text), ("created_at_us", c_int64)]


class Message(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("id", Text), ("role", Text), ("content", Text),
                ("metadata", Text), ("seq", c_int64), ("created_at_us", c_int64)]


class Conversation(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("id", Text), ("model", Text), ("title", Text),
                ("metadata", Text), ("started_at_us", c_int64), ("last_message_at_us", c_int64),
                ("message_count", c_int64), ("last_seq", c_int64)]


class CreateRequest(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("id", Text), ("model", Text), ("title", Text),
                ("metadata", Text)]


class CreateResult(Structure):
    _fields_ = [("head", Result), ("id", Text), ("started_at_us", c_int64)]


class AddRequest(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("conversation_id", Text),
                ("message", POINTER(NewMessage)), ("expected_seq", c_int64)]


class AddResult(Structure):
    _fields_ = [("head", Result), ("id", Text), ("seq", c_int64), ("created_at_us", c_int64)]


class GetRequest(Structure):
    _fields_ = [("struct_size", c_uint32), ("last_n", c_uint32), ("id", Text), ("after_seq", c_int64),
                ("before_seq", c_int64), ("limit", c_uint32), ("reserved", c_uint32)]


class GetResult(Structure):
    _fields_ = [("head", Result), ("conversation", POINTER(Conversation)), ("messages", POINTER(POINTER(Message))),
                ("message_count", c_size_t), ("next_after_seq", c_int64), ("next_before_seq", c_int64)]


class ListRequest(Structure):
    _fields_ = [("struct_size", c_uint32), ("order", c_int32), ("cursor", Text), ("limit", c_uint32),
                ("reserved", c_uint32)]


class ListResult(Structure):
    _fields_ = [("head", Result), ("conversations", POINTER(POINTER(Conversation))),
                ("conversation_count", c_size_t), ("next_cursor", Text)]


Hook = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(Call), c_void_p, c_void_p, POINTER(CError))


class Store(Structure):
    _fields_ = [("struct_size", c_uint32), ("abi_minor", c_uint32), ("create_conversation", Hook),
                ("add_message", Hook), ("append_messages", Hook), ("get_conversation", Hook),
                ("list_conversations", Hook)]


class Error(Exception):
    """A call that failed. `id` is known beside MAYBE_APPLIED: repeat the call with it."""

    def __init__(self, status, message, flags=0):
        super().__init__(message)
        self.status = STATUS_NAMES[status] if 0 <= status < len(STATUS_NAMES) else "INTERNAL"
        self.retryable, self.maybe_applied, self.id = bool(flags & RETRYABLE), bool(flags & MAYBE_APPLIED), None


def new_error():
    return CError(struct_size=ctypes.sizeof(CError))


def check(status, error):
    if status:
        raise Error(status, error.message.decode(), error.flags)


class Plugin:
    """Open and loaded until close(), which must not be called while another thread is in a call or begins one."""

    def __init__(self, library, config, origin, log):
        # The file's own path, however it was named. ctypes adds RTLD_NOW. The library is never closed.
        self._library = ctypes.CDLL(os.path.realpath(library, strict=True), mode=os.RTLD_LOCAL)
        self._plugin = Descriptor.in_dll(self._library, "hwlab_plugin_v1")
        if self._plugin.magic != MAGIC or self._plugin.struct_size < ctypes.sizeof(Descriptor):
            raise Error(STATUS_NAMES.index("CONFIG"), f"{library} is no plugin of this family")
        if self._plugin.min_host_minor > ABI_MINOR:
            raise Error(STATUS_NAMES.index("CONFIG"), f"{library} needs a later host")
        self._store = self._self = None
        # The plugin holds the host's struct until it is unloaded; so does this object.
        self._host = Host(struct_size=ctypes.sizeof(Host), abi_minor=ABI_MINOR, name=b"python-host",
                          config=Text.of(config), config_origin=Text.of(origin),
                          log=LogFunction(lambda _, level, line: log(level, str(line[0])) if line else None),
                          register_hooks=RegisterFunction(self._register))
        self._instance, error = c_void_p(), new_error()
        check(self._plugin.load(self._host, self._instance, error), error)

    def _register(self, _, family, table, hooks_self, error):
        if family != STORE:
            return STATUS_NAMES.index("UNSUPPORTED")
        self._store, self._self = ctypes.cast(table, POINTER(Store)), hooks_self
        return 0

    def close(self, grace_ms=5000):
        error = new_error()
        check(self._plugin.unload(self._instance, grace_ms, error), error)

    @contextlib.contextmanager
    def _call(self, name, request, result, timeout_ms):
        """The result, which is released at the end of the block: copy what is to stay."""
        field = getattr(Store, name)
        if not self._store or self._store[0].struct_size < field.offset + field.size or not getattr(self._store[0], name):
            raise Error(STATUS_NAMES.index("UNSUPPORTED"), f"this plugin has no {name}")
        request.struct_size, result.head.struct_size = ctypes.sizeof(request), ctypes.sizeof(result)
        call, error = Call(ctypes.sizeof(Call), timeout_ms), new_error()
        status = getattr(self._store[0], name)(self._self, call, ctypes.addressof(request), ctypes.addressof(result), error)
        try:
            if status and error.flags & MAYBE_APPLIED:
                failure = Error(status, error.message.decode(), error.flags)
                failure.id = str(result.id)
                raise failure
            check(status, error)
            yield result
        finally:
            if result.head.release:
                result.head.release(ctypes.addressof(result))

    def create_conversation(self, model, timeout_ms=0):
        with self._call("create_conversation", CreateRequest(model=Text.of(model)), CreateResult(), timeout_ms) as created:
            return str(created.id)

    def add_message(self, conversation, role, content, message_id=None, timeout_ms=0):
        message = NewMessage(struct_size=ctypes.sizeof(NewMessage), id=Text.of(message_id), role=Text.of(role),
                             content=Text.of(content))
        request = AddRequest(conversation_id=Text.of(conversation), message=ctypes.pointer(message))
        with self._call("add_message", request, AddResult(), timeout_ms) as added:
            return added.seq

    def thread(self, conversation, timeout_ms=0):
        """[(seq, role, content), ...]"""
        with self._call("get_conversation", GetRequest(id=Text.of(conversation)), GetResult(), timeout_ms) as got:
            messages = (got.messages[i][0] for i in range(got.message_count))
            return [(message.seq, str(message.role), str(message.content)) for message in messages]

    def newest(self, timeout_ms=0):
        """The first page of conversations: [(id, message_count), ...]"""
        with self._call("list_conversations", ListRequest(), ListResult(), timeout_ms) as page:
            records = (page.conversations[i][0] for i in range(page.conversation_count))
            return [(str(record.id), record.message_count) for record in records]
