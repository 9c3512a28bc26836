"""A PostgreSQL of the benchmark's own, with the durable settings that a new cluster has."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[3]
CONVERSATIONS = 1000  # that appends go to


class Cluster:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "postgres" / "socket"
        self._private("start", "--set", "max_connections=400")
        self.bindir = Path(self._private("bindir"))

    def _private(self, *arguments: str) -> str:
        command = [str(REPO / "examples/private-postgres"), *arguments, "--dir", str(self.folder)]
        done = subprocess.run(command, check=False, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def dsn(self, socket: Path | None = None) -> str:
        return f"host={socket or self.socket} port=5432 user=postgres dbname=hwlab"

    def sql(self, text: str) -> str:
        """Each statement is a transaction of its own; the value of the last one."""
        psql = [str(self.bindir / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.dsn()]
        quiet = os.environ | {"PGOPTIONS": "-c client_min_messages=warning"}
        done = subprocess.run(psql, input=text, check=True, text=True, stdout=subprocess.PIPE, env=quiet)
        return done.stdout.strip()

    def copy(self, query: str, table: str) -> None:
        """The rows of a query into a table, by COPY."""
        psql = [str(self.bindir / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(), "-c"]
        source = subprocess.Popen([*psql, f"copy ({query}) to stdout (format binary)"], stdout=subprocess.PIPE)
        subprocess.run([*psql, f"copy {table} from stdin (format binary)"], stdin=source.stdout, check=True)
        assert source.stdout is not None
        source.stdout.close()
        if source.wait() != 0:
            raise RuntimeError("COPY has failed")

    def restart_with_slow_disk(self, library: Path, delay_us: int) -> None:
        """From now on each fsync and fdatasync of the server takes so much longer."""
        self._private("stop")
        data = self.folder / "postgres" / "data"
        # The server's user need not be able to enter the build folder.
        shim = shutil.copy(library, self.folder / "slow_fsync.so")
        environment = {"LC_ALL": "C.UTF-8", "LD_PRELOAD": str(shim), "BENCH_FSYNC_US": str(delay_us)}
        with open(self.folder / "slow.log", "ab") as log:
            subprocess.Popen(
                [str(self.bindir / "postgres"), "-D", str(data)],
                cwd=data, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self._owner())
        ready = [str(self.bindir / "pg_isready"), "-q", "-d", self.dsn()]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the server with the slow disk does not start, see {self.folder}/slow.log")
            time.sleep(0.1)

    def single_user_instructions(self, script: str) -> dict[str, int]:
        """A stopped server's, in single-user mode under callgrind: by function, with all that it calls."""
        data = self.folder / "postgres" / "data"
        counts = data / "callgrind.out"
        command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={counts}", str(self.bindir / "postgres"),
                   "--single", "-D", str(data), "-c", "fsync=off", "-c", "autovacuum=off", "hwlab"]
        done = subprocess.run(command, input=script, check=False, text=True, capture_output=True, cwd=data,
                              env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}, **self._owner())
        if done.returncode != 0 or "ERROR" in done.stderr:
            raise RuntimeError(f"the server in single-user mode has failed: {done.stderr[-2000:]}")
        table = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(counts)], check=True,
                               text=True, stdout=subprocess.PIPE).stdout
        found: dict[str, int] = {}
        for count, name in re.findall(r"^ *([0-9,]+) \(.*?\)  (?:[^:\n]*:)?([A-Za-z_ ]+)", table, re.MULTILINE):
            found[name.strip()] = max(found.get(name.strip(), 0), int(count.replace(",", "")))
        return found

    @staticmethod
    def _owner() -> dict[str, Any]:
        """For subprocess: PostgreSQL does not run as root."""
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}

    def make_plain_schema(self, name: str) -> None:
        """The tables of the first migration alone."""
        text = (REPO / "store/migrations/0001_base_tables.sql").read_text()
        self.sql(f"create schema {name};" + text.replace("{schema}", name))

    def stop(self, now: bool = True) -> None:
        """Now: without a checkpoint, to be thrown away."""
        self._private("stop", *(["--now"] if now else []))


def fill_conversations(schema: str) -> str:
    """The SQL after which a schema holds the conversations that appends go to, and no message."""
    return f"""
        truncate {schema}.messages, {schema}.conversations;
        insert into {schema}.conversations (id)
          select lpad(n::text, 32, '0')::uuid from generate_series(1, {CONVERSATIONS}) n;
        vacuum analyze {schema}.conversations;
        vacuum analyze {schema}.messages;
        checkpoint;"""
