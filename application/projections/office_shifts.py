"""The office's roster (排班表): who serves where on which day, and who is on leave."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    select,
)

from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.shifts import Shift

metadata = MetaData(schema="office_shifts")
projection = Projection("office_shifts", metadata)

# A day of a worker; slots are half hours, and `pool` is "" where there is no shift.
days = Table(
    "days",
    metadata,
    Column("shift_id", Uuid, primary_key=True),
    Column("worker_id", Uuid, nullable=False),
    Column("worker_number", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("pool", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("first_slot", Integer, nullable=False),
    Column("end_slot", Integer, nullable=False),
    Index("days_by_day", "day", "worker_number"),
)

leaves = Table(
    "leaves",
    metadata,
    Column("shift_id", Uuid, primary_key=True),
    Column("leave_id", Uuid, primary_key=True),
    Column("reason_code", Text, nullable=False),
    Column("first_slot", Integer, nullable=False),
    Column("end_slot", Integer, nullable=False),
)

_NO_SHIFT = {"pool": "", "area": "", "first_slot": 0, "end_slot": 0}


@projection.handles
def plan(rows: Rows, recorded: Recorded) -> None:
    """A day without a shift."""
    event: Shift.Planned = recorded.event
    rows.insert(
        days,
        shift_id=event.originator_id,
        worker_id=event.worker_id,
        worker_number=event.worker_number,
        day=date.fromisoformat(event.day),
        **_NO_SHIFT,
    )


@projection.handles
def roster(rows: Rows, recorded: Recorded) -> None:
    """The shift, or the one that replaces it."""
    event: Shift.Rostered = recorded.event
    duty = {"pool": event.pool, "area": event.area}
    _change(rows, event, **duty, first_slot=event.first_slot, end_slot=event.end_slot)


@projection.handles
def withdraw(rows: Rows, recorded: Recorded) -> None:
    """No shift any more."""
    _change(rows, recorded.event, **_NO_SHIFT)


@projection.handles
def grant_leave(rows: Rows, recorded: Recorded) -> None:
    """The part of a leave that falls on the day."""
    event: Shift.LeaveGranted = recorded.event
    rows.insert(
        leaves,
        shift_id=event.originator_id,
        leave_id=event.leave_id,
        reason_code=event.reason_code,
        first_slot=event.first_slot,
        end_slot=event.end_slot,
    )


@projection.handles
def revoke_leave(rows: Rows, recorded: Recorded) -> None:
    """That leave does not take place."""
    event: Shift.LeaveRevoked = recorded.event
    rows.remove(leaves, shift_id=event.originator_id, leave_id=event.leave_id)


def between(connection: Connection, first: date, last: date) -> Sequence[dict[str, Any]]:
    """The workers' days, ends included, by day and worker number; each with its `leaves`."""
    chosen = select(days).where(days.c.day.between(first, last))
    rows = connection.execute(chosen.order_by(days.c.day, days.c.worker_number)).mappings()
    of_days = select(leaves).join(days, days.c.shift_id == leaves.c.shift_id)
    found = of_days.where(days.c.day.between(first, last)).order_by(leaves.c.first_slot)
    away: dict[Any, list[dict[str, Any]]] = {}
    for row in connection.execute(found).mappings():
        away.setdefault(row["shift_id"], []).append(dict(row))
    return [{**row, "leaves": away.get(row["shift_id"], [])} for row in rows]


def _change(rows: Rows, event: Shift.Event, **values: Any) -> None:  # noqa: ANN401 - column values
    rows.change(days, {"shift_id": event.originator_id}, **values)
