"""Empty trips (空跑): somebody came, and nothing could be done.

Source of the rule: catalogue sheet d3, 已到达/空跑. The worker waits 15 minutes and
calls twice before the customer counts as absent; half of the price is kept, at most
the fare of 50 yuan (车马费).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from domain.errors import InvalidInputError, RuleViolationError
from domain.money import divide_half_up, yuan
from domain.orders.appliance_care.findings import Finding, check_finding
from domain.orders.changes import PolicyApplied

CUSTOMER_ABSENT: Final = "customer_absent"  # 客户不在
NOT_OPENABLE: Final = "not_openable"  # 不可拆
REASONS: Final = (CUSTOMER_ABSENT, NOT_OPENABLE)

WAIT: Final = timedelta(minutes=15)
CALLS: Final = 2
FARE_FEN: Final = 5_000
_SHARE_DIVISOR: Final = 2
_VERSION: Final = 1


class WaitTooShortError(RuleViolationError):
    """The worker has not waited and called often enough for an absent customer."""

    code = "wait_too_short"
    sentence = "请先等候满 15 分钟并拨打 2 次电话，再登记空跑。"


@dataclass(frozen=True, kw_only=True)
class EmptyTrip:
    """What made the trip an empty one.

    Attributes:
        reason_code: one of REASONS.
        finding: when the worker left, in whose words, with photos.
        calls: when the customer was called in vain.
    """

    reason_code: str
    finding: Finding
    calls: list[datetime] = field(default_factory=list)


def check_empty_trip(trip: EmptyTrip, arrived_at: datetime | None, at: datetime) -> None:
    """Check that the worker did what the rule asks.

    Raises:
        InvalidInputError: an unknown reason; see check_finding.
        WaitTooShortError: less than 15 minutes, or fewer than two calls meanwhile.
    """
    if trip.reason_code not in REASONS:
        raise InvalidInputError(field="reason_code")
    check_finding(trip.finding, at)
    if trip.reason_code != CUSTOMER_ABSENT:
        return
    if arrived_at is None:
        raise WaitTooShortError
    left_at = trip.finding.happened_at
    calls = {call for call in trip.calls if call.tzinfo and arrived_at <= call <= left_at}
    if left_at - arrived_at < WAIT or len(calls) < CALLS:
        raise WaitTooShortError


def fare_fen(kept_fen: int) -> int:
    """What is kept of so much: half, at most the fare."""
    return min(divide_half_up(kept_fen, _SHARE_DIVISOR), FARE_FEN)


def policy_of(fee_fen: int) -> PolicyApplied:
    """The rule and its result in words."""
    told = f"空跑：收取 50%，最高 {yuan(FARE_FEN)}，实收 {yuan(fee_fen)}"
    return PolicyApplied(version=_VERSION, trace=[told])
