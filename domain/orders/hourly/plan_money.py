"""The money of a plan: prepaid minutes, what a visit is worth, what goes back at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.money import divide_half_up, yuan

_HOUR: Final = 60
SETTLEMENT_VERSION: Final = 1
# Within so many days unused, all goes back (catalogue sheet, d3).
UNUSED_DAYS: Final = 7

CUSTOMER: Final = "customer"  # 客户提前终止
COMPANY: Final = "company"  # 我方原因终止
EXPIRED: Final = "expired"  # 到期
NOT_RENEWED: Final = "not_renewed"  # 到期未续费
REASONS: Final = (CUSTOMER, COMPANY, EXPIRED, NOT_RENEWED)


@dataclass(frozen=True, slots=True)
class PrepaidPeriod:
    """So many minutes of work for so much money, paid at once (预付周期)."""

    minutes: int
    amount_fen: int


def worth_fen(periods: Sequence[PrepaidPeriod], used_minutes: int, minutes: int) -> int:
    """What the next `minutes` are worth after `used_minutes` of all prepaid ones.

    Cumulative, so that the visits of a period add up to its price to the fen;
    for equal visits it is domain.money.apportion. Minutes beyond are worth nothing.
    """
    worth, begins = 0, 0
    for period in periods:
        first = min(max(used_minutes - begins, 0), period.minutes)
        last = min(max(used_minutes + minutes - begins, 0), period.minutes)
        worth += period.amount_fen * last // period.minutes
        worth -= period.amount_fen * first // period.minutes
        begins += period.minutes
    return worth


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What of a plan's money is kept, earned and used.

    Attributes:
        kept_fen: paid and not given back.
        recognised_fen: earned by the visits done.
        extras_fen: of `kept_fen`, paid for anything but visits (加项).
        used_minutes: of the visits done.
        list_price_fen: what an hour costs without a plan (单次价).
        days_since_paid: full days since the first payment.
    """

    kept_fen: int
    recognised_fen: int
    extras_fen: int
    used_minutes: int
    list_price_fen: int
    days_since_paid: int


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What a plan's end costs and gives back (终止结算), with the reasons in Chinese."""

    paid_fen: int
    used_minutes: int
    used_fen: int
    refund_fen: int
    reasons: tuple[str, ...]


def settle(usage: Usage, reason_code: str) -> Settlement:
    """What goes back if the plan ended now.

    Ended early by the customer: paid less used times list price, never below
    nothing; unused: all (catalogue sheet, d3). Otherwise every minute that is
    left goes back at the price at which it was paid. What the visits have
    earned already never goes back.
    """
    if usage.used_minutes == 0:
        used_fen, why = usage.extras_fen, _unused(usage)
    elif reason_code == CUSTOMER:
        used_fen, why = _at_list_price(usage)
    else:
        used_fen = usage.extras_fen + usage.recognised_fen
        why = f"已完成 {_hours(usage.used_minutes)}，按实付单价计 {yuan(used_fen)}"
    refund_fen = max(usage.kept_fen - used_fen, 0)
    return Settlement(
        paid_fen=usage.kept_fen,
        used_minutes=usage.used_minutes,
        used_fen=used_fen,
        refund_fen=refund_fen,
        reasons=(f"已付 {yuan(usage.kept_fen)}", why, f"应退 {yuan(refund_fen)}"),
    )


def _at_list_price(usage: Usage) -> tuple[int, str]:
    listed = divide_half_up(usage.used_minutes * usage.list_price_fen, _HOUR)
    used_fen = usage.extras_fen + max(listed, usage.recognised_fen)
    per_hour = yuan(usage.list_price_fen)
    hours = _hours(usage.used_minutes)
    return used_fen, f"已用 {hours}，按单次价每小时 {per_hour} 计，共 {yuan(used_fen)}"


def _unused(usage: Usage) -> str:
    if usage.days_since_paid < UNUSED_DAYS:
        return f"付款后 {UNUSED_DAYS} 天内未使用，全额退款"
    return "尚未使用，全额退款"


def _hours(minutes: int) -> str:
    whole, rest = divmod(minutes, _HOUR)
    return f"{whole} 小时 {rest} 分钟" if rest else f"{whole} 小时"
