"""What a customer does with a long-term plan (小时工长期) of theirs."""

from uuid import UUID

from fastapi import APIRouter

from application.hourly import PlanName
from application.hourly_visits import VisitName
from domain.orders.hourly.plan_money import CUSTOMER
from domain.orders.hourly.plan_visits import VisitMove
from interface.api.access import CustomerId, House
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
from interface.api.office_orders import StageView
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/orders", tags=["我的订单·小时工"], responses=PROBLEM_ANSWERS)


@router.post("/{order_id}/visits/{number}/skip", response_model=VisitView)
def skip_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: CustomerId,
    order_id: UUID,
    number: int,
    body: ReasonBody,
    commands: Commands,
) -> dict[str, object]:
    """Leave a visit out, at least a day before; its value stays for one at the end (跳过)."""
    name = VisitName(order_id=order_id, number=number, customer_id=who)
    command = commands.command(f"customer:{who}")
    return commands.answer(house.visits.skip(name, body.reason_code, command))


@router.post("/{order_id}/visits/{number}/move", response_model=VisitView)
def move_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: CustomerId,
    order_id: UUID,
    number: int,
    body: VisitMoveBody,
    commands: Commands,
) -> dict[str, object]:
    """Another time for this visit alone, at least a day before (本次改期)."""
    name = VisitName(order_id=order_id, number=number, customer_id=who)
    move = VisitMove(starts_at=body.starts_at, reason_code=body.reason_code, consent="customer_app")
    command = commands.command(f"customer:{who}")
    return commands.answer(house.visits.move(name, move, command))


@router.post("/{order_id}/plan/pattern", response_model=StageView)
def change_pattern(
    house: House, who: CustomerId, order_id: UUID, body: PatternBody, commands: Commands
) -> dict[str, object]:
    """Other weekdays, another time or length from a day on (本次及以后)."""
    name, command = _mine(order_id, who), commands.command(f"customer:{who}")
    return commands.answer(house.plans.change_pattern(name, body.asked(), command))


@router.post("/{order_id}/plan/pause", response_model=StageView)
def pause(
    house: House, who: CustomerId, order_id: UUID, body: PauseBody, commands: Commands
) -> dict[str, object]:
    """No visits for some days (暂停)."""
    name, command = _mine(order_id, who), commands.command(f"customer:{who}")
    return commands.answer(house.plans.pause(name, days_of(body), body.reason_code, command))


@router.post("/{order_id}/plan/resumption", response_model=StageView)
def resume(
    house: House, who: CustomerId, order_id: UUID, body: ResumeBody, commands: Commands
) -> dict[str, object]:
    """Visits again from a day on (恢复)."""
    name, command = _mine(order_id, who), commands.command(f"customer:{who}")
    return commands.answer(house.plans.resume(name, body.first_day, body.reason_code, command))


@router.get("/{order_id}/plan/settlement")
def preview_settlement(house: House, who: CustomerId, order_id: UUID) -> SettlementView:
    """What I would get back today, and why (终止试算)."""
    settled = house.plans.settlement(_mine(order_id, who), CUSTOMER, house.clock.now())
    return settlement_view(settled)


@router.post("/{order_id}/plan/end", response_model=StageView)
def end_plan(
    house: House, who: CustomerId, order_id: UUID, commands: Commands
) -> dict[str, object]:
    """End my plan; what is not used goes back (终止)."""
    name, command = _mine(order_id, who), commands.command(f"customer:{who}")
    return commands.answer(house.plans.end(name, CUSTOMER, command))


def _mine(order_id: UUID, who: UUID) -> PlanName:
    return PlanName(order_id=order_id, customer_id=who)
