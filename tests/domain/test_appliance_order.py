"""Rules of cleaning appliances and of caring for a home."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claims import ReleaseSeats, ReleaseWorker
from domain.errors import InvalidInputError, JiawuError
from domain.orders.appliance_care.empty_trips import (
    CUSTOMER_ABSENT,
    NOT_OPENABLE,
    EmptyTrip,
    WaitTooShortError,
    fare_fen,
)
from domain.orders.appliance_care.machines import (
    LastMachineError,
    MachineNotFoundError,
    MachinesNotAcceptedError,
    MachinesNotReadyError,
    MachineStageError,
)
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.booking import RESERVATION
from domain.orders.errors import NotPaidError, WrongStageError
from domain.orders.stages import Stage
from tests.domain.appliances import (
    FIELD,
    FRIDGE,
    HOME,
    HOOD,
    HOOD_FEN,
    OFFICE,
    PHOTO,
    accept_machines,
    arrive,
    cleaned,
    cleaning,
    finding,
    home_care,
    machines,
    pay,
    report,
    repricing,
    try_out,
)
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    NOW,
    TOMORROW,
    assert_replays,
    claims,
    last,
    names,
    sealed,
    unsaved,
)

pytestmark = pytest.mark.requirement("R05", "R06", "R07")


def fail_to_open(order: ApplianceCareOrder, *machine_names: str) -> ApplianceCareOrder:
    for name in machine_names:
        order.report_opening_failed(name, finding(), reason_code="rusted_screws", **FIELD)
    return order


def absence(minutes: int = 20, calls: int = 2) -> EmptyTrip:
    """The worker leaves so long after the arrival, having called so often."""
    left_at = NOW + timedelta(minutes=minutes)
    called = [NOW + timedelta(minutes=1 + n) for n in range(calls)]
    return EmptyTrip(
        reason_code=CUSTOMER_ABSENT, finding=finding(happened_at=left_at), calls=called
    )


def unopened() -> EmptyTrip:
    return EmptyTrip(reason_code=NOT_OPENABLE, finding=finding())


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


def test_when_nothing_can_be_opened_half_or_a_fare_is_kept() -> None:
    order = fail_to_open(arrive(cleaning()), "01", "02")

    order.record_empty_trip(unopened(), **OFFICE)

    assert order.stage == Stage.EMPTY_TRIP
    assert order.kept_fen() == order.fee_fen == 5_000
    assert names(order)[-3:] == ["EmptyTripRecorded", "Cancelled", "RefundDue"]
    assert last(order).taken_from == "advance"
    cancelled = unsaved(order)[-2]
    assert {type(each) for each in claims(cancelled)} >= {ReleaseWorker, ReleaseSeats}
    assert_replays(order, order.pending_events)


@given(st.integers(0, 10_000_000))
def test_a_fare_is_half_and_at_most_fifty_yuan(kept_fen: int) -> None:
    assert fare_fen(kept_fen) == min((kept_fen + 1) // 2, 5_000)


def test_a_trip_is_not_empty_while_a_machine_can_be_opened() -> None:
    order = fail_to_open(arrive(cleaning()), "01")

    with pytest.raises(MachinesNotReadyError):
        order.record_empty_trip(unopened(), **OFFICE)


def test_an_absent_customer_is_waited_for_and_called_twice() -> None:
    order = arrive(cleaning())
    later = {"by": FIELD["by"], "at": NOW + timedelta(hours=1)}

    for refused in (absence(minutes=14), absence(calls=1), absence(minutes=20, calls=0)):
        with pytest.raises(WaitTooShortError):
            order.record_empty_trip(refused, **later)
    order.record_empty_trip(absence(), **later)

    assert order.stage == Stage.EMPTY_TRIP
    recorded = unsaved(order)[-3]
    assert (recorded.reason_code, len(recorded.calls)) == (CUSTOMER_ABSENT, 2)
    assert recorded.arrived_at == NOW


@pytest.mark.parametrize(
    "make", [cleaning, lambda: try_out(arrive(cleaning())), lambda: cleaned(cleaning())]
)
def test_an_empty_trip_has_its_stage_and_reason(make: Callable[[], ApplianceCareOrder]) -> None:
    order = make()
    with pytest.raises(JiawuError):
        order.record_empty_trip(EmptyTrip(reason_code="tired", finding=finding()), **OFFICE)


def test_a_person_accepts_every_machine_by_a_trial_run() -> None:
    order = cleaned(cleaning())
    with pytest.raises(MachinesNotAcceptedError):
        order.complete(happened_at=NOW, **HOME)

    accept_machines(order)
    order.complete(happened_at=NOW, **HOME)

    assert order.stage == Stage.COMPLETED
    assert last(order).recognised_fen == HOOD_FEN * 2


def test_a_refused_machine_is_done_again() -> None:
    order = cleaned(cleaning())

    order.inspect_machine("01", finding(), accepted=False, **HOME)
    assert order.stage == Stage.REWORKING
    with pytest.raises(WrongStageError):
        order.complete(happened_at=NOW, by=BY_SYSTEM, at=NOW)
    report(order, Stage.AWAITING_INSPECTION)
    with pytest.raises(MachinesNotAcceptedError):
        order.complete(happened_at=NOW, by=BY_SYSTEM, at=NOW)
    accept_machines(order).complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)

    assert order.stage == Stage.COMPLETED


def test_the_rule_of_a_day_needs_only_that_nothing_was_refused() -> None:
    order = cleaned(cleaning())

    order.complete(happened_at=NOW, by=BY_SYSTEM, at=NOW)

    assert order.stage == Stage.COMPLETED


def test_more_done_on_site_is_paid_before_completion() -> None:
    order = fail_to_open(arrive(cleaning()), "01")
    order.change_item("01", "hood_european", repricing(HOOD_FEN * 3), **OFFICE)
    report(try_out(order), Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    accept_machines(order)

    with pytest.raises(NotPaidError):
        order.complete(happened_at=NOW, **HOME)
    pay(order, 2)
    order.complete(happened_at=NOW, **HOME)

    assert last(order).recognised_fen == HOOD_FEN * 3


def test_a_new_worker_tries_the_machines_again() -> None:
    order = try_out(arrive(cleaning()))
    arrive_again = arrive(cleaning())

    try_out(arrive_again)
    try_out(order)

    assert order.stage == arrive_again.stage == Stage.TRIAL_RUN_CONFIRMED


# -- care of a home


@pytest.mark.parametrize("service_code", ["YH-01", "YH-02", "YH-03", "YH-04"])
def test_care_of_a_home_begins_once_the_material_is_confirmed(service_code: str) -> None:
    order = arrive(home_care(service_code))
    with pytest.raises(WrongStageError):
        report(order, Stage.IN_SERVICE)

    order.confirm_material("solid_wood", finding(), **FIELD)
    order.confirm_material("fabric", finding(), **FIELD)
    report(order, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    order.complete(happened_at=NOW, **HOME)

    assert (order.stage, order.surfaces) == (Stage.COMPLETED, ("solid_wood", "fabric"))
    assert_replays(order, order.pending_events)


def test_a_material_is_one_that_is_known() -> None:
    order = arrive(home_care())
    with pytest.raises(InvalidInputError):
        order.confirm_material("王女士的地板", finding(), **FIELD)
    with pytest.raises(WrongStageError):
        arrive(cleaning()).confirm_material("stone", finding(), **FIELD)


def test_an_absent_customer_is_an_empty_trip_of_home_care_too() -> None:
    order = arrive(home_care())

    order.record_empty_trip(absence(), by=FIELD["by"], at=NOW + timedelta(hours=1))

    assert (order.stage, order.kept_fen()) == (Stage.EMPTY_TRIP, 5_000)


def test_a_care_period_is_no_longer_than_ten_years() -> None:
    with pytest.raises(InvalidInputError):
        home_care(details={"care_days": 3_651})


def test_a_waxed_floor_is_due_again_once_after_its_period() -> None:
    order = arrive(home_care(details={"care_days": 180}))
    order.confirm_material("laminate", finding(), **FIELD)
    report(order, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    due_at = TOMORROW + timedelta(days=180)
    assert not order.remind_of_care(by=BY_SYSTEM, at=due_at)
    order.complete(happened_at=NOW, **HOME)

    assert order.care_due_at() == NOW + timedelta(days=180)
    assert not order.remind_of_care(by=BY_SYSTEM, at=NOW)
    assert order.remind_of_care(by=BY_SYSTEM, at=due_at)
    assert not order.remind_of_care(by=BY_SYSTEM, at=due_at)
    assert_replays(order, order.pending_events)


def test_other_care_has_no_period() -> None:
    order = home_care("YH-02")

    assert order.care_due_at() is None
