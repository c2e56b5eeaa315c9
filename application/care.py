"""Nanny services (月嫂, 保姆, 老人陪护, 医院护工): from the lead to the settlement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport, fit_worker
from application.lines import Asked, HomeVisit, Seal
from application.log import Log
from application.vault import KeyClass, Vault
from domain.capacity import HeldSeats
from domain.catalogue.quotes import Effort
from domain.errors import NotFoundError
from domain.orders.care.contract import CONTRACT, RENEWAL, REPLACEMENT, Proposal, Terms, midnight
from domain.orders.care.duty import DayReport, ReplacementWish
from domain.orders.care.leads import Meeting
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import COMPANY, CUSTOMER, Statement
from domain.orders.care.wishes import SEALED_WISHES
from domain.orders.changes import Cancellation, PolicyApplied
from domain.orders.windows import Window, window

# The rules of care_settlement.statement, numbered like every policy.
_POLICY_VERSION: Final = 1
_FREE: Final = "签约前取消，不收费"

Do = Callable[[CareOrder], object]


class CareLine(HomeVisit):
    """Reserved for a first day; people are found one by one, so no seats are held."""

    def windows(self, asked: Asked, needed: Effort, starts_at: datetime) -> list[Window]:
        """The wished first day; the contract says the period."""
        del asked, needed
        return [window("service", starts_at, starts_at + timedelta(days=1))]

    def seats(self, asked: Asked, windows: Sequence[Window], crew: int) -> HeldSeats | None:
        """Nothing: nobody is sold by the half hour."""
        del asked, windows, crew
        return None

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """What the form or the chosen item says, descriptions sealed; nothing that it does not."""
        del needed
        form = asked.form
        chosen, days = next(iter(asked.items.items()), ("", 0))
        wished = {
            "choice": form.get("choice") or chosen.partition(".")[0],
            "days": form.get("days") or days,
            "presence": form.get("presence"),
        }
        told = {name: seal(KeyClass.NOTE, form.get(name) or "") for name in SEALED_WISHES}
        return {name: value for name, value in (wished | told).items() if value}


LINE: Final = CareLine(CareOrder)


@dataclass(frozen=True, kw_only=True)
class Interview:
    """What came of a meeting with a candidate (工号); how it was held."""

    worker_number: int
    how: str
    accepted: bool
    report: FieldReport


@dataclass(frozen=True, kw_only=True)
class Consent:
    """To the terms of which digest, and how it was given: customer_app, phone, paper."""

    digest: str
    how: str
    happened_at: datetime


class CareWork:
    """Commands on an order for care beside those that all orders share.

    Every method raises NotFoundError where there is no such order, for a customer
    also where it is somebody else's, and RuleViolationError or InvalidInputError
    kinds as the order says; WorkerBusyError where it takes a worker who is engaged.
    """

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    # -- the lead

    def grade_lead(self, order_id: UUID, grade: str, command: Command) -> Outcome:
        """Judge the lead."""
        return self._on(order_id, command, lambda order: order.grade_lead(grade, **_who(command)))

    def release_lead(self, order_id: UUID, command: Command) -> Outcome:
        """Let anybody take a lead that nobody followed up for seven days."""
        return self._on(order_id, command, lambda order: order.release_lead(**_who(command)))

    def follow_up(self, order_id: UUID, report: FieldReport, command: Command) -> Outcome:
        """Record a call (跟进, 回访)."""
        return self._on(
            order_id,
            command,
            lambda order: order.follow_up(**self._told(order, report), **_who(command)),
        )

    def confirm_needs(
        self, order_id: UUID, choice: str, report: FieldReport, command: Command
    ) -> Outcome:
        """Agree what is needed; the report's note describes it."""

        def do(order: CareOrder) -> None:
            described = self._sealed(order, report.note)
            order.confirm_needs(
                choice, happened_at=report.happened_at, description=described, **_who(command)
            )

        return self._on(order_id, command, do)

    def propose_candidates(
        self, order_id: UUID, workers: Sequence[UUID], command: Command
    ) -> Outcome:
        """Name people. Raises WorkerUnfitError, WorkerExcludedError, WorkerNotActiveError."""

        def do(order: CareOrder) -> None:
            named = [(worker, fit_worker(self._log, order, worker).number) for worker in workers]
            order.propose_candidates(named, **_who(command))

        return self._on(order_id, command, do)

    def interview(self, order_id: UUID, met: Interview, command: Command) -> Outcome:
        """Record what came of a meeting."""

        def do(order: CareOrder) -> None:
            meeting = Meeting(
                worker_number=met.worker_number,
                how=met.how,
                accepted=met.accepted,
                **self._told(order, met.report),
            )
            order.interview(meeting, **_who(command))

        return self._on(order_id, command, do)

    # -- the contract

    def propose_terms(
        self, order_id: UUID, kind: str, worker_number: int, terms: Terms, command: Command
    ) -> Outcome:
        """Lay terms before the customer; the answer holds their digest and refund table."""

        def decide() -> Decision:
            order = self._log.load(CareOrder, order_id)
            made = order.propose_terms(kind, worker_number, terms, **_who(command))
            told = {"digest": made.digest, "refund_table": made.refund_table}
            return Decision([order], {**_answer(order), **told})

        return run_claiming(self._log, command, decide)

    def consent(
        self,
        order_id: UUID,
        consent: Consent,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """The customer agrees to the terms."""
        return self._on(
            order_id,
            command,
            lambda order: order.consent(
                consent.digest, consent.how, happened_at=consent.happened_at, **_who(command)
            ),
            customer_id,
        )

    def sign(self, order_id: UUID, kind: str, happened_at: datetime, command: Command) -> Outcome:
        """Sign what the customer agreed to: contract, replacement or renewal.

        Raises WorkerBusyError where the worker is engaged elsewhere in that time, and
        what `propose_candidates` raises of a worker who became unfit since.
        """

        def do(order: CareOrder) -> None:
            if order.proposal is not None:
                fit_worker(self._log, order, order.proposal.worker_id)
            _SIGNING[kind](order, happened_at=happened_at, **_who(command))

        return self._on(order_id, command, do)

    def move_start(self, order_id: UUID, starts_on: date, command: Command) -> Outcome:
        """Agree another first day (改上户日)."""
        return self._on(
            order_id,
            command,
            lambda order: order.move_start(starts_on.isoformat(), **_who(command)),
        )

    def terms_of(self, order_id: UUID, customer_id: UUID | None = None) -> tuple[Proposal, bool]:
        """The terms laid before the customer, and whether they were agreed to.

        Raises NotFoundError where there are none.
        """
        order = self._found(order_id, customer_id)
        if order.proposal is None:
            raise NotFoundError
        return order.proposal, order.consented

    # -- on duty

    def start(self, order_id: UUID, happened_at: datetime, command: Command) -> Outcome:
        """The worker came (上户, 进场)."""
        return self._on(
            order_id, command, lambda order: order.start(happened_at=happened_at, **_who(command))
        )

    def record_day(
        self, order_id: UUID, day: date, kind: str, report: FieldReport, command: Command
    ) -> Outcome:
        """Say what a day was (出勤, 打卡)."""

        def do(order: CareOrder) -> None:
            told = DayReport(day=day.isoformat(), kind=kind, **self._told(order, report))
            order.record_day(told, **_who(command))

        return self._on(order_id, command, do)

    def change_bed(
        self, order_id: UUID, place: str, happened_at: datetime, command: Command
    ) -> Outcome:
        """The patient lies elsewhere now (转床)."""

        def do(order: CareOrder) -> None:
            order.change_bed(self._sealed(order, place), happened_at=happened_at, **_who(command))

        return self._on(order_id, command, do)

    def request_replacement(
        self,
        order_id: UUID,
        wish: ReplacementWish,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """Ask for somebody else (换人申请); the wish's note is in clear."""

        def do(order: CareOrder) -> None:
            told = {**vars(wish), "note": self._sealed(order, wish.note)}
            order.request_replacement(ReplacementWish(**told), **_who(command))

        return self._on(order_id, command, do, customer_id)

    def withdraw_replacement(
        self,
        order_id: UUID,
        happened_at: datetime,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """The worker stays after all."""
        return self._on(
            order_id,
            command,
            lambda order: order.withdraw_replacement(happened_at=happened_at, **_who(command)),
            customer_id,
        )

    def replace_worker(
        self, order_id: UUID, left_at: datetime, happened_at: datetime, command: Command
    ) -> Outcome:
        """The new worker came, the old one had left."""
        return self._on(
            order_id,
            command,
            lambda order: order.replace_worker(left_at, happened_at=happened_at, **_who(command)),
        )

    def leave(self, order_id: UUID, cause: str, report: FieldReport, command: Command) -> Outcome:
        """The work ended (下户, 离场)."""
        return self._on(
            order_id,
            command,
            lambda order: order.leave(cause, **self._told(order, report), **_who(command)),
        )

    # -- the account

    def settle(self, order_id: UUID, command: Command) -> Outcome:
        """Draw up the account by segments (分段结算); the answer holds its balance."""

        def decide() -> Decision:
            order = self._log.load(CareOrder, order_id)
            settled = order.settle(**_who(command))
            told = {"used_fen": settled.used_fen, "balance_fen": settled.balance_fen}
            return Decision([order], {**_answer(order), **told})

        return self._log.run(command, decide)

    def cancel(
        self, order_id: UUID, cause: str, command: Command, customer_id: UUID | None = None
    ) -> Outcome:
        """Give the order up before the start; the trace says what becomes of the deposit."""

        def do(order: CareOrder) -> None:
            lines = order.stop(command.at, COMPANY if cause == COMPANY else CUSTOMER).lines
            trace = [line.reason for line in lines] or [_FREE]
            policy = PolicyApplied(version=_POLICY_VERSION, trace=trace)
            order.cancel(Cancellation(reason_code=cause, policy=policy), **_who(command))

        return self._on(order_id, command, do, customer_id)

    def statement(
        self, order_id: UUID, until: datetime, cause: str, customer_id: UUID | None = None
    ) -> Statement:
        """What is owed if the work stops at `until` (今天停止)."""
        return self._found(order_id, customer_id).stop(until, cause)

    # -- how a command is carried out

    def _on(
        self, order_id: UUID, command: Command, do: Do, customer_id: UUID | None = None
    ) -> Outcome:
        def decide() -> Decision:
            order = self._found(order_id, customer_id)
            do(order)
            return Decision([order], _answer(order))

        return run_claiming(self._log, command, decide)

    def _found(self, order_id: UUID, customer_id: UUID | None) -> CareOrder:
        order = self._log.load(CareOrder, order_id)
        if customer_id is not None and order.customer_id != customer_id:
            raise NotFoundError
        return order

    def _told(self, order: CareOrder, report: FieldReport) -> dict[str, Any]:
        return {"happened_at": report.happened_at, "note": self._sealed(order, report.note)}

    def _sealed(self, order: CareOrder, text: str) -> str:
        return self._vault.seal(order.customer_id, KeyClass.NOTE, text)


_SIGNING: Final[Mapping[str, Callable[..., None]]] = MappingProxyType(
    {
        CONTRACT: CareOrder.sign_contract,
        REPLACEMENT: CareOrder.agree_replacement,
        RENEWAL: CareOrder.renew,
    }
)


def end_of(day: date) -> datetime:
    """The instant when a day of Shanghai is over."""
    return midnight(day + timedelta(days=1))


def _who(command: Command) -> dict[str, Any]:
    return {"by": command.actor, "at": command.at}


def _answer(order: CareOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
