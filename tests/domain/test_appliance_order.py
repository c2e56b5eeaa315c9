"""Rules of cleaning appliances and of caring for a home."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.orders.appliance_care.machines import (
    LastMachineError,
    MachineNotFoundError,
    MachinesNotReadyError,
    MachineStageError,
)
from domain.orders.booking import RESERVATION
from domain.orders.errors import WrongStageError
from domain.orders.stages import Stage
from tests.domain.appliances import (
    FIELD,
    FRIDGE,
    HOOD,
    HOOD_FEN,
    PHOTO,
    arrive,
    cleaning,
    fail_to_open,
    finding,
    machines,
    pay,
    report,
    repricing,
    try_out,
)
from tests.domain.histories import (
    OFFICE,
    assert_replays,
    last,
    sealed,
)

pytestmark = pytest.mark.requirement("R05", "R06", "R07")


@pytest.mark.parametrize(
    "change",
    [
        {"service_code": "JD-09"},
        {"details": {}},
        {"details": machines(HOOD) | {"items": {HOOD: 2}}},
        {"details": machines(HOOD) | {"items": {FRIDGE: 1}}},
        {"details": {"items": {}, "machines": []}},
        {"details": {"items": {HOOD: 2}, "machines": [{"machine": "01", "item": HOOD}] * 2}},
        {"details": {"items": {HOOD: 61}, "machines": machines(*[HOOD] * 61)["machines"]}},
        {
            "details": {
                "items": {HOOD: 1},
                "machines": [{"machine": "01", "item": HOOD, "brand": "老板"}],
            }
        },
        {
            "details": {
                "items": {HOOD: 1},
                "machines": [{"machine": "01", "item": HOOD, "age_years": -1}],
            }
        },
    ],
)
def test_a_malformed_booking_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        cleaning(HOOD, **change)


def test_a_booked_machine_may_have_a_sealed_brand_and_an_age() -> None:
    machine = {"machine": "01", "item": HOOD, "brand": sealed("老板"), "age_years": 5}

    order = cleaning(HOOD, details={"items": {HOOD: 1}, "machines": [machine]})

    assert order.machines["01"].item == HOOD
    assert_replays(order, order.pending_events)


def test_work_begins_once_every_machine_was_tried() -> None:
    order = arrive(cleaning())

    try_out(order, "01")
    assert order.stage == Stage.ARRIVED
    with pytest.raises(WrongStageError):
        report(order, Stage.IN_SERVICE)
    try_out(order, "02", works=False)

    assert order.stage == Stage.TRIAL_RUN_CONFIRMED
    assert [each.works for each in order.machines.values()] == [True, False]
    report(order, Stage.IN_SERVICE)
    assert order.stage == Stage.IN_SERVICE


def test_a_trial_run_is_of_a_machine_of_the_order_and_after_the_arrival() -> None:
    order = cleaning()
    with pytest.raises(WrongStageError):
        try_out(order, "01")
    arrive(order)
    with pytest.raises(MachineNotFoundError):
        try_out(order, "03")
    with pytest.raises(InvalidInputError):
        order.confirm_trial_run("01", finding(note="响"), works=True, **FIELD)
    with pytest.raises(InvalidInputError):
        order.confirm_trial_run("01", finding(photos=["x"]), works=True, **FIELD)
    with pytest.raises(InvalidInputError):
        order.confirm_trial_run("01", finding(photos=[PHOTO, PHOTO]), works=True, **FIELD)


def test_a_machine_that_cannot_be_opened_holds_the_work_up() -> None:
    order = fail_to_open(try_out(arrive(cleaning())), "02")

    assert order.stage == Stage.ARRIVED
    assert order.machines["02"].stage == Stage.NOT_OPENABLE
    with pytest.raises(MachineStageError):
        try_out(order, "02")


def test_a_machine_found_shut_during_the_work_is_dealt_with_before_its_end() -> None:
    order = report(try_out(arrive(cleaning())), Stage.IN_SERVICE)
    fail_to_open(order, "02")

    assert order.stage == Stage.IN_SERVICE
    with pytest.raises(MachinesNotReadyError):
        report(order, Stage.AWAITING_INSPECTION)
    order.withdraw_machine("02", repricing(HOOD_FEN), **OFFICE)
    report(order, Stage.AWAITING_INSPECTION)
    assert order.stage == Stage.AWAITING_INSPECTION


def test_what_a_struck_off_machine_cost_goes_back() -> None:
    order = fail_to_open(try_out(arrive(cleaning())), "02")

    order.withdraw_machine("02", repricing(HOOD_FEN, consent=""), **OFFICE)

    assert order.stage == Stage.TRIAL_RUN_CONFIRMED
    assert order.kept_fen() == order.price_fen == HOOD_FEN
    assert (last(order).amount_fen, last(order).reason_code) == (HOOD_FEN, "item_difference")
    assert_replays(order, order.pending_events)


def test_another_item_is_charged_with_consent_and_tried_anew() -> None:
    order = fail_to_open(try_out(arrive(cleaning())), "02")
    dearer = HOOD_FEN * 2 + 2_000

    with pytest.raises(InvalidInputError):
        order.change_item("02", "hood_european", repricing(dearer, consent=""), **OFFICE)
    order.change_item("02", "hood_european", repricing(dearer), **OFFICE)

    assert order.machines["02"].item == "hood_european"
    assert (order.stage, order.machines["02"].stage) == (Stage.ARRIVED, Stage.SCHEDULED)
    assert (last(order).amount_fen, last(order).consent) == (2_000, "customer_app")


def test_a_cheaper_item_needs_no_consent() -> None:
    order = fail_to_open(arrive(cleaning()), "01")

    order.change_item("01", "hood_simple", repricing(HOOD_FEN * 2 - 900, consent=""), **OFFICE)

    assert order.kept_fen() == HOOD_FEN * 2 - 900


def test_a_difference_nobody_paid_falls_away_before_money_goes_back() -> None:
    order = fail_to_open(arrive(cleaning()), "01", "02")
    order.change_item("01", "hood_european", repricing(HOOD_FEN * 2 + 2_000), **OFFICE)
    order.withdraw_machine("02", repricing(HOOD_FEN + 2_000), **OFFICE)

    assert order.charges[2].state == "withdrawn"
    assert order.kept_fen() == order.price_fen == HOOD_FEN + 2_000


def test_a_smaller_difference_takes_the_place_of_one_nobody_paid() -> None:
    order = fail_to_open(arrive(cleaning()), "01", "02")
    order.change_item("01", "hood_european", repricing(HOOD_FEN * 2 + 9_000), **OFFICE)
    order.change_item("02", "hood_simple", repricing(HOOD_FEN * 2 + 1_000), **OFFICE)

    assert (order.charges[2].state, order.charges[3].amount_fen) == ("withdrawn", 1_000)
    assert order.kept_fen() == HOOD_FEN * 2


@given(
    st.lists(
        st.tuples(st.integers(1, HOOD_FEN * 4), st.booleans(), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_kept_and_open_is_the_price_of_what_is_left(
    changes: list[tuple[int, bool, bool]],
) -> None:
    order = arrive(cleaning())
    for number, (total_fen, shut, paid) in enumerate(changes):
        if shut:
            fail_to_open(order, "01")
        else:
            try_out(order, "01", works=False)
        order.change_item("01", f"item_{number}", repricing(total_fen), **OFFICE)
        open_charges = [each for each in order.charges.values() if each.state == "open"]
        if paid:
            for charge in open_charges:
                pay(order, charge.number)
            open_charges = []
        owed = sum(each.amount_fen for each in open_charges)
        assert order.kept_fen() + owed == order.price_fen == total_fen
    assert_replays(order, order.pending_events)


def test_a_sound_machine_is_neither_changed_nor_struck_off() -> None:
    order = try_out(arrive(cleaning()))

    with pytest.raises(MachineStageError):
        order.withdraw_machine("01", repricing(HOOD_FEN), **OFFICE)
    with pytest.raises(MachineStageError):
        order.change_item("01", FRIDGE, repricing(HOOD_FEN), **OFFICE)


def test_a_machine_that_did_not_run_may_be_struck_off() -> None:
    order = try_out(arrive(cleaning()), works=False)

    order.withdraw_machine("01", repricing(HOOD_FEN), **OFFICE)

    with pytest.raises(MachineNotFoundError):
        order.withdraw_machine("01", repricing(HOOD_FEN), **OFFICE)
    with pytest.raises(LastMachineError):
        order.withdraw_machine("02", repricing(HOOD_FEN), **OFFICE)


@pytest.mark.parametrize(
    "refused",
    [
        repricing(0),
        repricing(HOOD_FEN * 2 + 1, consent=""),
    ],
)
def test_a_malformed_price_is_refused(refused: Any) -> None:  # noqa: ANN401 - a repricing
    order = fail_to_open(arrive(cleaning()), "01")
    with pytest.raises(InvalidInputError):
        order.withdraw_machine("01", refused, **OFFICE)


def test_the_same_item_and_no_reason_are_refused() -> None:
    order = arrive(cleaning())
    with pytest.raises(InvalidInputError):
        order.report_opening_failed("01", finding(), reason_code="", **FIELD)
    fail_to_open(order, "01")
    with pytest.raises(InvalidInputError):
        order.change_item("01", HOOD, repricing(HOOD_FEN), **OFFICE)


def test_a_reservation_has_no_online_difference() -> None:
    order = cleaning(payment_mode=RESERVATION, pay_by=None)
    fail_to_open(arrive(order), "01")

    order.change_item("01", "hood_european", repricing(HOOD_FEN * 3), **OFFICE)

    assert order.charges == {}
