"""From a lead to terms that a customer agrees to (线索 → 需求 → 人选 → 条款)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.errors import InvalidInputError
from domain.orders.care.contract import (
    CONTRACT,
    RENEWAL,
    REPLACEMENT,
    Proposal,
    Terms,
    check_terms,
    midnight,
)
from domain.orders.care.errors import (
    DayOutsideContractError,
    LeadFollowedUpError,
    NotACandidateError,
    TermsChangedError,
    TermsNotConsentedError,
)
from domain.orders.care.settlement import proposal
from domain.orders.care.wishes import CHOICES
from domain.orders.offline_receipts import OfflineMoney
from domain.orders.stages import CLOSED_UNDONE, STAGE_LABELS, Stage
from domain.orders.windows import bounds, check_happened
from domain.sealed import check_sealed
from domain.time import shanghai_day

GRADES: Final = ("A", "B", "C", "D", "O", "X")
HOW_MET: Final = ("video", "home", "phone", "hospital")
CONSENTS: Final = ("customer_app", "phone", "paper")
PROPOSED, ACCEPTED, REFUSED = "proposed", "accepted", "refused"

# Nobody followed a lead up for so long: it falls to the public pool (7 天无跟进入公海).
FOLLOW_UP_WITHIN: Final = timedelta(days=7)

_BEFORE_CONTRACT: Final = frozenset(
    {
        Stage.AWAITING_CONFIRMATION,
        Stage.CONTACTED,
        Stage.NEEDS_CONFIRMED,
        Stage.CANDIDATES_PROPOSED,
        Stage.INTERVIEWED,
    }
)
_SEARCHING: Final = _BEFORE_CONTRACT - {Stage.AWAITING_CONFIRMATION}
# At which stages which terms may be laid before the customer.
_PROPOSABLE: Final[Mapping[str, frozenset[str]]] = {
    CONTRACT: frozenset({Stage.CANDIDATES_PROPOSED, Stage.INTERVIEWED}),
    REPLACEMENT: frozenset({Stage.REPLACEMENT_REQUESTED}),
    RENEWAL: frozenset({Stage.ON_DUTY}),
}


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """An interview (面试): with whom, how (one of HOW_MET), and whether the customer agreed."""

    worker_number: int
    how: str
    accepted: bool
    happened_at: datetime
    note: str = ""


class CareLead(OfflineMoney):
    """An order for care until somebody is found, and whenever somebody is looked for again.

    `candidates`: worker number → {"worker_id", "state"}. `keeper`: who follows it
    up, "" in the public pool.
    """

    class LeadGraded(OfflineMoney.Event):
        """The consultant judged the lead (线索分级)."""

        grade: str

    class LeadReleased(OfflineMoney.Event):
        """Nobody followed the lead up for seven days: anybody may take it (入公海)."""

        keeper: str

    class FollowUpRecorded(OfflineMoney.Event):
        """The office called or wrote (跟进, after the end 回访)."""

        happened_at: datetime
        note: str = ""

    class NeedsConfirmed(OfflineMoney.Event):
        """What is needed was agreed, in hospital after the condition was assessed (需求确认)."""

        choice: str
        happened_at: datetime
        description: str = ""

    class CandidatesProposed(OfflineMoney.Event):
        """The office named people (推荐简历), each {"worker_id", "worker_number"}."""

        candidates: list[dict[str, Any]]

    class CandidateInterviewed(OfflineMoney.Event):
        """The customer met a candidate (面试)."""

        worker_id: UUID
        worker_number: int
        how: str
        accepted: bool
        happened_at: datetime
        note: str = ""

    class TermsProposed(OfflineMoney.Event):
        """Terms and refund table were laid before the customer (出示条款和退费表)."""

        kind: str
        worker_id: UUID
        worker_number: int
        terms: dict[str, Any]
        refund_table: list[dict[str, Any]]
        digest: str

    class TermsConsented(OfflineMoney.Event):
        """The customer agreed to the terms of this digest (客户确认条款)."""

        digest: str
        consent: str
        happened_at: datetime

    def grade_lead(self, grade: str, *, by: str, at: datetime) -> None:
        """Judge the lead, A to D, O (won) or X (lost).

        Raises:
            WrongStageError: the order is closed.
            InvalidInputError: there is no such grade.
        """
        self._check_open()
        if grade not in GRADES:
            raise InvalidInputError(field="grade")
        self._state(self.LeadGraded, at, by, self.stage, grade=grade)

    def release_lead(self, *, by: str, at: datetime) -> None:
        """Let anybody take the lead, seven days after the last follow-up.

        Raises:
            WrongStageError: there is a contract, or the order is closed.
            LeadFollowedUpError: it is too early, or nobody keeps it.
        """
        self.check_stage(_SEARCHING)
        if not self.is_forgotten(at):
            raise LeadFollowedUpError
        self._state(self.LeadReleased, at, by, self.stage, keeper=self.keeper)

    def is_forgotten(self, at: datetime) -> bool:
        """Whether somebody keeps the lead and did nothing about it for seven days."""
        kept = self.stage in _SEARCHING and bool(self.keeper)
        return kept and at >= self.followed_at + FOLLOW_UP_WITHIN

    def follow_up(self, *, happened_at: datetime, by: str, at: datetime, note: str = "") -> None:
        """Record a call or message; whoever does so keeps the lead from now on.

        Raises:
            WrongStageError: the order was cancelled.
            HappenedInFutureError, InvalidInputError: see check_happened, check_sealed.
        """
        self._check_open()
        self._check_report(happened_at, at, note)
        self._state(self.FollowUpRecorded, at, by, self.stage, happened_at=happened_at, note=note)

    def confirm_needs(
        self, choice: str, *, happened_at: datetime, by: str, at: datetime, description: str = ""
    ) -> None:
        """Agree what is needed: the level, the kind of day or the care mode.

        Raises:
            WrongStageError: nobody called the customer yet, or there is a contract.
            InvalidInputError: the service has no such choice, or a clear description.
        """
        self.check_stage(_SEARCHING)
        if choice not in CHOICES[self.service_code]:
            raise InvalidInputError(field="choice")
        self._check_report(happened_at, at, description)
        facts = {"choice": choice, "happened_at": happened_at, "description": description}
        self._state(self.NeedsConfirmed, at, by, Stage.NEEDS_CONFIRMED, **facts)

    def propose_candidates(
        self, workers: Sequence[tuple[UUID, int]], *, by: str, at: datetime
    ) -> None:
        """Name people for the customer to choose from; more may be named later.

        Raises:
            WrongStageError: the needs are not known, or somebody is found.
            InvalidInputError: nobody, or somebody twice.
        """
        self.check_stage(_SEARCHING - {Stage.CONTACTED} | {Stage.REPLACEMENT_REQUESTED})
        numbers = [number for _, number in workers]
        if not numbers or len(set(numbers)) < len(numbers):
            raise InvalidInputError(field="candidates")
        named = [{"worker_id": str(who), "worker_number": number} for who, number in workers]
        stage = self._stage_of_search(Stage.CANDIDATES_PROPOSED)
        self._state(self.CandidatesProposed, at, by, stage, candidates=named)

    def interview(self, meeting: Meeting, *, by: str, at: datetime) -> None:
        """Record what came of a meeting with a candidate; the last word counts.

        Raises:
            WrongStageError: nobody is proposed.
            NotACandidateError: the worker was not proposed.
            InvalidInputError: an unknown way of meeting, or a clear note.
        """
        self.check_stage(
            {Stage.CANDIDATES_PROPOSED, Stage.INTERVIEWED, Stage.REPLACEMENT_REQUESTED}
        )
        if meeting.worker_number not in self.candidates:
            raise NotACandidateError
        if meeting.how not in HOW_MET:
            raise InvalidInputError(field="how")
        self._check_report(meeting.happened_at, at, meeting.note)
        worker_id = UUID(self.candidates[meeting.worker_number]["worker_id"])
        stage = self._stage_of_search(Stage.INTERVIEWED)
        facts = {"worker_id": worker_id, **vars(meeting)}
        self._state(self.CandidateInterviewed, at, by, stage, **facts)

    def propose_terms(
        self, kind: str, worker_number: int, terms: Terms, *, by: str, at: datetime
    ) -> Proposal:
        """Lay terms and their refund table before the customer, before anything is signed.

        `kind`: "contract", "replacement" or "renewal". Newer terms take the place
        of older ones, and need consent anew.

        Raises:
            WrongStageError: such terms do not belong to this stage.
            NotACandidateError: the worker was not proposed, or was refused; a
                renewal is with the worker on duty.
            DepositTooLargeError, InvalidInputError: see check_terms.
        """
        check_terms(terms, kind)
        self.check_stage(_PROPOSABLE[kind])
        self._check_terms_here(kind, terms, at)
        worker = (self._suits(kind, worker_number), worker_number)
        made = proposal(kind, worker, terms, self._days_of(kind, terms, at))
        facts = {**vars(made), "terms": made.terms.facts()}
        self._state(self.TermsProposed, at, by, self.stage, **facts)
        return made

    def consent(
        self, digest: str, how: str, *, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The customer agrees to exactly these terms.

        Raises:
            TermsChangedError: there are no terms, or others.
            WrongStageError: such terms do not belong to this stage any more.
            InvalidInputError: an unknown way of consenting.
            HappenedInFutureError: see check_happened.
        """
        if self.proposal is None or self.proposal.digest != digest:
            raise TermsChangedError
        self.check_stage(_PROPOSABLE[self.proposal.kind])
        if how not in CONSENTS:
            raise InvalidInputError(field="consent")
        check_happened(happened_at, at)
        facts = {"digest": digest, "consent": how, "happened_at": happened_at}
        self._state(self.TermsConsented, at, by, self.stage, **facts)

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, OfflineMoney.Event):
            self.stage = event.stage
        match event:
            case CareLead.Booked():
                super().evolve(event)
                self.grade = self.keeper = self.choice = ""
                self.followed_at = event.timestamp
                self.worker_number = 0
                self.candidates: dict[int, dict[str, str]] = {}
                self.proposal: Proposal | None = None
                self.consented = False
            case CareLead.LeadGraded():
                self.grade = event.grade
            case CareLead.LeadReleased():
                self.keeper = ""
            case CareLead.Confirmed() | CareLead.FollowUpRecorded():
                self._follow(event.by, event.happened_at)
            case CareLead.NeedsConfirmed():
                self.choice = event.choice
                self._follow(event.by, event.happened_at)
            case _:
                self._evolve_search(event)

    def _evolve_search(self, event: Aggregate.Event) -> None:
        match event:
            case CareLead.CandidatesProposed():
                named = {each["worker_number"]: _candidate(each) for each in event.candidates}
                self.candidates = {**self.candidates, **named}
                self._follow(event.by, event.timestamp)
            case CareLead.CandidateInterviewed():
                state = ACCEPTED if event.accepted else REFUSED
                met = {"worker_id": str(event.worker_id), "state": state}
                self.candidates = {**self.candidates, event.worker_number: met}
                self._follow(event.by, event.happened_at)
            case CareLead.TermsProposed():
                self._propose(event)
                self._follow(event.by, event.timestamp)
            case CareLead.TermsConsented():
                self.consented = True
            case _:
                super().evolve(event)

    def _propose(self, event: TermsProposed) -> None:
        self.consented = False
        self.proposal = Proposal(
            kind=event.kind,
            worker_id=event.worker_id,
            worker_number=event.worker_number,
            terms=Terms.of(event.terms),
            refund_table=event.refund_table,
            digest=event.digest,
        )

    def _close_proposal(self) -> None:
        self.proposal = None
        self.consented = False

    def _follow(self, by: str, happened_at: datetime) -> None:
        self.keeper = by
        self.followed_at = max(self.followed_at, happened_at)

    def _consented(self, kind: str) -> Proposal:
        """The terms to be signed, with somebody whom the customer has not refused since.

        Raises:
            TermsNotConsentedError: there are none, or the customer has not agreed.
            NotACandidateError: the customer refused the worker, or another is on duty.
        """
        if self.proposal is None or self.proposal.kind != kind or not self.consented:
            raise TermsNotConsentedError
        self._suits(kind, self.proposal.worker_number)
        return self.proposal

    def _suits(self, kind: str, worker_number: int) -> UUID:
        """Who is meant: on renewal who is engaged, else another candidate, not refused."""
        if kind == RENEWAL:
            return self._on_duty(worker_number)
        known = self.candidates.get(worker_number)
        if worker_number == self.worker_number:
            raise NotACandidateError
        if known is None or known["state"] == REFUSED:
            raise NotACandidateError
        return UUID(known["worker_id"])

    def _on_duty(self, worker_number: int) -> UUID:
        """The worker of this number, who is engaged. Raises NotACandidateError."""
        if self.worker_id is None or worker_number != self.worker_number:
            raise NotACandidateError
        return self.worker_id

    def _check_terms_here(self, kind: str, terms: Terms, at: datetime) -> None:
        """A renewal begins the day after the period; anything else not in the past."""
        if kind == RENEWAL:
            ends = shanghai_day(bounds(self.windows[0])[1])
            if terms.starts_on != ends.isoformat():
                raise DayOutsideContractError
        elif terms.period().starts_at < midnight(shanghai_day(at)):
            raise DayOutsideContractError

    def _days_of(self, kind: str, terms: Terms, at: datetime) -> int:
        """How many days the terms are about, for their refund table."""
        del kind, at
        return terms.days

    def _check_report(self, happened_at: datetime, at: datetime, note: str) -> None:
        check_happened(happened_at, at)
        check_sealed(note=note)

    def _check_open(self) -> None:
        self.check_stage(set(STAGE_LABELS) - CLOSED_UNDONE)

    def _stage_of_search(self, stage: str) -> str:
        """While a replacement is looked for, the order stays where it is."""
        return self.stage if self.stage == Stage.REPLACEMENT_REQUESTED else stage


def _candidate(named: Mapping[str, Any]) -> dict[str, str]:
    return {"worker_id": named["worker_id"], "state": PROPOSED}
