"""What is written of a run: all samples as JSON, tables as Markdown, plots as SVG."""

import json
from pathlib import Path
from statistics import median
from typing import Any

import plots
from append import Row

Results = dict[str, Any]
Table = list[list[str]]


def write(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(_json(results))
    drawn = plots.draw(results["parts"], folder)
    (folder / "results.md").write_text(_page(results, drawn))


def _json(results: Results) -> str:
    """A sample a line, so that two runs can be compared."""
    text = json.dumps(results, indent=1)
    for opening, closing in (("{", "}"), ("[", "]")):
        parts = text.split(opening)
        for number, part in enumerate(parts):
            inner, found, rest = part.partition(closing)
            if found and number > 0:
                parts[number] = " ".join(inner.split()) + closing + rest
        text = opening.join(parts)
    return text + "\n"


def markdown(head: list[str], rows: Table) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def figures_table(figures: list[dict[str, Any]]) -> str:
    rows = []
    for each in figures:
        bound = f"at least {each['at_least']}" if "at_least" in each else f"at most {each['at_most']}"
        rows.append([each["name"], f"{each['value']:g} {each['unit']}", bound, f"{each['hoped']:g}",
                     "yes" if each["met"] else "**no**"])
    return markdown(["figure", "measured", "promised", "hoped", "met"], rows)


def medians(rows: list[Row], value: str) -> dict[tuple[str, int], dict[int, float]]:
    """By program and size of its pool, then by callers: the median over the rounds."""
    samples: dict[tuple[str, int], dict[int, list[float]]] = {}
    for row in rows:
        for pool in row["pools"]:
            samples.setdefault((row["name"], pool), {}).setdefault(row["callers"], []).append(row[value])
    return {key: {callers: median(found) for callers, found in by.items()} for key, by in samples.items()}


TITLES = {
    "ours": "this plugin", "libpqxx": "libpqxx, one INSERT a call", "libpq": "libpq, one INSERT a call",
    "pgbench": "pgbench, the same INSERT", "pgbench-single": "pgbench, our statement for one message",
    "pgx": "Go's pgx", "node": "Node's postgres", "limit": "the server's limit: our statement, 256 rows",
}


def title(name: str, connections: int) -> str:
    many = {0: "a connection for each caller", 1: "1 connection"}.get(connections, f"{connections} connections")
    return f"{TITLES[name]}, {many}"


def _appends(rows: list[Row]) -> str:
    callers = sorted({row["callers"] for row in rows})
    head = ["", *[f"{count} caller{'s' if count > 1 else ''}" for count in callers]]
    text = ""
    for what, value, scale in (("Messages a second", "per_second", 1), ("p50 of a call, ms", "p50_us", 1e-3),
                               ("p99 of a call, ms", "p99_us", 1e-3), ("The slowest call, ms", "max_us", 1e-3)):
        lines = []
        for key, by in medians(rows, value).items():
            if key[0] == "limit" and value != "per_second":
                continue
            form = "{:,.0f}" if scale == 1 else "{:,.2f}"
            lines.append([title(*key), *[form.format(by[n] * scale) if n in by else "" for n in callers]])
        text += f"\n{what}:\n\n{markdown(head, lines)}"
    return text


def _by_name(rows: list[Row]) -> str:
    lines = []
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = [row for row in rows if row["name"] == name]
        rate, p50, p99 = (median(row[field] for row in mine) for field in ("per_second", "p50_us", "p99_us"))
        lines.append([name, f"{rate:,.0f}", f"{p50 / 1000:.3f}", f"{p99 / 1000:.3f}"])
    return markdown(["", "rows a second", "p50 of a call, ms", "p99, ms"], lines)


def _values(part: Results, prefix: str = "") -> Table:
    lines: Table = []
    for name, value in part.items():
        text = (prefix + name).replace("_", " ")
        if isinstance(value, dict):
            lines += _values(value, f"{text}: ")
        elif isinstance(value, list):
            lines.append([text, f"{median(value):,.6g} (median of {len(value)})"])
        else:
            lines.append([text, f"{value:,}"])
    return lines


HEADINGS = {
    "append": "Appends", "delay": "Appends at +1 ms each way", "slow-disk": "Appends on a disk whose fsync takes 5 ms more",
    "read": "Threads and last pages", "list": "Listings of 50", "abi": "The C interface, without a server",
    "start": "The start of a process", "memory": "Memory",
    "server": "Instructions of the server for a message, in thousands",
}


def _page(results: Results, drawn: dict[str, list[str]]) -> str:
    text = f"""# Results of a {results['run']} run

<!-- Written by tests/bench/run. What is measured, and how to read it: ../performance.md -->

{figures_table(results['figures'])}
The machine:

{markdown(['', ''], [[name.replace('_', ' '), str(value)] for name, value in results['machine'].items()])}"""
    for name, part in results["parts"].items():
        text += f"\n## {HEADINGS[name]}\n"
        for file in drawn.get(name, []):
            text += f"\n![{HEADINGS[name]}]({file})\n"
        if name in ("append", "delay", "slow-disk"):
            text += _appends(part)
        elif name == "read":
            text += "\n" + _by_name(part)
        elif name == "server":
            columns = list(next(iter(part.values())))
            text += "\n" + markdown(["", *columns], [[statement, *[f"{count / 1000:.1f}" for count in counts.values()]]
                                                    for statement, counts in part.items()])
        elif name == "list":
            rest = {key: value for key, value in part.items() if key not in ("rows", "conversations")}
            text += "\n" + _by_name(part["rows"]) + "\n" + markdown(["", ""], _values(rest))
        else:
            text += "\n" + markdown(["", ""], _values(part))
    return text
