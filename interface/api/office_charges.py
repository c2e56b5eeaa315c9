"""What staff do with a charge that a customer does not pay."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from interface.api.access import House
from interface.api.fields import Body, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import Reporter, StageView, actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·订单"], responses=PROBLEM_ANSWERS)

ChargeNumber = Annotated[int, Path(ge=1, le=999)]


class ChargeWithdrawalBody(Body):
    """Why it is given up."""

    reason_code: Word


@router.post("/{order_id}/charges/{number}/withdrawal", response_model=StageView)
def withdraw(  # noqa: PLR0913, PLR0917 - the parts of a request
    house: House,
    who: Reporter,
    order_id: UUID,
    number: ChargeNumber,
    body: ChargeWithdrawalBody,
    commands: Commands,
) -> dict[str, object]:
    """Give up a further charge that nobody paid (取消未付款项)."""
    command = commands.command(actor_of(who))
    outcome = house.open_charges.withdraw(order_id, number, body.reason_code, command)
    return commands.answer(outcome)
