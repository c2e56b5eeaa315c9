"""Empty trips, acceptance by trial run, and care of a home."""

from collections.abc import Callable
from datetime import timedelta

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
    MachinesNotAcceptedError,
    MachinesNotReadyError,
)
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.errors import NotPaidError, WrongStageError
from domain.orders.stages import Stage
from tests.domain.appliances import (
    FIELD,
    HOOD_FEN,
    accept_machines,
    arrive,
    cleaned,
    cleaning,
    fail_to_open,
    finding,
    home_care,
    pay,
    report,
    repricing,
    try_out,
)
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    HOME,
    NOW,
    OFFICE,
    TOMORROW,
    assert_replays,
    claims,
    last,
    names,
    unsaved,
)


def absence(minutes: int = 20, calls: int = 2) -> EmptyTrip:
    """The worker leaves so long after the arrival, having called so often."""
    left_at = NOW + timedelta(minutes=minutes)
    called = [NOW + timedelta(minutes=1 + n) for n in range(calls)]
    return EmptyTrip(
        reason_code=CUSTOMER_ABSENT, finding=finding(happened_at=left_at), calls=called
    )


def unopened() -> EmptyTrip:
    return EmptyTrip(reason_code=NOT_OPENABLE, finding=finding())


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
