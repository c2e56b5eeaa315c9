"""Deadlines (期限): commands that fall due, and routines (例行) that are done again and again.

A routine is a row at position 0 that is never done. See waiting_rows for who
does a row, and when again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import Column, Connection, Engine, MetaData, Row, Table, Text, or_

from application.clock import Clock
from application.crash_points import CrashPoint
from application.policy import Deadline
from infrastructure.event_log import durability
from infrastructure.waiting_rows import Waiting, WaitingRows, Work, waiting_columns, write_row

_DEADLINES = UUID("5a7e1c94-6f0d-5c38-9d21-b3e8f7a06c52")
# The log begins at 1, so no event sets a deadline here.
_ROUTINE = 0

deadlines = Table(
    "deadlines",
    MetaData(schema="deadlines"),
    *waiting_columns(),
    Column("name", Text),
    Column("subject", Text),
)
_SET_BY_AN_EVENT = deadlines.c.position > _ROUTINE

Run = Callable[[Deadline], None]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A routine, ready to run."""

    every: timedelta
    run: Callable[[], None]


def deadline_id(position: int, deadline: Deadline) -> UUID:
    """The row's id: the same cause, command and subject are the same row."""
    return uuid5(_DEADLINES, f"{position}:{deadline.name}:{deadline.subject}")


def routine_id(name: str) -> UUID:
    """The id of the routine's row."""
    return uuid5(_DEADLINES, name)


def write_deadline(connection: Connection, position: int, deadline: Deadline, at: datetime) -> UUID:
    """Write the row in the caller's transaction; a repeat is the same row."""
    key = deadline_id(position, deadline)
    values = {"position": position, "name": deadline.name, "subject": deadline.subject}
    payload, due_at = deadline.payload, deadline.due_at
    write_row(connection, deadlines, key, values, payload=payload, at=at, due_at=due_at)
    return key


class Deadlines:
    """Does what falls due, and the routines."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        runs: Mapping[str, Run],
        routines: Mapping[str, Upkeep],
    ) -> None:
        """`runs` and `routines` by name; a deadline's `due_at` is when this try fell due.

        The row of a routine that is not among them is passed by: another
        version's worker may know it.
        """
        self._engine = engine
        self._clock = clock
        self._runs = runs
        self._routines = routines
        work = Work(
            do=self._do,
            every=self._every,
            claimed=CrashPoint.DEADLINE_CLAIMED,
            done=CrashPoint.DEADLINE_DONE,
        )
        ours = or_(_SET_BY_AN_EVENT, deadlines.c.name.in_(list(routines)))
        self._rows = WaitingRows(engine, clock, deadlines, work, ours)

    def install(self) -> None:
        """Write a row for every routine, due now; idempotent.

        A routine that stands already keeps its next time. Raises
        CommitUnknownError where the standby may not have them.
        """
        now = self._clock.now()
        with self._engine.connect() as connection:
            for name in sorted(self._routines):
                values = {"position": _ROUTINE, "name": name, "subject": ""}
                key = routine_id(name)
                write_row(connection, deadlines, key, values, payload={}, at=now, due_at=now)
            durability.commit(connection)

    def run_due(self) -> bool:
        """Do one deadline or routine that is due; see WaitingRows.run_due."""
        return self._rows.run_due()

    def waiting(self) -> Waiting:
        """The deadlines, without routines, that should be met by now; see WaitingRows.waiting."""
        return self._rows.waiting(_SET_BY_AN_EVENT)

    def next_due(self, *, routines: bool = False) -> datetime | None:
        """When the next deadline, or with `routines` also routine, is to be tried; None without."""
        return self._rows.next_due() if routines else self._rows.next_due(_SET_BY_AN_EVENT)

    def _do(self, row: Row[Any]) -> None:
        if row.position == _ROUTINE:
            self._routines[row.name].run()
        else:
            self._runs[row.name](_deadline(row))

    def _every(self, row: Row[Any]) -> timedelta | None:
        return self._routines[row.name].every if row.position == _ROUTINE else None


def _deadline(row: Row[Any]) -> Deadline:
    return Deadline(row.name, row.subject, row.next_try_at, orjson.loads(row.payload))
