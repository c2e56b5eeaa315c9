"""What staff do with a dry-cleaning order alone: garments, flaws, the return trip."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from application.dry_cleaning import Found, PickUp, SurchargeAnswer
from application.garment_prices import TakenGarment
from interface.api.access import House
from interface.api.fields import Body, Instant, ItemCode, Photos, Remark, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import (
    Assigner,
    ReportBody,
    Reporter,
    Rescheduler,
    StageView,
    actor_of,
    report_of,
)
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·干洗"], responses=PROBLEM_ANSWERS)

GarmentNumber = Annotated[int, Field(ge=1, le=999)]
GarmentNumbers = Annotated[list[GarmentNumber], Field(min_length=1, max_length=200)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,29}$")]
Fen = Annotated[int, Field(ge=0, le=100_000_000)]


class GarmentBody(Body):
    """A garment as it is taken: its tag, its item, the ids of its photos."""

    label: Label
    item: ItemCode
    units: Annotated[int, Field(ge=1, le=100_000)] = 1
    remark: Remark = ""
    photos: Photos = Field(default_factory=list)


class PickUpBody(Body):
    """All garments; a reason where they differ from the booking, consent to a higher price."""

    garments: Annotated[list[GarmentBody], Field(min_length=1, max_length=200)]
    reason_code: Word | None = None
    consent: Word | None = None
    happened_at: Instant | None = None


class GarmentProgressBody(ReportBody):
    """The stage that these garments have reached, by name."""

    garments: GarmentNumbers
    stage: Word


class FindingBody(Body):
    """What was found with a garment."""

    garment: GarmentNumber
    description: Annotated[Remark, Field(min_length=1)]
    photos: Photos = Field(default_factory=list)
    happened_at: Instant | None = None


class FlawBody(FindingBody):
    """A flaw, and what washing it would cost more; 0 asks for consent alone."""

    surcharge_fen: Fen = 0


class HarmBody(FindingBody):
    """A garment damaged or lost, and what is paid for it outside."""

    lost: bool
    compensation_fen: Fen = 0


class AnswerBody(Body):
    """What the customer said on the phone."""

    garment: GarmentNumber
    accepted: bool
    consent: Word = "phone"
    happened_at: Instant | None = None


class GarmentRefusalBody(ReportBody):
    """Which garment is not washed, and why."""

    garment: GarmentNumber
    reason_code: Word


class SignatureBody(Body):
    """Which garments were signed for."""

    garments: GarmentNumbers
    happened_at: Instant | None = None


class PartnerCodeBody(Body):
    """A partner laundry's own code for where a garment is."""

    garment: GarmentNumber
    code: Annotated[int, Field(ge=-10_000, le=10_000)]
    happened_at: Instant | None = None


class ReturnDriverBody(Body):
    """Who brings the garments back."""

    worker_id: Annotated[UUID, Field(strict=False)]


class ReturnBody(Body):
    """The new start of the return; it keeps its length."""

    starts_at: Instant
    reason_code: Word


@router.post("/{order_id}/pick-up", response_model=StageView)
def collect(
    house: House, who: Reporter, order_id: UUID, body: PickUpBody, commands: Commands
) -> dict[str, object]:
    """The driver took the garments, one by one (取件)."""
    command = commands.command(actor_of(who))
    pick_up = PickUp(
        garments=[
            TakenGarment(each.label, each.item, each.units, each.remark, tuple(each.photos))
            for each in body.garments
        ],
        happened_at=body.happened_at or command.at,
        reason_code=body.reason_code or "",
        consent=body.consent or "",
    )
    return commands.answer(house.laundry.collect(order_id, pick_up, command))


@router.post("/{order_id}/garment-progress", response_model=StageView)
def advance(
    house: House, who: Reporter, order_id: UUID, body: GarmentProgressBody, commands: Commands
) -> dict[str, object]:
    """The workshop or a driver reports the next stage of garments (衣物进度)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    outcome = house.laundry.advance(order_id, body.garments, body.stage, report, command)
    return commands.answer(outcome)


@router.post("/{order_id}/garment-flaw", response_model=StageView)
def report_flaw(
    house: House, who: Reporter, order_id: UUID, body: FlawBody, commands: Commands
) -> dict[str, object]:
    """The inspection found a flaw; the customer is asked (预检瑕疵)."""
    command = commands.command(actor_of(who))
    found = _found(body, command.at)
    return commands.answer(house.laundry.report_flaw(order_id, found, body.surcharge_fen, command))


@router.post("/{order_id}/garment-surcharge-answer", response_model=StageView)
def answer_surcharge(
    house: House, who: Reporter, order_id: UUID, body: AnswerBody, commands: Commands
) -> dict[str, object]:
    """The customer answered on the phone (电话确认补价)."""
    command = commands.command(actor_of(who))
    answer = SurchargeAnswer(
        garment=body.garment,
        accepted=body.accepted,
        consent=body.consent,
        happened_at=body.happened_at or command.at,
    )
    return commands.answer(house.laundry.answer_surcharge(order_id, answer, command))


@router.post("/{order_id}/garment-refusal", response_model=StageView)
def refuse(
    house: House, who: Reporter, order_id: UUID, body: GarmentRefusalBody, commands: Commands
) -> dict[str, object]:
    """The company does not wash a garment (拒洗退回)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    outcome = house.laundry.refuse(order_id, body.garment, body.reason_code, report, command)
    return commands.answer(outcome)


@router.post("/{order_id}/garment-harm", response_model=StageView)
def report_harm(
    house: House, who: Reporter, order_id: UUID, body: HarmBody, commands: Commands
) -> dict[str, object]:
    """A garment was damaged or lost (损坏、遗失)."""
    command = commands.command(actor_of(who))
    found = _found(body, command.at)
    outcome = house.laundry.report_harm(
        order_id, found, body.compensation_fen, command, lost=body.lost
    )
    return commands.answer(outcome)


@router.post("/{order_id}/garment-signature", response_model=StageView)
def sign_for(
    house: House, who: Reporter, order_id: UUID, body: SignatureBody, commands: Commands
) -> dict[str, object]:
    """The customer signed on paper at the door (签收)."""
    command = commands.command(actor_of(who))
    happened_at = body.happened_at or command.at
    return commands.answer(house.laundry.sign_for(order_id, body.garments, happened_at, command))


@router.post("/{order_id}/partner-code", response_model=StageView)
def take_partner_code(
    house: House, who: Reporter, order_id: UUID, body: PartnerCodeBody, commands: Commands
) -> dict[str, object]:
    """A partner laundry told where a garment is (合作洗衣厂状态)."""
    command = commands.command(actor_of(who))
    happened_at = body.happened_at or command.at
    outcome = house.laundry.take_partner_code(
        order_id, body.garment, body.code, happened_at, command
    )
    return commands.answer(outcome)


@router.post("/{order_id}/return-assignment", response_model=StageView)
def assign_return(
    house: House, who: Assigner, order_id: UUID, body: ReturnDriverBody, commands: Commands
) -> dict[str, object]:
    """Give the return trip to a driver (派送回单)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.laundry.assign_return(order_id, body.worker_id, command))


@router.post("/{order_id}/return-rescheduling", response_model=StageView)
def reschedule_return(
    house: House, who: Rescheduler, order_id: UUID, body: ReturnBody, commands: Commands
) -> dict[str, object]:
    """Agree another return (改送回时间)."""
    command = commands.command(actor_of(who))
    outcome = house.laundry.reschedule_return(order_id, body.starts_at, body.reason_code, command)
    return commands.answer(outcome)


def _found(body: FindingBody, now: datetime) -> Found:
    return Found(
        garment=body.garment,
        description=body.description,
        happened_at=body.happened_at or now,
        photos=tuple(body.photos),
    )
