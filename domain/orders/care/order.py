"""Nanny services (家政照护): 月嫂, 保姆, 老人陪护 and 医院护工, all by reservation."""

from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from domain.errors import InvalidInputError
from domain.money import yuan
from domain.names import stored_as
from domain.orders.booking import RESERVATION, Booking
from domain.orders.care.contract import CONTRACT, RENEWAL, Terms
from domain.orders.care.duty import ON_DUTY, CareDuty
from domain.orders.care.errors import BalanceOpenError
from domain.orders.care.settlement import (
    CAUSES,
    COMPANY,
    CUSTOMER,
    Statement,
    statement,
)
from domain.orders.care.wishes import CHOICES, check_wishes
from domain.orders.changes import Cancellation
from domain.orders.errors import WrongStageError
from domain.orders.stages import STAGE_LABELS, Stage, Transitions
from domain.orders.windows import check_happened, window
from domain.time import SHANGHAI

_CANCELLABLE: Final = frozenset(
    {
        Stage.AWAITING_CONFIRMATION,
        Stage.CONTACTED,
        Stage.NEEDS_CONFIRMED,
        Stage.CANDIDATES_PROPOSED,
        Stage.INTERVIEWED,
        Stage.AWAITING_START,
    }
)


@stored_as("care_order")
class CareOrder(CareDuty):
    """An engagement: one order from the lead to the settlement, a segment a worker.

    `details`: {"choice": one of CHOICES or "", "days": wished days, "presence": one of
    PRESENCES} and sealed "description", "hospital", "ward", each optional.
    ContractSigned takes the place of Assigned; nobody accepts or declines.
    """

    AHEAD = timedelta(days=300)  # 月嫂 is booked as soon as a child is expected
    COMPLETABLE = frozenset({Stage.SETTLED})

    @classmethod
    def book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        """Book care by reservation; no price is needed (R09, R11).

        Raises:
            InvalidInputError: see booking.check_booking; not a care service, paid
                online, or malformed details.
        """
        if booking.service_code not in CHOICES:
            raise InvalidInputError(field="service_code")
        if booking.payment_mode != RESERVATION:
            raise InvalidInputError(field="payment_mode")
        check_wishes(booking.service_code, booking.details)
        return cls._book(order_id, booking, by=by, at=at)

    def sign_contract(self, *, happened_at: datetime, by: str, at: datetime) -> None:
        """Sign the terms that the customer agreed to; the worker is kept free for them.

        Raises:
            TermsNotConsentedError: the customer has not agreed to such terms.
            WrongStageError: there is a contract already.
            DayOutsideContractError: the first day is past by now.
        """
        signed = self._consented(CONTRACT)
        self.check_stage({Stage.CANDIDATES_PROPOSED, Stage.INTERVIEWED})
        self._check_terms_here(CONTRACT, signed.terms, at)
        check_happened(happened_at, at)
        facts = {
            **self._engaged((signed.worker_id, signed.worker_number), signed.terms),
            "terms": signed.terms.facts(),
            "digest": signed.digest,
            "happened_at": happened_at,
        }
        self._state(self.ContractSigned, at, by, Stage.AWAITING_START, **facts)

    def move_start(self, starts_on: str, *, by: str, at: datetime) -> None:
        """Agree another first day; the period keeps its length (改上户日).

        Raises:
            WrongStageError: the worker does not await the start.
            DayOutsideContractError: the day is past.
            InvalidInputError: the day is malformed.
        """
        self.check_stage({Stage.AWAITING_START})
        moved = self._agreed_terms().moved(starts_on)
        self._check_terms_here(CONTRACT, moved, at)
        facts = {
            **self._engaged((self._on_duty(self.worker_number), self.worker_number), moved),
            "starts_on": moved.starts_on,
            "releases": list(self.held),
        }
        self._state(self.StartMoved, at, by, Stage.AWAITING_START, **facts)

    def renew(self, *, happened_at: datetime, by: str, at: datetime) -> None:
        """Sign more days with the same worker (续约); the interval grows in one event.

        Raises:
            WrongStageError: nobody is on duty, or somebody else is looked for.
            TermsNotConsentedError: the customer has not agreed to such terms.
            DayOutsideContractError: the terms do not begin where the period ends.
        """
        self.check_stage({Stage.ON_DUTY})
        signed = self._consented(RENEWAL)
        self._check_terms_here(RENEWAL, signed.terms, at)
        check_happened(happened_at, at)
        facts = {
            "worker_id": signed.worker_id,
            "worker_number": signed.worker_number,
            "segment": len(self.segments) + 1,
            "starts_at": self.busy_from,
            "ends_at": signed.terms.period().ends_at,
            "renewed_from": self._renewed_from(signed.terms),
            "windows": self._windows_until(signed.terms.period().ends_at),
            "terms": signed.terms.facts(),
            "digest": signed.digest,
            "happened_at": happened_at,
            "releases": list(self.held),
        }
        self._state(self.ContractRenewed, at, by, Stage.ON_DUTY, **facts)

    def leave(
        self, cause: str, *, happened_at: datetime, by: str, at: datetime, note: str = ""
    ) -> None:
        """The work ends (下户, 离场): as agreed, or by whose doing.

        Raises:
            WrongStageError: nobody is on duty.
            DayOutsideContractError: the worker had not come by then.
            InvalidInputError: an unknown cause, or a clear note.
        """
        self.check_stage(ON_DUTY)
        if cause not in CAUSES:
            raise InvalidInputError(field="cause")
        self._check_report(happened_at, at, note)
        self._check_left(happened_at)
        facts: dict[str, Any] = {"cause": cause, "happened_at": happened_at, "note": note}
        facts |= {"releases": list(self.held), **self._closing(happened_at)}
        if self.successor:
            facts["cancels"] = [*facts["cancels"], self.successor.segment]
        self._state(self.WorkerLeft, at, by, Stage.OFF_DUTY, **facts)

    def settle(self, *, by: str, at: datetime) -> Statement:
        """Draw up the account by segments (分段结算).

        Raises:
            WrongStageError: the work goes on, or it is settled.
        """
        self.check_stage({Stage.OFF_DUTY})
        return self._settle(at, self.cause, Stage.SETTLED, by)

    def cancel(self, why: Cancellation, *, by: str, at: datetime) -> None:
        """Give the order up before the start; a contract's deposit is settled first.

        `reason_code` "company" makes it the company's doing.

        Raises:
            WrongStageError: the work has begun, or the order is closed.
        """
        self._check_cancellable(why)
        if self.terms is not None:
            cause = COMPANY if why.reason_code == COMPANY else CUSTOMER
            self._settle(at, cause, self.stage, by)
        super().cancel(why, by=by, at=at)

    def balance_fen(self) -> int:
        """Once settled: what is still to go back; negative: still to be taken."""
        return self.held_by_hand_fen() - (self.settled_fen or 0)

    def repayable_fen(self) -> int:
        """Once settled the balance, before that whatever is held."""
        return max(self.balance_fen(), 0)

    def transitions(self) -> Transitions:
        """Nothing is reported by stage; every step of an engagement is a fact of its own."""
        return {}

    def _stage_when_settled(self) -> str:
        return Stage.CONTACTED

    def _check_cancellable(self, why: Cancellation) -> None:
        super()._check_cancellable(why)
        if self.stage not in _CANCELLABLE:
            raise WrongStageError(label=STAGE_LABELS[self.stage])

    def _check_inspected(self, by: str) -> None:
        """Nobody completes an order whose account is not level."""
        del by
        owed_fen = self.balance_fen()
        if owed_fen:
            word = "应退" if owed_fen > 0 else "应收"
            raise BalanceOpenError(what=f"{word} {yuan(abs(owed_fen))}")

    def _settle(self, at: datetime, cause: str, stage: str, by: str) -> Statement:
        settled = statement(self.engagement(), at, cause)
        self._state(self.Settled, at, by, stage, cause=cause, **settled.facts())
        return settled

    def _engaged(self, worker: tuple[UUID, int], terms: Terms) -> dict[str, Any]:
        """The fields of a fact that keeps the first segment's worker free for the period."""
        period = terms.period()
        return {
            "worker_id": worker[0],
            "worker_number": worker[1],
            "segment": 1,
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "windows": [window("service", period.starts_at, period.ends_at)],
        }

    def _renewed_from(self, terms: Terms) -> datetime:
        """The first day of the renewal, at the hour at which the worker's days begin."""
        clock = self.segments[-1].started_at.astimezone(SHANGHAI).timetz()
        return datetime.combine(date.fromisoformat(terms.starts_on), clock)
