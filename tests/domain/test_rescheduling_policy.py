"""What another date costs: two in time are free, later ones cost the tier of a cancellation."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.changes import Rescheduling
from domain.orders.cleaning import CleaningOrder
from domain.orders.rescheduling_policy import (
    COMPANY_CAUSED,
    HOME_VISIT_RULES,
    NO_FEE_RULES,
    ChangeAsked,
    NewDateTooFarError,
    ReschedulingTerms,
    rescheduling_terms,
)
from domain.orders.windows import bounds
from tests.domain.histories import (
    BY_CUSTOMER,
    NOW,
    POLICY,
    TOMORROW,
    assigned_order,
    booked_order,
    paid_order,
    rescheduling,
    reserved_order,
)

Fields: TypeAlias = Any  # whatever fields the thing has
START = NOW + timedelta(days=40)
HOUR = timedelta(hours=1)


def asked(**changes: Fields) -> ChangeAsked:
    """A change of an assigned order of 100 yuan, by the customer."""
    usual = ChangeAsked(
        price_fen=10_000,
        starts_at=START,
        new_starts_at=START + timedelta(days=1),
        before=0,
        assigned=True,
        by_company=False,
    )
    return replace(usual, **changes)


def terms(ahead: timedelta, **changes: Fields) -> ReschedulingTerms:
    """The terms so long before the start."""
    return rescheduling_terms(asked(**changes), HOME_VISIT_RULES, START - ahead)


def fee(ahead: timedelta, **changes: Fields) -> int:
    return terms(ahead, **changes).fee_fen


@pytest.mark.parametrize(
    ("hours", "before", "expected"),
    [
        (4, 0, 0),
        (4, 1, 0),
        (4, 2, 1_000),
        (23, 2, 1_000),
        (24, 2, 0),
        (24, 9, 0),
        (3, 0, 3_000),
        (3, 2, 3_000),
        (0, 0, 3_000),
        (-1, 0, 3_000),
    ],
)
def test_the_tiers_begin_on_the_hour(hours: int, before: int, expected: int) -> None:
    assert fee(hours * HOUR, before=before) == expected


def test_one_second_too_late_is_too_late() -> None:
    second = timedelta(seconds=1)
    assert fee(4 * HOUR - second) == 3_000
    assert fee(24 * HOUR - second, before=2) == 1_000


def test_the_fees_are_capped_and_rounded_half_up() -> None:
    assert fee(5 * HOUR, before=2, price_fen=1_000_000) == 3_000
    assert fee(HOUR, price_fen=1_000_000) == 8_000
    assert fee(5 * HOUR, before=2, price_fen=1_005) == 101


def test_before_somebody_was_given_the_work_nothing_is_charged() -> None:
    assert fee(HOUR, before=5, assigned=False) == 0


def test_what_the_company_causes_is_free_at_any_time_and_to_any_date() -> None:
    far = START + timedelta(days=45)
    assert fee(-HOUR, before=5, by_company=True, new_starts_at=far) == 0


def test_the_new_date_lies_within_thirty_days_of_the_agreed_one() -> None:
    last = START + timedelta(days=30)
    assert fee(24 * HOUR, new_starts_at=last) == 0
    with pytest.raises(NewDateTooFarError) as refused:
        terms(24 * HOUR, new_starts_at=last + timedelta(seconds=1))
    assert refused.value.message == "改期后的时间须在原预约时间后 30 天内。"


def test_an_earlier_date_is_a_date_too() -> None:
    assert fee(24 * HOUR, new_starts_at=START - timedelta(hours=20)) == 0


@pytest.mark.parametrize(
    ("hours", "changes", "trace"),
    [
        (4, {}, ["服务开始 4 小时前提出，第 1 次改期免费（共 2 次）"]),
        (1, {"assigned": False}, ["尚未派单，改期不收费"]),
        (1, {"by_company": True}, ["非客户原因改期，不收费"]),
        (
            5,
            {"before": 2},
            ["2 次免费改期已用完", "距服务开始 4 至 24 小时，收 10%，最高 30 元", "改期费 ¥10.00"],
        ),
        (
            1,
            {},
            [
                "免费改期须在服务开始前 4 小时以上提出",
                "距服务开始不足 4 小时，收 30%，最高 80 元",
                "改期费 ¥30.00",
            ],
        ),
    ],
)
def test_the_rules_say_why(hours: int, changes: dict[str, Any], trace: list[str]) -> None:
    policy = terms(hours * HOUR, **changes).policy
    assert (policy.version, policy.trace) == (1, trace)


def test_a_kind_of_order_with_rules_of_its_own_charges_nothing_here() -> None:
    late = rescheduling_terms(asked(before=7), NO_FEE_RULES, START - HOUR)
    assert late.fee_fen == 0


aheads = st.integers(-72, 24 * 40).map(lambda hours: hours * HOUR)
prices = st.integers(0, 10_000_000)
counts = st.integers(0, 6)


@given(price_fen=prices, before=counts, ahead=aheads, later=aheads)
def test_who_asks_earlier_never_pays_more(
    price_fen: int, before: int, ahead: timedelta, later: timedelta
) -> None:
    early, late = max(ahead, later), min(ahead, later)
    known = {"price_fen": price_fen, "before": before}
    assert fee(early, **known) <= fee(late, **known)


@given(price_fen=prices, before=counts, ahead=aheads)
def test_one_more_change_never_costs_less(price_fen: int, before: int, ahead: timedelta) -> None:
    known = {"price_fen": price_fen}
    assert fee(ahead, before=before, **known) <= fee(ahead, before=before + 1, **known)


@given(price_fen=prices, before=counts, ahead=aheads, assigned=st.booleans())
def test_the_fee_is_never_more_than_the_cap_or_the_price(
    price_fen: int, before: int, ahead: timedelta, *, assigned: bool
) -> None:
    known: dict[str, Any] = {"price_fen": price_fen, "before": before, "assigned": assigned}
    assert 0 <= fee(ahead, **known) <= min(price_fen, 8_000)


# -- what an order tells the rules of itself


def moved(order: CleaningOrder, **changes: Fields) -> Rescheduling:
    start, _ = bounds(order.windows[0])
    return rescheduling(start + timedelta(days=1), policy=POLICY, **changes)


def test_the_customer_has_two_free_changes_and_those_of_others_do_not_count() -> None:
    order = assigned_order()
    order.reschedule(moved(order, counted=False), by=BY_CUSTOMER, at=NOW)
    assert order.reschedules == 0
    order.reschedule(moved(order), by=BY_CUSTOMER, at=NOW)
    assert order.reschedules == 1


def test_an_assigned_order_pays_by_its_price_and_its_start() -> None:
    order = assigned_order()
    late = TOMORROW - HOUR
    new = TOMORROW + timedelta(days=1)
    share = min(order.total_fen * 30 // 100, 8_000)
    assert order.terms_of_rescheduling(new, "customer", late).fee_fen == share
    assert order.terms_of_rescheduling(new, "customer", NOW).fee_fen == 0


@pytest.mark.parametrize("reason_code", sorted(COMPANY_CAUSED))
def test_an_assigned_order_pays_nothing_for_what_the_company_causes(reason_code: str) -> None:
    new = TOMORROW + timedelta(days=1)
    found = assigned_order().terms_of_rescheduling(new, reason_code, TOMORROW - HOUR)
    assert found.fee_fen == 0


def test_a_reservation_has_no_online_price_and_so_no_fee() -> None:
    new = TOMORROW + timedelta(days=1)
    found = reserved_order().terms_of_rescheduling(new, "customer", TOMORROW - HOUR)
    assert found.fee_fen == 0


def test_all_windows_move_together() -> None:
    order = paid_order()
    (agreed,), (new,) = order.windows, order.windows_from(TOMORROW + timedelta(days=2))
    assert [end - start for start, end in (bounds(agreed), bounds(new))] == [3 * HOUR] * 2
    assert new["purpose"] == agreed["purpose"]
    assert booked_order().windows_from(TOMORROW)[0] == agreed
