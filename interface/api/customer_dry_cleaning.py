"""What a customer does with a dry-cleaning order alone: agree to a surcharge, sign."""

from uuid import UUID

from fastapi import APIRouter

from application.dry_cleaning import SurchargeAnswer
from interface.api.access import CustomerId, House
from interface.api.fields import Body
from interface.api.idempotency import Commands
from interface.api.office_dry_cleaning import Fen, GarmentNumber, GarmentNumbers
from interface.api.office_orders import StageView
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/orders", tags=["我的订单·干洗"], responses=PROBLEM_ANSWERS)


class OwnAnswerBody(Body):
    """Whether the garment is to be washed, at just the surcharge that is shown."""

    garment: GarmentNumber
    accepted: bool
    surcharge_fen: Fen


class OwnSignatureBody(Body):
    """Which garments came home."""

    garments: GarmentNumbers


@router.post("/{order_id}/garment-surcharge-answer", response_model=StageView)
def answer_surcharge(
    house: House, who: CustomerId, order_id: UUID, body: OwnAnswerBody, commands: Commands
) -> dict[str, object]:
    """Agree to a surcharge, or have the garment back unwashed (确认补价)."""
    command = commands.command(f"customer:{who}")
    answer = SurchargeAnswer(
        garment=body.garment,
        accepted=body.accepted,
        consent="customer_app",
        happened_at=command.at,
        agreed_fen=body.surcharge_fen,
    )
    return commands.answer(house.laundry.answer_surcharge(order_id, answer, command, who))


@router.post("/{order_id}/garment-signature", response_model=StageView)
def sign_for(
    house: House, who: CustomerId, order_id: UUID, body: OwnSignatureBody, commands: Commands
) -> dict[str, object]:
    """Sign for garments that came home (签收)."""
    command = commands.command(f"customer:{who}")
    outcome = house.laundry.sign_for(order_id, body.garments, command.at, command, who)
    return commands.answer(outcome)
