"""What an order for care shows to customers and the office alike: terms and statement."""

from datetime import date
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel

from application.care import end_of
from domain.orders.care.contract import Proposal
from interface.household import Household

Cause = Literal["customer", "company", "finished"]


class ProposalView(BaseModel):
    """Terms with the refund table; `digest` is what the customer agrees to."""

    kind: str
    worker_number: int
    terms: dict[str, Any]
    refund_table: list[dict[str, Any]]
    digest: str
    consented: bool

    @classmethod
    def of(cls, proposal: Proposal, consented: bool) -> Self:  # noqa: FBT001 - one of two facts of a pair
        """The terms laid before the customer."""
        return cls(
            kind=proposal.kind,
            worker_number=proposal.worker_number,
            terms=proposal.terms.facts(),
            refund_table=proposal.refund_table,
            digest=proposal.digest,
            consented=consented,
        )


class StatementLineView(BaseModel):
    """One amount and why."""

    code: str
    segment: int
    days: int
    amount_fen: int
    reason: str


class StatementView(BaseModel):
    """What stopping would cost: used, paid by hand, and left (positive: goes back)."""

    order_id: UUID
    lines: list[StatementLineView]
    used_days: int
    used_fen: int
    paid_offline_fen: int
    balance_fen: int


def statement_view(
    house: Household,
    order_id: UUID,
    day: date | None,
    cause: str,
    customer_id: UUID | None = None,
) -> StatementView:
    """The statement at the end of a day, or now. Raises NotFoundError."""
    until = end_of(day) if day else house.clock.now()
    told = house.care.statement(order_id, until, cause, customer_id)
    return StatementView(order_id=order_id, **told.facts())
