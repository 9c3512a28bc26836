"""Reads: whole threads, last pages, and listings."""

import time
from dataclasses import asdict
from typing import Any

from append import Row
from cluster import Cluster
from programs import Programs, Turn

COLUMNS = "id, seq, role, content, metadata, created_at"


def conversation(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def fill_thread(schema: str, number: int, messages: int, content: str) -> str:
    """The SQL that makes a conversation of so many messages."""
    return f"""
        insert into {schema}.conversations (id, last_seq, message_count)
          values ('{conversation(number)}', {messages}, {messages});
        insert into {schema}.messages (conversation_id, seq, role, content)
          select '{conversation(number)}', n, case n % 2 when 1 then 'user' else 'assistant' end, {content}
            from generate_series(1, {messages}) n;"""


def run_threads(programs: Programs, rounds: int, warmup: float, seconds: float) -> list[Row]:
    cluster = programs.cluster
    cluster.sql("create schema threads")
    programs.migrate("threads")
    content = "repeat('a word and another ', 9)"  # 198 bytes
    for number, messages in ((1, 1000), (2, 100), (3, 100_000)):
        cluster.sql(fill_thread("threads", number, messages, content))
    cluster.sql("vacuum analyze threads.conversations; vacuum analyze threads.messages")
    thread = ["--conversation", conversation(1)]
    elsewhere = [*thread, "--schema", "threads"]
    ours = programs.ours("thread", "threads")
    query = f"select {COLUMNS} from threads.messages where conversation_id = $1 order by seq"
    commands = {
        "thread: ours": [*ours, *thread],
        "thread: libpq": [f"{programs.bin}/bench_libpq", "rows", "--query", query, "--argument", conversation(1)],
        "thread: libpqxx into strings": [f"{programs.bin}/bench_libpqxx", "thread", *elsewhere],
        "thread: node": [*programs.node("thread"), *elsewhere],
        "last page of 100: ours": [*ours, "--conversation", conversation(2), "--last", "50"],
        "last page of 100,000: ours": [*ours, "--conversation", conversation(3), "--last", "50"],
    }
    return [{"round": number, "name": name} | asdict(programs.sample(command, Turn(1, 1, warmup, seconds)))
            for number in range(rounds) for name, command in commands.items()]


def run_listings(programs: Programs, sizes: list[int], rounds: int, warmup: float, seconds: float) -> dict[str, Any]:
    cluster = programs.cluster
    rows: list[Row] = []
    counting: dict[str, float] = {}
    filling = {f"{size:,}": _fill(programs, size) for size in sizes}
    for number in range(rounds):
        for size in sizes:
            for order in ("by start", "by activity"):
                command = programs.ours("list", f"list_{size}")
                if order == "by activity":
                    command.append("--by-activity")
                sample = programs.sample(command, Turn(1, 1, warmup, seconds))
                rows.append({"round": number, "name": f"{size:,} {order}"} | asdict(sample))
    for size in sizes:
        counting[f"{size:,}"] = _count_over_everything(cluster, f"list_{size}")
    return {"conversations": sizes, "messages_each": MESSAGES_EACH, "rows": rows, "filling_s": filling,
            "count_over_everything_s": counting}


MESSAGES_EACH = 10


def _fill(programs: Programs, size: int) -> float:
    """Conversations that began within the last year, each with its messages a minute apart; seconds it took."""
    cluster = programs.cluster
    schema = f"list_{size}"
    started = time.monotonic()
    cluster.sql(f"create schema {schema}")
    programs.migrate(schema)
    # Indexes and the foreign key are made after the rows, as every restore does: for 10 million messages that
    # saves most of the time. Their definitions are taken from the tables.
    later = cluster.sql(f"""
        select format('alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid))
          from pg_constraint where conrelid = '{schema}.messages'::regclass and contype in ('p', 'f')
        union all
        select pg_get_indexdef(indexrelid) || ';' from pg_index
         where indrelid = '{schema}.messages'::regclass and not indisprimary""")
    cluster.sql(f"""
        alter table {schema}.messages drop constraint messages_conversation_id_fkey;
        alter table {schema}.messages drop constraint messages_pkey;
        drop index {schema}.messages_by_seq;""")
    identity = "lpad(c::text, 32, '0')::uuid"
    begun = f"now() - c * interval '365 days' / {size}"
    last = f"{begun} + {MESSAGES_EACH - 1} * interval '1 minute'"
    cluster.copy(f"""select {identity}, {begun}, 'model', {MESSAGES_EACH}::bigint, {MESSAGES_EACH}::bigint, {last},
                            floor(extract(epoch from {last}) / 3600)::integer from generate_series(1, {size}) c""",
                 f"{schema}.conversations (id, started_at, model, last_seq, message_count, active_at, active_hour)")
    cluster.copy(f"""select gen_random_uuid(), {identity}, n::bigint, 'user', 'a short message', {begun} + n * interval '1 minute'
                       from generate_series(1, {size}) c, generate_series(1, {MESSAGES_EACH}) n""",
                 f"{schema}.messages (id, conversation_id, seq, role, content, created_at)")
    cluster.sql(f"set maintenance_work_mem = '512MB'; {later} vacuum analyze {schema}.conversations; "
                f"vacuum analyze {schema}.messages; checkpoint")
    return round(time.monotonic() - started, 1)


def _count_over_everything(cluster: Cluster, schema: str) -> float:
    """A page of 50 by the query that is written first; in seconds."""
    started = time.monotonic()
    cluster.sql(f"""select c.id, c.model, c.started_at, count(m.id), max(m.created_at)
                      from {schema}.conversations c left join {schema}.messages m on m.conversation_id = c.id
                     group by c.id order by c.started_at desc limit 50""")
    return round(time.monotonic() - started, 4)
