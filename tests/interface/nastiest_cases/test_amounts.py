"""Cases 9, 10 and 17: sums that differ, coupons, and money that came and went."""

from datetime import timedelta

import pytest

from domain.alerts import AlertCode
from tests.interface.nastiest_cases.sales import (
    ADVANCES,
    BOOKED,
    ORDER_PAID,
    PAID,
    STARTED,
    SUSPENSE,
    Sale,
    alerts_about,
    prepared_sale,
    work,
)
from tests.interface.town import Town

MISMATCHED = [*STARTED, "amount_mismatched"]


@pytest.mark.parametrize("difference_fen", [-1, 1])
@pytest.mark.parametrize("learned_from", ["notice", "query"])
def test_case_09_another_amount_than_asked_waits_in_suspense_for_a_person(
    town: Town, difference_fen: int, learned_from: str
) -> None:
    """amount.total is not ours: suspense account (暂收), alert, no fulfilment and no refund."""
    sale = prepared_sale(town)
    came_fen = sale.total_fen + difference_fen
    sale.at_wechat("amount_as", total=came_fen)
    transaction = sale.pay()
    if learned_from == "notice":
        assert sale.notice(transaction).post(town) == 200
    else:
        sale.confirm()
    waits_for_a_person(sale, came_fen)
    assert sale.notice(transaction).post(town) == 200  # told again
    assert sale.confirm() == "prepared"
    waits_for_a_person(sale, came_fen)
    assert [each["learned_from"] for each in sale.arrivals()] == [learned_from]


def waits_for_a_person(sale: Sale, came_fen: int) -> None:
    assert sale.facts() == MISMATCHED
    assert sale.story() == BOOKED
    assert sale.journal() == [("P3", SUSPENSE, came_fen)]
    assert sale.refund_due_fen() == 0
    (alert,) = alerts_about(sale.town, sale.number)
    assert (alert["code"], alert["acknowledged_by"]) == (AlertCode.AMOUNT_MISMATCHED, "")
    assert alert["facts"]["amount_fen"] == came_fen
    assert alert["facts"]["expected_fen"] == sale.total_fen


def test_case_09_after_the_time_to_pay_a_wrong_amount_still_waits_for_a_person(
    town: Town,
) -> None:
    """No refund goes out by itself either, when the unpaid order ends and frees its seats."""
    sale = prepared_sale(town)
    sale.at_wechat("amount_as", total=1)
    assert sale.notice(sale.pay()).post(town) == 200
    assert sale.seats() > 0
    town.clock.advance(timedelta(minutes=15))
    work(town)
    assert sale.story() == ["booked", "cancelled"]
    assert sale.seats() == 0
    assert (sale.facts(), sale.refund_due_fen()) == (MISMATCHED, 0)
    assert sale.journal() == [("P3", SUSPENSE, 1)]
    assert len(alerts_about(town, sale.number)) == 1


@pytest.mark.parametrize("payer_total_fen", [0, 1, 9_999])
@pytest.mark.parametrize("learned_from", ["notice", "query"])
def test_case_10_a_coupon_pays_as_well_as_money(
    town: Town, payer_total_fen: int, learned_from: str
) -> None:
    """payer_total below total, even 0: paid in full; what the payer gave is kept beside it."""
    sale = prepared_sale(town)
    transaction = sale.pay(payer_total=payer_total_fen)
    if learned_from == "notice":
        assert sale.notice(transaction).post(town) == 200
    else:
        assert sale.confirm() == "succeeded"
    sale.is_paid_once()
    (arrival,) = sale.arrivals()
    assert (arrival["amount_fen"], arrival["payer_total_fen"]) == (sale.total_fen, payer_total_fen)


def test_case_17_a_payment_first_known_as_refunded_is_booked(town: Town) -> None:
    """First knowledge is trade_state REFUND: it was paid, so the payment is booked."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sale = prepared_sale(town)
    sale.pay()
    sale.at_wechat("refund")
    assert sale.confirm() == "succeeded"
    assert sale.facts() == PAID
    assert sale.story() == ORDER_PAID
    assert sale.journal() == [("P1", ADVANCES, sale.total_fen)]
    assert [each["learned_from"] for each in sale.arrivals()] == ["query"]


def test_case_17_a_late_notice_of_a_refunded_payment_books_it_no_second_time(
    town: Town,
) -> None:
    """The payment that was learned as REFUND and is then told as SUCCESS is one payment."""
    sale = prepared_sale(town)
    transaction = sale.pay()
    sale.at_wechat("refund")
    town.clock.advance(timedelta(seconds=30))
    work(town)
    assert sale.notice(transaction).post(town) == 200
    sale.is_paid_once()
