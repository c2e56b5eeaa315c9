"""The outbox (发件箱): outside calls written with their cause, made after the commit.

Every call carries the errand's stable request number, so doing it twice is one
effect. See waiting_rows for who makes it, and when again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import Column, Connection, Engine, MetaData, Row, Table, Text

from application.clock import Clock
from application.crash_points import CrashPoint
from application.policy import Errand
from infrastructure.event_log import durability
from infrastructure.waiting_rows import Waiting, WaitingRows, Work, waiting_columns, write_row

_ERRANDS = UUID("8c8f6f55-3c0a-5bb9-a6ef-5e9f4a8e2b10")

errands = Table(
    "errands",
    MetaData(schema="outbox"),
    *waiting_columns(),
    Column("recipient", Text),
    Column("channel", Text),
    Column("template", Text),
    Column("request_number", Text),
)

Run = Callable[[Errand], None]


def errand_id(position: int, errand: Errand) -> UUID:
    """The row's id: the same cause and call are the same row."""
    return uuid5(_ERRANDS, f"{position}:{errand.recipient}:{errand.channel}:{errand.template}")


def write_errand(connection: Connection, position: int, errand: Errand, at: datetime) -> UUID:
    """Write the row in the caller's transaction; a repeat is the same row."""
    key = errand_id(position, errand)
    values = {
        "position": position,
        "recipient": errand.recipient,
        "channel": errand.channel,
        "template": errand.template,
        "request_number": errand.request_number,
    }
    due_at = errand.due_at or at
    write_row(connection, errands, key, values, payload=errand.payload, at=at, due_at=due_at)
    return key


class Outbox:
    """Makes the calls that wait."""

    def __init__(self, engine: Engine, clock: Clock, runs: Mapping[str, Run]) -> None:
        """`runs` is how a row, channel.template, is carried out."""
        self._engine = engine
        self._clock = clock
        self._runs = runs
        work = Work(
            do=self._make,
            every=_once,
            claimed=CrashPoint.ERRAND_CLAIMED,
            done=CrashPoint.ERRAND_DONE,
        )
        self._rows = WaitingRows(engine, clock, errands, work)

    def run_due(self) -> bool:
        """Make one call that is due; see WaitingRows.run_due."""
        return self._rows.run_due()

    def run_now(self, position: int, errand: Errand) -> None:
        """Write and make one call right after its commit, in the caller's thread.

        The worker takes over if this thread dies; if the worker has it already,
        this waits until the call is made. Raises CommitUnknownError, and what
        SQLAlchemy raises where the database is away.
        """
        with self._engine.connect() as connection:
            key = write_errand(connection, position, errand, self._clock.now())
            durability.commit(connection)
        self._rows.run(key)

    def waiting(self) -> Waiting:
        """The calls that should be made by now; see WaitingRows.waiting."""
        return self._rows.waiting()

    def next_due(self) -> datetime | None:
        """When the next call is to be tried; None where none waits."""
        return self._rows.next_due()

    def _make(self, row: Row[Any]) -> None:
        self._runs[f"{row.channel}.{row.template}"](_errand(row))


def _once(_: Row[Any]) -> None:
    """No call is repeated once it is made."""


def _errand(row: Row[Any]) -> Errand:
    return Errand(
        row.channel, row.template, row.recipient, row.request_number, orjson.loads(row.payload)
    )
