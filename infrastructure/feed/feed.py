"""The feed: keeps projections and policies level with the log.

One reader decodes a page once and fans it out to all who stand at the same
position; a laggard reads alone. A handler that raises stops only its own
projection, at that position, with growing pauses.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Protocol

import psycopg2
from sqlalchemy.exc import SQLAlchemyError

from application.commands import CommitUnknownError
from infrastructure.feed.batch import Batch, HandlerFailedError
from infrastructure.feed.collecting import collection_paused
from infrastructure.feed.failures import Failures, Stop
from infrastructure.feed.outdated import OutdatedTablesError
from infrastructure.feed.reader import LogReader

_POLL_SECONDS = 1.0
# Of a large page two read models are made at a time: while PostgreSQL takes in the
# rows of one, Python makes those of the other. More would only wait for Python.
_LARGE = 1_000
_AT_ONCE = 2

_logger = logging.getLogger("jiawu.feed")


class Follower(Protocol):
    """A projector or a policy runner."""

    name: str
    # Whether it writes nothing but its own rows, and so may advance beside others.
    independent: bool

    def install(self) -> None:
        """Make what it needs."""
        ...

    def position(self) -> int:
        """How far it has read."""
        ...

    def advance(self, batch: Batch) -> int | None:
        """Take in the batch; how far it has read now, None where another process owns it."""
        ...


class Feed:
    """All followers of the log, in this process; others may run the same."""

    def __init__(
        self, reader: LogReader, followers: Sequence[Follower], failures: Failures
    ) -> None:
        self._reader = reader
        self._followers = {follower.name: follower for follower in followers}
        self._failures = failures
        self._positions: dict[str, int] = {}
        self.wake = Event()

    def install(self) -> None:
        """Make every follower's tables and first position; idempotent.

        What stands still is tried at once: a restart often brings the remedy. Whose
        tables are of an earlier release stands still until it is rebuilt.
        """
        for follower in self._followers.values():
            self._install(follower)
        self._failures.try_now()

    def _install(self, follower: Follower) -> None:
        try:
            follower.install()
        except OutdatedTablesError as outdated:
            _logger.error("%s", outdated.message)  # noqa: TRY400 - the sentence says it all
            self._failures.record(follower.name, follower.position() + 1, "", outdated)

    def run_once(self) -> bool:
        """Advance everybody by one page; False when all who can are level.

        Raises what SQLAlchemy and psycopg2 raise where the database is away,
        and CommitUnknownError; whoever was not advanced then is by the next run.
        """
        moved = False
        for position, names in sorted(self._standing().items()):
            rows = self._reader.read(position)
            if rows:
                moved |= self._advance_all(names, Batch(rows))
        return moved

    def catch_up(self) -> None:
        """Run until level; for demo and tests, where time stands still meanwhile."""
        while self.run_once():
            pass

    def run_forever(self, stop: Event) -> None:
        """Run until `stop`; woken by the doorbell, and once a second without it."""
        while not stop.is_set():
            self.wake.clear()
            try:
                moved = self.run_once()
            except (SQLAlchemyError, psycopg2.Error, CommitUnknownError) as error:
                _logger.warning("the database is away: %s", error)
                self._positions.clear()
                moved = False
            if not moved:
                self.wake.wait(_POLL_SECONDS)

    def lags(self) -> tuple[int, dict[str, int]]:
        """The log's last position, and how many events each follower is behind it."""
        last = self._reader.last()
        return last, {
            name: max(0, last - follower.position()) for name, follower in self._followers.items()
        }

    def _standing(self) -> dict[int, list[str]]:
        """Who reads next from where; one that is stopped only when its pause is over."""
        standing: dict[int, list[str]] = defaultdict(list)
        stops = self._failures.stops()
        for name in self._followers:
            if name not in stops or self._goes_on(name, stops[name]):
                standing[self._position(name)].append(name)
        return standing

    def _goes_on(self, name: str, stop: Stop) -> bool:
        """Whether to try now; the failure is cleared once any process has got past it."""
        self._positions.pop(name, None)
        if self._position(name) < stop.position:
            return not stop.paused
        self._failures.clear(name)
        return True

    def _position(self, name: str) -> int:
        if name not in self._positions:
            self._positions[name] = self._followers[name].position()
        return self._positions[name]

    def _advance_all(self, names: Sequence[str], batch: Batch) -> bool:
        beside = self._independent(names) if len(batch.rows) >= _LARGE else []
        with collection_paused(), ThreadPoolExecutor(_AT_ONCE) as threads:
            moved = [*threads.map(partial(self._advance, batch=batch), beside)]
        moved += [self._advance(name, batch) for name in names if name not in beside]
        return any(moved)

    def _independent(self, names: Sequence[str]) -> Sequence[str]:
        return [name for name in names if self._followers[name].independent]

    def _advance(self, name: str, batch: Batch) -> bool:
        before = self._positions.pop(name)
        try:
            position = self._followers[name].advance(batch)
        except HandlerFailedError as failed:
            self._stop(name, failed)
            return False
        if position is None:
            return False
        self._positions[name] = position
        return position != before

    def _stop(self, name: str, failed: HandlerFailedError) -> None:
        cause = failed.__cause__
        error = cause if isinstance(cause, Exception) else failed
        _logger.error("%s stands still at %s: %s", name, failed, error)
        self._failures.record(name, failed.position, failed.event, error)
