"""Whatever happens to machines before an order ends, its sums are right."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import JiawuError
from domain.orders import charges
from domain.orders.appliance_care.empty_trips import NOT_OPENABLE, EmptyTrip, fare_fen
from domain.orders.appliance_care.machines import remaining
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.charges import AddedCharge
from domain.orders.stages import Stage
from tests.domain.appliances import (
    FIELD,
    HOOD,
    HOOD_FEN,
    agreed,
    arrive,
    cleaning,
    finding,
    home_care,
    pay,
    repair,
    repricing,
)
from tests.domain.histories import HOME, OFFICE, assert_replays, cancellation, unsaved

Command = Callable[[ApplianceCareOrder], object]

SHUT = EmptyTrip(reason_code=NOT_OPENABLE, finding=finding())
NAMES = ("01", "02", "03", "04")


def shut(order: ApplianceCareOrder, name: str) -> None:
    order.report_opening_failed(name, finding(), reason_code="rust", **FIELD)


def shut_all(order: ApplianceCareOrder) -> None:
    for name, machine in remaining(order.machines).items():
        if machine.stage != Stage.NOT_OPENABLE:
            shut(order, name)


def extra_work(order: ApplianceCareOrder) -> None:
    extra = AddedCharge(reason_code="extra_work", amount_fen=3_000, consent="phone")
    order.add_charge(extra, **OFFICE)


def sums(order: ApplianceCareOrder) -> tuple[int, int]:
    """What was paid, and what is due back, by the facts alone."""
    facts = unsaved(order)
    paid = (each.amount_fen for each in facts if isinstance(each, ApplianceCareOrder.Paid))
    back = (each.amount_fen for each in facts if isinstance(each, ApplianceCareOrder.RefundDue))
    return sum(paid), sum(back)


WITH_ONE: list[Callable[[ApplianceCareOrder, str, int], object]] = [
    lambda order, name, _: shut(order, name),
    lambda order, name, fen: order.change_item(name, f"other_{fen}", repricing(fen), **OFFICE),
    lambda order, name, fen: order.withdraw_machine(name, repricing(fen), **OFFICE),
    lambda order, name, _: order.confirm_trial_run(name, finding(), works=False, **FIELD),
]
WITH_ALL: list[Command] = [
    extra_work,
    lambda order: [pay(order, number) for number in tuple(order.charges)],
]
TROUBLE = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(WITH_ONE), st.sampled_from(NAMES), st.integers(1, HOOD_FEN * 6)
        ).map(lambda drawn: lambda order: drawn[0](order, drawn[1], drawn[2])),
        st.sampled_from(WITH_ALL),
    ),
    max_size=25,
)


def in_trouble(trouble: list[Command]) -> ApplianceCareOrder:
    """Four machines, and what happened to them; refused commands count for nothing."""
    order = arrive(cleaning(HOOD, HOOD, HOOD, HOOD))
    for happens in trouble:
        try:
            happens(order)
        except JiawuError:
            continue
    return order


@given(trouble=TROUBLE)
def test_an_empty_trip_keeps_its_fare_of_what_was_kept_till_then(trouble: list[Command]) -> None:
    order = in_trouble(trouble)
    shut_all(order)
    before_fen = order.kept_fen()

    order.record_empty_trip(SHUT, **OFFICE)

    paid_fen, back_fen = sums(order)
    assert order.fee_fen == order.kept_fen() == fare_fen(before_fen) <= before_fen
    assert paid_fen == order.kept_fen() + back_fen
    assert_replays(order, order.pending_events)


@given(trouble=TROUBLE, share=st.integers(0, 100))
def test_a_cancellation_keeps_its_fee_of_what_was_kept_till_then(
    trouble: list[Command], share: int
) -> None:
    order = in_trouble(trouble)
    fee_fen = order.kept_fen() * share // 100

    order.cancel(cancellation(fee_fen=fee_fen), **OFFICE)

    paid_fen, back_fen = sums(order)
    assert order.kept_fen() == fee_fen
    assert paid_fen == fee_fen + back_fen
    assert {each.taken_from for each in facts_of_refunds(order)} <= {"advance"}


@given(trouble=TROUBLE)
def test_a_fee_beyond_what_is_kept_is_refused(trouble: list[Command]) -> None:
    order = in_trouble(trouble)

    with pytest.raises(JiawuError):
        order.cancel(cancellation(fee_fen=order.kept_fen() + 1), **OFFICE)

    assert order.stage != Stage.CANCELLED


def facts_of_refunds(order: ApplianceCareOrder) -> list[ApplianceCareOrder.RefundDue]:
    return [each for each in unsaved(order) if isinstance(each, ApplianceCareOrder.RefundDue)]


@pytest.mark.parametrize("trouble", [[], [extra_work]])
def test_nothing_is_paid_after_the_end(trouble: list[Command]) -> None:
    order = in_trouble(trouble)
    shut_all(order)
    order.record_empty_trip(SHUT, **OFFICE)

    open_numbers = [n for n, each in order.charges.items() if each.state == charges.OPEN]

    assert len(open_numbers) == len(trouble)
    for number in open_numbers:
        with pytest.raises(JiawuError):
            pay(order, number)


def test_the_fare_of_an_empty_trip_is_taxed_as_the_service_since_somebody_came() -> None:
    order = arrive(cleaning())
    shut_all(order)

    order.record_empty_trip(SHUT, **OFFICE)

    cancelled = next(e for e in unsaved(order) if isinstance(e, ApplianceCareOrder.Cancelled))
    assert (cancelled.fee_fen, cancelled.fee_tax_class) == (5_000, order.tax_class)
    assert cancelled.fee_tax_class


def test_what_is_kept_of_an_online_order_is_not_owed_by_hand_again() -> None:
    order = arrive(cleaning())
    shut_all(order)

    order.record_empty_trip(SHUT, **OFFICE)

    assert order.due_by_hand_fen() == 0


def test_a_repair_that_is_cancelled_after_its_price_was_agreed_is_owed_nothing() -> None:
    order = agreed()

    order.cancel(cancellation(), **OFFICE)

    assert order.due_by_hand_fen() == 0


@pytest.mark.parametrize("make", [cleaning, home_care, repair])
def test_an_order_that_nobody_began_is_cancelled_for_nothing(
    make: Callable[[], ApplianceCareOrder],
) -> None:
    order = make()

    order.cancel(cancellation(), **HOME)

    assert (order.kept_fen(), order.fee_fen, facts_of_refunds(order)) == (0, 0, [])
