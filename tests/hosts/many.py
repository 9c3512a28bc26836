"""many.py LIBRARY SECTION N: N threads at once, each with a conversation of its own."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/hosts/python"))
import hwlab

MESSAGES_OF_EACH = 10


class Tally:
    def __init__(self):
        self.lock, self.failed, self.overloaded = threading.Lock(), 0, 0


def patiently(tally, call, *arguments):
    """A call that finds too much waiting may be made again; everything else is a failure."""
    while True:
        try:
            return call(*arguments)
        except hwlab.Error as error:
            if error.status != "OVERLOADED":
                raise
            with tally.lock:
                tally.overloaded += 1
            time.sleep(0.01)


def converse(plugin, number, tally):
    conversation = patiently(tally, plugin.create_conversation, f"model {number}")
    contents = [f"thread {number} says {i} 🙂" for i in range(MESSAGES_OF_EACH)]
    for seq, content in enumerate(contents, 1):
        added = patiently(tally, plugin.add_message, conversation, "user", content)
        assert added == seq, (number, added, seq)
    thread = patiently(tally, plugin.thread, conversation)
    assert thread == [(seq, "user", content) for seq, content in enumerate(contents, 1)], (number, thread)


def run(plugin, number, start, tally):
    start.wait()
    try:
        converse(plugin, number, tally)
    except Exception as error:  # whatever it is, it is to be counted
        with tally.lock:
            tally.failed += 1
        print(repr(error), file=sys.stderr)


def main():
    library, section, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    plugin = hwlab.Plugin(library, section, "many", log=lambda _, line: print(line, file=sys.stderr))
    start, tally = threading.Barrier(count), Tally()
    threads = [threading.Thread(target=run, args=(plugin, number, start, tally)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    plugin.close()
    print(f"{count} at once, {tally.failed} failed, {tally.overloaded} overloaded")


if __name__ == "__main__":
    main()
