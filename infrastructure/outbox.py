"""The outbox: outside calls written with their cause, made after the commit.

An errand is claimed with SKIP LOCKED and done while its row is locked; a worker
that is killed leaves the row to the next one. Every call carries the errand's
stable request number, so doing it twice is one effect.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from application.clock import Clock
from application.policy import Errand, TryLaterError

_ERRANDS = UUID("8c8f6f55-3c0a-5bb9-a6ef-5e9f4a8e2b10")
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=10)

_logger = logging.getLogger("jiawu.outbox")

errands = Table(
    "errands",
    MetaData(schema="outbox"),
    Column("id", Uuid, primary_key=True),
    Column("position", BigInteger),
    Column("recipient", Text),
    Column("channel", Text),
    Column("template", Text),
    Column("request_number", Text),
    Column("payload", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("next_try_at", DateTime(timezone=True)),
    Column("attempts", Integer),
    Column("done_at", DateTime(timezone=True)),
    Column("last_error", Text),
)


Run = Callable[[Errand], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many errands wait, and since when the oldest does."""

    count: int
    oldest: datetime | None


def errand_id(position: int, errand: Errand) -> UUID:
    """The row's id: the same cause and call are the same row."""
    return uuid5(_ERRANDS, f"{position}:{errand.recipient}:{errand.channel}:{errand.template}")


def write_errand(connection: Connection, position: int, errand: Errand, at: datetime) -> UUID:
    """Write the row in the caller's transaction; a repeat is the same row."""
    key = errand_id(position, errand)
    row = {
        "id": key,
        "position": position,
        "recipient": errand.recipient,
        "channel": errand.channel,
        "template": errand.template,
        "request_number": errand.request_number,
        "payload": orjson.dumps(errand.payload).decode(),
        "created_at": at,
        "next_try_at": at,
        "attempts": 0,
        "last_error": "",
    }
    connection.execute(insert(errands).values(row).on_conflict_do_nothing())
    return key


class Outbox:
    """Makes the calls that wait."""

    def __init__(self, engine: Engine, clock: Clock, runs: Mapping[str, Run]) -> None:
        self._engine = engine
        self._clock = clock
        self._runs = runs

    def run_due(self) -> bool:
        """Make one call that is due; False where none waits or all are taken.

        False too where the database is away; the row then stays as it was, and
        a call that was made meanwhile is made again under its request number.
        """
        now = self._clock.now()
        due = _open_errands().where(errands.c.next_try_at <= now)
        first = due.order_by(errands.c.next_try_at).limit(1)
        try:
            return self._claim(first.with_for_update(skip_locked=True))
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            _logger.warning("the database is away: %s", error)
            return False

    def run_now(self, position: int, errand: Errand) -> None:
        """Write and make one call right after its commit, in the caller's thread.

        The worker takes over if this thread dies; if the worker has it already,
        this waits until the call is made.
        """
        with self._engine.begin() as connection:
            key = write_errand(connection, position, errand, self._clock.now())
        self._claim(_open_errands().where(errands.c.id == key).with_for_update())

    def waiting(self) -> Waiting:
        """How much waits, for readiness and metrics."""
        query = select(func.count(), func.min(errands.c.created_at))
        with self._engine.connect() as connection:
            count, oldest = connection.execute(query.where(errands.c.done_at.is_(None))).one()
        return Waiting(count, oldest)

    def _claim(self, query: Select[Any]) -> bool:
        with self._engine.begin() as connection:
            row = connection.execute(query).first()
            if row is None:
                return False
            self._make(connection, row)
        return True

    def _make(self, connection: Connection, row: Row[Any]) -> None:
        change = update(errands).where(errands.c.id == row.id)
        attempts = row.attempts + 1
        try:
            self._runs[f"{row.channel}.{row.template}"](_errand(row))
        except TryLaterError as error:
            _logger.info("errand %s waits: %s", row.id, error)
            waits = self._clock.now() + _pause(attempts)
            connection.execute(
                change.values(attempts=attempts, next_try_at=waits, last_error=str(error))
            )
        except Exception as error:
            _logger.exception("errand %s failed", row.id)
            waits = self._clock.now() + _LONGEST_PAUSE
            connection.execute(
                change.values(attempts=attempts, next_try_at=waits, last_error=repr(error))
            )
        else:
            done = self._clock.now()
            connection.execute(change.values(attempts=attempts, done_at=done, last_error=""))


def _open_errands() -> Select[Any]:
    return select(errands).where(errands.c.done_at.is_(None))


def _errand(row: Row[Any]) -> Errand:
    return Errand(
        row.channel, row.template, row.recipient, row.request_number, orjson.loads(row.payload)
    )


def _pause(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 16)), _LONGEST_PAUSE)
