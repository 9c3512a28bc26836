"""Appends: everybody takes a short turn in each round, at each number of callers."""

from dataclasses import asdict
from typing import Any

from cluster import Cluster, fill_conversations
from programs import Programs, Turn

Row = dict[str, Any]


EACH = 0  # stands for a connection for each caller


def turns(callers: int) -> list[tuple[str, int, list[int]]]:
    """Who takes part, with how many connections, and the sizes of pools that this stands for: a pool that is larger than
    the callers is a smaller one with idle connections."""
    # As it is by default: with one connection a lone caller may not wait for a lock, and takes a dearer statement.
    everybody = [("ours", 4, [4])]
    for name in ("libpqxx", "libpq", "node", "pgx", "pgbench", "pgbench-single"):
        pools = {4: min(4, callers), 16: min(16, callers)}
        if name.startswith("pgbench"):
            pools[EACH] = callers
        for connections in sorted(set(pools.values())):
            everybody.append((name, connections, [pool for pool, size in pools.items() if size == connections]))
    return everybody


def run(programs: Programs, callers: list[int], rounds: int, warmup: float, seconds: float,
        with_limit: bool = False) -> list[Row]:
    cluster = programs.cluster
    rows: list[Row] = []
    for number in range(rounds):
        for count in callers:
            taking_part = turns(count)
            # Each round begins with another of them, so that none always follows the same one.
            shift = number * 3 % len(taking_part)
            taking_part = taking_part[shift:] + taking_part[:shift]
            for name, connections, pools in taking_part:
                row = _turn(cluster, programs, number, name, Turn(count, connections, warmup, seconds))
                rows.append(row | {"pools": pools})
            if with_limit and count == max(callers):
                for connections in (1, 2):
                    turn = Turn(connections, connections, warmup, seconds)
                    rows.append(_turn(cluster, programs, number, "limit", turn) | {"callers": count, "pools": [connections]})
    return rows


def _turn(cluster: Cluster, programs: Programs, number: int, name: str, turn: Turn) -> Row:
    # All begin with the same tables and a fresh checkpoint.
    cluster.sql(fill_conversations("ours" if name in ("ours", "limit", "pgbench-single") else "plain"))
    sample = {value: round(amount, 1) for value, amount in asdict(programs.append(name, turn)).items()}
    return {"round": number, "name": name, "callers": turn.callers, "connections": turn.connections} | sample
