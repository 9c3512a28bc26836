"""The figures that this project promises, from what was measured."""

from statistics import median
from typing import Any, Callable

from append import Row
from programs import PEERS

Figure = dict[str, Any]
Parts = dict[str, Any]


def figure(name: str, value: float, unit: str, bound: float, hoped: float, at_most: bool = False) -> Figure:
    met = value <= bound if at_most else value >= bound
    return {"name": name, "value": round(value, 3), "unit": unit, "at_most" if at_most else "at_least": bound,
            "hoped": hoped, "met": met}


def per_round(rows: list[Row], ratio: Callable[[list[Row]], float]) -> float:
    """The median over the rounds of a ratio that is taken within each."""
    rounds = {row["round"] for row in rows}
    return median(ratio([row for row in rows if row["round"] == number]) for number in rounds)


def select(rows: list[Row], callers: int, names: tuple[str, ...], connections: int | None = None) -> list[Row]:
    return [row for row in rows if row["callers"] == callers and row["name"] in names
            and (connections is None or row["connections"] == connections)]


def advantage(rows: list[Row], callers: int, names: tuple[str, ...], connections: int | None = None) -> float:
    """Ours, against the best of `names` in the same round."""
    def ratio(rows: list[Row]) -> float:
        ours = select(rows, callers, ("ours",))[0]["per_second"]
        return float(ours / max(row["per_second"] for row in select(rows, callers, names, connections)))
    return per_round(rows, ratio)


def latency(rows: list[Row]) -> float:
    ours = select(rows, 16, ("ours",))[0]["p99_us"]
    return float(ours / min(row["p99_us"] for row in select(rows, 16, ("libpqxx",))))


def share_of_limit(rows: list[Row]) -> float:
    """Zero when there is no batch statement to measure the limit by."""
    ours = select(rows, 256, ("ours",))[0]["per_second"]
    return max((float(ours / row["per_second"]) for row in select(rows, 256, ("limit",), 2)), default=0.0)


def of_appends(rows: list[Row]) -> list[Figure]:
    best = "against the best of pgbench, libpqxx, pgx and Node"
    return [
        figure("append, 1 caller, against libpqxx's plain INSERT", advantage(rows, 1, ("libpqxx",)), "x", 0.95, 1.0),
        figure(f"append at 64 callers, {best} at the same callers", advantage(rows, 64, PEERS), "x", 2.0, 4),
        figure(f"append at 256 callers, {best} at the same callers", advantage(rows, 256, PEERS), "x", 2.0, 4),
        figure("share of the server's limit (2 connections) at 256 callers",
               per_round(rows, share_of_limit), "x", 0.5, 0.7),
        figure("p99 append latency at 16 callers against libpqxx's", per_round(rows, latency), "x", 1.0, 0.6, True),
    ]


def of_delay(rows: list[Row]) -> list[Figure]:
    return [
        figure("append at 64 callers at +1 ms each way, everybody with 4 connections, against the best peer",
               advantage(rows, 64, PEERS, 4), "x", 6, 10),
        figure("append at 64 callers at +1 ms each way, peers with 16 connections, ours with 4, against the best peer",
               advantage(rows, 64, PEERS, 16), "x", 2.5, 4),
    ]


def of_slow_disk(rows: list[Row]) -> list[Figure]:
    return [
        figure("append at 64 callers on a disk whose fsync takes 5 ms, everybody with 4 connections, "
               "against the best peer", advantage(rows, 64, PEERS, 4), "x", 8, 14),
    ]


def ratio_of(rows: list[Row], above: str, below: str, value: str) -> float:
    def ratio(rows: list[Row]) -> float:
        found: dict[str, float] = {row["name"]: row[value] for row in rows}
        return found[above] / found[below]
    return per_round(rows, ratio)


def of_reads(rows: list[Row]) -> list[Figure]:
    return [
        figure("thread of 1,000 messages: rows/s against raw libpq",
               ratio_of(rows, "thread: ours", "thread: libpq", "per_second"), "x", 0.9, 1.0),
        figure("last page of 50 out of 100,000 against out of 100",
               ratio_of(rows, "last page of 100,000: ours", "last page of 100: ours", "p50_us"), "x", 1.5, 1.1, True),
    ]


def of_listings(part: Parts) -> list[Figure]:
    large = part["conversations"][-1]
    return [
        figure(f"listing at {large:,} conversations against 1,000, {order}",
               ratio_of(part["rows"], f"{large:,} {order}", f"1,000 {order}", "p50_us"), "x", 1.5, 1.1, True)
        for order in ("by start", "by activity")
    ]


def of_abi(part: Parts) -> list[Figure]:
    return [
        figure(f"ABI cost per call ({what})", part[what]["cost_ns"], "ns", 1000, 200, True)
        for what in ("append", "read of one row")
    ]


def of_start(part: Parts) -> list[Figure]:
    ratio = median(ours / libpq for ours, libpq in zip(part["ours_us"], part["libpq_us"]))
    return [
        figure("a fresh process from exec to first result, up-to-date schema, against one that connects with raw "
               "libpq and runs SELECT 1", ratio, "x", 2, 1.5, True),
    ]


def of_memory(part: Parts) -> list[Figure]:
    few, many = part["few_appends"], part["many_appends"]
    growth = (part["rss_after_many_kib"] / part["rss_after_few_kib"] - 1) * 100
    return [figure(f"memory after {many:,} appends against after {few:,}", growth, "% more", 5, 0, True)]


FIGURES: dict[str, Callable[[Any], list[Figure]]] = {
    "append": of_appends, "delay": of_delay, "slow-disk": of_slow_disk, "read": of_reads, "list": of_listings,
    "abi": of_abi, "start": of_start, "memory": of_memory,
}


def all_figures(parts: Parts) -> list[Figure]:
    return [each for name, made in FIGURES.items() if name in parts for each in made(parts[name])]
