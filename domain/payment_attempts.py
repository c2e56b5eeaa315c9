"""What is asked of a payer, and how WeChat reports that money came (支付单的约定)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.errors import InvalidInputError
from domain.sealed import check_sealed

# The ways to pay (支付方式), as WeChat names them.
JSAPI: Final = "JSAPI"  # a page inside WeChat; needs the payer's openid
H5: Final = "MWEB"  # a mobile browser outside WeChat; needs the payer's address
NATIVE: Final = "NATIVE"  # a code on the screen, to be scanned with WeChat
# How long what WeChat gave for an attempt can be used (facts wechat-pay 3, validity).
USABLE_FOR: Final = {
    JSAPI: timedelta(hours=2),
    H5: timedelta(minutes=5),
    NATIVE: timedelta(hours=2),
}

# Between the last moment of payment and the end of the hold (architecture, "Unpaid").
CLOSING_MARGIN: Final = timedelta(minutes=5)

CURRENCY: Final = "CNY"
SOURCES: Final = ("notice", "query", "bill")


@dataclass(frozen=True, kw_only=True)
class PaymentAttempt:
    """What is asked of the payer.

    `payer_openid` (JSAPI) and `payer_ip` (H5) are sealed, "" where the trade type
    needs none; `payable_kind` is the stored name of the aggregate that is paid,
    e.g. "cleaning_order".
    """

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
    payer_ip: str = ""


@dataclass(frozen=True, kw_only=True)
class SuccessReport:
    """A verified statement that money arrived: "notice", "query" or "bill"."""

    transaction_id: str
    amount_fen: int
    payer_total_fen: int
    succeeded_at: datetime
    trade_type: str
    learned_from: str
    currency: str = CURRENCY


def check_payer(attempt: PaymentAttempt) -> None:
    """Check that the payer is named, sealed, as the way to pay needs it.

    Raises:
        InvalidInputError: an unknown way, or the payer is missing or in clear text.
    """
    if attempt.trade_type not in USABLE_FOR:
        raise InvalidInputError(field="trade_type")
    if attempt.trade_type == JSAPI and not attempt.payer_openid:
        raise InvalidInputError(field="payer_openid")
    if attempt.trade_type == H5 and not attempt.payer_ip:
        raise InvalidInputError(field="payer_ip")
    check_sealed(payer_openid=attempt.payer_openid, payer_ip=attempt.payer_ip)


def check_report(report: SuccessReport) -> None:
    """Check the form of a report.

    Raises:
        InvalidInputError: no transaction, or learned from elsewhere.
    """
    if not report.transaction_id or report.learned_from not in SOURCES:
        raise InvalidInputError(field="report")
