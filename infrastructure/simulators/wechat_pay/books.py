"""The simulated platform's own books: orders, payments, closings."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from application.clock import Clock
from infrastructure.simulators.wechat_pay.beijing import compact
from infrastructure.simulators.wechat_pay.orders import (
    Order,
    Payment,
    TradeState,
    Transaction,
    payable_until,
)
from infrastructure.simulators.wechat_pay.prepay_body import PrepayBody
from infrastructure.simulators.wechat_pay.refusals import (
    busy_paying,
    customer_refused,
    number_used,
    order_closed,
    order_paid,
    order_unknown,
)
from infrastructure.simulators.wechat_pay.views import JsonObject, ledger_line, order_view

PREPAY_VALID_FOR: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sold:
    """A payment that has just succeeded: whom to tell, and what."""

    notify_url: str
    transaction: JsonObject


class Books:
    """All orders of the one merchant, behind one lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._orders: dict[str, Order] = {}
        self._by_prepay: dict[str, Order] = {}
        self._by_transaction: dict[str, Order] = {}
        self._last_transaction = 0

    def prepay(self, request: PrepayBody) -> str:
        """A fresh prepay_id, valid 2 h; the same parameters may come again.

        Raises:
            RefusalError: Closed, paid, or known with other parameters.
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
            if order.state == "SUCCESS":
                raise order_paid()
            if order.entering_password:
                raise busy_paying()
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

    def _issue(self, order: Order) -> str:
        now = self._clock.now()
        prepay_id = f"wx{compact(now)}{secrets.token_hex(10)}"
        order.prepays[prepay_id] = now
        self._by_prepay[prepay_id] = order
        return prepay_id

    def _at_cashier(self, payment: Payment) -> tuple[Order, datetime]:
        if payment.prepay_id:
            order = _known(self._by_prepay.get(payment.prepay_id))
            return order, order.prepays[payment.prepay_id]
        order = self._ordered(payment.out_trade_no)
        return order, max(order.prepays.values())

    def _check_can_pay(self, order: Order, issued_at: datetime, payment: Payment) -> None:
        now = self._clock.now()
        total = order.request.amount.total
        hindrances = {
            "ORDERPAID": order.state == "SUCCESS",
            "ORDER_CLOSED": order.state == "CLOSED",
            "ORDER_EXPIRED": now > order.expires_at and not payment.even_if_expired,
            "PREPAY_EXPIRED": now > issued_at + PREPAY_VALID_FOR,
            "OPENID_MISMATCH": payment.openid not in ("", order.request.payer.openid),
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
            openid=order.request.payer.openid,
            total_fen=total,
            coupon_fen=payment.coupon_of(total),
        )


def _check_payable_again(order: Order, request: PrepayBody) -> None:
    if order.state == "CLOSED":
        raise order_closed()
    if order.state == "SUCCESS":
        raise order_paid()
    if order.request.model_dump() != request.model_dump():
        raise number_used()


def _known(order: Order | None) -> Order:
    if order is None:
        raise order_unknown()
    return order
