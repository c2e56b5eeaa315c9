"""What collected garments cost, by the tariff of the booking."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.garment_prices import TakenGarment, price
from domain.catalogue.items import InvalidItemError
from domain.catalogue.seed import TARIFF
from domain.orders.dry_cleaning.garments import shares
from domain.orders.dry_cleaning.order import DryCleaningOrder
from tests.domain.histories import TOMORROW
from tests.domain.laundry import DELIVERY_FEN, TOTAL_FEN, booked_laundry, laundry_booking, trips


def taken(**items: int) -> list[TakenGarment]:
    """One garment for each piece; a double underscore stands for the point of an extra."""
    names = [item.replace("__", ".") for item, many in items.items() for _ in range(many)]
    return [TakenGarment(f"A{number}", name) for number, name in enumerate(names)]


def test_what_was_booked_costs_what_was_booked() -> None:
    priced = price(booked_laundry(), taken(shirt=2, coat=1), TARIFF)

    assert priced.total_fen == TOTAL_FEN
    assert priced.garments_fen == [1_500, 1_500, 5_500]
    assert priced.names == ["衬衫", "衬衫", "大衣"]


def test_extras_belong_to_their_garment() -> None:
    priced = price(booked_laundry(), taken(shirt=1, shirt__silk=1), TARIFF)

    assert priced.garments_fen == [1_500, 2_250]
    assert priced.names == ["衬衫", "衬衫（真丝）"]


def test_what_is_measured_costs_by_its_measure() -> None:
    order = booked_laundry(service_code="GX-03", windows=trips(return_at=later(5)))

    priced = price(order, [curtain("A1", 35), curtain("A2", 12)], TARIFF)

    assert priced.garments_fen == [6_300, 2_160]
    assert priced.total_fen == 8_460 + DELIVERY_FEN


def test_above_the_free_amount_the_trips_cost_nothing() -> None:
    priced = price(booked_laundry(), taken(coat=2), TARIFF)

    assert priced.total_fen == 11_000
    assert "delivery" not in {line["code"] for line in priced.lines}


def test_surcharges_of_the_agreed_time_stay_as_booked() -> None:
    order = with_urgent_line()

    priced = price(order, taken(shirt=1), TARIFF)

    assert priced.total_fen == 1_500 + DELIVERY_FEN + 2_000
    assert priced.lines[-1]["code"] == "urgent"


def test_a_garment_that_the_service_does_not_take_is_refused() -> None:
    with pytest.raises(InvalidItemError):
        price(booked_laundry(), taken(boots=1), TARIFF)


@given(
    total_fen=st.integers(0, 10**7),
    units=st.lists(st.integers(1, 10**4), min_size=1, max_size=60),
)
def test_shares_sum_up_and_follow_the_units(total_fen: int, units: list[int]) -> None:
    spread = shares(total_fen, units)

    assert sum(spread) == total_fen
    whole = sum(units)
    assert all(
        abs(fen * whole - total_fen * each) <= whole
        for fen, each in zip(spread, units, strict=True)
    )


def with_urgent_line() -> DryCleaningOrder:
    lines = laundry_booking().lines
    urgent = {**lines[-1], "code": "urgent", "amount_fen": 2_000}
    return booked_laundry(lines=[*lines, urgent], total_fen=TOTAL_FEN + 2_000)


def curtain(label: str, tenths: int) -> TakenGarment:
    return TakenGarment(label, "curtain", units=tenths)


def later(days: int) -> datetime:
    return TOMORROW + timedelta(days=days)
