"""The customer asks for another date (改期): what it costs first, then the change."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from application.rescheduling import DateChange, DateTerms
from interface.api.access import CustomerId, House
from interface.api.fields import Body, Instant
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/orders/{order_id}/rescheduling", tags=["我的订单"], responses=PROBLEM_ANSWERS
)

_REASON: Final = "customer"
AgreedFee = Annotated[int, Field(ge=0, le=1_000_000)]
AgreedDifference = Annotated[int, Field(ge=0, le=100_000_000)]


class TermsView(BaseModel):
    """What another start costs, in fen, and why; asked for at `at`.

    The fee (改期费) is for the change; the difference is what the date costs more (补差)
    or, below 0, less (退差) than what is agreed now.
    """

    starts_at: datetime
    at: datetime
    fee_fen: int
    policy_version: int
    reasons: list[str]
    difference_fen: int
    difference_reasons: list[str]


class NewDateBody(Body):
    """The new start, and the fee and the 补差 that the customer saw and agrees to.

    A difference that goes back needs no agreement: then it is 0.
    """

    starts_at: Instant
    agreed_fee_fen: AgreedFee = 0
    agreed_difference_fen: AgreedDifference = 0


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
    """Agree another start (改期); fee and 补差 are to be paid before somebody is sent."""
    command = commands.command(f"customer:{who}")
    change = DateChange(
        starts_at=body.starts_at,
        reason_code=_REASON,
        agreed_fee_fen=body.agreed_fee_fen,
        agreed_difference_fen=body.agreed_difference_fen,
    )
    return commands.answer(house.reschedulings.change(order_id, change, command, who))


def terms_view(terms: DateTerms, starts_at: datetime, at: datetime) -> TermsView:
    """The terms as an answer."""
    return TermsView(
        starts_at=starts_at,
        at=at,
        fee_fen=terms.fee.fee_fen,
        policy_version=terms.fee.policy.version,
        reasons=terms.fee.policy.trace,
        difference_fen=terms.price.difference_fen,
        difference_reasons=list(terms.price.reasons),
    )
