"""Quotes (报价): one price with the reason of every fen in it.

A pure function of the customer's wishes, the price book and the instant of
asking: preview, booking, finance and audit all call it, and an order names the
version it was priced with, so the same quote is computed again years later.
Lines stand in a fixed order (base, minimum, options, holiday, night, remote,
urgent), each rounded once, half up; lines that charge nothing are left out.
Night and holiday cost the share of the *booked window* that lies in them, so
a visit from 19:00 to 21:00 pays the night rate for half of its labour. The window
is therefore to be as long as the work, see `effort`: a longer one would dilute
or inflate the share. The trade's rates and hours: catalogue sheet, d1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

from domain.catalogue.holidays import statutory_holiday
from domain.catalogue.price_book import PriceBook, Surcharges, price_book_at
from domain.catalogue.services import Choice, Effort, Option, Service, service
from domain.errors import InvalidInputError
from domain.money import Fen, divide_half_up, plain_yuan
from domain.time import SHANGHAI, Interval, require_aware

_BASIS: Final = 10_000
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_DISTRICT: Final = re.compile(r"[0-9]{6}", re.ASCII)

Choices: TypeAlias = tuple[tuple[Option, Choice], ...]


class InvalidWindowError(InvalidInputError):
    """A window is not in whole minutes, too long, or not in the future."""

    code = "invalid_window"
    sentence = "预约时段不正确：{rule}。"


class InvalidDistrictError(InvalidInputError):
    """A district is no code of GB/T 2260."""

    code = "invalid_district"
    sentence = "区县代码不正确：须为六位数字。"


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One charge: `amount_fen` because of `reason`, a Chinese sentence.

    `quantity` is in base units named by `unit` (minute, tenth_sqm) while
    `unit_price_fen` is per price unit (hour, ㎡); surcharges are 1 `order`.
    """

    code: str
    reason: str
    quantity: int
    unit: str
    unit_price_fen: Fen
    amount_fen: Fen

    def as_dict(self) -> dict[str, str | int]:
        """The line as it is stored in the order's Booked event."""
        return {
            "code": self.code,
            "reason": self.reason,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price_fen": self.unit_price_fen,
            "amount_fen": self.amount_fen,
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """What the order costs and why, how long it takes and how many come.

    `notes` are Chinese sentences about what the price could not consider.
    """

    service_code: str
    price_book_version: int
    tax_class: str
    lines: tuple[QuoteLine, ...]
    total_fen: Fen
    duration_minutes: int
    crew: int
    notes: tuple[str, ...] = ()


def quote(  # noqa: PLR0913 - the wishes of a booking form, each with its own check
    service_code: str,
    quantity: int,
    options: Mapping[str, str],
    *,
    window_start: datetime,
    window_end: datetime,
    district: str,
    at: datetime,
    book: PriceBook | None = None,
) -> Quote:
    """The price of a booking; equal inputs and an equal book give an equal quote.

    Args:
        service_code: A leaf of the catalogue, `BJ-01`.
        quantity: In base units of the service: minutes, tenths of ㎡.
        options: Choice by option code, `{"sides": "both"}`.
        window_start: The start of the booked window, aware, whole minutes.
        window_end: Its end, at most 24 hours later.
        district: The six-digit code of the address.
        at: The instant of asking, aware.
        book: The price book, by default the one in force at `at`.

    Raises:
        NotFoundError: The service, or its price, does not exist.
        InvalidInputError: Another input is malformed or outside its limits.
    """
    book = book or price_book_at(at)
    sold = service(service_code)
    window = _checked_window(window_start, window_end, at)
    labour = tuple(_labour(sold, sold.check_quantity(quantity), sold.choose(options), book))
    lines = (
        *labour,
        *_timed(sold, sum(line.amount_fen for line in labour), window, book.surcharges),
        *_remote(district, book.surcharges),
        *_urgent(window, at, book.surcharges),
    )
    needed = effort(service_code, quantity, options)
    return Quote(
        service_code=service_code,
        price_book_version=book.version,
        tax_class=sold.tax_class,
        lines=lines,
        total_fen=sum(line.amount_fen for line in lines),
        duration_minutes=needed.duration_minutes,
        crew=needed.crew,
        notes=tuple(_notes(window, book.surcharges)),
    )


def effort(service_code: str, quantity: int, options: Mapping[str, str]) -> Effort:
    """How long the visit takes and how many people come, before a window is chosen.

    Raises:
        NotFoundError: The service does not exist.
        InvalidInputError: The quantity or an option is refused.
    """
    sold = service(service_code)
    charged = sold.charged(sold.check_quantity(quantity))
    choices = frozenset((option.code, choice.code) for option, choice in sold.choose(options))
    return sold.workload.effort(charged, choices)


def _checked_window(starts_at: datetime, ends_at: datetime, at: datetime) -> Interval:
    window = Interval(starts_at, ends_at)
    if any(end.second or end.microsecond for end in (window.starts_at, window.ends_at)):
        raise InvalidWindowError(field="window_start", rule="时间须精确到分钟")
    if window.ends_at - window.starts_at > _DAY:
        raise InvalidWindowError(field="window_end", rule="时段不能超过 24 小时")
    if window.starts_at <= require_aware(at):
        raise InvalidWindowError(field="window_start", rule="开始时间必须晚于现在")
    return window


def _labour(sold: Service, quantity: int, choices: Choices, book: PriceBook) -> Iterator[QuoteLine]:
    price = book.price(sold.code)
    base = _amount(sold, quantity, price)
    per_unit = f"每{sold.unit.price_unit}"
    reason = f"{sold.name} {sold.unit.describe(quantity)}，{per_unit} {plain_yuan(price)} 元。"
    yield QuoteLine("base", reason, quantity, sold.unit.code, price, base)
    charged = sold.charged(quantity)
    if charged > quantity:
        least = sold.unit.describe(charged)
        reason = f"不足 {least}按 {least}计，补 {sold.unit.describe(charged - quantity)}。"
        missing = _amount(sold, charged, price) - base
        yield QuoteLine("minimum", reason, charged - quantity, sold.unit.code, price, missing)
    for option, choice in choices:
        extra = book.option_price(sold.code, option.code, choice.code)
        reason = f"{option.name}：{choice.name}，{per_unit}加 {plain_yuan(extra)} 元。"
        amount = _amount(sold, charged, extra)
        if amount:
            yield QuoteLine("options", reason, charged, sold.unit.code, extra, amount)


def _amount(sold: Service, quantity: int, unit_price_fen: Fen) -> Fen:
    return divide_half_up(quantity * unit_price_fen, sold.unit.per_price_unit)


def _timed(
    sold: Service, labour_fen: Fen, window: Interval, rules: Surcharges
) -> Iterator[QuoteLine]:
    if sold.kind.code in rules.labour_kinds:
        yield from _holiday(labour_fen, window, rules)
        yield from _night(labour_fen, window, rules)


def _holiday(labour_fen: Fen, window: Interval, rules: Surcharges) -> Iterator[QuoteLine]:
    days = _holidays(window, rules)
    share = _Share(sum(_minutes_of(window, _day(day)) for day in days), _minutes_of(window, window))
    names = "、".join(dict.fromkeys(days.values()))
    reason = f"法定节假日（{names}）{share.describe(rules.holiday_basis_points)}"
    yield from _per_order("holiday", reason, share.of(labour_fen, rules.holiday_basis_points))


def _night(labour_fen: Fen, window: Interval, rules: Surcharges) -> Iterator[QuoteLine]:
    minutes = sum(_minutes_of(window, night) for night in _nights(window, rules))
    share = _Share(minutes, _minutes_of(window, window))
    hours = f"{rules.night_from:%H:%M}–{rules.night_until:%H:%M}"
    reason = f"夜间（{hours}）{share.describe(rules.night_basis_points)}"
    yield from _per_order("night", reason, share.of(labour_fen, rules.night_basis_points))


@dataclass(frozen=True, slots=True)
class _Share:
    minutes: int
    whole: int

    def of(self, labour_fen: Fen, basis_points: int) -> Fen:
        return divide_half_up(labour_fen * basis_points * self.minutes, _BASIS * self.whole)

    def describe(self, basis_points: int) -> str:
        rate = f"{basis_points // 100}%"
        return f"占预约时段 {self.minutes}/{self.whole} 分钟，该部分人工费加收 {rate}。"


def _per_order(code: str, reason: str, amount_fen: Fen) -> Iterator[QuoteLine]:
    if amount_fen:
        yield QuoteLine(code, reason, 1, "order", amount_fen, amount_fen)


def _remote(district: str, rules: Surcharges) -> Iterator[QuoteLine]:
    if not _DISTRICT.fullmatch(district):
        raise InvalidDistrictError(field="district")
    name = rules.remote_districts.get(district)
    if name:
        reason = f"远郊上门（{name}），每单车马费 {plain_yuan(rules.remote_fen)} 元。"
        yield from _per_order("remote", reason, rules.remote_fen)


def _urgent(window: Interval, at: datetime, rules: Surcharges) -> Iterator[QuoteLine]:
    if window.starts_at - require_aware(at) < rules.urgent_before:
        hours = rules.urgent_before // timedelta(hours=1)
        reason = f"距开始不足 {hours} 小时，每单加急费 {plain_yuan(rules.urgent_fen)} 元。"
        yield from _per_order("urgent", reason, rules.urgent_fen)


def _notes(window: Interval, rules: Surcharges) -> Iterator[str]:
    for year in sorted({day.year for day in _days(window)} - rules.holiday_years):
        yield f"尚未录入 {year} 年的法定节假日，本报价不含该年的节假日加价。"


def _holidays(window: Interval, rules: Surcharges) -> dict[date, str]:
    known = (day for day in _days(window) if day.year in rules.holiday_years)
    return {day: statutory_holiday(day) for day in known if statutory_holiday(day)}


def _days(window: Interval) -> tuple[date, ...]:
    first = window.starts_at.astimezone(SHANGHAI).date()
    return tuple(day for day in (first, first + _DAY) if window.overlaps(_day(day)))


def _nights(window: Interval, rules: Surcharges) -> Iterator[Interval]:
    first = window.starts_at.astimezone(SHANGHAI).date() - _DAY
    for evening in (first, first + _DAY, first + 2 * _DAY):
        yield Interval(
            datetime.combine(evening, rules.night_from, SHANGHAI),
            datetime.combine(evening + _DAY, rules.night_until, SHANGHAI),
        )


def _day(day: date) -> Interval:
    midnight = time()
    return Interval(
        datetime.combine(day, midnight, SHANGHAI), datetime.combine(day + _DAY, midnight, SHANGHAI)
    )


def _minutes_of(window: Interval, other: Interval) -> int:
    return window.shared_with(other) // _MINUTE
