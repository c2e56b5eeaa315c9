"""What staff do with a long-term plan (小时工长期) and with each of its visits."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from application.hourly import PlanName, SwapAsked
from application.hourly_visits import VisitName
from domain.orders.hourly.plan_visits import VisitMove
from domain.orders.hourly.visits import MISSING, TAKEN
from interface.api.access import House
from interface.api.fields import Body, PlainDay, Word
from interface.api.hourly_bodies import (
    PatternBody,
    PauseBody,
    ReasonBody,
    ResumeBody,
    SettlementView,
    VisitMoveBody,
    VisitView,
    days_of,
    settlement_view,
)
from interface.api.idempotency import Commands
from interface.api.office_orders import (
    Assigner,
    Canceller,
    ProgressBody,
    Reader,
    RefusalBody,
    ReportBody,
    Reporter,
    Rescheduler,
    StageView,
    actor_of,
    report_of,
)
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·小时工"], responses=PROBLEM_ANSWERS)

StaffReason = Literal["customer", "company", "expired", "not_renewed"]
WorkerId = Annotated[UUID, Field(strict=False)]


Scope = Literal["this", "this_and_later"]


class VisitAssignmentBody(Body):
    """Who is to come, the preferred worker where nobody is named; this visit or later ones too."""

    worker_id: WorkerId | None = None
    scope: Scope = "this"


class VisitAcceptanceBody(ReportBody):
    """The worker takes on this visit, or later ones that they were given too."""

    scope: Scope = "this"


class VisitReassignmentBody(ReasonBody):
    """Who is to come instead."""

    worker_id: WorkerId


class OfficeVisitMoveBody(VisitMoveBody):
    """`consent`: how the customer agreed; needed beyond the plan's flexible days.

    `without_seat`: the pool is full, and the dispatcher answers for it.
    """

    consent: Word | None = None
    without_seat: bool = False


class SwapBody(ReasonBody):
    """Who comes from a day on."""

    worker_id: WorkerId
    first_day: PlainDay


class EndBody(ReasonBody):
    """Why the plan ends; it decides how it is settled."""

    reason_code: StaffReason


@router.post("/{order_id}/visits/{number}/assignment", response_model=VisitView)
def assign_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Assigner,
    order_id: UUID,
    number: int,
    body: VisitAssignmentBody,
    commands: Commands,
) -> dict[str, object]:
    """Give a visit, or all paid ones from it on, to a worker (派单)."""
    name, later = VisitName(order_id=order_id, number=number), body.scope == "this_and_later"
    command = commands.command(actor_of(who))
    return commands.answer(house.visits.assign(name, body.worker_id, command, later=later))


@router.post("/{order_id}/visits/{number}/reassignment", response_model=VisitView)
def reassign_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Assigner,
    order_id: UUID,
    number: int,
    body: VisitReassignmentBody,
    commands: Commands,
) -> dict[str, object]:
    """Give a visit to another worker (改派)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    outcome = house.visits.reassign(name, body.worker_id, body.reason_code, command)
    return commands.answer(outcome)


@router.post("/{order_id}/visits/{number}/acceptance", response_model=VisitView)
def accept_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Reporter,
    order_id: UUID,
    number: int,
    body: VisitAcceptanceBody,
    commands: Commands,
) -> dict[str, object]:
    """The worker takes the visit on, or all that they were given from it on (接单)."""
    name, later = VisitName(order_id=order_id, number=number), body.scope == "this_and_later"
    command = commands.command(actor_of(who))
    told = report_of(body, command.at)
    return commands.answer(house.visits.accept(name, told, command, later=later))


@router.post("/{order_id}/visits/{number}/refusal", response_model=VisitView)
def decline_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Reporter,
    order_id: UUID,
    number: int,
    body: RefusalBody,
    commands: Commands,
) -> dict[str, object]:
    """The worker gives the visit back (拒单)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.visits.decline(name, body.reason_code, report, command))


@router.post("/{order_id}/visits/{number}/progress", response_model=VisitView)
def progress_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Reporter,
    order_id: UUID,
    number: int,
    body: ProgressBody,
    commands: Commands,
) -> dict[str, object]:
    """The field reports the visit's next stage (进度)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.visits.progress(name, body.stage, report, command))


@router.post("/{order_id}/visits/{number}/completion", response_model=VisitView)
def complete_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Reporter,
    order_id: UUID,
    number: int,
    body: ReportBody,
    commands: Commands,
) -> dict[str, object]:
    """The visit was inspected and is done (本次完成)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    return commands.answer(house.visits.complete(name, report_of(body, command.at), command))


@router.post("/{order_id}/visits/{number}/move", response_model=VisitView)
def move_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Rescheduler,
    order_id: UUID,
    number: int,
    body: OfficeVisitMoveBody,
    commands: Commands,
) -> dict[str, object]:
    """This visit alone takes place at another time (本次改期)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    move = VisitMove(
        starts_at=body.starts_at,
        reason_code=body.reason_code,
        seats=MISSING if body.without_seat else TAKEN,
        consent=body.consent or "",
    )
    return commands.answer(house.visits.move(name, move, command))


@router.post("/{order_id}/visits/{number}/skip", response_model=VisitView)
def skip_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Rescheduler,
    order_id: UUID,
    number: int,
    body: ReasonBody,
    commands: Commands,
) -> dict[str, object]:
    """Leave a visit out as the customer asked; its value stays (跳过)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    return commands.answer(house.visits.skip(name, body.reason_code, command))


@router.post("/{order_id}/visits/{number}/cancellation", response_model=VisitView)
def cancel_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Canceller,
    order_id: UUID,
    number: int,
    body: ReasonBody,
    commands: Commands,
) -> dict[str, object]:
    """The company cannot come; the visit's value stays (取消本次)."""
    name, command = VisitName(order_id=order_id, number=number), commands.command(actor_of(who))
    return commands.answer(house.visits.cancel(name, body.reason_code, command))


@router.post("/{order_id}/plan/pattern", response_model=StageView)
def change_pattern(
    house: House, who: Rescheduler, order_id: UUID, body: PatternBody, commands: Commands
) -> dict[str, object]:
    """Another pattern from a day on (本次及以后)."""
    name, command = PlanName(order_id=order_id), commands.command(actor_of(who))
    return commands.answer(house.plans.change_pattern(name, body.asked(), command))


@router.post("/{order_id}/plan/pause", response_model=StageView)
def pause(
    house: House, who: Rescheduler, order_id: UUID, body: PauseBody, commands: Commands
) -> dict[str, object]:
    """No visits for some days (暂停)."""
    name, command = PlanName(order_id=order_id), commands.command(actor_of(who))
    return commands.answer(house.plans.pause(name, days_of(body), body.reason_code, command))


@router.post("/{order_id}/plan/resumption", response_model=StageView)
def resume(
    house: House, who: Rescheduler, order_id: UUID, body: ResumeBody, commands: Commands
) -> dict[str, object]:
    """Visits again from a day on (恢复)."""
    name, command = PlanName(order_id=order_id), commands.command(actor_of(who))
    return commands.answer(house.plans.resume(name, body.first_day, body.reason_code, command))


@router.post("/{order_id}/plan/worker", response_model=StageView)
def swap_worker(
    house: House, who: Assigner, order_id: UUID, body: SwapBody, commands: Commands
) -> dict[str, object]:
    """Another worker from a day on (换阿姨)."""
    name, command = PlanName(order_id=order_id), commands.command(actor_of(who))
    asked = SwapAsked(
        worker_id=body.worker_id, first_day=body.first_day, reason_code=body.reason_code
    )
    return commands.answer(house.plans.swap_worker(name, asked, command))


@router.get("/{order_id}/plan/settlement")
def preview_settlement(
    house: House, who: Reader, order_id: UUID, reason_code: Annotated[StaffReason, Query()]
) -> SettlementView:
    """What would go back if the plan ended now (终止试算)."""
    del who
    settled = house.plans.settlement(PlanName(order_id=order_id), reason_code, house.clock.now())
    return settlement_view(settled)


@router.post("/{order_id}/plan/end", response_model=StageView)
def end_plan(
    house: House, who: Canceller, order_id: UUID, body: EndBody, commands: Commands
) -> dict[str, object]:
    """End the plan and settle it (终止结算)."""
    name, command = PlanName(order_id=order_id), commands.command(actor_of(who))
    return commands.answer(house.plans.end(name, body.reason_code, command))
