"""When there is room: the days and starts (可约时段) that a customer chooses from."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from application.lines import Asked
from application.slots import MOST_DAYS, DayStrip, Room
from domain.time import shanghai_day
from interface.api.access import House
from interface.api.booking_form import QuoteBody
from interface.api.fields import District, PlainDay, ServiceCode
from interface.api.pairs import MOST, Items, Options, items_of, options_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1", tags=["可约时段"], responses=PROBLEM_ANSWERS)


class SlotsBody(QuoteBody):
    """A filled-in form; the days begin with that of `starts_at`, whose hour does not matter."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 1


class StartView(BaseModel):
    """A start; `few` is room for two such orders at most."""

    starts_at: datetime
    room: Room


class DayView(BaseModel):
    """A day in Asia/Shanghai; no starts where it is closed or too far ahead."""

    day: date
    starts: list[StartView]


class SlotsView(BaseModel):
    """The days asked for, in order."""

    days: list[DayView]


@router.get("/slots")
def list_slots(  # noqa: PLR0913, PLR0917 - the wishes of a booking form
    house: House,
    service_code: ServiceCode,
    district: District,
    first_day: PlainDay,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 1,
    quantity: Annotated[int, Query(ge=0, le=MOST)] = 0,
    item: Items = [],  # noqa: B006 - FastAPI copies it
    option: Options = [],  # noqa: B006 - FastAPI copies it
) -> SlotsView:
    """When such an order could start: free, few or full (可约, 紧张, 约满).

    Services whose form asks more (plans, dry-cleaning) are asked for by POST.
    """
    at = house.clock.now()
    asked = Asked(
        service_code=service_code,
        district=district,
        starts_at=at,
        quantity=quantity,
        items=items_of(item),
        options=options_of(option),
    )
    return _view(house.slots.strip(asked, first_day, days, at))


@router.post("/slots")
def list_slots_of_form(house: House, body: SlotsBody) -> SlotsView:
    """When the order of a filled-in form could start; nothing is kept, so no key is asked for."""
    asked, at = body.asked(body.district), house.clock.now()
    return _view(house.slots.strip(asked, shanghai_day(body.starts_at), body.days, at))


def _view(strips: Sequence[DayStrip]) -> SlotsView:
    return SlotsView.model_validate({"days": strips}, from_attributes=True)
