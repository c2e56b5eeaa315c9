"""Prices of a period of visits: long-term hourly work."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.price_book import Tier
from domain.catalogue.quotes import Quote, quote
from domain.catalogue.seed import PRICE_BOOK, TARIFF
from tests.domain.wishing import ASKED, AT_SEPTEMBER, REMOTE, amounts, shanghai, visits, wish


def plan(
    count: int, *, first: datetime | None = None, minutes: int = 120, district: str = "110105"
) -> Quote:
    windows = visits(first or shanghai(23, 9), count)
    asking = wish("XS-02", minutes, None, *windows, district=district)
    return quote(asking, TARIFF, AT_SEPTEMBER if first else ASKED)


@pytest.mark.requirement("R04")
def test_four_visits_cost_four_times_one() -> None:
    assert plan(1).total_fen == 8_400
    assert amounts(plan(4)) == {"base": 33_600}
    assert plan(4).lines[0].reason == "长期小时工 4 次，每次 2 小时，每小时 42.00 元。"


def test_the_duration_of_a_plan_is_that_of_a_visit() -> None:
    assert plan(12, minutes=180).duration_minutes == 180


@pytest.mark.parametrize(
    ("count", "discount", "told"),
    [(9, 0, ""), (10, 420 * 10, "9.5 折"), (20, 672 * 20, "9.2 折"), (50, 1_008 * 50, "8.8 折")],
)
def test_the_more_visits_are_prepaid_the_less_one_costs(
    count: int, discount: int, told: str
) -> None:
    priced = plan(count)
    assert amounts(priced)["base"] == 8_400 * count
    assert amounts(priced).get("discount", 0) == -discount
    if told:
        assert told in priced.lines[1].reason


def test_one_visit_of_four_on_a_holiday_doubles_a_quarter() -> None:
    priced = plan(4, first=shanghai(27, 9, month=9))
    assert amounts(priced) == {"base": 33_600, "holiday": 16_800}
    assert "国庆节" in priced.lines[1].reason
    assert "240/480 分钟" in priced.lines[1].reason


def test_a_plan_in_the_evening_pays_for_every_night() -> None:
    assert amounts(plan(4, first=shanghai(8, 19)))["night"] == 33_600 * 30 // 100 // 2


def test_every_visit_to_a_remote_district_pays_the_way() -> None:
    assert amounts(plan(4, district=REMOTE))["remote"] == 8_000


def test_only_the_first_visit_can_be_urgent() -> None:
    soon = quote(wish("XS-02", 120, None, *visits(shanghai(20, 12), 4)), TARIFF, ASKED)
    later = quote(wish("XS-02", 120, None, *visits(shanghai(20, 14), 4)), TARIFF, ASKED)
    assert amounts(soon)["urgent"] == 2_000
    assert "urgent" not in amounts(later)


def test_a_plan_says_that_cards_are_not_sold_yet() -> None:
    assert "次卡" in plan(4).notes[0]


@given(st.integers(1, 60), st.integers(1, 10_000), st.integers(4, 16))
def test_a_discount_never_makes_a_plan_cheaper_than_nothing(
    count: int, basis_points: int, half_hours: int
) -> None:
    book = replace(PRICE_BOOK, discounts={"XS-02": (Tier(1, basis_points),)})
    asking = wish("XS-02", half_hours * 30, None, *visits(shanghai(23, 9), count, 8))
    priced = quote(asking, replace(TARIFF, book=book), ASKED)
    assert 0 <= priced.total_fen <= amounts(priced)["base"]
