"""A plan's money: what visits earn, what its end gives back, how it is renewed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claims import ReleaseSeats
from domain.errors import InvalidInputError, JiawuError
from domain.ledger.posting import PostingFacts, post
from domain.ledger.tax import tax, tax_class
from domain.money import apportion
from domain.orders.charges import AddedCharge
from domain.orders.errors import OrderClosedError, RefundTooLargeError
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_money import PrepaidPeriod, Usage, settle, worth_fen
from domain.orders.hourly.plan_visits import VisitMove, VisitReport
from domain.orders.hourly.visits import (
    VisitUnderWayError,
    visit_claim,
)
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_SYSTEM,
    HOME,
    NOW,
    OFFICE,
    POLICY,
    assert_replays,
    claims,
    extra_charge,
    last,
    service_window,
    unsaved,
)
from tests.domain.hourly_plans import (
    FOUR_WEEKS,
    LIST_FEN,
    PLAN,
    PLAN_FEN,
    TUESDAY,
    assign,
    booked_plan,
    booked_single,
    done,
    end,
    moment,
    pay,
    plan_windows,
    remind,
    renewal_for,
    roll,
    rolled_plan,
    seats_of,
    stages,
)

A_WEEK = timedelta(weeks=1)


def tuesday(number: int) -> date:
    """The number-th Tuesday of the plan, from 1."""
    return TUESDAY + (number - 1) * A_WEEK


def move(order: HourlyWorkOrder, number: int, **changes: object) -> None:
    starts_at = order.visit(number).starts_at + timedelta(days=1)
    usual = VisitMove(starts_at=starts_at, reason_code="customer", consent="customer_app")
    order.move_visit(number, replace(usual, **cast("dict[str, Any]", changes)), **HOME)


def facts_named(order: HourlyWorkOrder, *kinds: str) -> list[Any]:
    return [each for each in unsaved(order) if type(each).__name__ in kinds]


# -- money


def test_a_visit_earns_its_share_and_all_of_a_period_are_its_price() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    for number in (1, 2, 3, 4):
        done(order, number)
    earned = facts_named(order, "VisitCompleted")
    assert tuple(each.recognised_fen for each in earned) == apportion(PLAN_FEN, 4)
    assert [each.recognised_before_fen for each in earned] == [0, 8_400, 16_800, 25_200]
    assert order.recognised_fen == PLAN_FEN == order.kept_fen()


def test_a_plan_that_was_used_up_ends_without_a_refund() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    for number in (1, 2, 3, 4):
        done(order, number)
    at = moment(tuesday(5))
    assert order.has_run_out(at)
    settled = end(order, "expired", at)
    assert (settled.refund_fen, order.stage) == (0, Stage.COMPLETED)
    assert (last(order).recognised_fen, last(order).recognised_before_fen) == (0, PLAN_FEN)
    order.review(5, by=BY_CUSTOMER, at=at)
    assert_replays(order, unsaved(order))


def test_who_ends_a_plan_pays_what_was_used_at_the_price_without_a_plan() -> None:
    order = rolled_plan()
    done(order, 1)
    at = moment(tuesday(1), 20)
    asked = order.settlement("customer", LIST_FEN, at)
    settled = end(order, "customer", at)
    assert settled == asked
    assert settled.used_fen == 9_000  # two hours at 45 yuan, not at 42
    assert settled.refund_fen == PLAN_FEN - 9_000
    assert order.recognised_fen == order.kept_fen() == 9_000
    assert settled.reasons[1] == "已用 2 小时，按单次价每小时 ¥45.00 计，共 ¥90.00"
    assert set(stages(order).values()) == {"visit_completed", "cancelled"}
    assert_replays(order, unsaved(order))


def test_where_the_company_ends_it_every_unused_minute_goes_back_as_paid() -> None:
    order = rolled_plan()
    done(order, 1)
    settled = end(order, "company", moment(tuesday(1), 20))
    assert settled.refund_fen == PLAN_FEN - 8_400


@pytest.mark.parametrize(
    ("days_later", "reason"),
    [(1, "付款后 7 天内未使用，全额退款"), (8, "尚未使用，全额退款")],
)
def test_a_plan_of_which_nothing_was_used_is_cancelled_and_all_goes_back(
    days_later: int, reason: str
) -> None:
    order = rolled_plan(first_day="2026-12-08")
    settled = end(order, "customer", NOW + timedelta(days=days_later))
    assert (order.stage, order.kept_fen()) == (Stage.CANCELLED, 0)
    assert reason in settled.reasons
    (refund,) = facts_named(order, "RefundDue")
    assert (refund.amount_fen, refund.taken_from) == (PLAN_FEN, "advance")


def test_the_end_frees_every_seat_and_worker() -> None:
    order = rolled_plan()
    for number in (1, 2):
        assign(order, number)
    end(order, "customer")
    (ended,) = facts_named(order, "PlanEnded")
    freed = {each.claim_id for each in claims(ended) if isinstance(each, ReleaseSeats)}
    assert freed == {visit_claim(order.id, number) for number in order.visits}
    assert ended.visits == [1, 2, 3, 4, 5, 6]


def test_a_plan_does_not_end_while_somebody_is_at_work() -> None:
    order = rolled_plan()
    assign(order, 1)
    order.accept_visit(1, happened_at=NOW, **OFFICE)
    order.progress_visit(1, Stage.DEPARTED, VisitReport(happened_at=NOW), **OFFICE)
    with pytest.raises(VisitUnderWayError):
        end(order, "customer")


def test_only_what_is_not_earned_yet_can_go_back_while_the_plan_runs() -> None:
    order = rolled_plan()
    done(order, 1)
    with pytest.raises(RefundTooLargeError):
        order.refund_due(PLAN_FEN - 8_399, reason_code="late", policy=POLICY, **OFFICE)
    order.refund_due(PLAN_FEN - 8_400, reason_code="late", policy=POLICY, **OFFICE)
    done(order, 2)
    assert facts_named(order, "VisitCompleted")[-1].recognised_fen == 0


def test_a_visit_never_earns_less_than_nothing() -> None:
    order = rolled_plan()
    order.add_charge(extra_charge(), by=BY_STAFF, at=NOW)
    pay(order, 2)
    for number in (1, 2):
        done(order, number)
    at = order.visit(2).ends_at
    remind(order, at)
    pay(order, 3, at)
    for number in (3, 4, 5):
        done(order, number)
    at = order.visit(5).ends_at
    left_fen = order.kept_fen() - order.recognised_fen
    order.refund_due(left_fen, reason_code="late", policy=POLICY, by=BY_STAFF, at=at)
    done(order, 6)
    assert last(order).recognised_fen == 0
    assert end(order, "customer", order.visit(6).ends_at).refund_fen == 0


def test_money_for_something_else_is_earned_when_the_plan_ends() -> None:
    order = rolled_plan()
    extra = AddedCharge(reason_code="materials", amount_fen=1_000, consent="customer_app")
    order.add_charge(extra, **OFFICE)
    pay(order, 2)
    done(order, 1)
    settled = end(order, "customer", moment(tuesday(1), 20))
    assert settled.used_fen == 9_000 + 1_000
    assert order.recognised_fen == 10_000


@given(st.integers(1, 10**7), st.lists(st.integers(1, 600), min_size=1, max_size=12))
def test_the_worth_of_all_visits_is_the_price(amount_fen: int, lengths: list[int]) -> None:
    periods = [PrepaidPeriod(sum(lengths), amount_fen)]
    used, worth = 0, []
    for minutes in lengths:
        worth.append(worth_fen(periods, used, minutes))
        used += minutes
    assert sum(worth) == amount_fen
    assert worth_fen(periods, used, 60) == 0
    assert min(worth) >= 0


@given(st.integers(1, 10**6), st.integers(1, 30))
def test_equal_visits_are_worth_what_the_money_rule_apportions(fen: int, visits: int) -> None:
    periods = [PrepaidPeriod(visits * 120, fen)]
    worth = tuple(worth_fen(periods, k * 120, 120) for k in range(visits))
    assert worth == apportion(fen, visits)


def test_a_visit_may_take_from_two_periods() -> None:
    periods = [PrepaidPeriod(180, 900), PrepaidPeriod(120, 1_200)]
    assert worth_fen(periods, 120, 120) == 300 + 600


@given(
    st.builds(
        Usage,
        kept_fen=st.integers(0, 10**6),
        recognised_fen=st.just(0),
        extras_fen=st.just(0),
        used_minutes=st.integers(0, 5_000),
        list_price_fen=st.integers(1, 20_000),
        days_since_paid=st.integers(0, 60),
    ),
    st.sampled_from(["customer", "company", "expired", "not_renewed"]),
    st.data(),
)
def test_a_settlement_gives_back_between_nothing_and_what_is_not_earned(
    usage: Usage, reason: str, data: st.DataObject
) -> None:
    earned = data.draw(st.integers(0, usage.kept_fen)) if usage.used_minutes else 0
    settled = settle(replace(usage, recognised_fen=earned), reason)
    assert 0 <= settled.refund_fen <= usage.kept_fen - earned
    assert settled.reasons


def test_visits_are_posted_as_p10_and_their_tax_is_that_of_the_sum() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    for number in (1, 2, 3, 4):
        done(order, number)
    end(order, "expired", moment(tuesday(5)))
    facts = PostingFacts(order_id=order.id, order_number=order.order_number)
    entries = [post(each, facts) for each in facts_named(order, "VisitCompleted", "Completed")]
    posted = [each for each in entries if each]
    assert [each.rule for each in posted] == ["P10"] * 4
    vat = sum(line.credit_fen for each in posted for line in each.lines if line.account == "222101")
    assert vat == tax(PLAN_FEN, tax_class("small1").basis_points(TUESDAY))
    assert sum(each.lines[0].debit_fen for each in posted) == PLAN_FEN
    assert posted[2].summary == f"订单{order.order_number}第3次服务完成，确认收入"


def test_what_the_settlement_keeps_is_posted_with_the_end() -> None:
    order = rolled_plan()
    done(order, 1)
    end(order, "customer", moment(tuesday(1), 20))
    facts = PostingFacts(order_id=order.id, order_number=order.order_number)
    entry = post(last(order), facts)
    assert entry is not None
    assert (entry.rule, entry.lines[0].debit_fen) == ("P9", 600)


# -- renewals


def test_with_two_paid_visits_left_the_next_period_is_asked_for() -> None:
    order = rolled_plan()
    done(order, 1)
    assert order.next_period(moment(tuesday(1), 20)) == []
    done(order, 2)
    at = moment(tuesday(2), 20)
    roll(order, at)
    remind(order, at)
    assert order.open_renewal() == 2
    reminded = last(order)
    assert (reminded.visits_left, reminded.visits, reminded.minutes) == (2, 4, 480)
    assert reminded.pay_by == moment(tuesday(5)) - timedelta(days=1)
    assert order.next_period(at) == []


def test_a_paid_period_renews_the_plan_and_its_visits_can_be_assigned() -> None:
    order = rolled_plan()
    for number in (1, 2):
        done(order, number)
    at = moment(tuesday(2), 20)
    remind(order, at)
    assert pay(order, 2, at)
    assert not pay(order, 2, at)
    assert (last(order).period, last(order).minutes) == (2, 480)
    assign(order, 5, at)
    assert order.paid_visits() == [5, 3, 4, 6]
    roll(order, at)
    assert order.paid_visits() == [5, 3, 4, 6, 7, 8]


def test_a_renewal_is_for_the_very_windows_that_are_next() -> None:
    order = rolled_plan()
    for number in (1, 2):
        done(order, number)
    at = moment(tuesday(2), 20)
    short = replace(renewal_for(order, at), windows=order.next_period(at)[:2])
    with pytest.raises(InvalidInputError):
        order.remind_of_renewal(short, by=BY_SYSTEM, at=at)


def test_a_plan_with_an_end_asks_for_no_more_than_it_has() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    for number in (1, 2, 3):
        done(order, number)
    assert order.next_period(moment(tuesday(3), 20)) == []


def test_unpaid_in_time_the_plan_waits_paused_and_goes_on_once_paid() -> None:
    order = rolled_plan()
    for number in (1, 2):
        done(order, number)
    at = moment(tuesday(2), 20)
    remind(order, at)
    late = moment(tuesday(5)) - timedelta(days=1)
    order.pause_unpaid(by=BY_SYSTEM, at=late)
    assert (order.stage, order.pause_reason) == (Stage.PLAN_PAUSED, "unpaid_renewal")
    assert [stages(order)[n] for n in (3, 4, 5, 6)] == [
        "scheduled",
        "scheduled",
        "cancelled",
        "cancelled",
    ]
    pay(order, 2, late)
    assert order.stage == Stage.PLAN_ACTIVE
    assert [type(each).__name__ for each in unsaved(order)[-3:]] == [
        "Paid",
        "PlanRenewed",
        "PlanResumed",
    ]
    roll(order, late)
    assert order.paid_visits()[:3] == [3, 4, 7]


def test_a_renewal_that_comes_after_the_end_is_not_taken() -> None:
    order = rolled_plan()
    for number in (1, 2):
        done(order, number)
    at = moment(tuesday(2), 20)
    remind(order, at)
    end(order, "not_renewed", at)
    assert order.charges[2].state == "withdrawn"
    with pytest.raises(OrderClosedError):
        pay(order, 2, at)


@given(
    amount_fen=st.integers(100, 10**6),
    used=st.integers(0, 4),
    refund_fen=st.integers(0, 10**6),
    reason=st.sampled_from(["customer", "company", "not_renewed"]),
)
def test_what_is_earned_and_what_goes_back_are_what_was_paid(
    amount_fen: int, used: int, refund_fen: int, reason: str
) -> None:
    order = booked_plan(total_fen=amount_fen)
    pay(order)
    roll(order)
    for number in range(1, used + 1):
        done(order, number)
    try:
        order.refund_due(refund_fen, reason_code="late", policy=POLICY, **OFFICE)
    except JiawuError:
        refund_fen = 0
    end(order, reason, moment(tuesday(4), 20))
    back = sum(each.amount_fen for each in facts_named(order, "RefundDue"))
    earned = facts_named(order, "VisitCompleted", "Completed")
    assert back + sum(each.recognised_fen for each in earned) == amount_fen
    assert {each.taken_from for each in facts_named(order, "RefundDue")} <= {"advance"}


def test_a_booking_holds_the_windows_that_its_plan_says() -> None:
    windows = plan_windows(PLAN)
    assert booked_plan().windows == windows
    assert booked_plan().seats == seats_of(windows)
    wrong = booked_single(windows=[service_window()])
    assert wrong.visits == {}
