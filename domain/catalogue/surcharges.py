"""Surcharges (加价): holiday and night by share of the windows, distance and haste by visit.

Night and holiday cost the share of *all* windows together that lies in them, so a
visit from 19:00 to 21:00 pays the night rate for half of its labour, and a plan
with one of four visits on a holiday for a quarter. Each on the labour price;
they add and do not compound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from domain.catalogue.price_book import Surcharges
from domain.catalogue.quote_lines import BASIS, QuoteLine, once, percent
from domain.catalogue.services import Service
from domain.money import Fen, divide_half_up, plain_yuan
from domain.time import SHANGHAI, Interval, require_aware, shanghai_day

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)

Windows = Sequence[Interval]


def surcharge_lines(  # noqa: PLR0913, PLR0917 - everything that surcharges depend on
    sold: Service, labour_fen: Fen, windows: Windows, district: str, at: datetime, rules: Surcharges
) -> Iterator[QuoteLine]:
    """Holiday, night, remote and urgent lines, in this order."""
    if sold.line in rules.labour_lines:
        yield from _holiday(labour_fen, windows, rules)
        yield from _night(labour_fen, windows, rules)
    if sold.line in rules.visit_lines:
        yield from _remote(district, len(windows), rules)
        yield from _urgent(windows[0], at, rules)


def unknown_years(sold: Service, windows: Windows, rules: Surcharges) -> Iterator[str]:
    """A sentence for each year whose holidays the price does not know but would charge."""
    if sold.line in rules.labour_lines:
        years = {day.year for window in windows for day in _days(window)}
        for year in sorted(years - set(rules.holidays)):
            yield f"尚未录入 {year} 年的法定节假日，本报价不含该年的节假日加价。"


def _holiday(labour_fen: Fen, windows: Windows, rules: Surcharges) -> Iterator[QuoteLine]:
    found = [
        (name, _minutes_of(window, _day(day)))
        for window in windows
        for day, name in _holidays(window, rules)
    ]
    share = _Share(sum(minutes for _, minutes in found), _whole(windows))
    names = "、".join(dict.fromkeys(name for name, _ in found))
    reason = f"法定节假日（{names}）{share.describe(rules.holiday_basis_points)}"
    yield from once("holiday", reason, share.of(labour_fen, rules.holiday_basis_points))


def _night(labour_fen: Fen, windows: Windows, rules: Surcharges) -> Iterator[QuoteLine]:
    dark = sum(_minutes_of(window, night) for window in windows for night in _nights(window, rules))
    share = _Share(dark, _whole(windows))
    hours = f"{rules.night_from:%H:%M}–{rules.night_until:%H:%M}"
    reason = f"夜间（{hours}）{share.describe(rules.night_basis_points)}"
    yield from once("night", reason, share.of(labour_fen, rules.night_basis_points))


@dataclass(frozen=True, slots=True)
class _Share:
    minutes: int
    whole: int

    def of(self, labour_fen: Fen, basis_points: int) -> Fen:
        return divide_half_up(labour_fen * basis_points * self.minutes, BASIS * self.whole)

    def describe(self, basis_points: int) -> str:
        rate = percent(basis_points)
        return f"占预约时段 {self.minutes}/{self.whole} 分钟，该部分人工费加收 {rate}。"


def _remote(district: str, visits: int, rules: Surcharges) -> Iterator[QuoteLine]:
    name = rules.remote_districts.get(district)
    if name:
        told = f"远郊上门（{name}）{visits} 次"
        reason = f"{told}，每次车马费 {plain_yuan(rules.remote_fen)} 元。"
        yield from once("remote", reason, rules.remote_fen * visits)


def _urgent(first: Interval, at: datetime, rules: Surcharges) -> Iterator[QuoteLine]:
    if first.starts_at - require_aware(at) < rules.urgent_before:
        hours = rules.urgent_before // timedelta(hours=1)
        reason = f"距开始不足 {hours} 小时，每单加急费 {plain_yuan(rules.urgent_fen)} 元。"
        yield from once("urgent", reason, rules.urgent_fen)


def _holidays(window: Interval, rules: Surcharges) -> Iterator[tuple[date, str]]:
    for day in _days(window):
        name = rules.holidays.get(day.year, {}).get(day)
        if name:
            yield day, name


def _days(window: Interval) -> Iterator[date]:
    day = shanghai_day(window.starts_at)
    while window.overlaps(_day(day)):
        yield day
        day += _DAY


def _nights(window: Interval, rules: Surcharges) -> Iterator[Interval]:
    evening = shanghai_day(window.starts_at) - _DAY
    last = shanghai_day(window.ends_at)
    while evening <= last:
        yield Interval(
            datetime.combine(evening, rules.night_from, SHANGHAI),
            datetime.combine(evening + _DAY, rules.night_until, SHANGHAI),
        )
        evening += _DAY


def _day(day: date) -> Interval:
    midnight = time()
    return Interval(
        datetime.combine(day, midnight, SHANGHAI), datetime.combine(day + _DAY, midnight, SHANGHAI)
    )


def _whole(windows: Windows) -> int:
    return sum(_minutes_of(window, window) for window in windows)


def _minutes_of(window: Interval, other: Interval) -> int:
    return window.shared_with(other) // _MINUTE
