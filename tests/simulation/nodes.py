"""A node of the product: a household with a clock of its own, that can die and come back."""

from datetime import datetime, timedelta

from requests.adapters import BaseAdapter

from application.clock import Clock
from application.crash_points import CrashPoint
from interface.household import Household, build
from interface.settings import Settings


class KilledError(BaseException):
    """The process ends here; no handler of the product may see it."""

    def __init__(self, point: CrashPoint) -> None:
        self.point = point
        super().__init__(str(point))


class SkewedClock:
    """Runs ahead of the world's clock."""

    def __init__(self, clock: Clock, ahead: timedelta) -> None:
        self._clock = clock
        self.ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self.ahead


class Node:
    """One process of the product."""

    def __init__(
        self, name: str, settings: Settings, clock: SkewedClock, line: BaseAdapter
    ) -> None:
        self.name = name
        self.clock = clock
        self._settings = settings
        self._line = line
        self.house = self._started()

    def restart(self) -> None:
        """What a supervisor does; the memory of the dead process is gone."""
        self.house.close()
        self.house = self._started()

    def _started(self) -> Household:
        house: Household = build(self._settings, self.clock, self._line)
        house.deadlines.install()
        house.failures.try_now()
        return house
