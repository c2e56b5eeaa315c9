from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.catalogue.holidays import (
    HOLIDAY_YEARS,
    UnknownWorkingDaysError,
    is_working_day,
    statutory_holiday,
)
from domain.catalogue.price_book import (
    PRICE_BOOKS,
    PriceBookNotFoundError,
    price_book,
    price_book_at,
)
from domain.catalogue.services import KINDS, SERVICES, service
from domain.errors import NotFoundError
from domain.ledger.tax import tax_class
from domain.time import SHANGHAI


def test_cleaning_has_its_three_leaves_paid_online() -> None:
    assert [(leaf.code, leaf.name) for leaf in SERVICES] == [
        ("BJ-01", "日常保洁"),
        ("BJ-02", "新居开荒"),
        ("BJ-03", "擦玻璃"),
    ]
    assert {leaf.payment_mode for leaf in SERVICES} == {"online"}


def test_every_leaf_belongs_to_a_kind_of_the_catalogue() -> None:
    assert {leaf.kind for leaf in SERVICES} == set(KINDS)


def test_a_leaf_says_where_it_stands_in_the_catalogue() -> None:
    assert service("BJ-01").path == ("保洁", "日常保洁")


def test_no_two_leaves_share_a_code() -> None:
    assert len({leaf.code for leaf in SERVICES}) == len(SERVICES)


def test_every_leaf_has_a_known_tax_class() -> None:
    for leaf in SERVICES:
        assert tax_class(leaf.tax_class).code == leaf.tax_class


def test_the_limits_of_every_leaf_lie_on_its_step() -> None:
    for leaf in SERVICES:
        assert leaf.minimum % leaf.step == leaf.maximum % leaf.step == 0
        assert 0 < leaf.minimum < leaf.maximum


def test_an_unknown_service_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="ZZ-99"):
        service("ZZ-99")


def test_every_paid_leaf_has_a_price_in_every_book() -> None:
    for book in PRICE_BOOKS:
        for leaf in SERVICES:
            assert book.price(leaf.code) > 0


def test_a_service_without_a_price_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="ZZ-99"):
        price_book(1).price("ZZ-99")


def test_price_book_one_holds_the_published_prices() -> None:
    book = price_book(1)
    assert dict(book.prices) == {"BJ-01": 5000, "BJ-02": 800, "BJ-03": 800}
    assert book.price("BJ-03") + book.option_price("BJ-03", "sides", "both") == 1200


def test_a_price_book_is_in_force_from_its_first_instant() -> None:
    first = min(PRICE_BOOKS, key=lambda book: book.effective_from)
    assert price_book_at(first.effective_from) == first
    with pytest.raises(PriceBookNotFoundError):
        price_book_at(first.effective_from - timedelta(microseconds=1))


def test_a_later_price_book_takes_over_at_its_first_instant() -> None:
    first = PRICE_BOOKS[0]
    later = first.effective_from + timedelta(days=400)
    books = (first, replace(first, version=2, effective_from=later))
    assert price_book_at(later, books).version == 2
    assert price_book_at(later - timedelta(microseconds=1), books).version == 1


def test_price_books_are_numbered_and_dated_in_one_order() -> None:
    by_version = sorted(PRICE_BOOKS, key=lambda book: book.version)
    by_date = sorted(PRICE_BOOKS, key=lambda book: book.effective_from)
    assert by_version == by_date
    assert len({book.effective_from for book in PRICE_BOOKS}) == len(PRICE_BOOKS)


def test_an_unknown_price_book_is_not_found() -> None:
    with pytest.raises(PriceBookNotFoundError):
        price_book(0)


def test_a_price_book_only_names_holiday_years_that_are_on_file() -> None:
    for book in PRICE_BOOKS:
        assert book.surcharges.holiday_years <= set(HOLIDAY_YEARS)


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


def test_midnight_in_shanghai_starts_the_first_price_book() -> None:
    assert price_book(1).effective_from == datetime(2026, 1, 1, tzinfo=SHANGHAI)
