"""The port to WeChat Pay: typed results, so that silence is never taken for refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import JiawuError
from domain.payment_attempts import JSAPI


@dataclass(frozen=True, slots=True)
class Prepayment:
    """What a prepay asks for; the same number always means the same request.

    `out_trade_no` (商户订单号) is 6-32 characters of [0-9A-Z_-]; `trade_type` is
    JSAPI, H5 or NATIVE of domain.payment_attempts; `expires_at` the last moment of payment.
    `openid` is the payer's (JSAPI), `payer_ip` where the payer is seen (H5).
    """

    out_trade_no: str
    description: str
    amount_fen: int
    expires_at: datetime
    trade_type: str = JSAPI
    openid: str = ""
    payer_ip: str = ""
    attach: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """WeChat accepted the order.

    `prepay_id` opens the pay sheet for two hours (JSAPI); `pay_url` is the
    address of H5, good for five minutes, or the content of the code of NATIVE,
    good for two hours.
    """

    prepay_id: str = ""
    pay_url: str = ""


@dataclass(frozen=True, slots=True)
class CloseAccepted:
    """WeChat answered the close call; that proves nothing, so query."""


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


class ForeignNoticeError(BadNoticeError):
    """Rightly signed, but for another mchid or appid: kept and told to a person, never credited."""

    code = "foreign_notice"
    sentence = "通知不属于本商户。"


class UnreadableNoticeError(JiawuError):
    """Rightly signed but not decryptable: our key is wrong, WeChat should try again."""

    code = "unreadable_notice"
    status = 500
    sentence = "通知解密失败。"


class PaymentGateway(Protocol):
    """WeChat Pay APIv3 as the use cases see it."""

    def compose(self, prepayment: Prepayment) -> bytes:
        """The body of its prepay, to be kept and sent the same for ever.

        Raises InvalidInputError kinds.
        """
        ...

    def prepare(self, trade_type: str, body: bytes) -> Prepared | Rejected | Unknown:
        """Create or repeat the order at WeChat (下单) with a composed body."""
        ...

    def query(self, out_trade_no: str) -> Transaction | Rejected | Unknown:
        """Ask for the order's state; Rejected("ORDERNOTEXIST") if WeChat knows none."""
        ...

    def close_order(self, out_trade_no: str) -> CloseAccepted | Rejected | Unknown:
        """Close an unpaid order (关单); Rejected("ORDERPAID") if it was paid.

        CloseAccepted comes for numbers that never existed too: query afterwards.
        Unknown while the payer is typing the password.
        """
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify and decrypt the raw bytes.

        Raises BadNoticeError, ForeignNoticeError or UnreadableNoticeError.
        """
        ...

    def bridge_parameters(self, prepay_id: str) -> dict[str, str]:
        """What the page hands to WeixinJSBridge getBrandWCPayRequest, signed."""
        ...

    def refresh_keys(self) -> None:
        """Fetch WeChat's present platform certificates (平台证书); nothing in public-key mode.

        Raises TryLaterError where no usable certificate came.
        """
        ...
