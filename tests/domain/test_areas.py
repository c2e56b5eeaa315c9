"""Areas of service, points in GCJ-02, and how long the road is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.areas import (
    CARE,
    DISTRICTS,
    TRADES,
    CoordinatesError,
    CoordinatesFarOffError,
    District,
    NotServedError,
    Point,
    ServiceArea,
    area_id,
    distance_metres,
    trade_of,
)
from domain.capacity import POOLS
from domain.errors import InvalidInputError
from domain.travel import minutes_for, travel_minutes
from tests.domain.histories import BY_STAFF, NOW, assert_replays, last, names

BY: dict[str, Any] = {"by": BY_STAFF, "at": NOW}
CHAOYANG, HAIDIAN, YANQING = "110105", "110108", "110119"
ELSEWHERE = District("510107", "武侯区", Point.parse("104.0434,30.6414"), 20_000)

_points = st.builds(
    Point,
    st.integers(73_000_000, 136_000_000),
    st.integers(3_000_000, 54_000_000),
)


# -- who serves what


def test_every_line_is_done_by_a_pool_or_is_care() -> None:
    assert {trade_of(f"{line}-01") for line in POOLS} == set(POOLS.values())
    assert {trade_of(f"{line}-01") for line in ("YS", "BM", "LR", "HG")} == {CARE}
    assert set(TRADES) == {*POOLS.values(), CARE}


@pytest.mark.requirement("R42")
def test_a_known_district_is_served_until_a_trade_is_closed() -> None:
    area = ServiceArea.establish_known(CHAOYANG, **BY)
    assert area.id == area_id(CHAOYANG)
    assert last(area).coordinate_system == "gcj02"
    for trade in TRADES:
        area.check_served(trade)
    assert area.close("repair", **BY)
    with pytest.raises(NotServedError) as refused:
        area.check_served("repair")
    assert "暂未开通" in refused.value.message
    area.check_served("cleaning")


def test_opening_and_closing_again_is_no_news() -> None:
    area = ServiceArea.establish(ELSEWHERE, ["cleaning"], **BY)
    assert not area.open("cleaning", **BY)
    assert not area.close("repair", **BY)
    assert area.open("repair", **BY)
    assert area.close("cleaning", **BY)
    assert names(area) == ["Established", "TradeOpened", "TradeClosed"]
    assert area.trades == {"repair"}
    assert area.district == ELSEWHERE
    assert_replays(area, list(area.pending_events))


def test_what_is_no_district_and_no_trade_is_refused() -> None:
    with pytest.raises(NotServedError):
        ServiceArea.establish_known("510107", **BY)
    for change in (ServiceArea.open, ServiceArea.close):
        with pytest.raises(InvalidInputError):
            change(ServiceArea.establish_known(CHAOYANG, **BY), "gardening", **BY)
    with pytest.raises(InvalidInputError):
        ServiceArea.establish(ELSEWHERE, ["gardening"], **BY)


@pytest.mark.parametrize(
    "district",
    [
        District("5101", "武侯区", ELSEWHERE.centre, 20_000),
        District("510107001", "武侯区", ELSEWHERE.centre, 20_000),
        District("510107", "", ELSEWHERE.centre, 20_000),
        District("510107", "区" * 31, ELSEWHERE.centre, 20_000),
        District("510107", "武侯区", ELSEWHERE.centre, 0),
        District("510107", "武侯区", ELSEWHERE.centre, 200_001),
    ],
)
def test_a_malformed_district_is_not_drawn(district: District) -> None:
    with pytest.raises(InvalidInputError):
        ServiceArea.establish(district, [], **BY)


# -- points


def test_a_point_is_longitude_and_latitude_in_degrees() -> None:
    assert Point.parse("116.4435,39.9219") == Point(116_443_500, 39_921_900)
    assert Point.parse("116,39") == Point(116_000_000, 39_000_000)
    assert Point.parse("116.12345678,39.000001") == Point(116_123_456, 39_000_001)


@given(point=_points)
def test_a_point_is_read_as_it_was_written(point: Point) -> None:
    assert Point.parse(str(point)) == point


@pytest.mark.parametrize(
    "text",
    [
        *("", "116.4", "116.4,", ",39.9", "39.9219,116.4435", "116.4 39.9", "116.4;39.9"),
        *("-116.4,39.9", "+116.4,39.9", "1e2,39.9", "nan,39", "116.4,39.9,1", "２１６.4,39.9"),
        *("72.9,39.9", "136.1,39.9", "116.4,2.9", "116.4,54.1", "116..4,39.9", ".5,39.9"),
        "116.44350000000000000001,39.9",
    ],
)
def test_what_is_no_point_in_china_is_refused(text: str) -> None:
    with pytest.raises(CoordinatesError):
        Point.parse(text)


@given(text=st.text(max_size=40))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        point = Point.parse(text)
    except CoordinatesError:
        return
    assert Point.parse(str(point)) == point


@given(one=_points, other=_points)
def test_a_distance_is_the_same_both_ways_and_nothing_to_oneself(one: Point, other: Point) -> None:
    assert distance_metres(one, other) == distance_metres(other, one) >= 0
    assert distance_metres(one, one) == 0


def test_distances_are_those_of_the_map() -> None:
    one_degree_north = distance_metres(Point.parse("116,39"), Point.parse("116,40"))
    assert abs(one_degree_north - 111_195) < 10
    one_degree_east = distance_metres(Point.parse("116,50"), Point.parse("117,50"))
    assert abs(one_degree_east - 71_474) < 20
    tiananmen, shanghai = Point.parse("116.3975,39.9087"), Point.parse("121.4737,31.2304")
    next_door = Point.parse("116.3975,39.908701")
    assert distance_metres(tiananmen, next_door) == 0
    assert distance_metres(tiananmen, Point.parse("116.3975,39.90879")) == 10
    assert abs(distance_metres(tiananmen, shanghai) - 1_067_000) < 5_000


# -- points and districts


@pytest.mark.parametrize("code", DISTRICTS)
def test_each_known_district_is_well_formed_and_holds_its_centre(code: str) -> None:
    district = DISTRICTS[code]
    district.check()
    assert district.code == code
    district.check_inside(str(district.centre))
    district.check_inside("")


@pytest.mark.requirement("R42")
def test_a_point_far_from_the_named_district_is_refused() -> None:
    wangjing = "116.4810,39.9960"
    DISTRICTS[CHAOYANG].check_inside(wangjing)
    with pytest.raises(CoordinatesFarOffError):
        DISTRICTS[YANQING].check_inside(wangjing)
    with pytest.raises(CoordinatesFarOffError):
        DISTRICTS[CHAOYANG].check_inside("121.4737,31.2304")
    with pytest.raises(CoordinatesError):
        DISTRICTS[CHAOYANG].check_inside("here")


# -- the road


@pytest.mark.parametrize(
    ("metres", "minutes"),
    [(0, 30), (7_500, 30), (7_501, 35), (8_750, 35), (8_751, 40), (30_000, 120), (10**7, 120)],
)
def test_the_road_takes_full_fives_from_half_an_hour_to_two_hours(
    metres: int, minutes: int
) -> None:
    assert minutes_for(metres) == minutes


@given(metres=st.integers(0, 10**6), more=st.integers(0, 10**5))
def test_a_longer_road_never_takes_less(metres: int, more: int) -> None:
    assert 30 <= minutes_for(metres) <= minutes_for(metres + more) <= 120
    assert minutes_for(metres) % 5 == 0


def test_the_road_within_a_district_is_half_an_hour() -> None:
    assert travel_minutes(CHAOYANG, CHAOYANG) == 30
    assert travel_minutes("110105001", CHAOYANG, destination_point="116.48,39.99") == 30
    assert travel_minutes(CHAOYANG, "110105024003") == 30


@given(one=st.sampled_from(sorted(DISTRICTS)), other=st.sampled_from(sorted(DISTRICTS)))
def test_the_road_between_districts_is_as_long_both_ways(one: str, other: str) -> None:
    there, back = travel_minutes(one, other), travel_minutes(other, one)
    assert there == back


def test_the_road_to_another_district_follows_the_distance() -> None:
    assert travel_minutes("110101", "110102") == 30
    assert 50 <= travel_minutes(CHAOYANG, HAIDIAN) <= 60
    assert travel_minutes(CHAOYANG, YANQING) == 120
    near = travel_minutes(
        CHAOYANG, HAIDIAN, origin_point="116.38,39.97", destination_point="116.36,39.97"
    )
    assert near == 30


def test_the_road_to_a_place_that_nobody_knows_is_the_longest() -> None:
    assert travel_minutes(CHAOYANG, "510107") == 120
    assert travel_minutes(CHAOYANG, "510107", destination_point="116.45,39.93") == 30
