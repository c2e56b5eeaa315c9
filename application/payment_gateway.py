"""The port to WeChat Pay: typed results, so that silence is never taken for refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import JiawuError


@dataclass(frozen=True, slots=True)
class Prepayment:
    """What a JSAPI prepay asks for; the same number always means the same request.

    `out_trade_no` (商户订单号) is 6-32 characters of [0-9A-Z_-]; `expires_at` is
    the last moment of payment; `openid` the payer's.
    """

    out_trade_no: str
    description: str
    amount_fen: int
    openid: str
    expires_at: datetime
    attach: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """WeChat accepted the order; `prepay_id` opens the pay sheet for two hours."""

    prepay_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """WeChat refused for certain; `code` without underscores or case variants."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known of the effect: time-out, 5xx, 429 or an unverifiable answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """WeChat's view of one order, from a verified answer or notice.

    `trade_state` is WeChat's word (SUCCESS, REFUND, NOTPAY, CLOSED, ...).
    `transaction_id`, `succeeded_at`, `openid` are empty until it is paid.
    `payer_total_fen` is what the customer paid after coupons.
    """

    mchid: str
    appid: str
    out_trade_no: str
    trade_state: str
    total_fen: int
    currency: str
    trade_type: str = ""
    transaction_id: str = ""
    payer_total_fen: int = 0
    succeeded_at: datetime | None = None
    openid: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified and decrypted notice (支付结果通知)."""

    notice_id: str
    event_type: str
    transaction: Transaction


class BadNoticeError(JiawuError):
    """The notice is forged, altered, too old or not for us; nothing may change."""

    code = "bad_notice"
    status = 401
    sentence = "通知验签失败。"


class UnreadableNoticeError(JiawuError):
    """Rightly signed but not decryptable: our key is wrong, WeChat should try again."""

    code = "unreadable_notice"
    status = 500
    sentence = "通知解密失败。"


class PaymentGateway(Protocol):
    """WeChat Pay APIv3 as the use cases see it."""

    def prepare(self, prepayment: Prepayment) -> Prepared | Rejected | Unknown:
        """Create or repeat the order at WeChat (JSAPI 下单)."""
        ...

    def query(self, out_trade_no: str) -> Transaction | Rejected | Unknown:
        """Ask for the order's state; Rejected("ORDERNOTEXIST") if WeChat knows none."""
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify and decrypt the raw bytes.

        Raises BadNoticeError or UnreadableNoticeError.
        """
        ...

    def bridge_parameters(self, prepay_id: str) -> dict[str, str]:
        """What the page hands to WeixinJSBridge getBrandWCPayRequest, signed."""
        ...
