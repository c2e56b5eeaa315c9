"""Public holidays of the mainland (法定节假日), one data table per year.

Two different things share the word: *statutory* days (国务院《全国年节及纪念日放假办法》,
revision of 2024-11-10, article 2: 元旦 1, 春节 4, 清明 1, 劳动节 2, 端午 1, 中秋 1, 国庆 3 days)
for which labour costs more, and the days off with their make-up work days
(调休) which the State Council announces for each year. Sources: statutory days from
the decree, lunar days computed; days off and make-up days of 2026 from the notice of
the General Office of the State Council of 2025-11-04 (关于2026年部分节假日安排的通知).
The first price book took its statutory days from here, so they are never edited;
later books carry their own. Days off are added when the notice of a year
appears, usually in November; for 2027 none was known, so that year has
statutory days only and its working days are unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from domain.errors import RuleViolationError

_SATURDAY: Final = 5


class UnknownWorkingDaysError(RuleViolationError):
    """No notice of days off is on file for the year."""

    code = "unknown_working_days"
    sentence = "尚未录入 {year} 年的放假调休安排，无法判断工作日。"


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """The holidays of one year; `notice` is empty until the notice is on file."""

    statutory: Mapping[date, str]
    notice: str = ""
    days_off: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()


def _statutory(*named_days: tuple[str, date, int]) -> Mapping[date, str]:
    return MappingProxyType(
        {
            first + timedelta(days=offset): name
            for name, first, count in named_days
            for offset in range(count)
        }
    )


def _days(*spans: tuple[date, int]) -> frozenset[date]:
    return frozenset(
        first + timedelta(days=offset) for first, count in spans for offset in range(count)
    )


HOLIDAY_YEARS: Final[Mapping[int, HolidayYear]] = MappingProxyType(
    {
        2026: HolidayYear(
            statutory=_statutory(
                ("元旦", date(2026, 1, 1), 1),
                ("春节", date(2026, 2, 16), 4),
                ("清明节", date(2026, 4, 5), 1),
                ("劳动节", date(2026, 5, 1), 2),
                ("端午节", date(2026, 6, 19), 1),
                ("中秋节", date(2026, 9, 25), 1),
                ("国庆节", date(2026, 10, 1), 3),
            ),
            notice="国务院办公厅关于2026年部分节假日安排的通知（2025年11月4日）",
            days_off=_days(
                (date(2026, 1, 1), 3),
                (date(2026, 2, 15), 9),
                (date(2026, 4, 4), 3),
                (date(2026, 5, 1), 5),
                (date(2026, 6, 19), 3),
                (date(2026, 9, 25), 3),
                (date(2026, 10, 1), 7),
            ),
            make_up_days=_days(
                (date(2026, 1, 4), 1),
                (date(2026, 2, 14), 1),
                (date(2026, 2, 28), 1),
                (date(2026, 5, 9), 1),
                (date(2026, 9, 20), 1),
                (date(2026, 10, 10), 1),
            ),
        ),
        2027: HolidayYear(
            statutory=_statutory(
                ("元旦", date(2027, 1, 1), 1),
                ("春节", date(2027, 2, 5), 4),
                ("清明节", date(2027, 4, 5), 1),
                ("劳动节", date(2027, 5, 1), 2),
                ("端午节", date(2027, 6, 9), 1),
                ("中秋节", date(2027, 9, 15), 1),
                ("国庆节", date(2027, 10, 1), 3),
            ),
        ),
    }
)


def statutory_holiday(day: date) -> str:
    """The name of the statutory holiday, empty on any other or unknown day."""
    year = HOLIDAY_YEARS.get(day.year)
    return year.statutory.get(day, "") if year else ""


def is_working_day(day: date) -> bool:
    """Whether offices work: weekends and days off excluded, make-up days included.

    Raises:
        UnknownWorkingDaysError: The notice for the year is not on file.
    """
    year = HOLIDAY_YEARS.get(day.year)
    if year is None or not year.notice:
        raise UnknownWorkingDaysError(year=day.year)
    if day in year.make_up_days:
        return True
    return day.weekday() < _SATURDAY and day not in year.days_off
