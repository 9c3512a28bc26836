"""What does not depend on load: the cost of the C interface, the start of a process, its memory."""

import json
import re
import time
from statistics import median
from typing import Any

from cluster import fill_conversations
from programs import Programs
from reading import conversation, fill_thread

Part = dict[str, Any]
CONTENT = "repeat('a word and another ', 9)"  # 198 bytes


# ---- the C interface ----

def run_abi(programs: Programs, repetitions: int, counted_calls: int) -> Part:
    cluster = programs.cluster
    cluster.sql("create schema abi")
    programs.migrate("abi")
    for number, messages in ((1, 1), (2, 1001), (3, 1)):
        cluster.sql(fill_thread("abi", number, messages, CONTENT))
    command = [f"{programs.bin}/bench_abi", str(programs.plugin), programs.dsn, "abi"]
    part = _times(programs, command, repetitions)
    instructions = {name: _instructions(programs, command, name, counted_calls) for name in part["median_ns"]}
    part["instructions"] = instructions
    part["instructions_per_row"] = {
        way: round((instructions[f"{way}: read of 1,001 rows"] - instructions[f"{way}: read of one row"]) / 1000)
        for way in ("hook", "store")}
    return part


def _times(programs: Programs, command: list[str], repetitions: int) -> Part:
    out = programs.run([*command, f"--benchmark_repetitions={repetitions}", "--benchmark_min_time=0.05",
                        "--benchmark_enable_random_interleaving=true", "--benchmark_format=json"])
    times: dict[str, list[float]] = {}
    for run in json.loads(out)["benchmarks"]:
        if run["run_type"] == "iteration":
            times.setdefault(run["run_name"].split("/")[0], []).append(run["real_time"])
    medians = {name: round(median(found), 1) for name, found in times.items()}
    part: Part = {"median_ns": medians}
    for call in ("append", "read of one row"):
        part[call] = {"cost_ns": round(medians[f"hook: {call}"] - medians[f"store: {call}"], 1)}
    return part


def _instructions(programs: Programs, command: list[str], name: str, calls: int) -> int:
    """What callgrind counts for one call."""
    if "1,001" in name:
        calls = max(calls // 20, 1)
    file = programs.scratch / "callgrind.out"
    programs.run(["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
                  f"--callgrind-out-file={file}", *command, "--count", name, str(calls)])
    found = re.search(r"^totals: (\d+)$", file.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("callgrind has counted nothing")
    return round(int(found[1]) / calls)


# ---- the start ----

def run_start(programs: Programs, rounds: int, empty_databases: int, adopted_messages: int) -> Part:
    cluster = programs.cluster
    cluster.sql("create schema started")
    programs.migrate("started")
    ours = [f"{programs.bin}/bench_first_ours", str(programs.plugin), programs.dsn, "started"]
    libpq = [f"{programs.bin}/bench_first_libpq", programs.dsn]
    out = programs.run([f"{programs.bin}/bench_first_result", str(rounds), *ours, "--", *libpq])
    ours_us, libpq_us = json.loads(out)
    migrations: list[float] = []
    for number in range(empty_databases):
        cluster.sql(f"create schema empty_{number}")
        migrations.append(programs.migrate(f"empty_{number}"))
    return {"ours_us": ours_us, "libpq_us": libpq_us, "migrations_of_an_empty_schema_s": migrations,
            "adopted_messages": adopted_messages, "adoption_s": _adopt(programs, adopted_messages)}


def _adopt(programs: Programs, messages: int) -> float:
    """An earlier store's tables, 100 messages to a conversation, until the first result."""
    cluster = programs.cluster
    cluster.make_plain_schema("adopted")
    cluster.sql(f"""
        insert into adopted.conversations (id)
          select lpad(n::text, 32, '0')::uuid from generate_series(1, {messages} / 100) n;
        insert into adopted.messages (conversation_id, role, content, created_at)
          select lpad((1 + n % ({messages} / 100))::text, 32, '0')::uuid, 'user', {CONTENT},
                 now() - n * interval '1 second'
            from generate_series(1, {messages}) n;
        vacuum analyze adopted.conversations;
        vacuum analyze adopted.messages;
        checkpoint""")
    took = programs.migrate("adopted", timeout=1200)
    cluster.sql("drop schema adopted cascade")
    return took


# ---- memory ----

def run_memory(programs: Programs, few: int, many: int, callers: int, thread_mib: int) -> Part:
    cluster = programs.cluster
    cluster.sql("create schema memory")
    programs.migrate("memory")
    cluster.sql(fill_conversations("memory"))

    def measure(what: str, *arguments: object) -> Part:
        command = [f"{programs.bin}/bench_memory", what, str(programs.plugin), programs.dsn, "memory"]
        result: Part = json.loads(programs.run([*command, *map(str, arguments)], timeout=900))
        return result

    started = time.monotonic()
    part = measure("growth", few, many)
    part["growth_took_s"] = round(time.monotonic() - started, 1)
    part["waiting"] = measure("waiting", callers)
    # Messages of 10 KiB, which the server does not compress away on the wire.
    cluster.sql(fill_thread("memory", 2001, thread_mib * 1024 // 10, "repeat('0123456789abcdef', 640)"))
    part["thread"] = measure("thread", conversation(2001))
    cluster.sql("drop schema memory cascade")
    return part

