"""Money of a reservation that passes outside WeChat (线下收款登记, 线下退款登记).

A reservation never takes online money (R11), so what the office takes or gives back by
hand is told as facts, each with the number of its paper.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from eventsourcing.domain import Aggregate

from domain.claims import Claim, TakeUnique
from domain.errors import InvalidInputError, RuleViolationError
from domain.orders.booking import RESERVATION
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import check_happened
from domain.sealed import check_sealed

# 现金, 银行转账, 刷卡, 微信转账, 支付宝转账: how money passes by hand.
METHODS: Final = ("cash", "bank_transfer", "card", "wechat_transfer", "alipay_transfer")
# 定金, 服务费, 劳务费: what it is for.
DEPOSIT: Final = "deposit"
FEE: Final = "fee"
WAGE: Final = "wage"
PURPOSES: Final = (DEPOSIT, FEE, WAGE)
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{2,39}")


class OnlineOrderError(RuleViolationError):
    """An online order is paid in WeChat alone; nothing passes by hand."""

    code = "online_order"
    sentence = "此订单为在线支付，不能登记线下收款或退款。"


class OfflineRefundTooLargeError(RuleViolationError):
    """More would be given back by hand than is to go back."""

    code = "offline_refund_too_large"
    sentence = "线下退款不能超过应退金额。"


@dataclass(frozen=True, kw_only=True)
class OfflineReceipt:
    """Money that passed by hand, taken or given back.

    Attributes:
        amount_fen: at least 1.
        method: one of METHODS.
        receipt_number: the number of the paper (收据号), unique in the company.
        purpose: one of PURPOSES.
        happened_at: when it passed.
        note: sealed words, may be empty.
    """

    amount_fen: int
    method: str
    receipt_number: str
    purpose: str
    happened_at: datetime
    note: str = ""

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        return asdict(self)


def check_receipt(receipt: OfflineReceipt, at: datetime) -> None:
    """Check the form.

    Raises:
        InvalidInputError: no amount, an unknown method or purpose, a malformed
            number, or a note in clear text.
        HappenedInFutureError: see check_happened.
    """
    if receipt.amount_fen < 1:
        raise InvalidInputError(field="amount_fen")
    if receipt.method not in METHODS or receipt.purpose not in PURPOSES:
        raise InvalidInputError(field="receipt")
    if not _NUMBER.fullmatch(receipt.receipt_number):
        raise InvalidInputError(field="receipt_number")
    check_happened(receipt.happened_at, at)
    check_sealed(note=receipt.note)


class OfflineMoney(ServiceOrder):
    """An order whose money may pass by hand; leaves that are reserved derive from it.

    `received` is what was taken by hand, by purpose; `repaid_fen` is all that went back.
    """

    class OfflineReceiptRecorded(ServiceOrder.Event):
        """The office took money by hand (线下收款)."""

        amount_fen: int
        method: str
        receipt_number: str
        purpose: str
        happened_at: datetime
        note: str = ""

        def claims(self) -> tuple[Claim, ...]:
            """No two facts bear one receipt's number."""
            return (TakeUnique("receipt_number", self.receipt_number),)

    class OfflineRefundRecorded(ServiceOrder.Event):
        """The office gave money back by hand (线下退款)."""

        amount_fen: int
        method: str
        receipt_number: str
        purpose: str
        happened_at: datetime
        note: str = ""

        def claims(self) -> tuple[Claim, ...]:
            """No two facts bear one receipt's number."""
            return (TakeUnique("receipt_number", self.receipt_number),)

    def record_receipt(self, receipt: OfflineReceipt, *, by: str, at: datetime) -> None:
        """Record money taken by hand; possible at every stage, since it is a fact.

        Raises:
            OnlineOrderError: the order is paid in WeChat.
            InvalidInputError, HappenedInFutureError: see check_receipt.
        """
        self._check_by_hand(receipt, at)
        self._state(self.OfflineReceiptRecorded, at, by, self.stage, **receipt.facts())

    def record_repayment(self, receipt: OfflineReceipt, *, by: str, at: datetime) -> None:
        """Record money given back by hand, at most `repayable_fen`.

        Raises:
            OfflineRefundTooLargeError: more than that.
            OnlineOrderError, InvalidInputError, HappenedInFutureError: see record_receipt.
        """
        self._check_by_hand(receipt, at)
        if receipt.amount_fen > self.repayable_fen():
            raise OfflineRefundTooLargeError
        self._state(self.OfflineRefundRecorded, at, by, self.stage, **receipt.facts())

    def held_by_hand_fen(self) -> int:
        """What was taken by hand less what went back, in fen."""
        return sum(self.received.values()) - self.repaid_fen

    def repayable_fen(self) -> int:
        """How much may still go back by hand; a leaf that settles knows better."""
        return self.held_by_hand_fen()

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case OfflineMoney.Booked():
                super().evolve(event)
                self.received: dict[str, int] = {}
                self.repaid_fen = 0
            case OfflineMoney.OfflineReceiptRecorded():
                self.stage = event.stage
                before = self.received.get(event.purpose, 0)
                self.received = {**self.received, event.purpose: before + event.amount_fen}
            case OfflineMoney.OfflineRefundRecorded():
                self.stage = event.stage
                self.repaid_fen += event.amount_fen
            case _:
                super().evolve(event)

    def _check_by_hand(self, receipt: OfflineReceipt, at: datetime) -> None:
        if self.payment_mode != RESERVATION:
            raise OnlineOrderError
        check_receipt(receipt, at)
