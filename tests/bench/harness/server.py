"""What appending costs the server's processor: instructions of a server in single-user mode, counted by callgrind, so that
neither other programs nor the disk disturb them. EXECUTE and reading its text are part of them, for every statement alike."""

import random
import re
import uuid
from typing import Any

from cluster import CONVERSATIONS, REPO, Cluster, fill_conversations

Part = dict[str, Any]
CONTENT = "x" * 200
# Of the server's functions, with all that they call.
PARTS_OF_IT = {
    "starting the plan": "ExecutorStart",
    "the foreign key": "RI_FKey_check_ins",
    "the check of the role": "ExecConstraints",
    "indexes of the new row": "ExecInsertIndexTuples",
}


def _ours(file: str, schema: str) -> str:
    lines = (REPO / "store/sql" / file).read_text().splitlines()
    return " ".join(line for line in (re.sub(r"--.*", "", line).strip() for line in lines) if line).replace("{schema}", schema)


def _statements() -> dict[str, tuple[str, int]]:
    """By name: SQL, and the messages of one execution."""
    plain = "insert into plain.messages (conversation_id, role, content)"
    return {
        "plain INSERT": (f"{plain} select $2::uuid, $3::text, $4::text where $1::uuid is not null", 1),
        "append_one": (_ours("append_one.sql", "ours"), 1),
        "plain INSERT of 64": (f"{plain} select c, r, t from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) u (i, c, r, t)", 64),
        "append_each of 1": (_ours("append_each.sql", "ours"), 1),
        "append_each of 64": (_ours("append_each.sql", "ours"), 64),
        "append_batch of 64": (_ours("append_batch.sql", "ours"), 64),
    }


class _Arguments:
    def __init__(self, name: str, messages: int) -> None:
        self._random = random.Random(1)
        self._name, self._messages = name, messages

    def next(self) -> str:
        count = self._messages
        numbers = sorted(self._random.sample(range(1, CONVERSATIONS + 1), count))
        conversations = [f"00000000-0000-0000-0000-{number:012d}" for number in numbers]
        ids = [str(uuid.uuid4()) for _ in numbers]
        roles, texts = ["user"] * count, [CONTENT] * count
        if self._name in ("plain INSERT", "append_one"):
            values = [ids[0], conversations[0], roles[0], texts[0]]
            return ", ".join(f"'{value}'" for value in values) + (", null" if self._name == "append_one" else "")
        columns = [ids, conversations, roles, texts]
        if self._name.startswith("append_each"):
            columns = [conversations, ids, roles, texts, []]
        elif self._name.startswith("append_batch"):
            ones, places = ["1"] * count, [str(n + 1) for n in range(count)]
            columns = [conversations, ones, [], [], ones, ids, places, ones, roles, texts, [], []]
        return ", ".join("'{" + ",".join(column) + "}'" for column in columns)


def run(cluster: Cluster, executions: int) -> Part:
    """Stops the cluster, which has the schemas "plain" and "ours"."""
    cluster.sql(fill_conversations("plain") + fill_conversations("ours"))
    cluster.stop(now=False)
    part: Part = {}
    for name, (sql, messages) in _statements().items():
        few = _count(cluster, sql, _Arguments(name, messages), 5)
        many = _count(cluster, sql, _Arguments(name, messages), 5 + executions)
        part[name] = {what: round((many[what] - few[what]) / executions / messages) for what in many}
    return part


def _count(cluster: Cluster, sql: str, arguments: _Arguments, executions: int) -> dict[str, int]:
    script = ["set search_path = pg_catalog", "set plan_cache_mode = force_generic_plan", f"prepare statement as {sql}"]
    script += [f"execute statement({arguments.next()})" for _ in range(executions)]
    counted = cluster.single_user_instructions("\n".join(script) + "\n")
    return {"all": counted["PROGRAM TOTALS"]} | {what: counted.get(name, 0) for what, name in PARTS_OF_IT.items()}
