"""Paying (支付): the customer starts an attempt and is handed what WeChat gave for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.log import Log
from application.payment_errands import PaymentErrands
from application.payment_facts import PaymentFacts, UnknownPaymentError
from application.payment_gateway import PaymentGateway
from application.vault import KeyClass, Vault
from domain.customers import Customer
from domain.errors import JiawuError, NotFoundError, RuleViolationError
from domain.orders.charges import OPEN, Charge
from domain.orders.errors import UnknownChargeError
from domain.orders.order_number import out_trade_no
from domain.orders.service_order import ServiceOrder
from domain.payment_attempts import CLOSING_MARGIN, H5, JSAPI, PaymentAttempt
from domain.payments import REJECTED, Payment

# WeChat raises a shorter expiry to one minute (facts wechat-pay 3, time_expire).
_SHORTEST: Final = timedelta(minutes=1)
# An attempt to pay a further charge lives as long as its prepay_id (facts 3, validity).
_FURTHER_CHARGE: Final = timedelta(hours=2)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRequest:
    """Who wants to pay which charge, and where: `trade_type` as in domain.payment_attempts.

    `payer_ip` is the address that the payer is seen at; only H5 needs it.
    """

    order_id: UUID
    customer_id: UUID
    charge_number: int
    trade_type: str
    payer_ip: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """What the page goes on with: `bridge` for JSAPI, `pay_url` for H5 and NATIVE."""

    out_trade_no: str
    trade_type: str
    bridge: dict[str, str] | None
    pay_url: str


class Paying:
    """The customer's use cases of payment."""

    def __init__(  # noqa: PLR0913, PLR0917 - the ports that paying stands on
        self,
        log: Log,
        vault: Vault,
        gateway: PaymentGateway,
        facts: PaymentFacts,
        errands: PaymentErrands,
        appid: str,
    ) -> None:
        self._log = log
        self._vault = vault
        self._gateway = gateway
        self._facts = facts
        self._errands = errands
        self._appid = appid

    def start(self, request: PayRequest, command: Command) -> Outcome:
        """Start an attempt, or go on with the one that is still open.

        The answer holds out_trade_no. An open attempt of another way to pay is
        given up: WeChat would take its number for a duplicate. Raises
        NotFoundError where the order is not the customer's,
        PaymentTimeOverError, or why the charge takes no payment.
        """
        return self._log.run(command, lambda: self._start(request, command))

    def handover(self, number: str) -> Handover:
        """What the page needs to have the customer pay, signed now.

        Raises PaymentRefusedError or PaymentNotReadyError.
        """
        payment = self._facts.load(number)
        if payment.status == REJECTED:
            raise PaymentRefusedError
        if not (payment.prepay_id or payment.pay_url):
            raise PaymentNotReadyError
        bridge = None
        if payment.trade_type == JSAPI:
            bridge = self._gateway.bridge_parameters(payment.prepay_id)
        return Handover(number, payment.trade_type, bridge, payment.pay_url)

    def confirm(self, number: str, customer_id: UUID) -> str:
        """Ask WeChat about the customer's attempt; returns its status by name.

        Raises NotFoundError where it is not the customer's.
        """
        payment = self._facts.load(number)
        if payment.customer_id != customer_id:
            raise UnknownPaymentError
        if not payment.is_final():
            self._errands.ask(number)
        return str(self._facts.load(number).status)

    def _start(self, request: PayRequest, command: Command) -> Decision:
        order = self._log.load(ServiceOrder, request.order_id)
        if order.customer_id != request.customer_id:
            raise NotFoundError
        charge = _open_charge(order, request.charge_number)
        attempts = self._facts.attempts_of(order, charge.number)
        if attempts and self._goes_on(attempts[-1], request, command.at):
            return _go_on(attempts[-1], command.at)
        given_up = [each for each in attempts if each.is_waiting()]
        for each in given_up:
            each.request_closing("replaced", at=command.at)
        asked = self._attempt(order, charge, len(attempts) + 1, request, command.at)
        payment = Payment.start(asked, by=command.actor, at=command.at)
        answer = {"out_trade_no": payment.out_trade_no}
        # No attempt slips in behind the order's end, and so none behind an erasure.
        return Decision([*given_up, payment], answer, unchanged=[order])

    def _goes_on(self, payment: Payment, request: PayRequest, at: datetime) -> bool:
        """Whether the attempt can still be paid in the way that is asked for now."""
        alive = payment.is_waiting() and payment.status != REJECTED and payment.expires_at > at
        same_way = payment.trade_type == request.trade_type
        return alive and same_way and self._seen_at(payment) == _ip_needed(request)

    def _seen_at(self, payment: Payment) -> str:
        return self._vault.open(payment.payer_ip)

    def _attempt(
        self, order: ServiceOrder, charge: Charge, attempt: int, request: PayRequest, at: datetime
    ) -> PaymentAttempt:
        payer, owner = "", request.customer_id
        if request.trade_type == JSAPI:
            payer = self._log.load(Customer, owner).openid("wechat", self._appid)
        return PaymentAttempt(
            out_trade_no=out_trade_no(order.order_number, charge.number, attempt),
            payable_kind=type(order).TOPIC,  # type: ignore[attr-defined]
            payable_id=order.id,
            charge_number=charge.number,
            attempt=attempt,
            customer_id=owner,
            amount_fen=charge.amount_fen,
            description=f"{order.kind_path[-1]} {order.order_number}",
            trade_type=request.trade_type,
            payer_openid=payer,
            payer_ip=self._vault.seal(owner, KeyClass.IDENTITY, _ip_needed(request)),
            expires_at=_expiry(order, charge, at),
        )


def _ip_needed(request: PayRequest) -> str:
    return request.payer_ip if request.trade_type == H5 else ""


def _go_on(payment: Payment, at: datetime) -> Decision:
    answer = {"out_trade_no": payment.out_trade_no}
    return Decision([payment] if payment.renew(at=at) else [], answer)


def _open_charge(order: ServiceOrder, number: int) -> Charge:
    order.check_takes_payment()
    charge = order.charges.get(number)
    if charge is None or charge.state != OPEN:
        raise UnknownChargeError(charge_number=number)
    return charge


def _expiry(order: ServiceOrder, charge: Charge, at: datetime) -> datetime:
    """The price itself is paid while the order holds its place; a further charge any time."""
    if charge.number > 1 or order.pay_by is None:
        return at + _FURTHER_CHARGE
    expires_at: datetime = order.pay_by - CLOSING_MARGIN
    if expires_at - at < _SHORTEST:
        raise PaymentTimeOverError
    return expires_at
