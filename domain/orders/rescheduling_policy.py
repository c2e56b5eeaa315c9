"""What another date costs (改期规则): versioned data, and the one function that reads it.

The same function gives the preview, the fee and, for an auditor, why (facts sheet
of the catalogue, d3: two changes are free up to four hours before the start, later
ones cost the tier that a cancellation would).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.errors import InvalidInputError
from domain.money import divide_half_up, yuan
from domain.orders.changes import PolicyApplied

FEE_REASON: Final = "rescheduling_fee"
ALTERNATIVE: Final = "alternative"  # the customer had offered this time at booking
# Who says so is the office, and the customer bears nothing of it (我方原因).
COMPANY_CAUSED: Final = frozenset({"company", "worker_unavailable", "weather"})


class NewDateTooFarError(InvalidInputError):
    """The new date lies further from the agreed one than the rules allow."""

    code = "new_date_too_far"
    sentence = "改期后的时间须在原预约时间后 {days} 天内。"


@dataclass(frozen=True, slots=True)
class FeeTier:
    """A share of the price for a change made at least `ahead` before the start."""

    ahead: timedelta
    basis_points: int
    most_fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReschedulingRules:
    """One version of the rules; `tiers` from the earliest to the latest.

    Attributes:
        free_times: so many changes are free, if made in time.
        free_ahead: in time is so long before the start.
        furthest: the new start is at most so long after the agreed one.
    """

    version: int
    free_times: int
    free_ahead: timedelta
    furthest: timedelta
    tiers: tuple[FeeTier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAsked:
    """A change of the date, as the rules see it.

    Attributes:
        price_fen: the price of the order; 0 where nothing is paid online.
        before: how often the customer changed the date before.
        assigned: whether somebody was given the work.
        by_company: whether the company is the cause.
    """

    price_fen: int
    starts_at: datetime
    new_starts_at: datetime
    before: int
    assigned: bool
    by_company: bool


@dataclass(frozen=True, slots=True)
class ReschedulingTerms:
    """What the change costs in fen, and the rules' steps in words."""

    fee_fen: int
    policy: PolicyApplied


HOME_VISIT_RULES: Final = ReschedulingRules(
    version=1,
    free_times=2,
    free_ahead=timedelta(hours=4),
    furthest=timedelta(days=30),
    tiers=(
        FeeTier(timedelta(hours=24), 0, 0, "距服务开始 24 小时以上，不收费"),
        FeeTier(timedelta(hours=4), 1_000, 3_000, "距服务开始 4 至 24 小时，收 10%，最高 30 元"),
        FeeTier(timedelta.min, 3_000, 8_000, "距服务开始不足 4 小时，收 30%，最高 80 元"),
    ),
)
# For orders whose changes have rules of their own; here they cost nothing.
NO_FEE_RULES: Final = ReschedulingRules(
    version=1,
    free_times=0,
    free_ahead=timedelta(),
    furthest=timedelta(days=90),
    tiers=(FeeTier(timedelta.min, 0, 0, "此类订单改期不收费"),),
)


def rescheduling_terms(
    asked: ChangeAsked, rules: ReschedulingRules, at: datetime
) -> ReschedulingTerms:
    """What a change asked for at `at` costs, by the rules.

    Raises:
        NewDateTooFarError: the customer wants it later than the rules allow.
    """
    if asked.by_company:
        return _free(rules, "非客户原因改期，不收费")
    if asked.new_starts_at > asked.starts_at + rules.furthest:
        raise NewDateTooFarError(days=rules.furthest.days)
    if not asked.assigned:
        return _free(rules, "尚未派单，改期不收费")
    ahead = asked.starts_at - at
    if asked.before < rules.free_times and ahead >= rules.free_ahead:
        return _free(rules, _nth_free(asked.before, rules))
    return _charged(asked, rules, ahead)


def _charged(asked: ChangeAsked, rules: ReschedulingRules, ahead: timedelta) -> ReschedulingTerms:
    tier = next(tier for tier in rules.tiers if ahead >= tier.ahead)
    share_fen = divide_half_up(asked.price_fen * tier.basis_points, 10_000)
    fee_fen = min(share_fen, tier.most_fen)
    trace = [_why_not_free(asked, rules), tier.reason, f"改期费 {yuan(fee_fen)}"]
    return ReschedulingTerms(fee_fen, PolicyApplied(version=rules.version, trace=trace))


def _why_not_free(asked: ChangeAsked, rules: ReschedulingRules) -> str:
    if asked.before >= rules.free_times:
        return f"{rules.free_times} 次免费改期已用完"
    hours = rules.free_ahead // timedelta(hours=1)
    return f"免费改期须在服务开始前 {hours} 小时以上提出"


def _nth_free(before: int, rules: ReschedulingRules) -> str:
    hours = rules.free_ahead // timedelta(hours=1)
    return f"服务开始 {hours} 小时前提出，第 {before + 1} 次改期免费（共 {rules.free_times} 次）"


def _free(rules: ReschedulingRules, reason: str) -> ReschedulingTerms:
    return ReschedulingTerms(0, PolicyApplied(version=rules.version, trace=[reason]))
