"""The plots, drawn by gnuplot."""

import subprocess
from pathlib import Path
from typing import Any

import report
from append import Row

# What is drawn of the appends, and how it is called there.
LINES = {
    ("ours", 4): "this plugin, 4 connections",
    ("pgbench", 0): "pgbench, a connection each",
    ("pgbench", 16): "pgbench, 16",
    ("libpqxx", 16): "libpqxx, 16",
    ("libpqxx", 4): "libpqxx, 4",
    ("pgx", 16): "pgx, 16",
    ("node", 16): "Node, 16",
}
HEADER = """set terminal svg size 860,420 font "sans-serif,13" background "white"
set key outside right top
set grid ytics
set border 3
set tics nomirror
"""


def draw(parts: dict[str, Any], folder: Path) -> dict[str, list[str]]:
    """The files drawn, for each part."""
    drawn: dict[str, list[str]] = {}
    if "append" in parts:
        _lines(parts["append"], "per_second", 1, "messages a second", folder / "append-throughput.svg")
        _lines(parts["append"], "p99_us", 1e-3, "p99 of a call, ms", folder / "append-p99.svg", logarithmic=True)
        drawn["append"] = ["append-throughput.svg", "append-p99.svg"]
    for name in ("delay", "slow-disk"):
        if name in parts:
            _bars(parts[name], folder / f"append-{name}.svg")
            drawn[name] = [f"append-{name}.svg"]
    if "list" in parts:
        _listing(parts["list"], folder / "list.svg")
        drawn["list"] = ["list.svg"]
    return drawn


def _gnuplot(script: str, file: Path) -> None:
    subprocess.run(["gnuplot"], input=f"{HEADER}set output '{file}'\n{script}", text=True, check=True)


def _block(name: str, lines: list[str]) -> str:
    return f"${name} << EOD\n" + "\n".join(lines) + "\nEOD\n"


def _lines(rows: list[Row], value: str, scale: float, label: str, file: Path, logarithmic: bool = False) -> None:
    found = report.medians(rows, value)
    script, curves = "", []
    for number, (key, name) in enumerate(LINES.items()):
        points = sorted(found.get(key, {}).items())
        if points:
            script += _block(f"d{number}", [f"{callers} {amount * scale}" for callers, amount in points])
            width = 3 if key[0] == "ours" else 1.5
            curves.append(f"$d{number} using 1:2 with linespoints lw {width} pt 7 ps 0.5 title '{name}'")
    ticks = ", ".join(str(count) for count in sorted({row["callers"] for row in rows}))
    script += f"set logscale x 2\nset xtics ({ticks})\nset xrange [0.9:300]\nset xlabel 'callers'\nset ylabel '{label}'\n"
    script += "set logscale y 10\n" if logarithmic else "set yrange [0:]\nset format y '%.0f'\n"
    _gnuplot(script + "plot " + ", ".join(curves) + "\n", file)


def _bars(rows: list[Row], file: Path) -> None:
    """Everybody at 64 callers."""
    found = {key: by[64] for key, by in report.medians(rows, "per_second").items() if 64 in by}
    lines = [f'"{report.title(*key)}" {amount} {0x990099 if key[0] == "ours" else 0x4477AA}'
             for key, amount in sorted(found.items(), key=lambda each: -each[1])]
    script = _block("d", lines) + f"""unset key
set style fill solid 0.7
set boxwidth 0.4
set xrange [0:]
set yrange [{len(lines)}:-1]
set xlabel 'messages a second, 64 callers'
set lmargin 60
unset grid
plot $d using ($2/2):0:($2/2):(0.35):3:ytic(1) with boxxyerror lc rgb variable
"""
    _gnuplot(script, file)


def _listing(part: dict[str, Any], file: Path) -> None:
    sizes = part["conversations"]
    blocks, curves = "", []
    for number, order in enumerate(("by start", "by activity")):
        lines = []
        for size in sizes:
            times = [row["p50_us"] / 1000 for row in part["rows"] if row["name"] == f"{size:,} {order}"]
            lines.append(f"{size} {sorted(times)[len(times) // 2]}")
        blocks += _block(f"d{number}", lines)
        curves.append(f"$d{number} using 1:2 with linespoints lw 3 pt 7 ps 0.5 title 'this plugin, {order}'")
    blocks += _block("d9", [f"{size} {1000 * part['count_over_everything_s'][f'{size:,}']}" for size in sizes])
    curves.append("$d9 using 1:2 with linespoints lw 1.5 pt 7 ps 0.5 title 'counting over everything'")
    script = blocks + "set logscale xy\nset xlabel 'conversations'\nset ylabel 'a page of 50, ms'\nset format x '10^{%L}'\n"
    _gnuplot(script + "plot " + ", ".join(curves) + "\n", file)
