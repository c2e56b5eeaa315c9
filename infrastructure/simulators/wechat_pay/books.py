"""The simulated platform's own books: orders, payments, closings."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from application.clock import Clock
from infrastructure.simulators.wechat_pay.beijing import compact
from infrastructure.simulators.wechat_pay.orders import (
    Handle,
    Order,
    Payment,
    TradeState,
    Transaction,
    payable_until,
)
from infrastructure.simulators.wechat_pay.prepay_body import PrepayBody
from infrastructure.simulators.wechat_pay.randomness import Randomness
from infrastructure.simulators.wechat_pay.refusals import (
    busy_paying,
    customer_refused,
    number_used,
    order_closed,
    order_not_paid,
    order_paid,
    order_unknown,
    prepay_expired,
)
from infrastructure.simulators.wechat_pay.views import (
    JsonObject,
    ledger_line,
    order_line,
    order_view,
)

PREPAY_VALID_FOR: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sold:
    """A payment that has just succeeded: whom to tell, and what."""

    notify_url: str
    transaction: JsonObject


class Books:
    """All orders of the one merchant, behind one lock."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._lock = Lock()
        self._orders: dict[str, Order] = {}
        self._by_prepay: dict[str, Order] = {}
        self._codes: dict[str, Handle] = {}
        self._by_transaction: dict[str, Order] = {}
        self._last_transaction = 0

    def prepay(self, request: PrepayBody) -> Handle:
        """A fresh handle; the same parameters may come again.

        Raises:
            RefusalError: Closed, paid, or known with other parameters or for
                another trade type.
        """
        with self._lock:
            order = self._orders.get(request.out_trade_no)
            if order is None:
                order = self._open(request)
            _check_payable_again(order, request)
            return self._issue(order)

    def by_number(self, out_trade_no: str) -> JsonObject:
        """The order as the query answers it.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            return order_view(_known(self._orders.get(out_trade_no)))

    def by_transaction(self, transaction_id: str) -> JsonObject:
        """The same for the platform's own number; only paid orders have one.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            return order_view(_known(self._by_transaction.get(transaction_id)))

    def close(self, out_trade_no: str) -> None:
        """Close an unpaid order; done again or to an unknown number it does nothing.

        Raises:
            RefusalError: 400 ORDERPAID, or 429 while the customer types the password.
        """
        with self._lock:
            order = self._orders.get(out_trade_no)
            if order is None:
                return
            if order.transaction is not None:
                raise order_paid()
            if order.entering_password:
                raise busy_paying()
            if not order.close_ignored:
                order.state = "CLOSED"

    def enter_password(self, out_trade_no: str, *, entering: bool) -> None:
        """The customer opens or leaves the password page.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            _known(self._orders.get(out_trade_no)).entering_password = entering

    def pay(self, payment: Payment) -> Sold:
        """The customer pays.

        Raises:
            RefusalError: 404 unknown; 409 wrong openid, expired, closed, paid
                already, or a coupon larger than the total.
        """
        with self._lock:
            order, issued_at = self._at_cashier(payment)
            self._check_can_pay(order, issued_at, payment)
            order.transaction = self._settle(order, payment)
            order.state, order.entering_password = "SUCCESS", False
            return Sold(order.request.notify_url, order_view(order))

    def leave(self, payment: Payment) -> JsonObject:
        """The customer leaves the cashier without paying; the order stays as it was.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            order, _ = self._at_cashier(payment)
            order.entering_password = False
            return order_view(order)

    def expire(self, out_trade_no: str) -> JsonObject:
        """The time for payment is over now; the trade state stays NOTPAY.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            order = self._ordered(out_trade_no)
            order.expires_at = self._clock.now() - timedelta(microseconds=1)
            return order_view(order)

    def turn_into_refund(self, out_trade_no: str) -> JsonObject:
        """A paid order shows trade_state REFUND (转入退款) from now on.

        Raises:
            RefusalError: 404 unknown, 409 not paid.
        """
        with self._lock:
            order = self._ordered(out_trade_no)
            if order.transaction is None:
                raise order_not_paid()
            order.state = "REFUND"
            return order_view(order)

    def ignore_close(self, out_trade_no: str, *, ignored: bool) -> None:
        """Whether closing answers 204 without any effect.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            self._ordered(out_trade_no).close_ignored = ignored

    def claim_amount(self, out_trade_no: str, total_fen: int | None) -> None:
        """Let queries and later notices claim another amount; None ends it.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            self._ordered(out_trade_no).claimed_total_fen = total_fen

    def handle(self, prepay_id: str) -> Handle:
        """What a prepay issued.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            return _known(self._by_prepay.get(prepay_id)).prepays[prepay_id]

    def scanned(self, code_url: str) -> str:
        """The prepay_id behind a code, valid for 2 h.

        Raises:
            RefusalError: 404 unknown, 409 too old.
        """
        with self._lock:
            handle = self._codes.get(code_url)
            if handle is None:
                raise order_unknown()
            if self._clock.now() > handle.issued_at + PREPAY_VALID_FOR:
                raise prepay_expired()
            return handle.prepay_id

    def codes(self) -> list[tuple[str, PrepayBody]]:
        """The newest code of every unpaid NATIVE order, newest order first."""
        with self._lock:
            waiting = [order for order in self._orders.values() if order.state == "NOTPAY"]
            native = [order for order in waiting if order.request.trade_type == "NATIVE"]
            return [(order.latest.code_url, order.request) for order in reversed(native)]

    def orders(self) -> list[JsonObject]:
        """Every order, paid or not, in order of its first prepay."""
        with self._lock:
            return [order_line(order) for order in self._orders.values()]

    def opened(self, prepay_id: str) -> tuple[PrepayBody, TradeState]:
        """What the cashier page shows for a prepay.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            order = _known(self._by_prepay.get(prepay_id))
            return order.request, order.state

    def ordered(self, out_trade_no: str) -> PrepayBody:
        """The first prepay of an order; of the newest order for "".

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            return self._ordered(out_trade_no or next(reversed(self._orders), "")).request

    def transactions(self) -> list[JsonObject]:
        """Every successful transaction, in order of success."""
        with self._lock:
            return [ledger_line(order) for order in self._by_transaction.values()]

    def claimed_success(self, out_trade_no: str) -> JsonObject:
        """The order's transaction; for an unpaid one a success that never was.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        with self._lock:
            order = self._ordered(out_trade_no)
            if order.transaction is not None:
                return order_view(order)
            invented = self._success_of(order, Payment())
            return order_view(replace(order, state="SUCCESS", transaction=invented))

    def _number_transaction(self) -> str:
        self._last_transaction += 1
        day = compact(self._clock.now())[:8]
        return f"4200002345{day}{self._last_transaction:010d}"

    def _ordered(self, out_trade_no: str) -> Order:
        return _known(self._orders.get(out_trade_no))

    def _open(self, request: PrepayBody) -> Order:
        order = Order(request, payable_until(request.time_expire, self._clock.now()))
        self._orders[request.out_trade_no] = order
        return order

    def _issue(self, order: Order) -> Handle:
        now = self._clock.now()
        handle = Handle(
            prepay_id=f"wx{compact(now)}{self._randomness(10).hex()}",
            trade_type=order.request.trade_type,
            issued_at=now,
            package=str(int.from_bytes(self._randomness(4))),
            code=self._randomness(6).hex(),
        )
        order.prepays[handle.prepay_id] = handle
        self._by_prepay[handle.prepay_id] = order
        if handle.trade_type == "NATIVE":
            self._codes[handle.code_url] = handle
        return handle

    def _at_cashier(self, payment: Payment) -> tuple[Order, datetime]:
        if payment.prepay_id:
            order = _known(self._by_prepay.get(payment.prepay_id))
            return order, order.prepays[payment.prepay_id].issued_at
        order = self._ordered(payment.out_trade_no)
        return order, order.latest.issued_at

    def _check_can_pay(self, order: Order, issued_at: datetime, payment: Payment) -> None:
        now = self._clock.now()
        total = order.request.amount.total
        hindrances = {
            "ORDERPAID": order.transaction is not None,
            "ORDER_CLOSED": order.state == "CLOSED",
            "ORDER_EXPIRED": now > order.expires_at and not payment.even_if_expired,
            "PREPAY_EXPIRED": now > issued_at + PREPAY_VALID_FOR,
            "OPENID_MISMATCH": _is_somebody_else(payment.openid, order.request.openid),
            "COUPON_INVALID": not 0 <= payment.coupon_of(total) <= total,
        }
        for code, hinders in hindrances.items():
            if hinders:
                raise customer_refused(code)

    def _settle(self, order: Order, payment: Payment) -> Transaction:
        transaction = self._success_of(order, payment)
        self._by_transaction[transaction.transaction_id] = order
        return transaction

    def _success_of(self, order: Order, payment: Payment) -> Transaction:
        total = order.request.amount.total
        return Transaction(
            transaction_id=self._number_transaction(),
            paid_at=self._clock.now(),
            openid=payment.openid_for(order.request),
            total_fen=total,
            coupon_fen=payment.coupon_of(total),
        )


def _check_payable_again(order: Order, request: PrepayBody) -> None:
    if order.state == "CLOSED":
        raise order_closed()
    if order.transaction is not None:
        raise order_paid()
    if order.request != request:  # of another type if the trade type differs
        raise number_used()


def _known(order: Order | None) -> Order:
    if order is None:
        raise order_unknown()
    return order


def _is_somebody_else(openid: str, named: str) -> bool:
    return bool(openid and named) and openid != named
