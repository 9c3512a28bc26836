"""Runs the parts of the benchmark against a cluster of its own, and writes what came out. Started by tests/bench/run."""

import argparse
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

import append
import machine
import process
import reading
import report
import server
from cluster import REPO, Cluster
from figures import all_figures
from programs import Programs

DELAY_US = 1000  # each way
SLOW_FSYNC_US = 5000


class Sizes:
    """How much is measured. A turn of the quick run is too short to judge by; it shows that all of it works."""

    def __init__(self, quick: bool) -> None:
        self.callers = [1, 16, 64, 256] if quick else [1, 4, 16, 64, 256]
        self.slow_callers = [64] if quick else [1, 16, 64]
        self.rounds = 1 if quick else 5
        self.slow_rounds = 1 if quick else 3
        self.warmup = 0.15 if quick else 0.5
        self.seconds = 0.3 if quick else 1.0
        self.listed = [1000, 20_000] if quick else [1000, 100_000, 1_000_000]
        self.abi = (5, 200) if quick else (20, 1000)
        self.executions = 10 if quick else 50  # of each statement that is profiled
        # Starts of a process, migrations of an empty schema, messages adopted.
        self.start = (20, 1, 20_000) if quick else (100, 5, 1_000_000)
        # Appends few and many, callers that wait, MiB of a thread.
        self.memory = (1000, 10_000, 2000, 20) if quick else (10_000, 1_000_000, 10_000, 100)


class Run:
    def __init__(self, sizes: Sizes, build: Path, bench: Path, scratch: Path) -> None:
        self.sizes, self.build, self.bench, self.scratch = sizes, build, bench, scratch
        self._programs: Programs | None = None

    @property
    def programs(self) -> Programs:
        if self._programs is None:
            self._programs = self._with_cluster("cluster")
        return self._programs

    def _with_cluster(self, name: str) -> Programs:
        cluster = Cluster(self.scratch / name)
        cluster.make_plain_schema("plain")
        cluster.sql("create schema ours")
        programs = Programs(self.build, self.bench, cluster, self.scratch)
        programs.migrate("ours")
        return programs

    # ---- the parts ----

    def append(self) -> Any:
        s = self.sizes
        return append.run(self.programs, s.callers, s.rounds, s.warmup, s.seconds, with_limit=True)

    def delay(self) -> Any:
        s = self.sizes
        with self._delayed(self.programs):
            return append.run(self.programs, s.slow_callers, s.slow_rounds, s.warmup, s.seconds)

    def slow_disk(self) -> Any:
        s = self.sizes
        programs = self._with_cluster("slow-cluster")
        programs.cluster.restart_with_slow_disk(programs.shim, SLOW_FSYNC_US)
        try:
            return append.run(programs, s.slow_callers, s.slow_rounds, s.warmup, s.seconds)
        finally:
            programs.cluster.stop()

    def server(self) -> Any:
        return server.run(self._with_cluster("profile-cluster").cluster, self.sizes.executions)

    def read(self) -> Any:
        s = self.sizes
        return reading.run_threads(self.programs, s.rounds, s.warmup, s.seconds)

    def list(self) -> Any:
        s = self.sizes
        return reading.run_listings(self.programs, s.listed, s.rounds, s.warmup, s.seconds)

    def abi(self) -> Any:
        return process.run_abi(self.programs, *self.sizes.abi)

    def start(self) -> Any:
        return process.run_start(self.programs, *self.sizes.start)

    def memory(self) -> Any:
        return process.run_memory(self.programs, *self.sizes.memory)

    @contextmanager
    def _delayed(self, programs: Programs) -> Iterator[None]:
        """The programs reach the server through a proxy meanwhile."""
        folder = self.scratch / "delayed"
        folder.mkdir()
        command = [f"{programs.bin}/bench_delay_proxy", "--listen", str(folder), "--to", str(programs.cluster.socket),
                   "--delay-us", str(DELAY_US)]
        direct = programs.dsn
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
            assert proxy.stdout is not None and proxy.stdin is not None
            if proxy.stdout.readline().strip() != "ready":
                raise RuntimeError("the proxy does not start")
            programs.dsn = programs.cluster.dsn(folder)
            try:
                yield
            finally:
                programs.dsn = direct
                proxy.stdin.close()


PARTS: dict[str, Callable[[Run], Any]] = {
    "append": Run.append, "delay": Run.delay, "slow-disk": Run.slow_disk, "read": Run.read, "list": Run.list,
    "abi": Run.abi, "start": Run.start, "memory": Run.memory, "server": Run.server,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", action="append", choices=list(PARTS))
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    options = parser.parse_args()

    run = Run(Sizes(options.quick), options.build, options.bench, options.scratch)
    results: dict[str, Any] = {"run": "quick" if options.quick else "full", "sizes": vars(run.sizes),
                               "machine": machine.describe(options.scratch), "parts": {}, "seconds": {}}
    for name in options.only or PARTS:
        print(f"Measuring {name} ... ", end="", file=sys.stderr, flush=True)
        started = time.monotonic()
        results["parts"][name] = PARTS[name](run)
        results["seconds"][name] = round(time.monotonic() - started)
        print(f"done ({results['seconds'][name]} s)", file=sys.stderr)
    results["machine"]["server"] = run.programs.cluster.sql("show server_version")
    results["figures"] = all_figures(results["parts"])

    # Only a full run judges.
    judges = not options.quick and not options.only
    folder = REPO / "docs/performance" if judges else options.bench / "results"
    report.write(results, folder)
    if options.json:
        options.json.write_text(json.dumps({"figures": results["figures"]}, indent=1) + "\n")
    print(report.figures_table(results["figures"]))
    print(f"Written to {folder}")


if __name__ == "__main__":
    main()
