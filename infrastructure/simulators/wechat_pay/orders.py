"""What the simulated platform keeps about one merchant order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from infrastructure.simulators.wechat_pay.prepay_body import PrepayBody, TradeType

SHORTEST_EXPIRY: Final = timedelta(minutes=1)
LONGEST_EXPIRY: Final = timedelta(days=90)
DEFAULT_EXPIRY: Final = timedelta(days=7)
PASSER_BY: Final = "oSimPasserBy0000000000000001"
TradeState = Literal["NOTPAY", "SUCCESS", "CLOSED", "REFUND"]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One successful payment; money in fen."""

    transaction_id: str
    paid_at: datetime
    openid: str
    total_fen: int
    coupon_fen: int

    @property
    def payer_total_fen(self) -> int:
        """What the customer paid themselves: the total less the coupon."""
        return self.total_fen - self.coupon_fen


@dataclass(frozen=True, slots=True)
class Handle:
    """What one prepay gives the merchant to open the cashier with.

    Attributes:
        prepay_id: Names the prepay, whatever the trade type.
        trade_type: Decides what of the rest is used.
        issued_at: The beginning of its validity.
        package: The second half of an H5 link.
        code: What the code of NATIVE ends with.
    """

    prepay_id: str
    trade_type: TradeType
    issued_at: datetime
    package: str
    code: str

    @property
    def code_url(self) -> str:
        """The content of NATIVE's code."""
        return f"weixin://wxpay/bizpayurl?pr={self.code}"


@dataclass(slots=True)
class Order:
    """One merchant order number and all that happened to it.

    Attributes:
        request: The first prepay.
        expires_at: The last moment of payment.
        prepays: What was issued for it, by prepay_id, oldest first.
        state: As a query tells it.
        entering_password: The customer is on the password page.
        transaction: The payment, once there is one.
        close_ignored: Closing answers as ever, but has no effect.
        claimed_total_fen: What queries and notices claim instead of the total.
    """

    request: PrepayBody
    expires_at: datetime
    prepays: dict[str, Handle] = field(default_factory=dict)
    state: TradeState = "NOTPAY"
    entering_password: bool = False
    transaction: Transaction | None = None
    close_ignored: bool = False
    claimed_total_fen: int | None = None

    @property
    def latest(self) -> Handle:
        """The newest prepay; an order begins with one."""
        return next(reversed(self.prepays.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What a simulated customer does at the cashier.

    Attributes:
        prepay_id: The prepay that was opened, or "" to take the order's latest.
        out_trade_no: The order, if `prepay_id` is empty.
        openid: Who pays, or "" for the person the prepay names; where it
            names nobody, for a passer-by.
        coupon_fen: Paid by a coupon (代金券), up to the whole total.
        payer_total_fen: What the customer pays themselves; the coupon pays the
            rest. Wins over `coupon_fen`.
        even_if_expired: Pay seconds after time_expire, which has really happened.
    """

    prepay_id: str = ""
    out_trade_no: str = ""
    openid: str = ""
    coupon_fen: int = 0
    payer_total_fen: int | None = None
    even_if_expired: bool = False

    def openid_for(self, request: PrepayBody) -> str:
        """Who is seen as the payer."""
        return self.openid or request.openid or PASSER_BY

    def coupon_of(self, total_fen: int) -> int:
        """The coupon's share of a total, in fen; outside 0…total it is refused."""
        return self.coupon_fen if self.payer_total_fen is None else total_fen - self.payer_total_fen


def payable_until(time_expire: str | None, now: datetime) -> datetime:
    """The last moment of payment: as asked, at least 1 min, at most 90 days, 7 days unasked."""
    if time_expire is None:
        return now + DEFAULT_EXPIRY
    asked = datetime.fromisoformat(time_expire)
    return min(max(asked, now + SHORTEST_EXPIRY), now + LONGEST_EXPIRY)
