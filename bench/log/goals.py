"""What is measured against what, and what it should come to.

A ratio is taken between neighbouring cells of one round, so that the machine's
noise hits both; its value is the median over the rounds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from bench.measure import Result
from bench.verdict import Verdict, judged

# Name of a cell → its result, for one round.
Round = Mapping[str, Result]
Figure = Callable[[Round], float]


@dataclass(frozen=True)
class Goal:
    """A figure of one round, and where its median should be.

    `floor` is what it must never fall to; `at_most` turns the comparison round.
    """

    name: str
    figure: Figure
    goal: float | None = None
    floor: float | None = None
    at_most: bool = False

    def verdict(self, rounds: list[Round]) -> Verdict:
        value = median(self.figure(each) for each in rounds)
        return judged(value, self.goal, self.floor, at_most=self.at_most)


def rate(result: Result) -> float:
    return result.done / result.seconds


def rates(over: str, under: str) -> Figure:
    """The rate of one cell in terms of another's."""
    return lambda cells: rate(cells[over]) / rate(cells[under])


def slowest(over: str, under: str) -> Figure:
    """The 99th percentile of one cell's latency in terms of another's."""
    return lambda cells: cells[over].p99_ms / cells[under].p99_ms


GOALS = (
    Goal("append_to_bare_insert_1", rates("append 1", "bare insert 1"), 0.70, 0.55),
    Goal("append_to_bare_insert_4", rates("append 4", "bare insert 4"), 0.75, 0.55),
    Goal("append_to_bare_insert_16", rates("append 16", "bare insert 16"), 1.2, 0.85),
    Goal("append_to_bare_insert_32", rates("append 32", "bare insert 32"), 1.4, 1.05),
    Goal("append_to_bare_insert_2x16", rates("append 2x16", "bare insert 2x16"), 1.5, 1.05),
    Goal("p99_to_bare_insert_16", slowest("append 16", "bare insert 16"), 1.0, at_most=True),
    Goal("p99_to_bare_insert_32", slowest("append 32", "bare insert 32"), 1.0, at_most=True),
    Goal(
        "append_to_eventsourcing_postgres_16",
        rates("append 16", "eventsourcing.postgres append 16"),
        10,
        8,
    ),
    Goal(
        "append_to_eventsourcing_sqlalchemy_16",
        rates("append 16", "eventsourcing-sqlalchemy append 16"),
        12,
        10,
    ),
    Goal("conflicts_to_none_16", rates("append with conflicts 16", "append 16"), 0.5),
    Goal("catch_up_events_per_second", lambda cells: rate(cells["catch up 1"]), 250_000),
    Goal(
        "load_order_to_eventsourcing_postgres",
        rates("eventsourcing.postgres load order 1", "load order 1"),
        0.6,
        at_most=True,
    ),
    *(
        Goal(
            f"command_to_bare_inserts_{width}",
            rates(f"append with command {width}", f"bare insert with command {width}"),
        )
        for width in ("1", "16", "32")
    ),
)
