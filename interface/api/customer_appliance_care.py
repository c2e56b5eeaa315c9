"""What the customer of a repair decides: its price, and that the fault is back."""

from uuid import UUID

from fastapi import APIRouter

from application.repairs import CUSTOMER_APP
from interface.api.access import CustomerId, House
from interface.api.fields import Body
from interface.api.idempotency import Commands
from interface.api.office_repairs import (
    QuotationNumber,
    RefusalBody,
    RepairView,
    WarrantyClaimBody,
    WithdrawalBody,
)
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/orders/{order_id}", tags=["我的订单·家电维修"], responses=PROBLEM_ANSWERS
)


class AgreementBody(Body):
    """Which quotation the customer agrees to."""

    quotation_number: QuotationNumber


@router.post("/quotation-acceptance", response_model=RepairView)
def accept_quotation(
    house: House, who: CustomerId, order_id: UUID, body: AgreementBody, commands: Commands
) -> dict[str, object]:
    """Agree to the price (同意报价)."""
    command = commands.command(f"customer:{who}")
    number = body.quotation_number
    outcome = house.repairs.accept_quotation(order_id, number, CUSTOMER_APP, command, who)
    return commands.answer(outcome)


@router.post("/quotation-refusal", response_model=RepairView)
def refuse_quotation(
    house: House, who: CustomerId, order_id: UUID, body: RefusalBody, commands: Commands
) -> dict[str, object]:
    """Do not agree (不接受报价); the inspection fee is due by hand."""
    command = commands.command(f"customer:{who}")
    number, reason = body.quotation_number, body.reason_code
    outcome = house.repairs.refuse_quotation(order_id, number, reason, command, who)
    return commands.answer(outcome)


@router.post("/warranty-claims", response_model=RepairView)
def claim_warranty(
    house: House, who: CustomerId, order_id: UUID, body: WarrantyClaimBody, commands: Commands
) -> dict[str, object]:
    """The fault is back within the warranty (质保报修): somebody comes again, free."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.repairs.claim_warranty(order_id, body.told(), command, who))


@router.post("/warranty-claim-withdrawal", response_model=RepairView)
def withdraw_claim(
    house: House, who: CustomerId, order_id: UUID, body: WithdrawalBody, commands: Commands
) -> dict[str, object]:
    """Nobody needs to come after all (撤回质保报修)."""
    command = commands.command(f"customer:{who}")
    outcome = house.repairs.withdraw_claim(order_id, body.reason_code, command, who)
    return commands.answer(outcome)
