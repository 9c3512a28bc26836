"""python_layout.py PROGRAM INCLUDE: whether the structs of the host in Python are those of the headers.

Writes a C program that asserts every offset and size, and lets the compiler judge it. The offset of the struct's end
shows a member that Python does not know, but for Descriptor, which leaves out its last.
"""
import ctypes
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/hosts/python"))
import hwlab

STRUCTS = {
    hwlab.Text: "hwlab_text", hwlab.CError: "hwlab_error", hwlab.Call: "hwlab_call", hwlab.Result: "hwlab_result",
    hwlab.Host: "hwlab_host", hwlab.Descriptor: "hwlab_plugin", hwlab.NewMessage: "hwlab_new_message",
    hwlab.Message: "hwlab_message", hwlab.Conversation: "hwlab_conversation",
    hwlab.CreateRequest: "hwlab_create_conversation_request", hwlab.CreateResult: "hwlab_create_conversation_result",
    hwlab.AddRequest: "hwlab_add_message_request", hwlab.AddResult: "hwlab_add_message_result",
    hwlab.GetRequest: "hwlab_get_conversation_request", hwlab.GetResult: "hwlab_get_conversation_result",
    hwlab.ListRequest: "hwlab_list_conversations_request", hwlab.ListResult: "hwlab_list_conversations_result",
    hwlab.Store: "hwlab_conversation_store",
}


def assertion(condition):
    return f'_Static_assert({condition}, "{condition}");'


def assertions():
    declared = {value for value in vars(hwlab).values() if isinstance(value, type)
                and issubclass(value, ctypes.Structure) and value is not ctypes.Structure}
    assert declared == set(STRUCTS), declared ^ set(STRUCTS)
    for python, name in STRUCTS.items():
        for field, *_ in python._fields_:
            member = getattr(python, field)
            yield assertion(f"offsetof({name}, {field}) == {member.offset}")
            yield assertion(f"sizeof(({name} *)0)->{field} == {member.size}")
        if python is not hwlab.Descriptor:
            yield assertion(f"sizeof({name}) == {ctypes.sizeof(python)}")
    for number, status in enumerate(hwlab.STATUS_NAMES):
        yield assertion(f"HWLAB_{status} == {number}")
    yield assertion(f"HWLAB_PLUGIN_MAGIC == {hwlab.MAGIC}")
    yield assertion(f"HWLAB_RETRYABLE == {hwlab.RETRYABLE} && HWLAB_MAYBE_APPLIED == {hwlab.MAYBE_APPLIED}")
    yield assertion(f"HWLAB_ABI_MINOR == {hwlab.ABI_MINOR}")


def main():
    program = "#include <hwlab/conversation_store.h>\n" + "\n".join(assertions())
    compiler = [sys.argv[1], "-std=c11", "-fsyntax-only", "-I", sys.argv[2], "-x", "c", "-"]
    result = subprocess.run(compiler, input=program, text=True, check=False)
    print(program.count("_Static_assert"), "assertions")
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
