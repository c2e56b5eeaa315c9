"""The office's side of capacity: how many seats (名额) there are, and when."""

from datetime import date, time
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from application.access import Permission, Subject
from application.capacity import SeatPlan
from domain.capacity import MOST_SEATS
from interface.api.access import House, may
from interface.api.fields import Body, County, PlainDay, Word
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office", tags=["后台·运力"], responses=PROBLEM_ANSWERS)

CapacityWriter = Annotated[Subject, Depends(may(Permission.CAPACITY_WRITE))]


class SeatsBody(Body):
    """So many seats of a pool in a district on a day; `ends` 00:00 is the day's end."""

    pool: Word
    district: County
    day: PlainDay
    starts: Annotated[time, Field(strict=False)]
    ends: Annotated[time, Field(strict=False)]
    seats: Annotated[int, Field(ge=0, le=MOST_SEATS)]


class SeatsView(BaseModel):
    """What holds from now on."""

    pool: str
    area: str
    day: date
    seats: int


@router.post("/seats", response_model=SeatsView)
def set_seats(
    house: House, who: CapacityWriter, body: SeatsBody, commands: Commands
) -> dict[str, object]:
    """Set the seats of full or half hours (放号); what is sold already stays sold."""
    plan = SeatPlan(
        pool=body.pool,
        area=body.district,
        day=body.day,
        starts=body.starts,
        ends=body.ends,
        seats=body.seats,
    )
    return commands.answer(house.capacity.set_seats(plan, commands.command(f"staff:{who.id}")))
