"""host.py HWLAB.YAML: keeps a short conversation through the plugin that the daemon's file names."""
import os
import sys

import yaml

import hwlab


def read_config(path):
    """Library, section and origin of the first plugin that is enabled."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    config, document = yaml.safe_load(text), yaml.compose(text)
    index, entry = next((i, entry) for i, entry in enumerate(config["plugins"]) if entry.get("enabled", True))
    library = os.path.join(os.path.dirname(os.path.abspath(path)), config.get("plugin_dir", ""), entry["library"])
    # Written anew from the nodes, not from Python's values: `off` is to stay `off`. So its lines mean nothing.
    plugins = next(value for key, value in document.value if key.value == "plugins")
    section = next((value for key, value in plugins.value[index].value if key.value == "config"), None)
    return library, yaml.serialize(section) if section else "", path


def converse(plugin):
    conversation = plugin.create_conversation("llama3")
    print("conversation", conversation)
    plugin.add_message(conversation, "user", "Is the pool still fine?")
    plugin.add_message(conversation, "assistant", "Yes: both disks are online 🙂")
    for seq, role, content in plugin.thread(conversation):
        print(f"{seq} {role}: {content}")
    for listed, count in plugin.newest():
        if listed == conversation:
            print("listed with", count, "messages")

    try:
        plugin.thread("00000000-0000-4000-8000-000000000000")
    except hwlab.Error as error:
        print("an unknown conversation is", error.status)

    long_text, message_id = "x" * 4_000_000, None
    try:
        plugin.add_message(conversation, "user", long_text, timeout_ms=1)
    except hwlab.Error as error:
        print("4 MB in a millisecond end with", error.status)
        message_id = error.id  # it may be stored: with the same id it is stored once
    print("repeated, it is seq", plugin.add_message(conversation, "user", long_text, message_id))


def main():
    try:
        plugin = hwlab.Plugin(*read_config(sys.argv[1]), log=lambda _, line: print(line, file=sys.stderr))
        try:
            converse(plugin)
        finally:
            plugin.close()
        print("unloaded")
    except (hwlab.Error, OSError, yaml.YAMLError) as error:
        sys.exit(f"{getattr(error, 'status', 'CONFIG')}: {error}")


if __name__ == "__main__":
    main()
