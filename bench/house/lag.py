"""The lag (延迟): from an append's commit until every projection has passed it."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from time import perf_counter, sleep
from typing import Final

from eventsourcing.persistence import StoredEvent

from application.event_map import ALL_PROJECTIONS
from infrastructure.feed.projector import MOVED_CHANNEL
from infrastructure.listening import Listener
from interface.household import Household

_LEAD_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 120.0


class Passed:
    """When each projection was seen to have passed each position."""

    def __init__(self, projections: Iterable[str]) -> None:
        self._moves: dict[str, list[tuple[int, float]]] = {name: [] for name in projections}

    def hear(self, payload: str) -> None:
        """A notification of the projector's, `NAME POSITION`; it comes with the commit."""
        name, _, position = payload.partition(" ")
        if name in self._moves:
            self.note(name, int(position), at=perf_counter())

    def note(self, projection: str, position: int, *, at: float) -> None:
        self._moves[projection].append((position, at))

    def behind(self, position: int) -> list[str]:
        """Whose position was not seen to have come so far."""
        moves = self._moves.items()
        return [name for name, seen in moves if not seen or seen[-1][0] < position]

    def lags_ms(self, committed: Sequence[tuple[int, float]]) -> list[float]:
        """For positions and instants of commits in order, until the last projection passed."""
        by_projection = [_passed(moves, committed) for moves in self._moves.values()]
        lasts = (max(each) for each in zip(*by_projection, strict=True))
        ends = zip(lasts, committed, strict=True)
        # The notification may overtake the answer to the append that it follows.
        return sorted(max(0.0, (last - at) * 1000) for last, (_, at) in ends)


def measure_lag(
    house: Household, events: Sequence[StoredEvent], rate: float
) -> tuple[list[float], float]:
    """Append one event after the other at a steady rate.

    Returns the lags in ms, ascending, and how many a second were appended.
    """
    passed = Passed(projection.name for projection in ALL_PROJECTIONS)
    with ExitStack() as stack:
        stack.enter_context(Listener(house.engine, MOVED_CHANNEL, passed.hear))
        sleep(_LEAD_SECONDS)
        committed = _append(house, events, rate)
        _wait(passed, committed[-1][0])
    seconds = committed[-1][1] - committed[0][1]
    return passed.lags_ms(committed), (len(committed) - 1) / seconds


def _append(
    house: Household, events: Sequence[StoredEvent], rate: float
) -> list[tuple[int, float]]:
    begin = perf_counter()
    committed = []
    for number, event in enumerate(events):
        sleep(max(0.0, begin + number / rate - perf_counter()))
        positions = house.event_log.insert_events([event])
        committed.append((positions[0] if positions else 0, perf_counter()))
    return committed


def _wait(passed: Passed, position: int) -> None:
    began = perf_counter()
    while passed.behind(position):
        if perf_counter() - began > _PATIENCE_SECONDS:
            message = f"behind {position}: {passed.behind(position)}"
            raise TimeoutError(message)
        sleep(_LEAD_SECONDS / 10)


def _passed(
    moves: Sequence[tuple[int, float]], committed: Sequence[tuple[int, float]]
) -> list[float]:
    """When this projection had passed each position; both go forward only."""
    seen = iter(moves)
    reached, at = next(seen)
    passed = []
    for position, _ in committed:
        while reached < position:
            reached, at = next(seen)
        passed.append(at)
    return passed
