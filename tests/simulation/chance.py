"""Chance: each seed lets a random subset of the faults happen, each at a random rate (swarm)."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Final

from application.crash_points import CrashPoint

# Every fault, with the range of how often it happens where it could.
FAULTS: Final[Mapping[str, tuple[float, float]]] = {
    # on the way of notices
    "notice_dropped": (0.1, 0.9),
    "notice_duplicated": (0.1, 0.5),
    "notice_delayed": (0.1, 0.6),
    "notice_delayed_a_day": (0.05, 0.3),
    "notice_probed": (0.1, 0.6),
    "notice_before_answer": (0.1, 0.5),
    # on the way of our calls
    "answer_lost": (0.02, 0.2),
    "failed_before_effect": (0.02, 0.2),
    "failed_after_effect": (0.02, 0.2),
    "too_many_calls": (0.02, 0.2),
    "answer_probed": (0.02, 0.15),
    "outage": (0.01, 0.06),
    # what WeChat does
    "amount_claimed": (0.1, 0.4),
    "close_ignored": (0.2, 0.8),
    # what the machines do
    "feed_lags": (0.1, 0.6),
    "worker_lags": (0.1, 0.6),
    "interleaving": (0.01, 0.08),
    "second_node": (1.0, 1.0),
    "clock_skew": (1.0, 1.0),
    "kills": (1.0, 1.0),
    "forger": (1.0, 1.0),
}
_ENABLED: Final = 0.5
_GENTLE: Final = 0.12
_MOST_KILLS: Final = 4
# Points that are come to many times a day.
_OFTEN: Final = {
    *(CrashPoint.LOG_APPENDING, CrashPoint.LOG_APPENDED, CrashPoint.ERRAND_CLAIMED),
    *(CrashPoint.ERRAND_DONE, CrashPoint.POLICY_REACTED, CrashPoint.PROJECTION_APPLIED),
}


class Chance:
    """All randomness of one run; nothing happens once it is calm."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a reproducible run
        self.calm = False
        self.happened: Counter[str] = Counter()
        # A gentle day: only notices go astray, so that what depends on asking in time shows.
        self.gentle = self.random.random() < _GENTLE
        self._rates = {
            fault: rate
            for fault, bounds in FAULTS.items()
            if (rate := self.random.uniform(*bounds)) and self.random.random() < _ENABLED
            if not self.gentle or fault.startswith("notice_")
        }
        self._kills = self._planned_kills()

    def happens(self, fault: str) -> bool:
        """Whether it happens this time."""
        if self.calm or self.random.random() >= self._rates.get(fault, 0.0):
            return False
        self.happened[fault] += 1
        return True

    def kills_at(self, point: CrashPoint) -> bool:
        """Whether the process dies now that it has come to this point once more."""
        left = self._kills.get(point)
        if self.calm or left is None:
            return False
        self._kills[point] = left - 1
        if left > 1:
            return False
        del self._kills[point]
        self.happened[f"killed at {point}"] += 1
        return True

    def pause(self, low: float, high: float) -> timedelta:
        """So many seconds, whole ones."""
        return timedelta(seconds=round(self.random.uniform(low, high)))

    def _planned_kills(self) -> dict[CrashPoint, int]:
        """At which points, and the how manieth time; early times are likelier."""
        if not self.happens("kills"):
            return {}
        points = self.random.sample(list(CrashPoint), self.random.randint(1, _MOST_KILLS))
        return {
            point: int(2 ** self.random.uniform(0, 5 if point in _OFTEN else 2)) for point in points
        }
