"""What staff do with a lead for care until it is signed: candidates, terms, signature."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from application.care import Consent, Interview
from domain.orders.care.contract import LONGEST_DAYS, Terms
from interface.api.access import House
from interface.api.care_views import ProposalView
from interface.api.fields import Body, Instant, PlainDay, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import (
    Assigner,
    Confirmer,
    Reader,
    ReportBody,
    StageView,
    actor_of,
    report_of,
)
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·照护"], responses=PROBLEM_ANSWERS)

Kind = Literal["contract", "replacement", "renewal"]
Fen = Annotated[int, Field(ge=0, le=100_000_000)]
WorkerNumber = Annotated[int, Field(ge=1, le=999_999)]
Identity = Annotated[UUID, Field(strict=False)]


class GradeBody(Body):
    """The lead's grade."""

    grade: Literal["A", "B", "C", "D", "O", "X"]


class LeadView(BaseModel):
    """Who keeps the lead ("" in the public pool), and when it falls to all."""

    grade: str
    keeper: str
    followed_at: datetime
    falls_at: datetime


class NeedsBody(ReportBody):
    """What was agreed to be needed; the note describes it, in hospital the condition."""

    choice: Word


class CandidatesBody(Body):
    """Who is proposed."""

    workers: list[Identity] = Field(min_length=1, max_length=10)


class InterviewBody(ReportBody):
    """Whom the customer met, how, and what came of it."""

    worker_number: WorkerNumber
    how: Literal["video", "home", "phone", "hospital"]
    accepted: bool


class DepositTier(Body):
    """With so many days' notice, so many basis points of the deposit go back."""

    days_before: Annotated[int, Field(ge=0, le=LONGEST_DAYS)]
    back_bp: Annotated[int, Field(ge=0, le=10_000)]


class TermsBody(Body):
    """The terms; see domain.orders.care.contract.Terms for each."""

    kind: Kind = "contract"
    worker_number: WorkerNumber
    price_fen: Annotated[int, Field(ge=1, le=100_000_000)]
    price_days: Literal[1, 26] = 26
    days: Annotated[int, Field(ge=0, le=LONGEST_DAYS)]
    starts_on: PlainDay
    ends_on: PlainDay
    text_version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,30}$")]
    text_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    day_hours: Literal[0, 12, 24] = 0
    holiday_times: Literal[1, 2] = 2
    deposit_fen: Fen = 0
    deposit_back: list[DepositTier] = Field(default_factory=list, max_length=10)
    fee_fen: Fen = 0
    fee_days: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] = 0
    free_days: Annotated[int, Field(ge=0, le=30)] = 3
    most_replacements: Annotated[int, Field(ge=0, le=2)] = 2

    def terms(self) -> Terms:
        """The same for the domain."""
        told = self.model_dump(exclude={"kind", "worker_number"})
        days = {name: told[name].isoformat() for name in ("starts_on", "ends_on")}
        return Terms(**told | days)


class ProposedView(StageView):
    """What the customer has to agree to: the table, and the digest that binds both."""

    digest: str
    refund_table: list[dict[str, Any]]


class ConsentBody(Body):
    """The customer agreed elsewhere: by phone or on paper."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    consent: Literal["phone", "paper"]
    happened_at: Instant | None = None


class SigningBody(ReportBody):
    """What is signed: the contract, a supplementary agreement, a renewal."""

    kind: Kind = "contract"


@router.post("/{order_id}/care/grade", response_model=StageView)
def grade(
    house: House, who: Confirmer, order_id: UUID, body: GradeBody, commands: Commands
) -> dict[str, object]:
    """Judge the lead (线索分级)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.care.grade_lead(order_id, body.grade, command))


@router.get("/{order_id}/care/lead")
def show_lead(house: House, who: Reader, order_id: UUID) -> LeadView:
    """How the lead is judged, and who keeps it."""
    del who
    return LeadView(**vars(house.care_leads.find(order_id)))


@router.post("/{order_id}/care/release", response_model=StageView)
def release(house: House, who: Confirmer, order_id: UUID, commands: Commands) -> dict[str, object]:
    """Let anybody take a lead that nobody followed up for seven days (入公海)."""
    return commands.answer(house.care.release_lead(order_id, commands.command(actor_of(who))))


@router.post("/{order_id}/care/follow-up", response_model=StageView)
def follow_up(
    house: House, who: Confirmer, order_id: UUID, body: ReportBody, commands: Commands
) -> dict[str, object]:
    """Record a call (跟进, 回访)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.care.follow_up(order_id, report_of(body, command.at), command))


@router.post("/{order_id}/care/needs", response_model=StageView)
def confirm_needs(
    house: House, who: Confirmer, order_id: UUID, body: NeedsBody, commands: Commands
) -> dict[str, object]:
    """What is needed was agreed, in hospital after assessing the condition (需求确认)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.care.confirm_needs(order_id, body.choice, report, command))


@router.post("/{order_id}/care/candidates", response_model=StageView)
def propose_candidates(
    house: House, who: Assigner, order_id: UUID, body: CandidatesBody, commands: Commands
) -> dict[str, object]:
    """Name people for the customer to choose from (推荐简历)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.care.propose_candidates(order_id, body.workers, command))


@router.post("/{order_id}/care/interview", response_model=StageView)
def interview(
    house: House, who: Confirmer, order_id: UUID, body: InterviewBody, commands: Commands
) -> dict[str, object]:
    """What came of a meeting with a candidate (面试)."""
    command = commands.command(actor_of(who))
    met = Interview(
        worker_number=body.worker_number,
        how=body.how,
        accepted=body.accepted,
        report=report_of(body, command.at),
    )
    return commands.answer(house.care.interview(order_id, met, command))


@router.post("/{order_id}/care/terms", response_model=ProposedView)
def propose_terms(
    house: House, who: Assigner, order_id: UUID, body: TermsBody, commands: Commands
) -> dict[str, object]:
    """Lay terms and refund table before the customer (出示条款和退费表)."""
    command = commands.command(actor_of(who))
    outcome = house.care.propose_terms(
        order_id, body.kind, body.worker_number, body.terms(), command
    )
    return commands.answer(outcome)


@router.get("/{order_id}/care/terms")
def show_terms(house: House, who: Reader, order_id: UUID) -> ProposalView:
    """The terms that the customer sees now."""
    del who
    return ProposalView.of(*house.care.terms_of(order_id))


@router.post("/{order_id}/care/consent", response_model=StageView)
def consent(
    house: House, who: Confirmer, order_id: UUID, body: ConsentBody, commands: Commands
) -> dict[str, object]:
    """The customer agreed by phone or on paper (客户确认条款)."""
    command = commands.command(actor_of(who))
    given = Consent(
        digest=body.digest, how=body.consent, happened_at=body.happened_at or command.at
    )
    return commands.answer(house.care.consent(order_id, given, command))


@router.post("/{order_id}/care/signature", response_model=StageView)
def sign(
    house: House, who: Assigner, order_id: UUID, body: SigningBody, commands: Commands
) -> dict[str, object]:
    """Sign what the customer agreed to (签约, 补充协议, 续约)."""
    command = commands.command(actor_of(who))
    happened_at = body.happened_at or command.at
    return commands.answer(house.care.sign(order_id, body.kind, happened_at, command))
