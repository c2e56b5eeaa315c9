"""The calls to WeChat Pay, made from the outbox: prepare, query, close.

Each may be made twice, be cut off or remain unknown; the next call settles it.
"""

from datetime import datetime, timedelta
from typing import Final, Protocol

from application.clock import Clock
from application.crash_points import CrashPoint, reached
from application.payment_facts import PAID_STATES, Change, PaymentFacts
from application.payment_gateway import (
    CloseAccepted,
    PaymentGateway,
    Prepared,
    Prepayment,
    Rejected,
    Transaction,
    Unknown,
)
from application.policy import Errand, TryLaterError
from application.vault import KeyClass, Vault
from domain.payment_attempts import CLOSING_MARGIN
from domain.payments import CLOSING, STARTED, UNPAID_STATES, Payment

_CHANNEL: Final = "wechat_pay"
# WeChat's own retries end after 24 h 4 min (facts 4); what is later is in the day's bill.
_ASKED_UNTIL: Final = timedelta(hours=25)
# How long after the start which pause between two queries (facts 4, query schedule).
_PAUSES: Final = (
    (timedelta(minutes=2), timedelta(seconds=30)),
    (timedelta(minutes=6), timedelta(minutes=1)),
    (timedelta(minutes=30), timedelta(minutes=5)),
    (timedelta(hours=3), timedelta(minutes=30)),
)
_LONGEST_PAUSE: Final = timedelta(hours=2)
# How long a payer may take over the password, while WeChat refuses to close (facts 3, close).
_TYPING: Final = timedelta(minutes=10)
# Between two tries to close: a seat waits for it.
_UNTIL_CLOSED: Final = timedelta(seconds=30)
_CLOSED_STATES: Final = frozenset({"CLOSED", "REVOKED", "PAYERROR"})


class PrepayBodies(Protocol):
    """Keeps the first body of every attempt: a repeat must equal it byte for byte."""

    def keep(self, out_trade_no: str, body: str) -> str:
        """Keep a sealed body unless one is kept; returns the one that is kept."""
        ...


class PaymentErrands:
    """Carries out the errands of channel `wechat_pay`."""

    def __init__(
        self,
        vault: Vault,
        gateway: PaymentGateway,
        facts: PaymentFacts,
        bodies: PrepayBodies,
        clock: Clock,
    ) -> None:
        self._vault = vault
        self._gateway = gateway
        self._facts = facts
        self._bodies = bodies
        self._clock = clock

    def prepare(self, errand: Errand) -> None:
        """Have WeChat prepare the attempt.

        Raises TryLaterError while WeChat's answer is unknown; the same bytes
        are sent again, until the time to pay is over.
        """
        payment = self._facts.load(errand.request_number)
        if payment.status != STARTED or payment.expires_at <= self._clock.now():
            return
        answer = self._gateway.prepare(payment.trade_type, self._body(payment))
        reached(CrashPoint.PREPAY_ANSWERED)
        if isinstance(answer, Unknown):
            raise TryLaterError(answer.reason)
        if isinstance(answer, Rejected) and answer.code == "ORDERPAID":
            self.ask(payment.out_trade_no)
        # Asked for anew, the attempt has moved on; so each answer is a command of its own.
        what = f"prepay answered:{payment.version}"
        self._facts.change(payment.out_trade_no, what, _prepay_change(answer))

    def query(self, errand: Errand) -> None:
        """Ask until WeChat can take no more money for the attempt: the poller for silence.

        Raises TryLaterError until then, with growing pauses.
        """
        number = errand.request_number
        payment = self._facts.load(number)
        if not payment.is_final() and payment.status != CLOSING:
            self.ask(number)
            payment = self._facts.load(number)
        now = self._clock.now()
        if not payment.is_final() and now < payment.expires_at + _ASKED_UNTIL:
            reason = "not paid yet"
            raise TryLaterError(reason, after=_pause(now - payment.created_on))

    def close(self, errand: Errand) -> None:
        """Close an attempt that was given up, and have a verified query confirm it.

        Raises TryLaterError until WeChat says that it is closed, or that it is
        unpaid after its time. A 204 alone proves nothing (facts 11, case 12).
        """
        number = errand.request_number
        if self._facts.load(number).status != CLOSING:
            return
        accepted = isinstance(self._gateway.close_order(number), CloseAccepted)
        reached(CrashPoint.CLOSE_ANSWERED)
        state = self.ask(number)
        payment = self._facts.load(number)
        if payment.received:
            return
        confirmed = self._confirmed(payment, state, accepted=accepted)
        if not confirmed:
            reason = f"close {accepted}, then {state or 'unknown'}"
            raise TryLaterError(reason, after=_UNTIL_CLOSED)
        self._facts.change(number, "closed", _closing(confirmed))

    def ask(self, number: str) -> str:
        """Query WeChat and record a success.

        Returns:
            The order's trade_state, NOT_EXIST where WeChat knows none, "" where
            nothing dependable was said.
        """
        match self._gateway.query(number):
            case Transaction() as told if told.trade_state in PAID_STATES:
                reached(CrashPoint.QUERY_ANSWERED)
                self._facts.record(told, "query")
                return told.trade_state
            case Transaction() as told:
                return told.trade_state
            case Rejected("ORDERNOTEXIST"):
                return "NOT_EXIST"
            case _:
                return ""

    def _confirmed(self, payment: Payment, state: str, *, accepted: bool) -> str:
        """What an answer proves of a payment's end; "" where it may still be paid."""
        if state in _CLOSED_STATES:
            return "CLOSED"
        end = payment.expires_at + CLOSING_MARGIN
        # Refused closing, the payer may be typing the password right now.
        past = self._clock.now() >= (end if accepted else end + _TYPING)
        return state if past and state in UNPAID_STATES else ""

    def _body(self, payment: Payment) -> bytes:
        composed = self._gateway.compose(self._prepayment(payment)).decode()
        sealed = self._vault.seal(payment.customer_id, KeyClass.IDENTITY, composed)
        return self._vault.open(self._bodies.keep(payment.out_trade_no, sealed)).encode()

    def _prepayment(self, payment: Payment) -> Prepayment:
        return Prepayment(
            out_trade_no=payment.out_trade_no,
            description=payment.description,
            amount_fen=payment.amount_fen,
            expires_at=payment.expires_at,
            trade_type=payment.trade_type,
            openid=self._vault.open(payment.payer_openid),
            payer_ip=self._vault.open(payment.payer_ip),
        )


def prepay_errand(number: str) -> Errand:
    """The errand to prepare an attempt; its stable number is the 商户订单号."""
    return Errand(_CHANNEL, "prepay", recipient=number, request_number=number)


def query_errand(number: str, due_at: datetime) -> Errand:
    """The errand to ask about an attempt from `due_at` on."""
    return Errand(_CHANNEL, "query", recipient=number, request_number=number, due_at=due_at)


def close_errand(number: str) -> Errand:
    """The errand to close an attempt."""
    return Errand(_CHANNEL, "close", recipient=number, request_number=number)


def _prepay_change(answer: Prepared | Rejected) -> Change:
    if isinstance(answer, Prepared):
        return lambda payment, at: payment.prepare(answer.prepay_id, pay_url=answer.pay_url, at=at)
    return lambda payment, at: payment.reject_prepare(answer.code, answer.message, at=at)


def _closing(confirmed: str) -> Change:
    def change(payment: Payment, at: datetime) -> None:
        # Money may have come between the answer and this; then it is not unpaid.
        if payment.status == CLOSING and not payment.received:
            payment.close(confirmed, at=at)

    return change


def _pause(age: timedelta) -> timedelta:
    return next((pause for limit, pause in _PAUSES if age < limit), _LONGEST_PAUSE)
