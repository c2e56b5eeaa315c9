from datetime import date

import pytest

from domain.catalogue.holidays import (
    HOLIDAY_YEARS,
    UnknownWorkingDaysError,
    is_working_day,
    statutory_holiday,
)


@pytest.mark.parametrize("year", sorted(HOLIDAY_YEARS))
def test_a_year_has_the_thirteen_statutory_days_of_the_decree(year: int) -> None:
    counts: dict[str, int] = {}
    for day, name in HOLIDAY_YEARS[year].statutory.items():
        assert day.year == year
        counts[name] = counts.get(name, 0) + 1
    assert counts == {
        "元旦": 1,
        "春节": 4,
        "清明节": 1,
        "劳动节": 2,
        "端午节": 1,
        "中秋节": 1,
        "国庆节": 3,
    }


@pytest.mark.parametrize("year", sorted(HOLIDAY_YEARS))
def test_days_off_and_make_up_days_agree_with_the_weekends(year: int) -> None:
    table = HOLIDAY_YEARS[year]
    assert all(day.weekday() >= 5 for day in table.make_up_days)
    assert not table.days_off & table.make_up_days
    if table.notice:
        assert set(table.statutory) <= table.days_off


def test_the_notice_of_2026_moves_as_many_days_as_it_makes_up() -> None:
    table = HOLIDAY_YEARS[2026]
    free_weekdays = {day for day in table.days_off if day.weekday() < 5}
    statutory_weekends = {day for day in table.statutory if day.weekday() >= 5}
    # A statutory day on a weekend gives one weekday off without making it up.
    statutory_weekdays = set(table.statutory) - statutory_weekends
    moved = len(free_weekdays) - len(statutory_weekdays) - len(statutory_weekends)
    assert moved == len(table.make_up_days)


def test_a_day_off_is_no_statutory_holiday() -> None:
    assert statutory_holiday(date(2026, 10, 3)) == "国庆节"
    assert statutory_holiday(date(2026, 10, 4)) == ""
    assert statutory_holiday(date(2031, 10, 1)) == ""


def test_make_up_days_are_worked_and_days_off_are_not() -> None:
    assert is_working_day(date(2026, 10, 10))
    assert not is_working_day(date(2026, 10, 7))
    assert is_working_day(date(2026, 11, 23))
    assert not is_working_day(date(2026, 11, 22))


@pytest.mark.parametrize("day", [date(2027, 3, 1), date(2031, 3, 3)])
def test_working_days_are_unknown_until_the_notice_is_on_file(day: date) -> None:
    with pytest.raises(UnknownWorkingDaysError, match=str(day.year)):
        is_working_day(day)
