"""What staff do with a repair: what is wrong, what it costs, its parts and its warranty."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from application.repairs import Fault, QuotedLine
from interface.api.access import House
from interface.api.fields import Body, Instant, Name, Photos, Remark, Word
from interface.api.idempotency import Commands
from interface.api.office_appliance_care import SiteReportBody, site_report
from interface.api.office_orders import Reporter, Rescheduler, actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/office/orders/{order_id}", tags=["后台·家电维修"], responses=PROBLEM_ANSWERS
)

QuotationNumber = Annotated[int, Field(ge=1, le=99)]


class RepairView(BaseModel):
    """What a command on a repair answers; `due_by_hand_fen` is never paid online."""

    order_id: UUID
    stage: str
    quotation_number: int
    due_by_hand_fen: int


class DiagnosisBody(SiteReportBody):
    """What is wrong, in words."""

    note: Annotated[Remark, Field(min_length=1)]


class QuotedLineBody(Body):
    """A part or labour."""

    kind: Annotated[str, StringConstraints(pattern=r"^(part|labour)$")]
    name: Name
    quantity: Annotated[int, Field(ge=1, le=99)] = 1
    unit_price_fen: Annotated[int, Field(ge=0, le=10_000_000)]


class QuotationBody(Body):
    """A price, good for a week unless told otherwise."""

    lines: list[QuotedLineBody] = Field(min_length=1, max_length=30)
    valid_until: Instant | None = None


class AcceptanceBody(Body):
    """Which quotation the customer agreed to, and how staff know."""

    quotation_number: QuotationNumber
    consent: Word


class RefusalBody(Body):
    """Which quotation the customer did not agree to, and why."""

    quotation_number: QuotationNumber
    reason_code: Word


class PartsOrderBody(SiteReportBody):
    """The missing parts, and when they are expected."""

    parts: list[Name] = Field(min_length=1, max_length=30)
    expected_on: Annotated[date, Field(strict=False)] | None = None


class PartsReceiptBody(SiteReportBody):
    """The parts came; `starts_at` where somebody has to come again."""

    starts_at: Instant | None = None


class WarrantyClaimBody(Body):
    """What is wrong again, and when somebody may come."""

    fault: Annotated[Remark, Field(min_length=1)]
    starts_at: Instant
    photos: Photos = Field(default_factory=list)

    def told(self) -> Fault:
        """The same for the use case."""
        return Fault(text=self.fault, starts_at=self.starts_at, photos=self.photos)


class WithdrawalBody(Body):
    """Why nobody needs to come."""

    reason_code: Word


@router.post("/diagnosis", response_model=RepairView)
def diagnose(
    house: House, who: Reporter, order_id: UUID, body: DiagnosisBody, commands: Commands
) -> dict[str, object]:
    """The worker says what is wrong (上门检测)."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    return commands.answer(house.repairs.diagnose(order_id, report, command))


@router.post("/quotations", response_model=RepairView)
def quote(
    house: House, who: Reporter, order_id: UUID, body: QuotationBody, commands: Commands
) -> dict[str, object]:
    """Tell the customer a price (报价), or another one in its place."""
    command = commands.command(actor_of(who))
    lines = [QuotedLine(**line.model_dump()) for line in body.lines]
    return commands.answer(house.repairs.quote(order_id, lines, body.valid_until, command))


@router.post("/quotation-acceptance", response_model=RepairView)
def accept_quotation(
    house: House, who: Reporter, order_id: UUID, body: AcceptanceBody, commands: Commands
) -> dict[str, object]:
    """The customer agreed, on the phone or at the door."""
    command = commands.command(actor_of(who))
    number, consent = body.quotation_number, body.consent
    return commands.answer(house.repairs.accept_quotation(order_id, number, consent, command))


@router.post("/quotation-refusal", response_model=RepairView)
def refuse_quotation(
    house: House, who: Reporter, order_id: UUID, body: RefusalBody, commands: Commands
) -> dict[str, object]:
    """The customer did not agree; the inspection fee is due by hand."""
    command = commands.command(actor_of(who))
    number, reason = body.quotation_number, body.reason_code
    return commands.answer(house.repairs.refuse_quotation(order_id, number, reason, command))


@router.post("/parts-orders", response_model=RepairView)
def order_parts(
    house: House, who: Reporter, order_id: UUID, body: PartsOrderBody, commands: Commands
) -> dict[str, object]:
    """Parts have to be fetched (待配件)."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    outcome = house.repairs.order_parts(order_id, body.parts, body.expected_on, report, command)
    return commands.answer(outcome)


@router.post("/parts-receipt", response_model=RepairView)
def receive_parts(
    house: House, who: Reporter, order_id: UUID, body: PartsReceiptBody, commands: Commands
) -> dict[str, object]:
    """The parts came (配件到货)."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    return commands.answer(house.repairs.receive_parts(order_id, body.starts_at, report, command))


@router.post("/warranty-claims", response_model=RepairView)
def claim_warranty(
    house: House, who: Rescheduler, order_id: UUID, body: WarrantyClaimBody, commands: Commands
) -> dict[str, object]:
    """The customer rang up: the fault is back within the warranty (质保报修)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.repairs.claim_warranty(order_id, body.told(), command))


@router.post("/warranty-claim-withdrawal", response_model=RepairView)
def withdraw_claim(
    house: House, who: Rescheduler, order_id: UUID, body: WithdrawalBody, commands: Commands
) -> dict[str, object]:
    """Nobody needs to come after all (撤回质保报修)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.repairs.withdraw_claim(order_id, body.reason_code, command))
