"""Time windows of an order (预约时间): agreed with the customer, in UTC."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.orders.errors import HappenedInFutureError, WindowError

# {"purpose": "service", "starts_at": ISO 8601, "ends_at": ISO 8601}
Window = dict[str, str]

LONGEST_AHEAD: Final = timedelta(days=90)


def window(purpose: str, starts_at: datetime, ends_at: datetime) -> Window:
    """A window as it is stored: instants as ISO 8601 text with their offset.

    Raises:
        WindowError: it is empty or an instant has no offset.
    """
    _check_ends(starts_at, ends_at, purpose)
    return {
        "purpose": purpose,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
    }


def bounds(stored: Window) -> tuple[datetime, datetime]:
    """Start and end of a stored window.

    Raises:
        WindowError: it is malformed, empty or without offsets.
    """
    try:
        starts_at = datetime.fromisoformat(stored["starts_at"])
        ends_at = datetime.fromisoformat(stored["ends_at"])
    except (KeyError, ValueError) as malformed:
        raise WindowError from malformed
    _check_ends(starts_at, ends_at, stored.get("purpose", ""))
    return starts_at, ends_at


def check_windows(
    windows: Sequence[Window],
    purposes: Sequence[str],
    at: datetime,
    ahead: timedelta = LONGEST_AHEAD,
) -> None:
    """Check that there is one window for each purpose, all of them over by `at + ahead` (R18).

    Raises:
        WindowError: one is missing, malformed, past or too far ahead.
    """
    if [each.get("purpose") for each in windows] != list(purposes):
        raise WindowError(purposes=purposes)
    for starts_at, ends_at in map(bounds, windows):
        if starts_at <= at or ends_at > at + ahead:
            sentence = f"预约时间不正确，请选择未来 {ahead.days} 天内的时间。"
            raise WindowError(sentence, starts_at=starts_at)


def check_happened(happened_at: datetime, at: datetime) -> None:
    """Check that a fact of the field lies in the past.

    Raises:
        HappenedInFutureError: it has no offset or lies in the future.
    """
    if happened_at.tzinfo is None or happened_at > at:
        raise HappenedInFutureError(happened_at=happened_at)


def _check_ends(starts_at: datetime, ends_at: datetime, purpose: str) -> None:
    if starts_at.tzinfo is None or ends_at.tzinfo is None or starts_at >= ends_at:
        raise WindowError(purpose=purpose)
