"""Bodies and views that the office's and the customer's side of a plan share."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from application.hourly import PatternAsked
from domain.orders.hourly.plan_money import Settlement
from interface.api.fields import Body, Instant, PlainDay, Word
from interface.api.forms_hourly import Weekdays

WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class VisitView(BaseModel):
    """What a command on a visit answers."""

    order_id: UUID
    stage: str
    visit: int
    visit_stage: str


class ReasonBody(Body):
    """Why."""

    reason_code: Word


class VisitMoveBody(ReasonBody):
    """Another start for one visit; it keeps its length."""

    starts_at: Instant


class PauseBody(ReasonBody):
    """No visits from the first to the last day, both included."""

    first_day: PlainDay
    last_day: PlainDay


class ResumeBody(ReasonBody):
    """There are visits again from this day on."""

    first_day: PlainDay


class PatternBody(ReasonBody):
    """Another pattern from `first_day` on; what is left out stays as it is.

    `start` is wall time in Shanghai, `minutes` the length of a visit.
    """

    first_day: PlainDay
    weekdays: Weekdays | None = None
    start: WallTime | None = None
    minutes: Annotated[int, Field(ge=30, le=720)] | None = None

    def asked(self) -> PatternAsked:
        """The same for the use case."""
        return PatternAsked(
            first_day=self.first_day,
            reason_code=self.reason_code,
            weekdays=tuple(sorted(set(self.weekdays))) if self.weekdays else None,
            start=self.start,
            minutes=self.minutes,
        )


class SettlementView(BaseModel):
    """What would go back if the plan ended now, and why."""

    paid_fen: int
    used_minutes: int
    used_fen: int
    refund_fen: int
    reasons: list[str]


def settlement_view(settled: Settlement) -> SettlementView:
    """The settlement for people."""
    shown = vars(settled) | {"reasons": list(settled.reasons)}
    return SettlementView(**shown)


def days_of(body: PauseBody) -> tuple[date, date]:
    """First and last day of a pause."""
    return body.first_day, body.last_day
