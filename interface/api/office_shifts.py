"""The office's roster: shifts (班次), leave (请假), and slots of which too much is sold."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from pydantic import BaseModel, Field

from application.access import Permission, Subject
from application.projections import office_shifts
from application.shifts import MOST_DAYS, Roster
from domain.capacity import time_of
from domain.leaves import Absence
from domain.time import Interval
from interface.api.access import House, may
from interface.api.fields import Body, County, Instant, PlainDay, Position, Word
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office", tags=["后台·排班"], responses=PROBLEM_ANSWERS)

RosterWriter = Annotated[Subject, Depends(may(Permission.CAPACITY_WRITE))]
RosterReader = Annotated[Subject, Depends(may(Permission.CAPACITY_READ))]
Clock = Annotated[time, Field(strict=False)]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="天数")]


class RosterBody(Body):
    """Shifts on the weekdays (Monday is 1) from one day to another; `ends` 00:00 is midnight."""

    worker_id: Annotated[UUID, Field(strict=False)]
    pool: Word
    district: County
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    first_day: PlainDay
    last_day: PlainDay
    starts: Clock
    ends: Clock


class WithdrawalBody(Body):
    """A shift that does not take place."""

    worker_id: Annotated[UUID, Field(strict=False)]
    day: PlainDay
    reason_code: Word


class LeaveBody(Body):
    """A leave of half hours or days; `reason_code` is personal, sick, annual and so on."""

    worker_id: Annotated[UUID, Field(strict=False)]
    starts_at: Instant
    ends_at: Instant
    reason_code: Word


class RosteredView(BaseModel):
    """The days that were meant."""

    worker_id: UUID
    days: list[date]


class LeaveIdView(BaseModel):
    """The leave's id, to revoke it by."""

    leave_id: UUID


class AwayView(BaseModel):
    """The part of a leave that falls on a day; `ends` 00:00 is midnight."""

    leave_id: UUID
    reason_code: str
    starts: time
    ends: time


class ShiftView(BaseModel):
    """A worker's day; without a shift `pool` and `district` are empty."""

    worker_id: UUID
    worker_number: int
    day: date
    pool: str
    district: str
    starts: time | None
    ends: time | None
    leaves: list[AwayView]


class RosterView(BaseModel):
    """The days asked for, by day and worker number."""

    shifts: list[ShiftView]


class OversoldView(BaseModel):
    """A half hour of which more is sold than there is."""

    pool: str
    district: str
    day: date
    starts: time
    seats: int
    sold: int


class OversoldListView(BaseModel):
    """By day and time."""

    slots: list[OversoldView]


@router.post("/shifts", response_model=RosteredView)
def roster(
    house: House, who: RosterWriter, body: RosterBody, commands: Commands
) -> dict[str, object]:
    """Plan a worker's shifts (排班); a day's earlier shift is replaced."""
    planned = Roster(
        worker_id=body.worker_id,
        pool=body.pool,
        area=body.district,
        weekdays=frozenset(body.weekdays),
        first_day=body.first_day,
        last_day=body.last_day,
        starts=body.starts,
        ends=body.ends,
    )
    return commands.answer(house.shifts.roster(planned, commands.command(f"staff:{who.id}")))


@router.get("/shifts")
def list_shifts(
    house: House,
    who: RosterReader,
    first_day: PlainDay,
    days: Days = 7,
    at_least: Annotated[Position, Query()] = 0,
) -> RosterView:
    """The roster (排班表) of some days."""
    del who
    house.progress.wait_for(office_shifts.projection.name, at_least)
    with house.engine.connect() as connection:
        rows = office_shifts.between(connection, first_day, _last(first_day, days))
    return RosterView(shifts=[_shift(row) for row in rows])


@router.post("/shifts/withdrawal", response_model=RosteredView)
def withdraw(
    house: House, who: RosterWriter, body: WithdrawalBody, commands: Commands
) -> dict[str, object]:
    """Take a shift away (撤班); what is sold stays sold."""
    command = commands.command(f"staff:{who.id}")
    told = house.shifts.withdraw(body.worker_id, body.day, body.reason_code, command)
    return commands.answer(told)


@router.post("/leaves", status_code=status.HTTP_201_CREATED, response_model=LeaveIdView)
def grant_leave(
    house: House, who: RosterWriter, body: LeaveBody, commands: Commands
) -> dict[str, object]:
    """Grant a leave (准假); refused while the worker has orders then."""
    absence = Absence(interval=Interval(body.starts_at, body.ends_at), reason_code=body.reason_code)
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.shifts.grant_leave(body.worker_id, absence, command))


@router.post("/leaves/{leave_id}/revocation", response_model=LeaveIdView)
def revoke_leave(
    house: House, who: RosterWriter, leave_id: UUID, commands: Commands
) -> dict[str, object]:
    """Take a leave back (销假)."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.shifts.revoke_leave(leave_id, command))


@router.get("/oversold")
def list_oversold(
    house: House, who: RosterReader, first_day: PlainDay, days: Days = 14
) -> OversoldListView:
    """Half hours (超售时段) for which people are to be found or orders to be moved."""
    del who
    found = house.seats.oversold(first_day, _last(first_day, days))
    slots = [
        OversoldView(
            pool=each.pool,
            district=each.area,
            day=each.day,
            starts=time_of(each.slot),
            seats=each.offered,
            sold=each.sold,
        )
        for each in found
    ]
    return OversoldListView(slots=slots)


def _last(first: date, days: int) -> date:
    return first + timedelta(days=days - 1)


def _shift(row: Mapping[str, Any]) -> ShiftView:
    served = bool(row["pool"])
    return ShiftView(
        worker_id=row["worker_id"],
        worker_number=row["worker_number"],
        day=row["day"],
        pool=row["pool"],
        district=row["area"],
        starts=time_of(row["first_slot"]) if served else None,
        ends=time_of(row["end_slot"]) if served else None,
        leaves=[_away(each) for each in row["leaves"]],
    )


def _away(row: Mapping[str, Any]) -> AwayView:
    return AwayView(
        leave_id=row["leave_id"],
        reason_code=row["reason_code"],
        starts=time_of(row["first_slot"]),
        ends=time_of(row["end_slot"]),
    )
