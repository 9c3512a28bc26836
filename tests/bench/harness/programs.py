"""The programs that are measured, and how each is run for a short turn."""

import json
import math
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from cluster import CONVERSATIONS, REPO, Cluster

PEERS = ("libpqxx", "pgbench", "pgx", "node")  # what a user would pick instead


@dataclass(frozen=True)
class Turn:
    callers: int
    connections: int
    warmup: float
    seconds: float


@dataclass
class Sample:
    per_second: float
    calls: int
    p50_us: float
    p99_us: float
    max_us: float


class Programs:
    def __init__(self, build: Path, bench: Path, cluster: Cluster, scratch: Path) -> None:
        self.bin = build / "bin"
        self.plugin = build / "lib" / "hwlab_conversations.so"
        self.shim = build / "lib" / "libbench_slow_fsync.so"
        self.bench = bench  # what is not made by CMake: Go's program, Node's folder
        self.cluster = cluster
        self.scratch = scratch
        self.dsn = cluster.dsn()

    def run(self, command: list[str], timeout: float = 120) -> str:
        done = subprocess.run(command, text=True, capture_output=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def sample(self, command: list[str], turn: Turn) -> Sample:
        options = ["--dsn", self.dsn, "--callers", str(turn.callers), "--connections", str(turn.connections),
                   "--warmup", str(turn.warmup), "--seconds", str(turn.seconds)]
        return Sample(**json.loads(self.run([*command, *options])))

    # ---- appends ----

    def append(self, name: str, turn: Turn) -> Sample:
        while (sample := self._append(name, turn)).calls == 0:
            turn = replace(turn, seconds=2 * turn.seconds)  # a very busy machine
        return sample

    def _append(self, name: str, turn: Turn) -> Sample:
        if name.startswith("pgbench"):
            return self._pgbench(name, turn)
        commands = {
            "ours": [*self.ours("append", "ours"), "--conversations", str(CONVERSATIONS)],
            "libpqxx": [f"{self.bin}/bench_libpqxx", "append"],
            "libpq": [f"{self.bin}/bench_libpq", "append"],
            "pgx": [f"{self.bench}/bench_pgx"],
            "node": [*self.node("append")],
            "limit": [f"{self.bin}/bench_libpq", "batch", "--schema", "ours", "--statement", str(batch_statement())],
        }
        return self.sample(commands[name], turn)

    def ours(self, what: str, schema: str) -> list[str]:
        return [f"{self.bin}/bench_ours", what, "--plugin", str(self.plugin), "--schema", schema]

    def node(self, what: str) -> list[str]:
        return ["node", f"{self.bench}/node/bench.mjs", what]

    def migrate(self, schema: str, timeout: float = 120) -> float:
        """Makes the tables by the first call of a process; how long that took, in seconds."""
        out = self.run([f"{self.bin}/bench_first_ours", str(self.plugin), self.dsn, schema], timeout)
        return float(out)

    def _pgbench(self, name: str, turn: Turn) -> Sample:
        """One client for each connection: callers beyond those would only wait in front of it."""
        script = self.scratch / f"{name}.sql"
        script.write_text(PGBENCH_SCRIPTS[name]())
        clients = min(turn.callers, turn.connections)
        # Its clock runs while it connects, too, which takes longer on a busy machine.
        seconds = turn.warmup + turn.seconds + clients * 0.004
        while (sample := self._pgbench_for(math.ceil(seconds), script, clients, turn)) is None:
            seconds *= 2
        return sample

    def _pgbench_for(self, seconds: int, script: Path, clients: int, turn: Turn) -> Sample | None:
        """Nothing when it ended too early."""
        for old in self.scratch.glob("pgbench-log.*"):
            old.unlink()
        self.run([f"{self.cluster.bindir}/pgbench", "-n", "-M", "prepared", "-f", str(script), "-c", str(clients),
                  "-j", str(min(clients, 2)), "-T", str(seconds), "-l", "--log-prefix", f"{self.scratch}/pgbench-log",
                  self.dsn])
        done: list[tuple[float, int]] = []  # when, in seconds, and how long it took, in microseconds
        for log in self.scratch.glob("pgbench-log.*"):
            for line in log.read_text().splitlines():
                words = line.split()
                done.append((int(words[4]) + int(words[5]) / 1e6, int(words[2])))
        if not done:
            return None
        begin = min(at - took / 1e6 for at, took in done) + turn.warmup
        if max(at for at, _ in done) < begin + turn.seconds * 0.95:
            return None
        times = sorted(took for at, took in done if begin <= at < begin + turn.seconds)
        quantiles = [float(times[max(math.ceil(part * len(times)), 1) - 1]) if times else 0.0 for part in (0.5, 0.99, 1)]
        return Sample(len(times) / turn.seconds, len(times), *quantiles)


CONTENT = ("The relay of the kettle has clicked 41 times since Tuesday; " * 4)[:200]
PGBENCH_CONVERSATION = "lpad(:conversation::text, 32, '0')::uuid"


def _plain_script() -> str:
    return f"""\\set conversation random(1, {CONVERSATIONS})
insert into plain.messages (conversation_id, role, content)
  values ({PGBENCH_CONVERSATION}, 'user', '{CONTENT}');
"""


def _single_script() -> str:
    """Our own statement for a single message, with pgbench's variable for the conversation."""
    lines = (REPO / "store/sql/append_one.sql").read_text().splitlines()
    sql = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    values = {"$1": "gen_random_uuid()", "$2": PGBENCH_CONVERSATION, "$3": "'user'", "$4": f"'{CONTENT}'",
              "$5": "null", "{schema}": "ours"}
    for mark, value in values.items():
        sql = sql.replace(mark, value)
    return f"\\set conversation random(1, {CONVERSATIONS})\n{sql};\n"


PGBENCH_SCRIPTS = {"pgbench": _plain_script, "pgbench-single": _single_script}


def batch_statement() -> Path:
    return REPO / "store/sql/append_each.sql"
