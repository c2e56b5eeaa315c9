"""Paying (支付): attempts, what WeChat says of them, and what the order makes of it."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.log import Log
from application.payment_gateway import (
    BadNoticeError,
    Notice,
    PaymentGateway,
    Prepared,
    Prepayment,
    Rejected,
    Transaction,
    Unknown,
)
from application.policy import Errand, TryLaterError
from application.vault import Vault
from domain import payments
from domain.customers import Customer
from domain.errors import JiawuError, NotFoundError, RuleViolationError
from domain.orders.charges import OPEN, Charge
from domain.orders.errors import UnknownChargeError
from domain.orders.order_number import out_trade_no
from domain.orders.service_order import ServiceOrder
from domain.payments import Payment, PaymentAttempt, SuccessReport, payment_id

_COMMANDS: Final = UUID("b1b9a0c2-6a3f-5f53-8c5c-0f1d2d1c9a77")
# WeChat raises a shorter expiry to one minute (facts wechat-pay 3, time_expire).
_SHORTEST: Final = timedelta(minutes=1)
# Between the last moment of payment and the end of the hold (architecture, "Unpaid").
_MARGIN: Final = timedelta(minutes=5)
# An attempt to pay a further charge lives as long as its prepay_id (facts 3, validity).
_FURTHER_CHARGE: Final = timedelta(hours=2)
# States of WeChat's that mean the money arrived; REFUND was paid before (facts 3).
_PAID_STATES: Final = frozenset({"SUCCESS", "REFUND"})
_ACTOR: Final = "system:wechat_pay"

_logger = logging.getLogger("jiawu.paying")


class PaymentTimeOverError(RuleViolationError):
    """The order's time to pay is over."""

    code = "payment_time_over"
    sentence = "支付时间已过，请重新下单。"


class PaymentRefusedError(JiawuError):
    """WeChat refused to prepare the payment."""

    code = "payment_refused"
    status = 502
    sentence = "微信支付暂时无法受理，请稍后再试。"


class PaymentNotReadyError(JiawuError):
    """WeChat has not answered yet; the outbox goes on trying."""

    code = "payment_not_ready"
    status = 503
    sentence = "微信支付暂未响应，请稍后重试。"


class UnknownPaymentError(NotFoundError):
    """WeChat speaks of a 商户订单号 that we never gave; never credited."""

    code = "unknown_payment"
    sentence = "没有此商户订单号。"


class Notices(Protocol):
    """Keeps raw notices before they are interpreted."""

    def keep(self, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
        """Keep one; the same bytes again are another row."""
        ...


class Paying:
    """The use cases of payment."""

    def __init__(  # noqa: PLR0913, PLR0917 - the ports that paying stands on
        self,
        log: Log,
        vault: Vault,
        gateway: PaymentGateway,
        notices: Notices,
        clock: Clock,
        appid: str,
    ) -> None:
        self._log = log
        self._vault = vault
        self._gateway = gateway
        self._notices = notices
        self._clock = clock
        self._appid = appid

    # -- the customer pays

    def start(
        self, order_id: UUID, customer_id: UUID, charge_number: int, command: Command
    ) -> Outcome:
        """Start an attempt, or go on with the one that is still open.

        The answer holds out_trade_no. Raises NotFoundError where the order is
        not the customer's, PaymentTimeOverError, or why the charge takes no
        payment.
        """
        return self._log.run(
            command, lambda: self._start(order_id, customer_id, charge_number, command)
        )

    def bridge(self, number: str) -> dict[str, str]:
        """What the page hands to WeixinJSBridge for a prepared attempt, signed now.

        Raises PaymentRefusedError or PaymentNotReadyError.
        """
        payment = self._payment(number)
        if payment.status == payments.REJECTED:
            raise PaymentRefusedError
        if not payment.prepay_id:
            raise PaymentNotReadyError
        return self._gateway.bridge_parameters(payment.prepay_id)

    def prepare(self, errand: Errand) -> None:
        """The errand `wechat_pay.prepay`: have WeChat prepare the attempt.

        Raises TryLaterError while WeChat's answer is unknown; the same number
        and body are sent again, until the time to pay is over.
        """
        payment = self._payment(errand.request_number)
        if payment.status != payments.STARTED or payment.expires_at <= self._clock.now():
            return
        match self._gateway.prepare(self._prepayment(payment)):
            case Prepared(prepay_id):
                self._change(payment.out_trade_no, "prepared", _keep_prepay_id(prepay_id))
            case Rejected(code, message):
                self._change(payment.out_trade_no, "rejected", _keep_refusal(code, message))
            case Unknown(reason):
                raise TryLaterError(reason)

    # -- WeChat says

    def receive_notice(self, headers: Mapping[str, str], body: bytes) -> None:
        """Take a notice: verify, keep the raw bytes, then record the payment.

        Idempotent by WeChat's transaction. Raises BadNoticeError (nothing is
        kept or changed), UnreadableNoticeError, UnknownPaymentError.
        """
        try:
            notice = self._gateway.read_notice(headers, body)
        except BadNoticeError:
            raise
        except JiawuError:
            self._notices.keep(headers, body, self._clock.now())
            raise
        self._notices.keep(headers, body, self._clock.now())
        self._take(notice)

    def confirm(self, number: str, customer_id: UUID) -> str:
        """Ask WeChat about the customer's attempt; returns its status by name.

        Raises NotFoundError where it is not the customer's.
        """
        payment = self._payment(number)
        if payment.customer_id != customer_id:
            raise UnknownPaymentError
        if payment.status != payments.SUCCEEDED:
            self.ask(number)
        return str(self._payment(number).status)

    def ask(self, number: str) -> None:
        """Query WeChat and record a success; every other answer changes nothing."""
        answer = self._gateway.query(number)
        if isinstance(answer, Transaction) and answer.trade_state in _PAID_STATES:
            self._record(answer, "query")

    def _take(self, notice: Notice) -> None:
        if notice.transaction.trade_state not in _PAID_STATES:
            _logger.warning("notice %s of state %s", notice.notice_id, notice.event_type)
            return
        self._record(notice.transaction, "notice")

    def _record(self, transaction: Transaction, learned_from: str) -> None:
        """State the success on its attempt, once for each transaction of WeChat's."""
        report = _report(transaction, learned_from)
        number = transaction.out_trade_no
        self._payment(number)
        try:
            self._state_success(number, report, second=False)
        except ClaimRefusedError as refused:
            if refused.kind != "charge_paid":
                raise
            self._state_success(number, report, second=True)

    def _state_success(self, number: str, report: SuccessReport, *, second: bool) -> None:
        command = self._command(f"success:{number}:{report.transaction_id}:{second}")

        def decide() -> Decision:
            payment = self._payment(number)
            record = payment.record_second_success if second else payment.record_success
            record(report, at=command.at)
            return Decision([payment])

        self._log.run(command, decide)

    # -- parts

    def _start(
        self, order_id: UUID, customer_id: UUID, charge_number: int, command: Command
    ) -> Decision:
        order = self._log.load(ServiceOrder, order_id)
        if order.customer_id != customer_id:
            raise NotFoundError
        charge = _open_charge(order, charge_number)
        last, attempt = self._last_attempt(order, charge_number)
        if last is not None and _still_open(last, command.at):
            return Decision([], {"out_trade_no": last.out_trade_no})
        expires_at = _expiry(order, charge, command.at)
        asked = self._attempt(order, charge, attempt, expires_at)
        payment = Payment.start(asked, by=command.actor, at=command.at)
        return Decision([payment], {"out_trade_no": payment.out_trade_no})

    def _last_attempt(self, order: ServiceOrder, charge: int) -> tuple[Payment | None, int]:
        """The newest attempt to pay the charge, and the number of the next one."""
        last, attempt = None, 1
        while found := self._find(out_trade_no(order.order_number, charge, attempt)):
            last, attempt = found, attempt + 1
        return last, attempt

    def _attempt(
        self, order: ServiceOrder, charge: Charge, attempt: int, expires_at: datetime
    ) -> PaymentAttempt:
        payer = self._log.load(Customer, order.customer_id)
        return PaymentAttempt(
            out_trade_no=out_trade_no(order.order_number, charge.number, attempt),
            payable_kind=type(order).TOPIC,  # type: ignore[attr-defined]
            payable_id=order.id,
            charge_number=charge.number,
            attempt=attempt,
            customer_id=order.customer_id,
            amount_fen=charge.amount_fen,
            description=f"{order.kind_path[-1]} {order.order_number}",
            trade_type="JSAPI",
            payer_openid=payer.openid("wechat", self._appid),
            expires_at=expires_at,
        )

    def _prepayment(self, payment: Payment) -> Prepayment:
        return Prepayment(
            out_trade_no=payment.out_trade_no,
            description=payment.description,
            amount_fen=payment.amount_fen,
            openid=self._vault.open(payment.payer_openid),
            expires_at=payment.expires_at,
        )

    def _change(self, number: str, what: str, change: "Change") -> None:
        command = self._command(f"{what}:{number}")

        def decide() -> Decision:
            payment = self._payment(number)
            change(payment, command.at)
            return Decision([payment])

        self._log.run(command, decide)

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), _ACTOR, "", self._clock.now())

    def _find(self, number: str) -> Payment | None:
        return self._log.find(Payment, payment_id(number))

    def _payment(self, number: str) -> Payment:
        found = self._find(number)
        if found is None:
            raise UnknownPaymentError(out_trade_no=number)
        return found


class Change(Protocol):
    """A change of an attempt at an instant."""

    def __call__(self, payment: Payment, at: datetime) -> Any:  # noqa: ANN401 - not used
        """Command the attempt."""
        ...


def prepay_errand(number: str) -> Errand:
    """The errand to prepare an attempt; its stable number is the 商户订单号."""
    return Errand("wechat_pay", "prepay", recipient=number, request_number=number)


def _keep_prepay_id(prepay_id: str) -> Change:
    return lambda payment, at: payment.prepare(prepay_id, at=at)


def _keep_refusal(code: str, message: str) -> Change:
    return lambda payment, at: payment.reject_prepare(code, message, at=at)


def _open_charge(order: ServiceOrder, number: int) -> Charge:
    order.check_takes_payment()
    charge = order.charges.get(number)
    if charge is None or charge.state != OPEN:
        raise UnknownChargeError(charge_number=number)
    return charge


def _still_open(payment: Payment, at: datetime) -> bool:
    waiting = payment.status in {payments.STARTED, payments.PREPARED}
    return waiting and payment.expires_at > at


def _expiry(order: ServiceOrder, charge: Charge, at: datetime) -> datetime:
    """The price itself is paid while the order holds its place; a further charge any time."""
    if charge.number > 1 or order.pay_by is None:
        return at + _FURTHER_CHARGE
    expires_at: datetime = order.pay_by - _MARGIN
    if expires_at - at < _SHORTEST:
        raise PaymentTimeOverError
    return expires_at


def _report(transaction: Transaction, learned_from: str) -> SuccessReport:
    if transaction.succeeded_at is None:
        raise BadNoticeError(field="success_time")
    return SuccessReport(
        transaction_id=transaction.transaction_id,
        amount_fen=transaction.total_fen,
        payer_total_fen=transaction.payer_total_fen,
        succeeded_at=transaction.succeeded_at,
        trade_type=transaction.trade_type,
        learned_from=learned_from,
        currency=transaction.currency,
    )
