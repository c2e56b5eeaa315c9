"""The facts of a nanny contract, from 签约 to 结算, and nothing but facts."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.claims import Claim, TakeWorker
from domain.orders.assignment import freed
from domain.orders.care.contract import Segment, Successor, Terms, claim_of
from domain.orders.care.leads import CareLead
from domain.orders.care.settlement import Day, Fee
from domain.orders.offline_receipts import DEPOSIT


class Engaged(Protocol):
    """What the facts that keep a worker free have in common."""

    @property
    def originator_id(self) -> UUID:
        """The order."""

    @property
    def worker_number(self) -> int:
        """Who is kept free."""

    @property
    def segment(self) -> int:
        """For which segment."""

    @property
    def starts_at(self) -> datetime:
        """From here."""

    @property
    def ends_at(self) -> datetime:
        """Up to here."""


class CareFacts(CareLead):
    """What happened under a contract. Claims: one interval a worker, from first day to last."""

    class ContractSigned(CareLead.Event):
        """The contract was signed (签约); the worker is kept free for it."""

        worker_id: UUID
        worker_number: int
        segment: int
        starts_at: datetime
        ends_at: datetime
        windows: list[dict[str, str]]
        terms: dict[str, Any]
        digest: str
        happened_at: datetime

        def claims(self) -> tuple[Claim, ...]:
            """The worker is nobody else's, whether for a day or for a year."""
            return (_taken(self),)

    class StartMoved(CareLead.Event):
        """Another first day was agreed (改上户日); the period keeps its length."""

        worker_id: UUID
        worker_number: int
        segment: int
        starts_at: datetime
        ends_at: datetime
        windows: list[dict[str, str]]
        starts_on: str
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The old interval is free, the new one is taken."""
            return (*freed(self.releases), _taken(self))

    class WorkerStarted(CareLead.Event):
        """The worker came to the home or the ward (上户, 进场)."""

        happened_at: datetime

    class DayRecorded(CareLead.Event):
        """What a day was (出勤登记, 每日打卡); the last word counts.

        `holiday` names the statutory holiday it is, "" on any other day.
        """

        day: str
        kind: str
        holiday: str
        happened_at: datetime
        note: str = ""

    class BedChanged(CareLead.Event):
        """The patient lies elsewhere now (转床); `place` is sealed."""

        place: str
        happened_at: datetime

    class ReplacementRequested(CareLead.Event):
        """Somebody else is wanted (换人申请); `counted` against what the contract allows."""

        cause: str
        reason_code: str
        counted: bool
        happened_at: datetime
        note: str = ""

    class ReplacementWithdrawn(CareLead.Event):
        """The worker stays after all (撤回换人); `cancels` names the segment nobody begins."""

        happened_at: datetime
        releases: list[str]
        cancels: list[int]

        def claims(self) -> tuple[Claim, ...]:
            """Who was found is free again."""
            return freed(self.releases)

    class ReplacementAgreed(CareLead.Event):
        """A supplementary agreement names who comes instead (补充协议)."""

        successor_id: UUID
        worker_number: int
        segment: int
        starts_at: datetime
        ends_at: datetime
        terms: dict[str, Any]
        digest: str
        happened_at: datetime

        def claims(self) -> tuple[Claim, ...]:
            """The new worker is taken; the old one goes on until the change."""
            return (_taken(self),)

    class WorkerReplaced(CareLead.Event):
        """The new worker came, the old one had left (已换人); a new segment begins.

        `ends` are the segments over with it, `cancels` those that never began.
        """

        previous_worker_id: UUID
        left_at: datetime
        worker_id: UUID
        worker_number: int
        segment: int
        windows: list[dict[str, str]]
        happened_at: datetime
        releases: list[str]
        ends: list[int]
        cancels: list[int]

        def claims(self) -> tuple[Claim, ...]:
            """The old worker is free again."""
            return freed(self.releases)

    class ContractRenewed(CareLead.Event):
        """More days with the same worker (续约), from where the last period ends."""

        worker_id: UUID
        worker_number: int
        segment: int
        starts_at: datetime
        ends_at: datetime
        renewed_from: datetime
        windows: list[dict[str, str]]
        terms: dict[str, Any]
        digest: str
        happened_at: datetime
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The interval grows: the shorter one is freed, the longer one taken."""
            return (*freed(self.releases), _taken(self))

    class WorkerLeft(CareLead.Event):
        """The work ended (下户, 离场); `cause`: one of care_settlement.CAUSES.

        `ends` are the segments over with it, `cancels` those that never began.
        """

        cause: str
        happened_at: datetime
        releases: list[str]
        ends: list[int]
        cancels: list[int]
        note: str = ""

        def claims(self) -> tuple[Claim, ...]:
            """What is left of the interval is free."""
            return freed(self.releases)

    class Settled(CareLead.Event):
        """The account by segments (分段结算); see care_settlement.Statement."""

        cause: str
        lines: list[dict[str, Any]]
        used_days: int
        used_fen: int
        paid_offline_fen: int
        balance_fen: int

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, CareLead.Event):
            self.stage = event.stage
        match event:
            case CareFacts.Booked():
                super().evolve(event)
                self.terms: Terms | None = None
                self.segments: tuple[Segment, ...] = ()
                self.days: dict[str, Day] = {}
                self.fees: tuple[Fee, ...] = ()
                self.successor: Successor | None = None
                self.settled_fen: int | None = None
                self.stopped_at: datetime | None = None
                self.arrived_at: datetime | None = None
                self.entitled_days = self.replacements = self.deposit_held_fen = 0
                self.counted = False
                self.cause = self.place = ""
            case CareFacts.ContractSigned() | CareFacts.ContractRenewed():
                self._agree(event)
            case CareFacts.StartMoved():
                self._move(event)
            case CareFacts.WorkerStarted():
                self.arrived_at = event.happened_at
                self._begin_segment(1, event.happened_at)
            case CareFacts.DayRecorded():
                self.days = {**self.days, event.day: Day(event.kind, event.holiday)}
            case CareFacts.BedChanged():
                self.place = event.place
            case CareFacts.OfflineReceiptRecorded() | CareFacts.OfflineRefundRecorded():
                super().evolve(event)
                self._hold_deposit(event)
            case _:
                self._evolve_replacement(event)

    def _evolve_replacement(self, event: Aggregate.Event) -> None:
        match event:
            case CareFacts.ReplacementRequested():
                self.counted = event.counted
            case CareFacts.ReplacementWithdrawn():
                self.successor = None
                self._close_proposal()
                self._drop(event.releases)
            case CareFacts.ReplacementAgreed():
                self.successor = _successor(event)
                self._close_proposal()
                self._take(self.worker_id, (*self.held, _name(event)))
            case CareFacts.WorkerReplaced():
                self._replace(event)
            case _:
                self._evolve_end_of_work(event)

    def _evolve_end_of_work(self, event: Aggregate.Event) -> None:
        match event:
            case CareFacts.WorkerLeft():
                self.cause = event.cause
                self.successor = None
                self._close_proposal()
                self._close_segments(event.happened_at)
                self._drop(event.releases)
            case CareFacts.Settled():
                self.cause = event.cause
                self.settled_fen = event.used_fen
                self.stopped_at = event.timestamp
            case _:
                super().evolve(event)

    def _agree(self, event: "CareFacts.ContractSigned | CareFacts.ContractRenewed") -> None:
        self.terms = Terms.of(event.terms)
        self.entitled_days += self.terms.days
        self.fees = (*self.fees, Fee(self.terms.fee_fen, self.terms.fee_days, event.segment))
        self.windows = event.windows
        self.worker_number = event.worker_number
        self.busy_from = event.starts_at
        self._take(event.worker_id, (_name(event),))
        self._close_proposal()
        if isinstance(event, CareFacts.ContractRenewed):
            self._close_segments(event.renewed_from)
            self._begin_segment(event.segment, event.renewed_from)

    def _move(self, event: StartMoved) -> None:
        if self.terms is not None:
            self.terms = self.terms.moved(event.starts_on)
        self.windows = event.windows
        self.busy_from = event.starts_at
        self._take(event.worker_id, (_name(event),))

    def _replace(self, event: WorkerReplaced) -> None:
        self._close_segments(event.left_at)
        self._drop(event.releases)
        self.replacements += self.counted
        self.worker_id = event.worker_id
        self.worker_number = event.worker_number
        self.windows = event.windows
        if self.successor is not None:
            self.terms = self.successor.terms
            self.busy_from = self.successor.starts_at
        self.successor = None
        self.arrived_at = event.happened_at
        self._begin_segment(event.segment, event.happened_at)

    def _hold_deposit(
        self, event: "CareFacts.OfflineReceiptRecorded | CareFacts.OfflineRefundRecorded"
    ) -> None:
        """What is settled stays so: later money levels the account and is no deposit."""
        if event.purpose == DEPOSIT and self.settled_fen is None:
            taken = isinstance(event, CareFacts.OfflineReceiptRecorded)
            self.deposit_held_fen += event.amount_fen if taken else -event.amount_fen

    def _begin_segment(self, number: int, started_at: datetime) -> None:
        if self.terms is not None and self.worker_id is not None:
            worker = (self.worker_id, self.worker_number)
            self.segments = (*self.segments, Segment.begun(number, worker, self.terms, started_at))

    def _close_segments(self, left_at: datetime) -> None:
        self.segments = tuple(each.closed(left_at) for each in self.segments)

    def _drop(self, releases: list[str]) -> None:
        self._take(self.worker_id, tuple(name for name in self.held if name not in releases))


def _taken(event: Engaged) -> TakeWorker:
    claim_id = claim_of(event.originator_id, event.segment)
    return TakeWorker(claim_id, event.worker_number, event.starts_at, event.ends_at)


def _name(event: Engaged) -> str:
    return str(claim_of(event.originator_id, event.segment))


def _successor(event: CareFacts.ReplacementAgreed) -> Successor:
    return Successor(
        worker_id=event.successor_id,
        worker_number=event.worker_number,
        segment=event.segment,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        terms=Terms.of(event.terms),
    )
