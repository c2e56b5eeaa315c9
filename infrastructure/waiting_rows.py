"""Rows that wait to be done (待办): what the outbox and the deadlines have in common.

A row is claimed with SKIP LOCKED and done while it is locked; a worker that is
killed leaves it to the next one. So what is done must be one effect however
often it is done.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from eventsourcing import persistence
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Integer,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    case,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError

from application.clock import Clock
from application.commands import CommitUnknownError
from application.crash_points import CrashPoint, reached
from application.policy import TryLaterError
from infrastructure.event_log import durability
from infrastructure.event_log.pinned import CONNECTION_LOST

LONGEST_PAUSE = timedelta(minutes=10)
_FIRST_PAUSE = timedelta(seconds=2)

# The database is away, or whether it kept the last commit is unknown.
_UNSETTLED = (
    *(*CONNECTION_LOST, OperationalError, InterfaceError),
    *(persistence.OperationalError, persistence.InterfaceError),
    CommitUnknownError,
)

_logger = logging.getLogger("jiawu.waiting_rows")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many rows wait that should be done by now, and since when the oldest does."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is done with the rows of one table.

    `every` is the interval of a row that is done again and again, None for one
    that is done once. `claimed` and `done` are the points at which tests kill.
    """

    do: Callable[[Row[Any]], None]
    every: Callable[[Row[Any]], timedelta | None]
    claimed: CrashPoint
    done: CrashPoint


def waiting_columns() -> list[Column[Any]]:
    """The columns that every table of waiting rows has."""
    return [
        Column("id", Uuid, primary_key=True),
        Column("position", BigInteger),
        Column("payload", Text),
        Column("created_at", DateTime(timezone=True)),
        Column("next_try_at", DateTime(timezone=True)),
        Column("attempts", Integer),
        Column("done_at", DateTime(timezone=True)),
        Column("last_error", Text),
    ]


def write_row(  # noqa: PLR0913 - a row
    connection: Connection,
    table: Table,
    key: UUID,
    values: Mapping[str, Any],
    *,
    payload: Mapping[str, Any],
    at: datetime,
    due_at: datetime,
) -> None:
    """Write the row in the caller's transaction; one that stands already is left as it is."""
    row = {
        "id": key,
        **values,
        "payload": orjson.dumps(payload).decode(),
        "created_at": at,
        "next_try_at": due_at,
        "attempts": 0,
        "last_error": "",
    }
    connection.execute(insert(table).values(row).on_conflict_do_nothing())


class WaitingRows:
    """The open rows of one table, and the work that does them."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        table: Table,
        work: Work,
        which: ColumnElement[bool] | None = None,
    ) -> None:
        """`which` rows are met at all; every one unless told."""
        self._engine = engine
        self._clock = clock
        self._table = table
        self._work = work
        self._open = table.c.done_at.is_(None) & (true() if which is None else which)

    def run_due(self) -> bool:
        """Do one row that is due, the earliest first; False where none waits or all are taken.

        False too where the database is away or may not have kept the row's
        change; the row may then be done again.
        """
        rows = self._table.c
        due = self._query().where(rows.next_try_at <= self._clock.now())
        first = due.order_by(rows.next_try_at, rows.position).limit(1)
        try:
            return self._claim(first.with_for_update(skip_locked=True))
        except _UNSETTLED as error:
            _logger.warning("the database is away: %s", error)
            return False

    def run(self, key: UUID) -> None:
        """Do one row, due or not; waits for a worker that has it.

        Raises CommitUnknownError, and what SQLAlchemy raises where the database is away.
        """
        self._claim(self._query().where(self._table.c.id == key).with_for_update())

    def waiting(self, *which: ColumnElement[bool]) -> Waiting:
        """How much should be done by now and is not.

        A row before its due time is no backlog, nor one that named the time of
        its next try. One that was tried in vain is, also while its pause lasts.
        It waits since it was written; one not yet tried, since it fell due.
        """
        rows = self._table.c
        late = or_(rows.next_try_at <= self._clock.now(), rows.attempts > 0)
        since = case((rows.attempts == 0, rows.next_try_at), else_=rows.created_at)
        query = select(func.count(), func.min(since)).where(self._open, late, *which)
        with self._engine.connect() as connection:
            count, oldest = connection.execute(query).one()
        return Waiting(count, oldest)

    def next_due(self, *which: ColumnElement[bool]) -> datetime | None:
        """When the next open row is to be tried, in the past where it is late; None without one."""
        query = select(func.min(self._table.c.next_try_at)).where(self._open, *which)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def _query(self) -> Select[Any]:
        return select(self._table).where(self._open)

    def _claim(self, query: Select[Any]) -> bool:
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
            if row is None:
                return False
            reached(self._work.claimed)
            change = self._do(row)
            connection.execute(update(self._table).where(self._table.c.id == row.id).values(change))
            durability.commit(connection)
        return True

    def _do(self, row: Row[Any]) -> dict[str, Any]:
        """Do it; returns what of the row changes by what came of it."""
        every = self._work.every(row)
        pause = _pause(row.attempts, LONGEST_PAUSE if every is None else every)
        try:
            self._work.do(row)
        except TryLaterError as later:
            _logger.info("%s %s waits: %s", self._table.name, row.id, later)
            return self._asked_later(row, later, pause)
        except _UNSETTLED as error:
            _logger.warning("%s %s is unsettled: %s", self._table.name, row.id, error)
            return self._later(row, pause, repr(error))
        except Exception as error:
            _logger.exception("%s %s failed", self._table.name, row.id)
            return self._later(row, LONGEST_PAUSE if every is None else pause, repr(error))
        reached(self._work.done)
        return self._done(row, every)

    def _asked_later(self, row: Row[Any], later: TryLaterError, pause: timedelta) -> dict[str, Any]:
        if later.after is None:
            return self._later(row, pause, str(later))
        # It named its time, as a poller does: nothing went wrong, so it is no backlog.
        return {"next_try_at": self._clock.now() + later.after, "last_error": str(later)}

    def _later(self, row: Row[Any], pause: timedelta, error: str) -> dict[str, Any]:
        waits = self._clock.now() + pause
        return {"attempts": row.attempts + 1, "next_try_at": waits, "last_error": error}

    def _done(self, row: Row[Any], every: timedelta | None) -> dict[str, Any]:
        now = self._clock.now()
        if every is None:
            return {"attempts": row.attempts + 1, "done_at": now, "last_error": ""}
        return {"attempts": 0, "next_try_at": now + every, "last_error": ""}


def _pause(attempts: int, longest: timedelta) -> timedelta:
    """From 2 s, doubled by every attempt before."""
    return min(_FIRST_PAUSE * (1 << min(attempts, 16)), longest)
