"""The product's own hands, feed, outbox and deadlines, and WeChat's courier; at times late."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from interface.household import Household
from tests.simulation.nodes import KilledError
from tests.simulation.wechat import WeChat
from tests.simulation.world import Script, World

_JOBS: Final = ("feed", "outbox", "deadlines", "courier")
_MOST_ROWS: Final = 6
_LONG_LAG: Final = (60, 1500)
# How long a job may be planned after its due time before it is planned anew.
_PATIENCE: Final = timedelta(seconds=1500)
_LAGS: Final = {"feed": (2, 150), "outbox": (1, 15), "deadlines": (1, 30), "courier": (0, 2)}


class Machines:
    """Wakes whoever has something to do."""

    def __init__(self, world: World, wechat: WeChat) -> None:
        self._world = world
        self._wechat = wechat
        self._read = 0
        self._pending: dict[str, datetime] = {}
        self._due: dict[str, datetime | None] = dict.fromkeys(_JOBS)

    def plan(self) -> None:
        """Have every job run soon after its next due time."""
        if self._world.rows_moved:
            self._world.rows_moved = False
            house = self._world.nodes[0].house
            self._due["outbox"] = house.outbox.next_due()
            self._due["deadlines"] = house.deadlines.next_due()
        self._due["courier"] = self._wechat.courier.next_due()
        self._due["feed"] = self._feed_due()
        for job in _JOBS:
            if (due := self._due[job]) is not None:
                self._plan(job, due)

    def _feed_due(self) -> datetime | None:
        return self._world.clock.now() if self._read < self._world.grown else None

    def _plan(self, job: str, due: datetime) -> None:
        now = self._world.clock.now()
        planned, soon = self._pending.get(job), max(due, now)
        if planned is not None and planned <= soon + self._patience(job):
            return
        at = soon + self._lag(job)
        if planned is None or at < planned:
            self._pending[job] = at
            self._world.spawn(job, self._run(job, at), at - now)

    def _patience(self, job: str) -> timedelta:
        """A gentle day has prompt machines: what falls due meanwhile is done as promptly."""
        if self._world.chance.gentle:
            return timedelta(seconds=_LAGS[job][1])
        return _PATIENCE

    def _lag(self, job: str) -> timedelta:
        chance = self._world.chance
        fault = {"feed": "feed_lags", "courier": ""}.get(job, "worker_lags")
        long = chance.happens(fault) and chance.random.random() < 0.3
        return chance.pause(*(_LONG_LAG if long else _LAGS[job]))

    def _run(self, job: str, at: datetime) -> Script:
        if self._pending.get(job) != at:
            return  # it was planned anew for an earlier time
        del self._pending[job]
        if job == "courier":
            self._wechat.deliver()
        else:
            self._on_a_node(job)
        yield from ()

    def _on_a_node(self, job: str) -> None:
        node = self._world.free_node()
        if node is None:
            return
        self._read = self._world.grown if job == "feed" else self._read
        work = {"feed": self._feed, "outbox": self._outbox, "deadlines": self._deadlines}[job]
        try:
            done = self._world.on(node, work)
        except KilledError:
            self._read = -1
            done = -1
        self._world.note(job, f"runs @{node.name}", str(done))

    def _feed(self, house: Household) -> int:
        rounds = 0
        most = self._world.chance.random.choice([1, 3, 6])
        while rounds < most and house.feed.run_once():
            rounds += 1
        if rounds == most:
            self._read = -1
        return rounds

    def _outbox(self, house: Household) -> int:
        return self._some(house.outbox.run_due)

    def _deadlines(self, house: Household) -> int:
        return self._some(house.deadlines.run_due)

    def _some(self, run_due: Callable[[], bool]) -> int:
        most = self._world.chance.random.randint(1, _MOST_ROWS)
        return next((done for done in range(most) if not run_due()), most)
