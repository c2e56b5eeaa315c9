"""Rebuilding (重建): projections written anew beside the live ones, compared, and switched.

Reading and writing go on. The live position is held still twice, for a moment:
when the snapshot is taken that is compared, and when the names change.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from time import monotonic
from typing import ClassVar, Final

from sqlalchemy import Connection, Engine, text

from application.projections.projection import Projection, Recorded
from domain.errors import NotFoundError, RuleViolationError
from infrastructure.feed.batch import Batch, HandlerFailedError
from infrastructure.feed.comparing import Comparison, compare
from infrastructure.feed.failures import Failures
from infrastructure.feed.outdated import OutdatedTablesError
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader, Row
from infrastructure.feed.shadow import Shadow

# So few events are left to the moment in which the live position is held still.
_NEARLY_LEVEL: Final = 100
_MOST_ROUNDS: Final = 20
# While one waits for the database another computes; more would wait for the interpreter.
_AT_ONCE: Final = 3

_ALONE: Final = text("select pg_try_advisory_xact_lock(20812, hashtext(:name))")
_LOOK: Final = text("select pg_current_snapshot()")  # a transaction's first statement takes it
_LET_IDLE: Final = text("set local idle_in_transaction_session_timeout = 0")

_logger = logging.getLogger("jiawu.rebuilding")

Told = Callable[[int, int], None]
# Makes the projector of a projection's own schema (None), or of another.
Projecting = Callable[[Projection, str | None], Projector]


class UnknownProjectionError(NotFoundError):
    """No projection has this name."""

    code: ClassVar[str] = "unknown_projection"
    sentence: ClassVar[str] = "没有名为 {name} 的投影。可以重建的有：{known}。"


class AlreadyRebuildingError(RuleViolationError):
    """Another process rebuilds this projection; nothing was done."""

    code: ClassVar[str] = "already_rebuilding"
    sentence: ClassVar[str] = "投影 {name} 正在另一个进程中重建，请等它结束。"


class RebuildStoppedError(RuleViolationError):
    """A handler raised; the live projection is as it was. The log has the traceback."""

    code: ClassVar[str] = "rebuild_stopped"
    sentence: ClassVar[str] = "重建停在第 {position} 条事件（{event}）：{error}。现用数据未变。"


class Switching(Enum):
    """When a rebuilt projection takes the live one's place."""

    ALWAYS = "always"  # the live one is repaired, indexes and all
    IF_EQUAL = "if_equal"  # differences are looked at first
    NEVER = "never"  # it is only compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What became of one projection: rebuilt up to event `events`, in so many seconds."""

    name: str
    events: int
    seconds: float
    comparison: Comparison
    switched: bool


@dataclass(frozen=True, slots=True)
class _Work:
    """One projection being rebuilt."""

    projection: Projection
    live: Projector
    anew: Projector
    shadow: Shadow


class _Page(Batch):
    """A batch that several threads read; each event is decoded once all the same."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__(rows)
        self._one_at_a_time = Lock()

    def recorded(self, row: Row) -> Recorded:
        with self._one_at_a_time:
            return super().recorded(row)


def _take_in(work: _Work, page: _Page) -> None:
    """Raises RebuildStoppedError."""
    if not page.rows:
        return
    try:
        work.anew.advance(page)
    except HandlerFailedError as failed:
        _logger.exception("%s cannot be rebuilt", work.live.name)
        raise RebuildStoppedError(
            position=failed.position, event=failed.event, error=type(failed.__cause__).__name__
        ) from failed


class Rebuilding:
    """Rebuilds projections of this database."""

    def __init__(
        self,
        engine: Engine,
        reader: LogReader,
        projections: Sequence[Projection],
        projecting: Projecting,
        failures: Failures,
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._projections = {each.name: each for each in projections}
        self._projecting = projecting
        self._failures = failures

    @property
    def names(self) -> Sequence[str]:
        """Every projection that can be rebuilt."""
        return tuple(self._projections)

    def rebuild(
        self, names: Sequence[str], told: Told, switching: Switching = Switching.ALWAYS
    ) -> Iterator[Rebuilt]:
        """Rebuild each of these up to the live one's position, compare, and switch.

        `told` hears how many events are done, of how many; every page is decoded
        once for all names. Whatever happens, the live projections work on: a
        rebuild that was killed leaves a shadow that the next one drops. Raises
        UnknownProjectionError, AlreadyRebuildingError and RebuildStoppedError.
        """
        chosen = [self._find(name) for name in dict.fromkeys(names)]
        with self._alone(chosen), self._begun(chosen) as works:
            started = monotonic()
            self._load(works, told)
            for work in works:
                yield self._finish(work, started, switching)

    def _find(self, name: str) -> Projection:
        if name not in self._projections:
            raise UnknownProjectionError(name=name, known="、".join(self._projections))
        return self._projections[name]

    @contextmanager
    def _alone(self, projections: Sequence[Projection]) -> Iterator[None]:
        """Nobody else rebuilds them meanwhile; a process that dies lets go."""
        with self._engine.begin() as connection:
            connection.execute(_LET_IDLE)
            for each in projections:
                if not connection.execute(_ALONE, {"name": each.name}).scalar_one():
                    raise AlreadyRebuildingError(name=each.name)
            yield

    @contextmanager
    def _begun(self, projections: Sequence[Projection]) -> Iterator[Sequence[_Work]]:
        works = [self._work(each) for each in projections]
        try:
            for work in works:
                with suppress(OutdatedTablesError):  # the very reason to rebuild
                    work.live.install()
                work.shadow.clear()
                work.anew.install()
            yield works
        finally:
            for work in works:
                work.shadow.drop()

    def _work(self, projection: Projection) -> _Work:
        shadow = Shadow(self._engine, projection)
        live, anew = (self._projecting(projection, name) for name in (None, shadow.name))
        return _Work(projection, live, anew, shadow)

    def _load(self, works: Sequence[_Work], told: Told) -> None:
        """Go on until nearly level with the live ones, which go on meanwhile."""
        for _ in range(_MOST_ROUNDS):
            goals = [work.live.position() for work in works]
            stand = [work.anew.position() for work in works]
            if all(goal - at <= _NEARLY_LEVEL for goal, at in zip(goals, stand, strict=True)):
                return
            self._read_on(works, goals, min(stand), told)

    def _read_on(self, works: Sequence[_Work], goals: Sequence[int], at: int, told: Told) -> None:
        """Take in what lies behind `at`, each of them up to its own goal."""
        last = max(goals)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            while at < last and (rows := self._reader.read(at)):
                pages = {goal: _Page([row for row in rows if row[0] <= goal]) for goal in {*goals}}
                taken = threads.map(_take_in, works, [pages[goal] for goal in goals])
                deque(taken, maxlen=0)  # raises what a thread raised
                at = rows[-1][0]
                told(min(at, last), last)

    def _finish(self, work: _Work, started: float, switching: Switching) -> Rebuilt:
        work.shadow.complete()
        comparison = self._compare(work)
        events = work.anew.position()
        equal = comparison.equal
        switched = switching is Switching.ALWAYS or (equal and switching is Switching.IF_EQUAL)
        if switched:
            self._switch(work)
        return Rebuilt(
            name=work.live.name,
            events=events,
            seconds=monotonic() - started,
            comparison=comparison,
            switched=switched,
        )

    def _compare(self, work: _Work) -> Comparison:
        """Compare both as they stand after the same event, while the live one goes on."""
        with self._engine.connect() as connection:
            still = connection.execution_options(isolation_level="REPEATABLE READ")
            with self._level(work):
                still.execute(_LOOK)
            return compare(still, work.projection.metadata, work.shadow.live, work.shadow.name)

    def _switch(self, work: _Work) -> None:
        with self._level(work) as connection:
            work.shadow.switch(connection)
        work.shadow.drop_old()
        self._failures.clear(work.live.name)

    @contextmanager
    def _level(self, work: _Work) -> Iterator[Connection]:
        """A transaction in which the live one is held still and the new one stands level."""
        self._load([work], _nobody)
        with self._engine.begin() as connection:
            goal = work.shadow.lock_live(connection)
            self._read_on([work], [goal], work.anew.position(), _nobody)
            yield connection


def _nobody(_done: int, _all: int) -> None:
    """The last few events are not worth a word."""
