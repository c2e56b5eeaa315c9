"""What staff do with a cleaning order alone: the survey, the inspection room by room."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from application.cleaning import Survey
from interface.api.access import House
from interface.api.fields import Room, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import (
    ReportBody,
    Reporter,
    StageView,
    actor_of,
    report_of,
)
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·保洁"], responses=PROBLEM_ANSWERS)


class AreaReviewBody(ReportBody):
    """The measured area in tenths of ㎡; consent where the price rises."""

    area_tenths: Annotated[int, Field(ge=1, le=1_000_000)]
    consent: Word | None = None


class RoomInspectionBody(ReportBody):
    """A room of the order, and whether it is accepted."""

    room: Room
    accepted: bool


@router.post("/{order_id}/area-review", response_model=StageView)
def review_area(
    house: House, who: Reporter, order_id: UUID, body: AreaReviewBody, commands: Commands
) -> dict[str, object]:
    """A survey measured the home (面积复核); the price follows it."""
    command = commands.command(actor_of(who))
    survey = Survey(
        area_tenths=body.area_tenths,
        report=report_of(body, command.at),
        consent=body.consent or "",
    )
    return commands.answer(house.cleaning.review_area(order_id, survey, command))


@router.post("/{order_id}/room-inspection", response_model=StageView)
def inspect_room(
    house: House, who: Reporter, order_id: UUID, body: RoomInspectionBody, commands: Commands
) -> dict[str, object]:
    """A room was accepted, or has to be done again (逐间验收)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    outcome = house.cleaning.inspect_room(
        order_id, body.room, report, command, accepted=body.accepted
    )
    return commands.answer(outcome)
