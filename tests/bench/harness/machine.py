"""Where it was measured."""

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any


def _first_line(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _fdatasync_us(folder: Path) -> int:
    """What the disk takes to keep 8 KiB: the median of writes to one file, as a commit does it."""
    file = folder / "fdatasync"
    times = []
    with open(file, "wb", buffering=0) as written:
        written.write(bytes(1 << 20))
        os.fsync(written.fileno())
        for number in range(200):
            started = time.perf_counter()
            os.pwrite(written.fileno(), bytes(8192), number % 128 * 8192)
            os.fdatasync(written.fileno())
            times.append(time.perf_counter() - started)
    file.unlink()
    return round(sorted(times)[100] * 1e6)


def describe(scratch: Path) -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "filesystem": _first_line("stat", "-f", "-c", "%T", str(scratch)),
        "fdatasync_of_8_KiB_us": _fdatasync_us(scratch),
        "load_before": os.getloadavg()[0],
        "compiler": _first_line("c++", "--version"),
        "libpqxx": _first_line("pkg-config", "--modversion", "libpqxx"),
        "libpq": _first_line("pkg-config", "--modversion", "libpq"),
        "go": _first_line("go", "version"),
        "pgx": _first_line("dpkg-query", "-W", "-f", "${Version}", "golang-github-jackc-pgx-v4-dev"),
        "node": _first_line("node", "--version"),
    }
