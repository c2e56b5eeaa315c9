"""What staff do with an order for care once it is signed: duty, replacement, settlement."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from domain.orders.care.duty import ReplacementWish
from domain.orders.care.settlement import CUSTOMER
from interface.api.access import House
from interface.api.care_views import Cause, StatementView, statement_view
from interface.api.fields import Body, Instant, PlainDay, Remark, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import (
    Assigner,
    Canceller,
    Reader,
    ReportBody,
    Reporter,
    Rescheduler,
    StageView,
    actor_of,
    report_of,
)
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·照护"], responses=PROBLEM_ANSWERS)


class StartBody(Body):
    """The new first day."""

    starts_on: PlainDay


class DayBody(ReportBody):
    """What a day was."""

    day: PlainDay
    kind: Literal["worked", "leave", "rest"]


class BedBody(Body):
    """Where the patient lies now."""

    place: Annotated[Remark, Field(min_length=1)]
    happened_at: Instant | None = None


class ReplacementBody(ReportBody):
    """Why somebody else is wanted, and whose doing it is."""

    reason_code: Word
    cause: Literal["customer", "company"] = "customer"


class ChangeBody(Body):
    """When the old worker had left, and when the new one came."""

    left_at: Instant
    happened_at: Instant | None = None


class LeavingBody(ReportBody):
    """Why the work ended."""

    cause: Cause = "finished"


class WithdrawalBody(Body):
    """Whose doing it is that nobody comes."""

    cause: Literal["customer", "company"] = "customer"


class SettledView(StageView):
    """The account: what was used, and what is left (positive: goes back)."""

    used_fen: int
    balance_fen: int


@router.post("/{order_id}/care/first-day", response_model=StageView)
def move_start(
    house: House, who: Rescheduler, order_id: UUID, body: StartBody, commands: Commands
) -> dict[str, object]:
    """Agree another first day (改上户日)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.care.move_start(order_id, body.starts_on, command))


@router.post("/{order_id}/care/start", response_model=StageView)
def start(
    house: House, who: Reporter, order_id: UUID, body: ReportBody, commands: Commands
) -> dict[str, object]:
    """The worker came (上户, 进场)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.care.start(order_id, body.happened_at or command.at, command))


@router.post("/{order_id}/care/day", response_model=StageView)
def record_day(
    house: House, who: Reporter, order_id: UUID, body: DayBody, commands: Commands
) -> dict[str, object]:
    """What a day was (出勤, 请假, 每日打卡)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    outcome = house.care.record_day(order_id, body.day, body.kind, report, command)
    return commands.answer(outcome)


@router.post("/{order_id}/care/bed", response_model=StageView)
def change_bed(
    house: House, who: Reporter, order_id: UUID, body: BedBody, commands: Commands
) -> dict[str, object]:
    """The patient lies elsewhere now (转床)."""
    command = commands.command(actor_of(who))
    happened_at = body.happened_at or command.at
    return commands.answer(house.care.change_bed(order_id, body.place, happened_at, command))


@router.post("/{order_id}/care/replacement-request", response_model=StageView)
def request_replacement(
    house: House, who: Assigner, order_id: UUID, body: ReplacementBody, commands: Commands
) -> dict[str, object]:
    """Somebody else is wanted (换人申请)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    wish = ReplacementWish(cause=body.cause, reason_code=body.reason_code, **vars(report))
    return commands.answer(house.care.request_replacement(order_id, wish, command))


@router.post("/{order_id}/care/replacement-withdrawal", response_model=StageView)
def withdraw_replacement(
    house: House, who: Assigner, order_id: UUID, body: ReportBody, commands: Commands
) -> dict[str, object]:
    """The worker stays after all (撤回换人)."""
    command = commands.command(actor_of(who))
    happened_at = body.happened_at or command.at
    return commands.answer(house.care.withdraw_replacement(order_id, happened_at, command))


@router.post("/{order_id}/care/replacement", response_model=StageView)
def replace_worker(
    house: House, who: Assigner, order_id: UUID, body: ChangeBody, commands: Commands
) -> dict[str, object]:
    """The new worker came, the old one had left (已换人)."""
    command = commands.command(actor_of(who))
    happened_at = body.happened_at or command.at
    return commands.answer(house.care.replace_worker(order_id, body.left_at, happened_at, command))


@router.post("/{order_id}/care/leaving", response_model=StageView)
def leave(
    house: House, who: Reporter, order_id: UUID, body: LeavingBody, commands: Commands
) -> dict[str, object]:
    """The work ended (下户, 离场)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.care.leave(order_id, body.cause, report, command))


@router.post("/{order_id}/care/settlement", response_model=SettledView)
def settle(house: House, who: Assigner, order_id: UUID, commands: Commands) -> dict[str, object]:
    """Draw up the account by segments (分段结算)."""
    return commands.answer(house.care.settle(order_id, commands.command(actor_of(who))))


@router.post("/{order_id}/care/cancellation", response_model=StageView)
def cancel(
    house: House, who: Canceller, order_id: UUID, body: WithdrawalBody, commands: Commands
) -> dict[str, object]:
    """Give the order up before the start; a deposit is settled by the terms (取消)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.care.cancel(order_id, body.cause, command))


@router.get("/{order_id}/care/statement")
def statement(
    house: House,
    who: Reader,
    order_id: UUID,
    day: Annotated[PlainDay | None, Query()] = None,
    cause: Annotated[Cause, Query()] = CUSTOMER,
) -> StatementView:
    """What is owed if the work stops today, or at the end of a day (今天停止)."""
    del who
    return statement_view(house, order_id, day, cause)
