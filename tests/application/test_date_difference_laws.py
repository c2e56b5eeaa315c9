"""Whatever was moved and in whatever order, and what else the price depends on."""

from datetime import datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.cleaning import CleaningWork, Survey
from application.dispatching import FieldReport
from application.log import Log
from application.tariffs import Tariffs
from domain.catalogue.seed import TARIFF
from domain.orders.booking import OrderedWork
from domain.orders.cleaning import NEW_HOME, CleaningOrder
from domain.orders.date_prices import price_of
from domain.orders.rescheduling_policy import FEE_REASON
from domain.orders.windows import bounds, window
from domain.time import SHANGHAI
from tests.application.moves import MORNING, NEW_YEAR, Move, OneTariff, paid, priced
from tests.domain import appliances, laundry
from tests.domain.histories import (
    BY_STAFF,
    NOW,
    OFFICE,
    assignment,
    paid_order,
    surveyed_home,
)

HOUR = timedelta(hours=1)
# Early on the last day of the year: every date of these is so near that a third change has its fee.
LAST_DAY = datetime(2026, 12, 31, 6, tzinfo=SHANGHAI)
starts = st.sampled_from([LAST_DAY + hours * HOUR for hours in (6, 13, 14, 27, 38, 51)])
moves = st.tuples(
    starts, st.sampled_from(["customer", "customer", "company"]), st.booleans(), st.booleans()
)


def give_out(order: CleaningOrder) -> None:
    """The work is given to somebody, so that the next move may cost a fee."""
    starts_at, _ = bounds(order.windows[0])
    order.assign(assignment(starts_at), by=BY_STAFF, at=NOW)


@given(first=starts, made=st.lists(moves, max_size=8))
def test_the_customer_was_asked_for_just_the_price_of_the_last_date_and_the_fees(
    first: datetime, made: list[tuple[datetime, str, bool, bool]]
) -> None:
    move, price_fen, fees_fen = Move(paid(first), LAST_DAY), priced(first).total_fen, 0
    for starts_at, reason_code, pays, given_out in made:
        before_fen = price_fen
        shown = move.as_shown(starts_at, reason_code)
        fees_fen += shown.fee.fee_fen
        date_fen = priced(starts_at).total_fen
        price_fen = min(price_fen, date_fen) if reason_code == "company" else date_fen
        assert shown.price.difference_fen == price_fen - before_fen
        assert move.order.price_fen == price_fen
        assert move.asked_fen() == price_fen + fees_fen
        if pays or given_out:
            move.pay_all()
            assert move.order.kept_fen() == price_fen + fees_fen
        if given_out:
            give_out(move.order)


def test_a_late_third_change_costs_its_fee_and_its_difference() -> None:
    move = Move(paid(LAST_DAY + 6 * HOUR), LAST_DAY)
    for hours in (7, 6):
        move.as_shown(LAST_DAY + hours * HOUR)
    give_out(move.order)
    move.as_shown(NEW_YEAR)
    assert move.open_fen() == {"date_difference": 10_000, FEE_REASON: 1_000}


# -- what else the price depends on


def new_home(starts_at: datetime) -> Move:
    """A paid 新居开荒 of 90 ㎡ that awaits its survey."""
    draft = surveyed_home(quantity=900)
    work = draft.ordered_work() or OrderedWork()
    price = price_of(draft, work, TARIFF, starts_at)
    return Move(
        paid_order(
            service_code=NEW_HOME,
            kind_path=["保洁", "新居开荒"],
            lines=price.lines,
            total_fen=price.total_fen,
            windows=[window("service", starts_at, starts_at + 8 * HOUR)],
            details={"survey": True, "quantity": 900},
        )
    )


def surveyed(move: Move, area_tenths: int) -> None:
    """Somebody measured the home, and the customer agreed to the difference."""
    work = CleaningWork(cast("Log", move.log), cast("Tariffs", OneTariff()))
    survey = Survey(area_tenths=area_tenths, report=FieldReport(happened_at=NOW), consent="phone")
    work.review_area(move.order.id, survey, move.command())


def area_price_fen(move: Move, area_tenths: int, starts_at: datetime) -> int:
    return price_of(move.order, OrderedWork(quantity=area_tenths), TARIFF, starts_at).total_fen


@pytest.mark.parametrize("area_tenths", [700, 1_200])
def test_a_survey_and_a_date_add_up_to_the_price_of_both(area_tenths: int) -> None:
    first, then = new_home(MORNING), new_home(MORNING)
    first.as_shown(NEW_YEAR)
    first.pay_all()
    surveyed(first, area_tenths)
    surveyed(then, area_tenths)
    then.as_shown(NEW_YEAR)
    expected_fen = area_price_fen(first, area_tenths, NEW_YEAR)
    assert first.asked_fen() == then.asked_fen() == expected_fen
    assert first.order.price_fen == then.order.price_fen == expected_fen


def test_what_the_company_waived_is_not_asked_for_by_a_later_survey() -> None:
    move = new_home(MORNING)
    move.as_shown(NEW_YEAR, "weather")
    surveyed(move, 1_200)
    assert move.asked_fen() == area_price_fen(move, 1_200, MORNING)


def test_a_machine_is_priced_as_what_it_became() -> None:
    order = appliances.arrive(appliances.cleaning(appliances.HOOD, appliances.FRIDGE))
    first, _ = order.machines
    order.report_opening_failed(
        first, appliances.finding(), reason_code="rusted", **appliances.FIELD
    )
    order.withdraw_machine(first, appliances.repricing(5_000), **OFFICE)
    work = order.ordered_work()
    assert work is not None
    assert (work.items, order.price_fen) == ({appliances.FRIDGE: 1}, 5_000)


def test_some_orders_have_prices_that_no_date_changes() -> None:
    assert laundry.booked_laundry().ordered_work() is None
    assert appliances.repair().ordered_work() is None
