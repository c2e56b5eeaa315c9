"""Receipts of erasure (删除回执): what was destroyed, what is kept, why and until when.

A receipt is a fold of the log and of the vault's own record, so nothing of its
own is stored. Its number is the customer's pseudonym and a keyed digest of it:
whoever was given it needs no log-in, and nobody else can guess it.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from application.log import Log
from application.vault import Vault
from domain.customers import Customer
from domain.errors import NotFoundError
from domain.time import shanghai_day

_KIND: Final = "erasure_receipt"
_MAC_DIGITS: Final = 24  # 96 bits


class ReceiptNotFoundError(NotFoundError):
    """There is no such receipt, or the erasure is not done."""

    code = "receipt_not_found"
    sentence = "没有找到该删除回执，或删除尚未完成。"


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays, by which rule, and at least until when; None for as long as the log."""

    what: str
    why: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person may show for the deletion of their data; it names nobody.

    `erased_at` is when it was stated, `destroyed_at` when the keys were gone.
    """

    number: str
    customer_id: UUID
    asked_at: datetime
    erased_at: datetime
    destroyed_at: datetime
    reason_code: str
    classes: Sequence[str]
    kept: Sequence[Kept]


class ErasureReceipts:
    """Makes receipts, and finds them by number."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def number_of(self, customer_id: UUID) -> str:
        """The receipt's number, which is known before the erasure."""
        mac = self._vault.digest(_KIND, str(customer_id))[:_MAC_DIGITS]
        return f"{customer_id.hex}-{mac}"

    def by_number(self, number: str) -> Receipt:
        """The receipt, for whoever holds its number. Raises ReceiptNotFoundError."""
        try:
            customer_id = UUID(hex=number.partition("-")[0])
        except ValueError:
            raise ReceiptNotFoundError from None
        if not hmac.compare_digest(self.number_of(customer_id).encode(), number.encode()):
            raise ReceiptNotFoundError
        return self.receipt_of(customer_id)

    def receipt_of(self, customer_id: UUID) -> Receipt:
        """The receipt of a customer. Raises ReceiptNotFoundError."""
        customer = self._log.find(Customer, customer_id)
        destroyed_at = self._vault.erased_at(customer_id)
        if customer is None or not customer.erased_at or destroyed_at is None:
            raise ReceiptNotFoundError
        return Receipt(
            number=self.number_of(customer_id),
            customer_id=customer_id,
            asked_at=customer.closing_asked_at or customer.erased_at,
            erased_at=customer.erased_at,
            destroyed_at=destroyed_at,
            reason_code=customer.closing_reason,
            classes=list(customer.erased_classes),
            kept=_kept(shanghai_day(customer.erased_at)),
        )


def _kept(erased_on: date) -> list[Kept]:
    """The terms of the laws, counted from the erasure, which is later than what they count from."""
    return [
        Kept(
            "订单与支付记录：项目、金额、时间、订单号、微信支付单号，不含姓名、电话、地址",
            "《电子商务法》第三十一条：交易信息自交易完成之日起保存不少于三年",
            _years_after(erased_on, 3),
        ),
        Kept(
            "会计凭证与账簿：金额、科目、日期、单号",
            "《会计档案管理办法》：会计凭证和账簿保存三十年，自会计年度终了后起算",
            date(erased_on.year + 30, 12, 31),
        ),
        Kept(
            "联系方式查看记录：经办人、时间、订单编号",
            "《个人信息保护法》第五十一条：安全管理与追溯，保存不少于三年",
            _years_after(erased_on, 3),
        ),
        Kept(
            "不可修改的业务日志：去标识化的事件、已无密钥可解的密文、登录身份的带密钥摘要",
            "用于证明记录未被篡改；密钥已销毁，无法还原个人信息",
            None,
        ),
    ]


def _years_after(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
