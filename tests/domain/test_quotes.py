from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.price_book import PRICE_BOOKS, PriceBookNotFoundError, price_book
from domain.catalogue.quotes import Quote, effort, quote
from domain.catalogue.services import SERVICES, Service, service
from domain.errors import InvalidInputError, NotFoundError
from domain.time import SHANGHAI, EmptyIntervalError, NaiveTimeError

ASKED = datetime(2026, 11, 20, 2, tzinfo=UTC)
AT_SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)
ORDER_OF_LINES = ["base", "minimum", "options", "holiday", "night", "remote", "urgent"]
NEAR = "110105"
REMOTE = "110118"


def shanghai(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


MORNING = (shanghai(23, 9), shanghai(23, 11))


def asked(
    service_code: str = "BJ-01",
    quantity: int = 120,
    options: Mapping[str, str] | None = None,
    window: tuple[datetime, datetime] = MORNING,
    **changes: Any,  # noqa: ANN401 - forwards the remaining arguments of quote
) -> Quote:
    others: dict[str, Any] = {"district": NEAR, "at": ASKED} | changes
    start, end = window
    return quote(
        service_code, quantity, options or {}, window_start=start, window_end=end, **others
    )


def amounts(priced: Quote) -> dict[str, int]:
    return {line.code: line.amount_fen for line in priced.lines}


def test_three_hours_of_daily_cleaning_cost_150_yuan() -> None:
    priced = asked(quantity=180)
    assert amounts(priced) == {"base": 15_000}
    assert (priced.total_fen, priced.duration_minutes, priced.crew) == (15_000, 180, 1)
    assert (priced.price_book_version, priced.tax_class) == (1, "small1")


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
    assert effort("BJ-03", 200, {"sides": "inner"}).duration_minutes == 120
    assert effort("BJ-03", 200, {"sides": "both"}).duration_minutes == 240


def test_a_larger_new_home_gets_a_larger_crew() -> None:
    crews = [effort("BJ-02", sqm * 10, {}).crew for sqm in (30, 120, 121, 180, 181, 500)]
    assert crews == [2, 2, 3, 3, 4, 4]


@given(st.sampled_from(["BJ-01", "BJ-02"]), st.integers(1, 10_000))
def test_a_visit_lasts_whole_half_hours_and_long_enough(code: str, quantity: int) -> None:
    sold = service(code)
    quantity = min(max(quantity, sold.minimum), sold.maximum) // sold.step * sold.step
    needed = effort(code, quantity, {})
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


def test_a_remote_district_costs_20_yuan_an_order() -> None:
    assert amounts(asked(district=REMOTE))["remote"] == 2_000


def test_a_start_in_less_than_four_hours_is_urgent() -> None:
    start = MORNING[0]
    assert "urgent" not in amounts(asked(at=start - timedelta(hours=4)))
    hurried = asked(at=start - timedelta(hours=4) + timedelta(seconds=1))
    assert amounts(hurried)["urgent"] == 2_000


def test_a_service_that_is_no_labour_knows_no_night() -> None:
    book = price_book(1)
    nothing = replace(book, surcharges=replace(book.surcharges, labour_kinds=frozenset()))
    night = (shanghai(23, 20), shanghai(23, 22))
    assert amounts(asked(window=night, book=nothing)) == {"base": 10_000}


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


def test_there_is_no_quote_before_the_first_price_book() -> None:
    with pytest.raises(PriceBookNotFoundError):
        asked(at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))


STARTS = st.integers(1, 60 * 24 * 80).map(lambda minutes: AT_SEPTEMBER + timedelta(minutes=minutes))


def options_of(sold: Service) -> st.SearchStrategy[dict[str, str]]:
    sellable = {
        option.code: st.sampled_from([each.code for each in option.choices if not each.refusal])
        for option in sold.options
    }
    return st.fixed_dictionaries(sellable)


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Any]:
    sold = draw(st.sampled_from(SERVICES))
    least = 1 if sold.minimum_is_charged else sold.minimum // sold.step
    steps = draw(st.integers(least, sold.maximum // sold.step))
    start = draw(STARTS)
    return {
        "service_code": sold.code,
        "quantity": steps * sold.step,
        "options": draw(options_of(sold)),
        "window": (start, start + timedelta(minutes=draw(st.integers(1, 24 * 60)))),
        "district": draw(st.sampled_from([NEAR, REMOTE])),
        "at": AT_SEPTEMBER,
    }


@given(wishes())
def test_a_quote_is_the_sum_of_its_lines_in_their_fixed_order(wish: dict[str, Any]) -> None:
    priced = asked(**wish)
    codes = [line.code for line in priced.lines]
    assert priced.total_fen == sum(line.amount_fen for line in priced.lines)
    assert codes == sorted(codes, key=ORDER_OF_LINES.index)
    assert codes[0] == "base"
    for line in priced.lines:
        assert type(line.amount_fen) is int
        assert line.amount_fen > 0
        assert line.reason.endswith("。")


@given(wishes(), st.integers(1, 100))
def test_more_never_costs_less(wish: dict[str, Any], steps: int) -> None:
    sold = service(wish["service_code"])
    more = min(wish["quantity"] + steps * sold.step, sold.maximum)
    assert asked(**wish).total_fen <= asked(**wish | {"quantity": more}).total_fen


@given(wishes())
def test_an_old_quote_is_computed_again_from_its_version(wish: dict[str, Any]) -> None:
    priced = asked(**wish)
    assert asked(**wish, book=price_book(priced.price_book_version)) == priced


@given(wishes())
def test_a_quote_does_not_depend_on_the_offset_of_its_times(wish: dict[str, Any]) -> None:
    start, end = wish["window"]
    elsewhere = (start.astimezone(SHANGHAI), end.astimezone(SHANGHAI))
    assert asked(**wish | {"window": elsewhere}) == asked(**wish)


@given(wishes())
def test_surcharges_on_labour_never_exceed_its_rates(wish: dict[str, Any]) -> None:
    charged = amounts(asked(**wish))
    labour = sum(charged.get(code, 0) for code in ("base", "minimum", "options"))
    assert charged.get("holiday", 0) <= labour
    assert charged.get("night", 0) * 10 <= labour * 3 + 5


def test_a_new_price_book_leaves_an_old_quote_as_it_was() -> None:
    first = PRICE_BOOKS[0]
    dearer = replace(first, version=2, prices={"BJ-01": 6000})
    assert asked(book=first).total_fen == 10_000
    assert asked(book=dearer).total_fen == 12_000
