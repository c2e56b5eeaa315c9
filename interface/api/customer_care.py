"""What a customer does with an order for care alone: agree to terms, ask what stopping costs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from application.care import Consent
from domain.orders.care.duty import ReplacementWish
from domain.orders.care.settlement import CUSTOMER
from interface.api.access import CustomerId, House
from interface.api.care_views import ProposalView, StatementView, statement_view
from interface.api.fields import Body, PlainDay, Remark, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import StageView
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/orders", tags=["我的订单·照护"], responses=PROBLEM_ANSWERS)


class OwnConsentBody(Body):
    """The digest of the terms and the table that were read."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class OwnReplacementBody(Body):
    """Why somebody else is wanted."""

    reason_code: Word
    note: Remark = ""


@router.get("/{order_id}/care/terms")
def show_terms(house: House, who: CustomerId, order_id: UUID) -> ProposalView:
    """The terms and the refund table, before anything is signed."""
    return ProposalView.of(*house.care.terms_of(order_id, who))


@router.post("/{order_id}/care/consent", response_model=StageView)
def consent(
    house: House, who: CustomerId, order_id: UUID, body: OwnConsentBody, commands: Commands
) -> dict[str, object]:
    """Agree to the terms and the refund table (确认条款)."""
    command = commands.command(f"customer:{who}")
    given = Consent(digest=body.digest, how="customer_app", happened_at=command.at)
    return commands.answer(house.care.consent(order_id, given, command, who))


@router.get("/{order_id}/care/statement")
def statement(
    house: House,
    who: CustomerId,
    order_id: UUID,
    day: Annotated[PlainDay | None, Query()] = None,
) -> StatementView:
    """What I owe or get back if I stop today, or at the end of a day, and why (今天停止)."""
    return statement_view(house, order_id, day, CUSTOMER, who)


@router.post("/{order_id}/care/replacement-request", response_model=StageView)
def request_replacement(
    house: House, who: CustomerId, order_id: UUID, body: OwnReplacementBody, commands: Commands
) -> dict[str, object]:
    """Ask for somebody else (申请换人)."""
    command = commands.command(f"customer:{who}")
    wish = ReplacementWish(
        cause=CUSTOMER, reason_code=body.reason_code, happened_at=command.at, note=body.note
    )
    return commands.answer(house.care.request_replacement(order_id, wish, command, who))


@router.post("/{order_id}/care/replacement-withdrawal", response_model=StageView)
def withdraw_replacement(
    house: House, who: CustomerId, order_id: UUID, commands: Commands
) -> dict[str, object]:
    """Keep the worker after all (撤回换人)."""
    command = commands.command(f"customer:{who}")
    outcome = house.care.withdraw_replacement(order_id, command.at, command, who)
    return commands.answer(outcome)


@router.post("/{order_id}/care/cancellation", response_model=StageView)
def cancel(house: House, who: CustomerId, order_id: UUID, commands: Commands) -> dict[str, object]:
    """Give the order up before the start; the statement says what it costs (取消预约)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.care.cancel(order_id, CUSTOMER, command, who))
