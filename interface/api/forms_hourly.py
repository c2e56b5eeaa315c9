"""What the booking form asks for a long-term plan of hourly work (小时工长期) alone."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.orders.hourly.order import LEAST_WEEKS, MOST_FLEXIBLE_DAYS, MOST_WEEKS
from interface.api.fields import Body, PlainDay

Weekday = Annotated[int, Field(ge=1, le=7)]
Weekdays = Annotated[list[Weekday], Field(min_length=1, max_length=7)]


class PlanForm(Body):
    """The pattern beside the first visit's start and length (`starts_at`, `quantity`).

    `weekdays` 1 is Monday; left out, the first visit's. `weeks` are paid at once.
    `periods` is how many times so many weeks, `until` the last day; without both
    the plan goes on until somebody ends it. `flexible_days` is how far the office
    may move a visit unasked.
    """

    weekdays: Weekdays | None = None
    weeks: Annotated[int, Field(ge=LEAST_WEEKS, le=MOST_WEEKS)] = LEAST_WEEKS
    periods: Annotated[int, Field(ge=1, le=26)] | None = None
    until: PlainDay | None = None
    flexible_days: Annotated[int, Field(ge=0, le=MOST_FLEXIBLE_DAYS)] = 0
    preferred_worker_id: Annotated[UUID, Field(strict=False)] | None = None
