"""Measure the event log: `python -m bench.log`; about six minutes.

Prints a table, and as the last line one JSON object: name → value, goal, holds.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.crew import Cell, Crew
from bench.event import STATE
from bench.log.databases import Bench, Databases, bench_server
from bench.log.goals import GOALS, Round, rate
from bench.measure import Result
from bench.peers.environment import peers_python
from bench.verdict import print_verdicts

ROUNDS = 5
SECONDS = 2.0
HISTORY = 200_000
_PEERS = "eventsourcing"
_WIDTHS = {"1": (1, 1), "4": (4, 1), "16": (16, 1), "32": (32, 1), "2x16": (16, 2)}


def cells(at: Databases) -> Iterator[tuple[str, Cell]]:
    """One round: what is compared stands side by side."""
    for width in _WIDTHS:
        yield _cell("bare insert", at.bare, width)
        yield _cell("append", at.ours, width)
        if width == "16":
            yield _cell("eventsourcing.postgres append", at.peers, width)
            yield _cell("eventsourcing-sqlalchemy append", at.peers, width)
            yield _cell("append with conflicts", at.ours, width)
    for width in ("1", "16", "32"):
        yield _cell("bare insert with command", at.bare, width)
        yield _cell("append with command", at.ours, width)
    yield _cell("catch up", at.history, "1")
    yield _cell("load order", at.ours, "1")
    yield _cell("eventsourcing.postgres load order", at.peers, "1")


def _cell(kind: str, url: str, width: str) -> tuple[str, Cell]:
    threads, processes = _WIDTHS[width]
    return f"{kind} {width}", Cell(kind, url, threads, processes)


def measure_round(bench: Bench, ours: Crew, peers: Crew) -> Round:
    """Every cell once, on fresh tables."""
    results: dict[str, Result] = {}
    for name, cell in cells(bench.fresh()):
        crew = peers if name.startswith(_PEERS) else ours
        results[name] = crew.measure(cell, SECONDS)
        print(".", end="", flush=True)
    print()
    return results


def print_cells(rounds: list[Round]) -> None:
    print(f"\n{'medians':42}{'per second':>12}{'p99 ms':>10}")
    for name in rounds[0]:
        speed = median(rate(each[name]) for each in rounds)
        p99 = median(each[name].p99_ms for each in rounds)
        print(f"{name:42}{speed:12,.0f}{p99:10.2f}")


def main() -> None:
    """Run all rounds and report."""
    python = peers_python()
    with (
        bench_server() as bench,
        Crew(Path(sys.executable), "bench.log.worker", 2) as ours,
        Crew(python, "bench.peers.worker", 1) as peers,
    ):
        bench.fill_history(STATE, HISTORY)
        rounds = [measure_round(bench, ours, peers) for _ in range(ROUNDS)]
    verdicts = {goal.name: goal.verdict(rounds) for goal in GOALS}
    print_cells(rounds)
    print_verdicts(verdicts)
    print(json.dumps(verdicts))


if __name__ == "__main__":
    main()
