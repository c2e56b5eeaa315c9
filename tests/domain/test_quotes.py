from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.price_book import Addition
from domain.catalogue.quote_lines import percent
from domain.catalogue.quotes import MOST_WINDOWS, effort, quote
from domain.catalogue.seed import PRICE_BOOK, TARIFF
from domain.catalogue.tariff import Tariff
from domain.errors import InvalidInputError, NotFoundError
from domain.time import EmptyIntervalError, Interval, NaiveTimeError
from tests.domain.wishing import (
    ASKED,
    AT_SEPTEMBER,
    MORNING,
    REMOTE,
    amounts,
    asked,
    priced_items,
    quantity_of,
    shanghai,
    visits,
    wish,
)


def lasting(code: str, quantity: int, options: dict[str, str]) -> int:
    sold = TARIFF.service(code)
    return effort(sold, quantity=quantity, items={}, options=options).duration_minutes


def test_three_hours_of_daily_cleaning_cost_150_yuan() -> None:
    priced = asked(quantity=180)
    assert amounts(priced) == {"base": 15_000}
    assert (priced.total_fen, priced.duration_minutes, priced.crew) == (15_000, 180, 1)
    assert (priced.catalogue_revision, priced.price_book_version) == (0, 1)
    assert priced.tax_class == "small1"


def test_a_line_is_stored_as_plain_data_with_its_reason() -> None:
    (line,) = asked(quantity=150).lines
    assert line.as_dict() == {
        "code": "base",
        "reason": "日常保洁 2.5 小时，每小时 50.00 元。",
        "quantity": 150,
        "unit": "minute",
        "unit_price_fen": 5000,
        "amount_fen": 12_500,
    }


def test_a_small_new_home_is_charged_for_sixty_square_metres() -> None:
    assert amounts(asked("BJ-02", 455)) == {"base": 36_400, "minimum": 11_600}
    assert asked("BJ-02", 455).total_fen == asked("BJ-02", 600).total_fen == 48_000


def test_both_sides_of_a_window_cost_12_yuan_a_square_metre() -> None:
    assert asked("BJ-03", 200, {"sides": "inner"}).total_fen == 16_000
    assert asked("BJ-03", 200, {"sides": "both"}).total_fen == 24_000
    assert asked("BJ-03", 35, {"sides": "both"}).total_fen == 12_000


def test_both_sides_take_twice_as_long_as_one() -> None:
    assert lasting("BJ-03", 200, {"sides": "inner"}) == 120
    assert lasting("BJ-03", 200, {"sides": "both"}) == 240


def test_a_larger_new_home_gets_a_larger_crew() -> None:
    sold = TARIFF.service("BJ-02")
    crews = [
        effort(sold, quantity=sqm * 10, items={}, options={}).crew
        for sqm in (30, 120, 121, 180, 181, 500)
    ]
    assert crews == [2, 2, 3, 3, 4, 4]


@given(st.sampled_from(["BJ-01", "BJ-02"]), st.data())
def test_a_visit_lasts_whole_half_hours_and_long_enough(code: str, data: st.DataObject) -> None:
    sold = TARIFF.service(code)
    quantity = data.draw(quantity_of(sold))
    needed = effort(sold, quantity=quantity, items={}, options={})
    assert needed.duration_minutes % 30 == 0
    assert needed.duration_minutes * needed.crew * sold.workload.pace >= quantity * 60


def test_a_statutory_holiday_doubles_the_labour() -> None:
    priced = asked(window=(shanghai(1, 9, month=10), shanghai(1, 11, month=10)), at=AT_SEPTEMBER)
    assert amounts(priced) == {"base": 10_000, "holiday": 10_000}
    assert "国庆节" in priced.lines[1].reason


def test_a_day_off_that_is_not_statutory_costs_nothing_more() -> None:
    priced = asked(window=(shanghai(4, 9, month=10), shanghai(4, 11, month=10)), at=AT_SEPTEMBER)
    assert amounts(priced) == {"base": 10_000}


def test_a_holiday_begins_and_ends_at_midnight_in_shanghai() -> None:
    before = (shanghai(30, 22, month=9), shanghai(1, 0, month=10))
    across = (shanghai(30, 22, 1, month=9), shanghai(1, 0, 1, month=10))
    last = (shanghai(3, 23, month=10), shanghai(4, 1, month=10))
    assert "holiday" not in amounts(asked(window=before, at=AT_SEPTEMBER))
    assert amounts(asked(window=across, at=AT_SEPTEMBER))["holiday"] == 83
    assert amounts(asked(window=last, at=AT_SEPTEMBER))["holiday"] == 5_000


@pytest.mark.parametrize(
    ("start", "end", "night_fen"),
    [
        (shanghai(23, 18), shanghai(23, 20), 0),
        (shanghai(23, 18, 1), shanghai(23, 20, 1), 25),
        (shanghai(23, 19), shanghai(23, 21), 1_500),
        (shanghai(23, 20), shanghai(23, 22), 3_000),
        (shanghai(23, 6), shanghai(23, 8), 3_000),
        (shanghai(23, 7, 59), shanghai(23, 9, 59), 25),
        (shanghai(23, 8), shanghai(23, 10), 0),
        (shanghai(23, 23), shanghai(24, 1), 3_000),
        (shanghai(23, 23), shanghai(24, 22), 1_435),
    ],
)
def test_night_lasts_from_eight_to_eight_in_shanghai(
    start: datetime, end: datetime, night_fen: int
) -> None:
    assert amounts(asked(window=(start, end))).get("night", 0) == night_fen


@given(st.integers(0, 60 * 24 * 20), st.integers(1, 60 * 24))
def test_night_minutes_are_those_a_clock_on_the_wall_shows(offset: int, length: int) -> None:
    start = shanghai(25, 0, month=9) + timedelta(minutes=offset)
    minutes = [start + timedelta(minutes=each) for each in range(length)]
    dark = sum(1 for minute in minutes if not 8 <= minute.hour < 20)
    priced = asked(window=(start, start + timedelta(minutes=length)), at=AT_SEPTEMBER)
    expected = (2 * 10_000 * 3_000 * dark + 10_000 * length) // (2 * 10_000 * length)
    assert amounts(priced).get("night", 0) == expected


def test_a_remote_district_costs_20_yuan_a_visit() -> None:
    assert amounts(asked(district=REMOTE))["remote"] == 2_000


def test_a_start_in_less_than_four_hours_is_urgent() -> None:
    start = MORNING[0]
    assert "urgent" not in amounts(asked(at=start - timedelta(hours=4)))
    hurried = asked(at=start - timedelta(hours=4) + timedelta(seconds=1))
    assert amounts(hurried)["urgent"] == 2_000


def test_a_service_that_is_no_labour_knows_no_night() -> None:
    rules = replace(PRICE_BOOK.surcharges, labour_lines=frozenset())
    tariff = replace(TARIFF, book=replace(PRICE_BOOK, surcharges=rules))
    night = (shanghai(23, 20), shanghai(23, 22))
    assert amounts(asked(window=night, tariff=tariff)) == {"base": 10_000}


def test_a_year_whose_holidays_are_unknown_is_said_to_be_so() -> None:
    window = (shanghai(1, 9, month=1, year=2031), shanghai(1, 11, month=1, year=2031))
    priced = asked(window=window)
    assert amounts(priced) == {"base": 10_000}
    assert priced.notes == ("尚未录入 2031 年的法定节假日，本报价不含该年的节假日加价。",)
    assert asked().notes == ()


@pytest.mark.parametrize("quantity", [0, -30, 90, 125, 750, 10**30, 120.0, True, "120"])
def test_a_wrong_quantity_is_refused_by_name(quantity: Any) -> None:  # noqa: ANN401 - wrong types too
    with pytest.raises(InvalidInputError, match="数量") as refused:
        asked(quantity=quantity)
    assert refused.value.facts["field"] == "quantity"


@pytest.mark.parametrize(
    ("options", "field", "word"),
    [
        ({}, "options.sides", "擦洗面"),
        ({"sides": "outer"}, "options.sides", "内外双面"),
        ({"sides": "both", "colour": "red"}, "options.colour", "colour"),
        ({"sides": "both", "height": "high"}, "options.height", "高空"),
    ],
)
def test_a_wrong_option_is_refused_by_name(options: dict[str, str], field: str, word: str) -> None:
    with pytest.raises(InvalidInputError, match=word) as refused:
        asked("BJ-03", 200, options)
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize("district", ["", "11010", "北京市朝阳区", "1101050", "１１０１０５"])
def test_a_wrong_district_is_refused(district: str) -> None:
    with pytest.raises(InvalidInputError, match="区县"):
        asked(district=district)


@pytest.mark.parametrize(
    ("window", "kind"),
    [
        ((MORNING[1], MORNING[0]), EmptyIntervalError),
        ((MORNING[0].replace(tzinfo=None), MORNING[1]), NaiveTimeError),
        ((MORNING[0], MORNING[0] + timedelta(hours=24, minutes=1)), InvalidInputError),
        ((MORNING[0] + timedelta(seconds=1), MORNING[1]), InvalidInputError),
        ((ASKED, ASKED + timedelta(hours=2)), InvalidInputError),
    ],
)
def test_a_wrong_window_is_refused(
    window: tuple[datetime, datetime], kind: type[InvalidInputError]
) -> None:
    with pytest.raises(kind, match="时"):
        asked(window=window)


def test_an_unknown_service_has_no_quote() -> None:
    with pytest.raises(NotFoundError):
        asked("BJ-99")


# -- sold by item


@pytest.mark.requirement("R03")
def test_clothes_have_a_line_for_each_type_and_one_for_silk() -> None:
    priced = priced_items("GX-01", shirt=2, shirt__silk=3, coat=1)
    told = [(line.code, line.item, line.quantity, line.amount_fen) for line in priced.lines]
    assert told == [
        ("base", "shirt", 2, 3_000),
        ("base", "shirt.silk", 3, 4_500),
        ("base", "coat", 1, 5_500),
        ("options", "shirt.silk", 1, 2_250),
    ]
    assert priced.lines[1].as_dict()["item"] == "shirt.silk"


def test_suede_shoes_cost_20_yuan_more_a_pair() -> None:
    assert amounts(priced_items("GX-02", boots__suede=2)) == {"base": 13_000, "options": 4_000}


def test_curtains_are_sold_by_the_metre_and_carpets_by_the_square_metre() -> None:
    priced = priced_items("GX-03", curtain=65, carpet=123)
    assert [line.amount_fen for line in priced.lines] == [11_700, 24_600]


def test_fetching_costs_15_yuan_below_99() -> None:
    assert amounts(priced_items("GX-01", shirt=6))["delivery"] == 1_500
    assert "delivery" not in amounts(priced_items("GX-01", shirt=3, coat=1))
    just = replace(PRICE_BOOK.delivery, free_from_fen=9_000)
    tariff = replace(TARIFF, book=replace(PRICE_BOOK, delivery=just))
    assert "delivery" not in amounts(asked("GX-01", 0, items={"shirt": 6}, tariff=tariff))


@pytest.mark.requirement("R06")
def test_an_outdoor_unit_costs_80_yuan_more_and_takes_20_minutes() -> None:
    priced = priced_items("JD-03", wall=1, wall__outdoor=2)
    assert amounts(priced) == {"base": 29_700, "options": 16_000}
    assert priced.duration_minutes == 180


def test_waxing_costs_at_least_200_yuan() -> None:
    assert amounts(priced_items("YH-01", solid_wood=200)) == {"base": 12_000, "minimum": 8_000}
    assert amounts(priced_items("YH-01", stone=200)) == {"base": 24_000}


def test_a_set_of_mattresses_and_sofa_has_a_price_of_its_own() -> None:
    assert priced_items("YH-03", package=1).total_fen == 23_800


def test_a_crystal_lamp_has_one_price_by_its_diameter() -> None:
    prices = PRICE_BOOK.prices["YH-04"]
    crystal = [fen for name, fen in prices.items() if name.startswith("crystal")]
    assert crystal == sorted(crystal)
    assert (crystal[0], crystal[-1]) == (15_000, 60_000)


def test_a_day_of_a_maternity_nurse_is_a_26th_of_the_month() -> None:
    assert priced_items("YS-01", gold=26).total_fen == 1_380_000
    assert priced_items("YS-01", gold=1).total_fen == 53_077
    assert amounts(priced_items("YS-01", gold__twins=26))["options"] == 276_000


def test_a_special_ward_is_estimated_as_a_plain_one_and_says_so() -> None:
    priced = asked("HG-01", 0, {"ward": "special"}, items={"one_to_one": 3})
    assert priced.total_fen == 78_000
    assert "另议" in priced.notes[0]


def test_who_makes_a_reservation_need_not_say_how_much() -> None:
    for code in ("WX-01", "YS-01", "BM-01", "LR-01", "HG-01"):
        needed = effort(TARIFF.service(code), quantity=0, items={}, options={})
        assert (needed.duration_minutes, needed.crew) == (60, 1)


def test_whatever_is_bought_online_says_how_much() -> None:
    with pytest.raises(InvalidInputError):
        effort(TARIFF.service("GX-01"), quantity=0, items={}, options={})


def test_care_may_last_for_weeks_and_pays_neither_night_nor_way() -> None:
    weeks = (shanghai(24, 9), shanghai(24, 9) + timedelta(days=26))
    priced = asked("YS-01", 0, None, weeks, items={"gold": 26}, district=REMOTE)
    assert amounts(priced) == {"base": 1_380_000}
    with pytest.raises(InvalidInputError, match="24 小时"):
        asked(window=weeks)


def test_fetching_and_bringing_back_are_two_ways() -> None:
    windows = visits(shanghai(23, 9), 2)
    fetched = quote(
        wish("GX-01", 0, None, *windows, items={"coat": 2}, district=REMOTE), TARIFF, ASKED
    )
    assert amounts(fetched) == {"base": 11_000, "remote": 4_000}


@pytest.mark.parametrize("count", [0, MOST_WINDOWS + 1])
def test_a_wish_without_windows_or_with_far_too_many_is_refused(count: int) -> None:
    asking = replace(wish("XS-02", 120), windows=(Interval(*MORNING),) * count)
    with pytest.raises(InvalidInputError, match="时段"):
        quote(asking, TARIFF, ASKED)


def adding(service_code: str, name: str, addition: Addition) -> Tariff:
    book = replace(PRICE_BOOK, additions={service_code: {name: addition}})
    return replace(TARIFF, book=book)


def test_an_option_may_add_a_share_of_the_base_and_its_minimum() -> None:
    tariff = adding("BJ-03", "sides.both", Addition(basis_points=2_500))
    priced = asked("BJ-03", 35, {"sides": "both"}, tariff=tariff)
    assert amounts(priced) == {"base": 2_800, "minimum": 5_200, "options": 2_000}
    assert priced.lines[2].reason == "擦洗面：内外双面，加 25%。"


def test_an_option_of_a_service_sold_by_item_adds_a_share_of_all_items() -> None:
    tariff = adding("HG-01", "ward.special", Addition(basis_points=5_000))
    priced = asked("HG-01", 0, {"ward": "special"}, items={"one_to_one": 3}, tariff=tariff)
    assert amounts(priced) == {"base": 78_000, "options": 39_000}


def test_an_extra_may_add_a_share_and_an_amount() -> None:
    tariff = adding("GX-02", "boots.suede", Addition(fen=500, basis_points=1_000))
    priced = asked("GX-02", 0, items={"boots.suede": 2}, tariff=tariff)
    told = [line.amount_fen for line in priced.lines if line.code == "options"]
    assert told == [1_300, 1_000]


def test_an_addition_that_adds_nothing_has_no_line() -> None:
    tariff = adding("BJ-03", "sides.both", Addition())
    assert amounts(asked("BJ-03", 200, {"sides": "both"}, tariff=tariff)) == {"base": 16_000}


@pytest.mark.parametrize(
    ("basis_points", "told"),
    [(10_000, "100%"), (3_000, "30%"), (2_050, "20.5%"), (1_005, "10.05%"), (5, "0.05%")],
)
def test_a_rate_is_told_as_people_say_it(basis_points: int, told: str) -> None:
    assert percent(basis_points) == told
