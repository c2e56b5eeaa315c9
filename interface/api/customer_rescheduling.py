"""The customer asks for another date (改期): what it costs first, then the change."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from application.rescheduling import DateChange
from domain.orders.rescheduling_policy import ReschedulingTerms
from interface.api.access import CustomerId, House
from interface.api.fields import Body, Instant
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/orders/{order_id}/rescheduling", tags=["我的订单"], responses=PROBLEM_ANSWERS
)

_REASON: Final = "customer"
AgreedFee = Annotated[int, Field(ge=0, le=1_000_000)]


class TermsView(BaseModel):
    """What another start costs, in fen, and why; asked for at `at`."""

    starts_at: datetime
    at: datetime
    fee_fen: int
    policy_version: int
    reasons: list[str]


class NewDateBody(Body):
    """The new start, and the fee that the customer saw and agrees to."""

    starts_at: Instant
    agreed_fee_fen: AgreedFee = 0


class RescheduledView(BaseModel):
    """The order and its stage now."""

    order_id: UUID
    stage: str


@router.get("")
def preview(
    house: House, who: CustomerId, order_id: UUID, starts_at: Annotated[Instant, Query()]
) -> TermsView:
    """What another start would cost now (改期试算)."""
    now = house.clock.now()
    terms = house.reschedulings.preview(order_id, starts_at, _REASON, now, who)
    return terms_view(terms, starts_at, now)


@router.post("", response_model=RescheduledView)
def reschedule(
    house: House, who: CustomerId, order_id: UUID, body: NewDateBody, commands: Commands
) -> dict[str, object]:
    """Agree another start (改期); a fee is to be paid before somebody is sent."""
    command = commands.command(f"customer:{who}")
    change = DateChange(
        starts_at=body.starts_at, reason_code=_REASON, agreed_fee_fen=body.agreed_fee_fen
    )
    return commands.answer(house.reschedulings.change(order_id, change, command, who))


def terms_view(terms: ReschedulingTerms, starts_at: datetime, at: datetime) -> TermsView:
    """The terms as an answer."""
    return TermsView(
        starts_at=starts_at,
        at=at,
        fee_fen=terms.fee_fen,
        policy_version=terms.policy.version,
        reasons=terms.policy.trace,
    )
