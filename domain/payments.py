"""Payments (支付单): one attempt to pay one charge through WeChat Pay.

Money that arrived is always stated, whatever the attempt's state is: a success
in time pays the charge; a late one, a second one or a wrong amount is a fact of
its own, which leads to a refund or to a person.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.claims import Claim, TakeUnique
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.payment_attempts import (
    CURRENCY,
    USABLE_FOR,
    PaymentAttempt,
    SuccessReport,
    check_payer,
    check_report,
)

STARTED: Final = "started"
PREPARED: Final = "prepared"
REJECTED: Final = "rejected"
SUCCEEDED: Final = "succeeded"
CLOSING: Final = "closing"
CLOSED: Final = "closed"

# What a verified query said when the attempt was given up; any other state may still be paid.
UNPAID_STATES: Final = frozenset({"NOTPAY", "CLOSED", "NOT_EXIST"})

_NAMESPACE: Final = UUID("5d0c1a1e-6b0f-5f0e-9d53-0a6b1a5f7c11")


class PaymentSucceededError(RuleViolationError):
    """The attempt was paid, so it cannot be closed or prepared."""

    code = "payment_succeeded"
    sentence = "该笔支付已成功。"


def payment_id(out_trade_no: str) -> UUID:
    """The stream of an attempt, found by its 商户订单号."""
    return uuid5(_NAMESPACE, out_trade_no)


class MoneyArrived(EventSourced.Event):
    """What every arrival of money states; `amount_fen` is what really came.

    In AmountMismatched it is in the hundredths of `currency`.
    """

    out_trade_no: str
    payable_kind: str
    payable_id: UUID
    charge_number: int
    transaction_id: str
    amount_fen: int
    payer_total_fen: int
    currency: str
    succeeded_at: datetime
    trade_type: str
    learned_from: str

    def claims(self) -> tuple[Claim, ...]:
        """WeChat's number is stated once in the whole log."""
        return (TakeUnique("transaction_id", self.transaction_id),)


@stored_as("payment")
class Payment(EventSourced):
    """One attempt; its id is `payment_id(out_trade_no)`."""

    class Event(EventSourced.Event):
        """A fact about the attempt."""

    class Started(Event, EventSourced.Opened):
        """The customer is about to pay."""

        out_trade_no: str
        payable_kind: str
        payable_id: UUID
        charge_number: int
        attempt: int
        customer_id: UUID
        amount_fen: int
        description: str
        trade_type: str
        payer_openid: str
        expires_at: datetime
        by: str
        payer_ip: str = ""

        def claims(self) -> tuple[Claim, ...]:
            """No two attempts bear one 商户订单号."""
            return (TakeUnique("out_trade_no", self.out_trade_no),)

    class Prepared(Event):
        """WeChat gave a prepay_id, or the address or code to pay at (预下单)."""

        prepay_id: str
        prepared_at: datetime
        pay_url: str = ""

    class Renewed(Event):
        """The payer came back after what WeChat gave had run out; it is asked for anew."""

    class PrepareRejected(Event):
        """WeChat refused to prepare the attempt."""

        code: str
        message: str

    class Succeeded(MoneyArrived):
        """Paid in time and in full; the charge has its one success."""

        def claims(self) -> tuple[Claim, ...]:
            """A charge is paid once, whatever number of attempts it had."""
            charge = f"{self.payable_kind}:{self.payable_id}:{self.charge_number}"
            return (*super().claims(), TakeUnique("charge_paid", charge))

    class SucceededLate(MoneyArrived):
        """Paid after the attempt was closed (迟到付款): to be given back."""

    class SucceededAgain(MoneyArrived):
        """Paid though the charge was paid already (重复付款): to be given back."""

    class AmountMismatched(MoneyArrived):
        """Another amount or currency than asked: a person decides."""

        expected_fen: int

    class ClosingRequested(Event):
        """We give the attempt up; WeChat is told and asked (关单)."""

        reason_code: str

    class Closed(Event):
        """A verified query found it unpaid, see UNPAID_STATES."""

        confirmed_state: str

    @classmethod
    def start(cls, attempt: PaymentAttempt, *, by: str, at: datetime) -> Self:
        """Begin an attempt.

        Raises:
            InvalidInputError: no amount, an expiry in the past, or the payer in
                clear text or missing: an openid for JSAPI, an address for H5.
        """
        if attempt.amount_fen < 1 or attempt.charge_number < 1 or attempt.attempt < 1:
            raise InvalidInputError(field="amount_fen")
        if attempt.expires_at <= at:
            raise InvalidInputError(field="expires_at")
        check_payer(attempt)
        stream = payment_id(attempt.out_trade_no)
        return cls._create(cls.Started, id=stream, timestamp=at, by=by, **asdict(attempt))

    def prepare(self, prepay_id: str, *, pay_url: str = "", at: datetime) -> bool:
        """Keep what WeChat gave to pay with; a fresh one replaces it.

        Returns:
            False if the attempt is paid, closing or closed by now; nothing is stated.
        """
        if self.status not in {STARTED, PREPARED, REJECTED}:
            return False
        given = {"prepay_id": prepay_id, "pay_url": pay_url, "prepared_at": at}
        self.trigger_event(self.Prepared, timestamp=at, **given)
        return True

    def renew(self, *, at: datetime) -> bool:
        """Have WeChat asked anew, once what it gave has run out.

        Returns:
            False if it can still be used, or nothing was given yet.
        """
        if self.status != PREPARED or self.prepared_at is None:
            return False
        if at < self.prepared_at + USABLE_FOR[self.trade_type]:
            return False
        self.trigger_event(self.Renewed, timestamp=at)
        return True

    def reject_prepare(self, code: str, message: str, *, at: datetime) -> bool:
        """Keep WeChat's refusal; returns False if the attempt went on meanwhile."""
        if self.status not in {STARTED, REJECTED}:
            return False
        self.trigger_event(self.PrepareRejected, timestamp=at, code=code, message=message)
        return True

    def record_success(self, report: SuccessReport, *, at: datetime) -> bool:
        """State that money arrived, in whichever way it did; refuses nothing.

        Returns:
            False if this transaction is stated already.

        Raises:
            InvalidInputError: the report itself is malformed.
        """
        return self._receive(self._kind_of_arrival(), report, at)

    def record_second_success(self, report: SuccessReport, *, at: datetime) -> bool:
        """As record_success, where another attempt has paid the charge.

        For use when the append refused the claim "charge_paid", on the attempt
        loaded afresh.
        """
        late = self.status == CLOSED
        return self._receive(self.SucceededLate if late else self.SucceededAgain, report, at)

    def request_closing(self, reason_code: str, *, at: datetime) -> bool:
        """Give the attempt up.

        Returns:
            False if that was done before.

        Raises:
            PaymentSucceededError: money arrived.
        """
        self._check_unpaid()
        if self.status in {CLOSING, CLOSED}:
            return False
        self.trigger_event(self.ClosingRequested, timestamp=at, reason_code=reason_code)
        return True

    def close(self, confirmed_state: str, *, at: datetime) -> bool:
        """State that a verified query found the attempt unpaid; frees what it held.

        Returns:
            False if it is closed already.

        Raises:
            PaymentSucceededError: money arrived.
            InvalidInputError: that state may still be paid.
        """
        self._check_unpaid()
        if confirmed_state not in UNPAID_STATES:
            raise InvalidInputError(field="confirmed_state")
        if self.status == CLOSED:
            return False
        self.trigger_event(self.Closed, timestamp=at, confirmed_state=confirmed_state)
        return True

    def is_waiting(self) -> bool:
        """Whether it may still lead to money in time: neither given up nor paid."""
        return self.status in {STARTED, PREPARED, REJECTED} and not self.received

    def is_over(self) -> bool:
        """Whether it has ended in any way: closed, or money came."""
        return self.status == CLOSED or bool(self.received)

    def keeps_order(self) -> bool:
        """Whether its order must not expire: it may still be paid, or was paid in time.

        Money in time is the order's, also before the order has been told of it.
        """
        return not self.is_over() or self.status == SUCCEEDED

    def is_final(self) -> bool:
        """Whether WeChat can take no (further) money for it: it says paid or closed."""
        return bool(self.received) or self.confirmed_state == "CLOSED"

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Payment.Started():
                self._open(event)
            case Payment.Prepared():
                self.status = PREPARED
                self.prepay_id = event.prepay_id
                self.pay_url = event.pay_url
                self.prepared_at: datetime | None = event.prepared_at
            case Payment.Renewed():
                self.status = STARTED
                self.prepared_at = None
                self.prepay_id = self.pay_url = ""
            case Payment.PrepareRejected():
                self.status = REJECTED
            case Payment.ClosingRequested():
                self.status = CLOSING
            case Payment.Closed():
                self.status = CLOSED
                self.confirmed_state = event.confirmed_state
            case Payment.Succeeded():
                self.status = SUCCEEDED
                self._keep(event)
            case MoneyArrived():
                self._keep(event)
            case _:
                super().evolve(event)

    def _open(self, event: Started) -> None:
        self.status = STARTED
        self.out_trade_no = event.out_trade_no
        self.payable_kind = event.payable_kind
        self.payable_id = event.payable_id
        self.charge_number = event.charge_number
        self.attempt = event.attempt
        self.customer_id = event.customer_id
        self.amount_fen = event.amount_fen
        self.description = event.description
        self.trade_type = event.trade_type
        self.payer_openid = event.payer_openid
        self.payer_ip = event.payer_ip
        self.expires_at = event.expires_at
        self.confirmed_state = ""
        self.prepay_id = ""
        self.pay_url = ""
        self.prepared_at = None
        self.received: dict[str, int] = {}

    def _keep(self, event: MoneyArrived) -> None:
        self.received[event.transaction_id] = event.amount_fen

    def _check_unpaid(self) -> None:
        if self.received:
            raise PaymentSucceededError

    def _kind_of_arrival(self) -> type[MoneyArrived]:
        if self.status == SUCCEEDED:
            return self.SucceededAgain
        return self.SucceededLate if self.status == CLOSED else self.Succeeded

    def _receive(self, kind: type[MoneyArrived], report: SuccessReport, at: datetime) -> bool:
        check_report(report)
        if report.transaction_id in self.received:
            return False
        facts = self._payable() | asdict(report)
        if report.amount_fen == self.amount_fen and report.currency == CURRENCY:
            self.trigger_event(kind, timestamp=at, **facts)
        else:
            facts["expected_fen"] = self.amount_fen
            self.trigger_event(self.AmountMismatched, timestamp=at, **facts)
        return True

    def _payable(self) -> dict[str, Any]:
        return {
            "out_trade_no": self.out_trade_no,
            "payable_kind": self.payable_kind,
            "payable_id": self.payable_id,
            "charge_number": self.charge_number,
        }
