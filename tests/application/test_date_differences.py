"""The price follows the date: whatever moves were made, just the last date's price is asked for."""

from datetime import datetime, timedelta

import pytest

from application.rescheduling import (
    DifferenceNotAgreedError,
)
from domain.orders import charges
from domain.orders.date_prices import UnpaidPriceError
from domain.orders.windows import bounds, window
from domain.time import SHANGHAI
from tests.application.moves import MORNING, NEW_YEAR, TWO_HOURS, Move, booked, paid, priced
from tests.domain.histories import (
    NOW,
)

# Two hours of cleaning: 100 yuan, by night 30 % more, on a holiday twice as much.
EVENING = datetime(2026, 12, 29, 20, tzinfo=SHANGHAI)
DUSK = datetime(2026, 12, 30, 19, tzinfo=SHANGHAI)
PLAIN_FEN, DUSK_FEN, NIGHT_FEN, HOLIDAY_FEN = 10_000, 11_500, 13_000, 20_000


def test_what_the_dates_cost_is_what_this_module_says() -> None:
    dates = (MORNING, DUSK, EVENING, NEW_YEAR)
    found = [priced(starts_at).total_fen for starts_at in dates]
    assert found == [PLAIN_FEN, DUSK_FEN, NIGHT_FEN, HOLIDAY_FEN]


# -- what a move does to the price


def test_a_holiday_is_not_to_be_had_for_the_price_of_a_monday() -> None:
    move = Move(paid(MORNING))
    shown = move.preview(NEW_YEAR)
    assert shown.price.difference_fen == HOLIDAY_FEN - PLAIN_FEN
    assert shown.price.reasons[0] == "新时间的价格为 ¥200.00，原价格 ¥100.00"
    assert "元旦" in shown.price.reasons[1]
    assert shown.price.reasons[-1] == "补差 ¥100.00"
    with pytest.raises(DifferenceNotAgreedError) as refused:
        move.to(NEW_YEAR)
    assert refused.value.message == "本次改期补差为 ¥100.00，请确认后再提交。"
    assert move.order.windows == paid(MORNING).windows
    move.to(NEW_YEAR, agreed_difference_fen=10_000)
    assert move.open_fen() == {"date_difference": 10_000}


@pytest.mark.parametrize("agreed_fen", [-1, 0, 9_999, 10_001])
def test_only_the_exact_sum_is_an_agreement(agreed_fen: int) -> None:
    with pytest.raises(DifferenceNotAgreedError):
        Move(paid(MORNING)).to(NEW_YEAR, agreed_difference_fen=agreed_fen)


def test_a_cheaper_date_gives_back_what_was_paid_for_the_dearer_one() -> None:
    move = Move(paid(NEW_YEAR))
    shown = move.as_shown(MORNING)
    assert (shown.price.difference_fen, shown.price.rise_fen) == (PLAIN_FEN - HOLIDAY_FEN, 0)
    assert shown.price.reasons[-1] == "退差 ¥100.00"
    assert move.order.charges[1].refund_due_fen == HOLIDAY_FEN - PLAIN_FEN
    assert move.last_fact().policy_trace == list(shown.price.reasons)


def test_a_date_that_costs_the_same_asks_for_nothing_and_says_nothing() -> None:
    move = Move(paid(MORNING))
    shown = move.as_shown(MORNING + timedelta(days=1))
    assert (shown.price.difference_fen, shown.price.reasons) == (0, ())
    assert list(move.order.charges) == [1]


def test_moving_back_before_paying_takes_the_difference_away_again() -> None:
    move = Move(paid(MORNING))
    move.as_shown(NEW_YEAR)
    move.as_shown(MORNING)
    assert move.open_fen() == {}
    assert (move.asked_fen(), move.order.charges[1].refund_due_fen) == (PLAIN_FEN, 0)


def test_a_less_dear_date_replaces_the_difference_that_nobody_paid() -> None:
    move = Move(paid(MORNING))
    move.as_shown(NEW_YEAR)
    move.as_shown(EVENING)
    assert move.open_fen() == {"date_difference": NIGHT_FEN - PLAIN_FEN}
    assert move.order.charges[2].state == charges.WITHDRAWN


def test_haste_is_paid_for_once_and_neither_asked_again_nor_given_back() -> None:
    soon, later = NOW + TWO_HOURS, NOW + timedelta(days=2)
    assert [each.code for each in priced(soon).lines] == ["base", "urgent"]
    assert Move(paid(soon)).as_shown(later).price.difference_fen == 0
    assert Move(paid(later)).as_shown(soon).price.difference_fen == 0


# -- what the company causes


def test_a_dearer_date_that_the_company_causes_costs_the_customer_nothing() -> None:
    move = Move(paid(MORNING))
    shown = move.as_shown(NEW_YEAR, "company")
    assert (shown.price.difference_fen, shown.price.reasons) == (0, ("非客户原因改期，价格不变",))
    assert (list(move.order.charges), move.order.price_fen) == ([1], PLAIN_FEN)
    assert bounds(move.order.windows[0])[0] == NEW_YEAR
    assert bounds(move.order.priced_windows[0])[0] == MORNING


def test_a_cheaper_date_that_the_company_causes_is_given_back() -> None:
    move = Move(paid(NEW_YEAR))
    move.as_shown(MORNING, "worker_unavailable")
    assert (move.asked_fen(), move.open_fen()) == (PLAIN_FEN, {})


# -- before the price is paid


@pytest.mark.parametrize("reason_code", ["customer", "company"])
def test_an_unpaid_price_is_not_changed_underneath(reason_code: str) -> None:
    move = Move(booked(NEW_YEAR))
    with pytest.raises(UnpaidPriceError) as refused:
        move.to(MORNING, reason_code)
    sentence = "该时间的价格为 ¥100.00，与待支付的 ¥200.00 不同，请取消订单后按新时间重新下单。"
    assert refused.value.message == sentence
    with pytest.raises(UnpaidPriceError):
        move.preview(MORNING, reason_code)


def test_an_unpaid_order_moves_freely_between_dates_of_one_price() -> None:
    move = Move(booked(MORNING))
    move.to(MORNING + timedelta(days=1))
    assert move.order.stage == "awaiting_payment"


# -- the times the customer offered


def test_a_dearer_alternative_needs_the_customers_consent() -> None:
    offered = [window("service", EVENING, EVENING + TWO_HOURS)]
    move = Move(paid(MORNING, alternatives=[offered]))
    (alternative,) = move.desk.offered(move.order.id).alternatives
    assert alternative.price.difference_fen == NIGHT_FEN - PLAIN_FEN
    with pytest.raises(DifferenceNotAgreedError):
        move.desk.choose(move.order.id, 1, move.command())
    move.desk.choose(move.order.id, 1, move.command(), NIGHT_FEN - PLAIN_FEN, "phone_recording")
    assert move.open_fen() == {"date_difference": NIGHT_FEN - PLAIN_FEN}
    assert move.last_fact().consent == "phone_recording"
    assert move.order.reschedules == 0


def test_a_cheaper_alternative_gives_the_difference_back() -> None:
    offered = [window("service", MORNING, MORNING + TWO_HOURS)]
    move = Move(paid(EVENING, alternatives=[offered]))
    move.desk.choose(move.order.id, 1, move.command())
    assert move.asked_fen() == PLAIN_FEN


def test_the_alternatives_of_an_unpaid_order_are_shown_but_not_chosen_at_another_price() -> None:
    offered = [window("service", EVENING, EVENING + TWO_HOURS)]
    move = Move(booked(MORNING, alternatives=[offered]))
    assert move.desk.offered(move.order.id).alternatives[0].price.difference_fen == 3_000
    with pytest.raises(UnpaidPriceError):
        move.desk.choose(move.order.id, 1, move.command(), 3_000)
