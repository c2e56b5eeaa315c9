"""What a nanny contract (家政服务合同) agrees: price, period, deposit, fee, replacement.

The terms are frozen in the event that signs them, so a settlement years later
reads no price book and no policy of its own day.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID, uuid5

from domain.errors import InvalidInputError
from domain.money import divide_half_up
from domain.orders.care.errors import DepositTooLargeError
from domain.time import SHANGHAI, Interval

# A month of work has 26 paid days (按 26 天计); a hospital attendant is paid by the day.
MONTH_DAYS: Final = 26
PRICE_DAYS: Final = (MONTH_DAYS, 1)
LONGEST_DAYS: Final = 400
# 民法典 586: a deposit beyond a fifth of the price has no effect as a deposit.
DEPOSIT_PERCENT: Final = 20
MOST_REPLACEMENTS: Final = 2  # 换人至多 2 次
FREE_DAYS: Final = 3  # a worker who does not suit in the first 3 days costs no replacement
HOLIDAY_TIMES: Final = 2  # a statutory holiday worked counts twice (法定节假日双倍)

CONTRACT: Final = "contract"
REPLACEMENT: Final = "replacement"
RENEWAL: Final = "renewal"
KINDS: Final = (CONTRACT, REPLACEMENT, RENEWAL)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_WHOLE_BP: Final = 10_000
_DAY_HOURS: Final = (0, 12, 24)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of a contract, of its renewal, or of a supplementary agreement (补充协议).

    Attributes:
        price_fen: for `price_days` days: 26 (a month of work) or 1.
        days: paid days that are bought; 0 in a supplementary agreement, which
            carries what is left to the next worker.
        starts_on: first day, ISO 8601, in Shanghai.
        ends_on: last day; the worker is kept free from the first to the last.
        day_hours: 0: a day that was begun counts; else only a day that was
            checked in and lasted so many hours (医院护工: 满 24 小时为 1 天).
        deposit_fen: 定金, later a part of the price.
        deposit_back: what of the deposit goes back when the customer withdraws
            before the start: each {"days_before", "back_bp"}, the longest notice first.
        fee_fen: the company's service fee (服务费).
        fee_days: over so many counted days the fee is earned; 0: whole on the first.
        text_version: of the printed contract, e.g. "YS-2026-1".
        text_hash: SHA-256 of its text.
    """

    price_fen: int
    price_days: int
    days: int
    starts_on: str
    ends_on: str
    text_version: str
    text_hash: str
    day_hours: int = 0
    holiday_times: int = HOLIDAY_TIMES
    deposit_fen: int = 0
    deposit_back: list[dict[str, int]] = field(default_factory=list)
    fee_fen: int = 0
    fee_days: int = 0
    free_days: int = FREE_DAYS
    most_replacements: int = MOST_REPLACEMENTS

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The terms as an event stores them."""
        return cls(**facts)

    def facts(self) -> dict[str, Any]:
        """The fields as a copy of plain data."""
        return asdict(self)

    def total_fen(self) -> int:
        """The price of all days that are bought, in fen."""
        return divide_half_up(self.price_fen * self.days, self.price_days)

    def period(self) -> Interval:
        """From the first day's midnight to the last day's, in Shanghai.

        Raises:
            InvalidInputError: a day is malformed, or the last comes before the first.
        """
        first, last = _day(self.starts_on, "starts_on"), _day(self.ends_on, "ends_on")
        if last < first:
            raise InvalidInputError(field="ends_on")
        return Interval(midnight(first), midnight(last + timedelta(days=1)))

    def moved(self, starts_on: str) -> Self:
        """The same terms from another first day; the period keeps its length.

        Raises:
            InvalidInputError: the day is malformed.
        """
        shift = _day(starts_on, "starts_on") - date.fromisoformat(self.starts_on)
        ends_on = (date.fromisoformat(self.ends_on) + shift).isoformat()
        return replace(self, starts_on=starts_on, ends_on=ends_on)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Terms that the customer may read before anything is signed.

    `digest` binds consent to exactly these terms and this refund table.
    """

    kind: str
    worker_id: UUID
    worker_number: int
    terms: Terms
    refund_table: list[dict[str, Any]]
    digest: str


@dataclass(frozen=True, kw_only=True)
class Successor:
    """Who comes instead, kept free from `starts_at` to `ends_at`, for segment `segment`."""

    worker_id: UUID
    worker_number: int
    segment: int
    starts_at: datetime
    ends_at: datetime
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The days of one worker at one price (一段); `left_at` is None while it goes on."""

    number: int
    worker_id: UUID
    worker_number: int
    price_fen: int
    price_days: int
    day_hours: int
    holiday_times: int
    started_at: datetime
    left_at: datetime | None = None

    @classmethod
    def begun(
        cls, number: int, worker: tuple[UUID, int], terms: Terms, started_at: datetime
    ) -> Self:
        """A worker's segment under these terms."""
        return cls(
            number=number,
            worker_id=worker[0],
            worker_number=worker[1],
            price_fen=terms.price_fen,
            price_days=terms.price_days,
            day_hours=terms.day_hours,
            holiday_times=terms.holiday_times,
            started_at=started_at,
        )

    def closed(self, left_at: datetime) -> Self:
        """The same, over at `left_at` unless it was over before."""
        return replace(self, left_at=min(self.left_at or left_at, left_at))


def midnight(day: date) -> datetime:
    """The first instant of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def claim_of(order_id: UUID, segment: int) -> UUID:
    """The name of the interval that the worker of a segment is busy in."""
    return uuid5(order_id, f"segment:{segment}")


def check_terms(terms: Terms, kind: str) -> None:
    """Check the terms of a contract, a renewal or a supplementary agreement.

    Raises:
        DepositTooLargeError: more than a fifth of the price.
        InvalidInputError: a term is outside its limits or contradicts another.
    """
    if kind not in KINDS:
        raise InvalidInputError(field="kind")
    _check_price(terms)
    _check_days(terms, kind)
    _check_fee(terms, kind)
    _check_deposit(terms, kind)
    if not terms.text_version or not _DIGEST.fullmatch(terms.text_hash):
        raise InvalidInputError(field="text_hash")
    if terms.free_days < 0 or not 0 <= terms.most_replacements <= MOST_REPLACEMENTS:
        raise InvalidInputError(field="most_replacements")


def _check_price(terms: Terms) -> None:
    if terms.price_fen < 1 or terms.price_days not in PRICE_DAYS:
        raise InvalidInputError(field="price_fen")
    if terms.day_hours not in _DAY_HOURS:
        raise InvalidInputError(field="day_hours")
    if terms.holiday_times not in {1, HOLIDAY_TIMES}:
        raise InvalidInputError(field="holiday_times")


def _check_days(terms: Terms, kind: str) -> None:
    period = terms.period()
    calendar_days = (period.ends_at - period.starts_at).days
    least = 0 if kind == REPLACEMENT else 1
    most = 0 if kind == REPLACEMENT else min(calendar_days, LONGEST_DAYS)
    if not least <= terms.days <= most or calendar_days > LONGEST_DAYS:
        raise InvalidInputError(field="days")


def _check_fee(terms: Terms, kind: str) -> None:
    if terms.fee_fen < 0 or not 0 <= terms.fee_days <= LONGEST_DAYS:
        raise InvalidInputError(field="fee_fen")
    if kind == REPLACEMENT and terms.fee_fen:
        raise InvalidInputError(field="fee_fen")


def _check_deposit(terms: Terms, kind: str) -> None:
    if terms.deposit_fen < 0 or (terms.deposit_fen and kind != CONTRACT):
        raise InvalidInputError(field="deposit_fen")
    if terms.deposit_fen * 100 > terms.total_fen() * DEPOSIT_PERCENT:
        raise DepositTooLargeError
    notices = [tier["days_before"] for tier in terms.deposit_back]
    parts = [tier["back_bp"] for tier in terms.deposit_back]
    falling = notices == sorted(set(notices), reverse=True)
    falling = falling and parts == sorted(parts, reverse=True)
    if not falling or any(notice < 0 for notice in notices):
        raise InvalidInputError(field="deposit_back")
    if any(not 0 <= part <= _WHOLE_BP for part in parts):
        raise InvalidInputError(field="deposit_back")


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as malformed:
        raise InvalidInputError(field=name) from malformed
