"""Cases 11 to 13: money after our close, closings that prove nothing, and seconds too late."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from application.payment_gateway import CloseAccepted, Transaction
from tests.interface.nastiest_cases.sales import (
    ADVANCES,
    BOOKED,
    STARTED,
    SUSPENSE,
    Sale,
    labels_about,
    prepared_sale,
    work,
)
from tests.interface.nastiest_cases.wire import gateway_of
from tests.interface.town import Json, Town

HOLD = timedelta(minutes=15)
PAYABLE = timedelta(minutes=10)  # WeChat's time_expire, five minutes before the hold ends
CLOSING = [*STARTED, "closing_requested"]
GIVEN_UP = ["booked", "cancelled"]


def told_thrice(sale: Sale, transaction: Json) -> None:
    """Two notices and a query tell of the same money, and the workers do their part."""
    assert [sale.notice(transaction).post(sale.town) for _ in range(2)] == [200, 200]
    sale.confirm()
    work(sale.town)


def goes_back_whole_and_once(sale: Sale, label: str, account: str, rule: str) -> None:
    assert sale.story() == [*GIVEN_UP, "refund_due"]
    assert sale.refund_due_fen() == sale.total_fen
    assert sale.journal() == [(rule, account, sale.total_fen)]
    assert labels_about(sale.town, sale.number) == [label]
    assert sale.seats() == 0


def test_case_11_money_after_our_close_goes_back_whole_and_once(town: Town) -> None:
    """WeChat ignored the close: paid after the order was given up, exactly one full refund due."""
    sale = prepared_sale(town)
    sale.at_wechat("close_ignored", ignored=True)
    town.clock.advance(HOLD)
    work(town)
    assert sale.facts() == [*CLOSING, "closed"]
    assert (sale.story(), sale.seats()) == (GIVEN_UP, 0)
    town.clock.advance(timedelta(minutes=1))
    told_thrice(sale, sale.pay(even_if_expired=True))
    assert sale.facts() == [*CLOSING, "closed", "succeeded_late"]
    goes_back_whole_and_once(sale, "迟到付款", SUSPENSE, "P3")


def test_case_11_late_money_that_only_a_query_knows_of_goes_back_too(town: Town) -> None:
    """The poller goes on after our close, as WeChat said NOTPAY and not CLOSED."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sale = prepared_sale(town)
    sale.at_wechat("close_ignored", ignored=True)
    town.clock.advance(HOLD)
    work(town)
    sale.pay(even_if_expired=True)
    town.clock.advance(timedelta(minutes=30))
    work(town)
    assert sale.facts()[-1] == "succeeded_late"
    goes_back_whole_and_once(sale, "迟到付款", SUSPENSE, "P3")


# What befalls the close: the status WeChat answers with, or how its answer is lost.
UNCLOSED: Mapping[str, Mapping[str, Json]] = {
    "429": {"status": 429, "code": "FREQUENCY_LIMITED"},
    "500": {"status": 500},
    "lost answer": {"drop_response": True},
}


@pytest.mark.parametrize("fault", UNCLOSED.values(), ids=UNCLOSED)
def test_case_11_money_while_our_close_was_refused_goes_back_whole_and_once(
    town: Town, fault: Mapping[str, Json]
) -> None:
    """The close got 429 or no answer, then the customer paid: exactly one full refund due."""
    sale = prepared_sale(town)
    sale.at_wechat("close_ignored", ignored=True)
    closing = {"path_contains": f"{sale.number}/close", "count": 3, **fault}
    town.simulate("pay", "/_sim/fail_next", closing)
    sale.cancel()
    work(town)
    assert (sale.facts(), sale.story()) == (CLOSING, GIVEN_UP)
    told_thrice(sale, sale.pay())
    assert sale.facts() == [*CLOSING, "succeeded"]
    goes_back_whole_and_once(sale, "订单未接受的付款", ADVANCES, "P1")


def test_case_11_money_from_the_password_page_goes_back_whole_and_once(town: Town) -> None:
    """While the customer types the password WeChat refuses the close; the money then goes back."""
    sale = prepared_sale(town)
    sale.at_wechat("password", entering=True)
    sale.cancel()
    for _ in range(3):
        work(town)
        assert sale.facts() == CLOSING
        town.clock.advance(timedelta(seconds=20))
    told_thrice(sale, sale.pay())
    goes_back_whole_and_once(sale, "订单未接受的付款", ADVANCES, "P1")


def test_case_11_the_password_page_at_the_end_of_the_hold_keeps_the_order(town: Town) -> None:
    """Nobody gave the order up, so money that WeChat would not let us close out revives it."""
    sale = prepared_sale(town)
    sale.at_wechat("password", entering=True)
    town.clock.advance(HOLD)
    work(town)
    assert (sale.facts(), sale.story()) == (CLOSING, BOOKED)
    assert sale.seats() > 0
    told_thrice(sale, sale.pay(even_if_expired=True))
    assert sale.facts() == [*CLOSING, "succeeded"]
    assert sale.story() == ["booked", "paid"]
    assert (sale.refund_due_fen(), sale.seats() > 0) == (0, True)


def test_case_12_a_close_that_wechat_ignored_is_kept_open_until_its_time_is_over(
    town: Town,
) -> None:
    """204, but the query shows NOTPAY: the attempt stays open, and money for it still counts."""
    sale = prepared_sale(town)
    sale.at_wechat("close_ignored", ignored=True)
    sale.cancel()
    stays_open_until_the_hold_ends(sale)
    town.clock.advance(timedelta(minutes=10))
    work(town)
    assert sale.facts() == [*CLOSING, "closed"]


def test_case_12_a_number_that_wechat_never_knew_is_kept_open_until_its_time_is_over(
    town: Town,
) -> None:
    """204 for a number WeChat does not know: the prepay may still arrive there, so it is open."""
    customer = town.customer()
    order = town.booked(customer)
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "jsapi", "status": 500})
    assert customer.post(f"/api/v1/orders/{order['order_id']}/payments").status_code == 503
    sale = Sale(town, customer, order, f"{order['order_number']}-C1A1")
    sale.cancel()
    stays_open_until_the_hold_ends(sale, prepared=False)
    town.clock.advance(timedelta(minutes=10))
    work(town)
    assert sale.facts() == ["started", "closing_requested", "closed"]


def stays_open_until_the_hold_ends(sale: Sale, *, prepared: bool = True) -> None:
    expected = CLOSING if prepared else ["started", "closing_requested"]
    for minutes in (0, 1, 4, 9):  # 14 in all, of 15
        sale.town.clock.advance(timedelta(minutes=minutes))
        work(sale.town)
        assert sale.facts() == expected


def test_case_12_closing_a_mistyped_number_closes_nothing(town: Town) -> None:
    """WeChat answers 204 for a number that nobody gave; the order itself is NOTPAY and payable."""
    sale = prepared_sale(town)
    with gateway_of(town) as gateway:
        assert gateway.close_order(sale.number + "0") == CloseAccepted()
        found = gateway.query(sale.number)
    assert isinstance(found, Transaction)
    assert found.trade_state == "NOTPAY"
    assert sale.notice(sale.pay()).post(town) == 200
    sale.is_paid_once()


def test_case_13_a_payment_seconds_after_time_expire_counts(town: Town) -> None:
    """It really happens, and our hold outlasts WeChat's time by five minutes: it is paid."""
    sale = prepared_sale(town)
    town.clock.advance(PAYABLE + timedelta(seconds=4))
    work(town)
    sale.is_untouched()
    time_is_over_at_wechat(sale)
    assert sale.notice(sale.pay(even_if_expired=True)).post(town) == 200
    sale.is_paid_once()


def time_is_over_at_wechat(sale: Sale) -> None:
    """Whoever pays by the rules is refused."""
    asked = {"out_trade_no": sale.number}
    refused = sale.town.outside.post(f"{sale.town.pay_url}/_sim/pay", json=asked, timeout=5)
    assert (refused.status_code, refused.json()["code"]) == (409, "ORDER_EXPIRED")


def test_case_13_a_payment_minutes_after_time_expire_is_found_when_the_hold_ends(
    town: Town,
) -> None:
    """Nobody told of it: the close is refused as paid, and the query then pays the order."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sale = prepared_sale(town)
    town.clock.advance(PAYABLE + timedelta(minutes=3))
    work(town)
    time_is_over_at_wechat(sale)
    sale.pay(even_if_expired=True)
    town.clock.advance(HOLD - PAYABLE - timedelta(minutes=3))
    work(town)
    assert sale.facts()[-1] == "succeeded"
    assert sale.story() == ["booked", "paid"]
    assert sale.seats() > 0
    assert sale.journal() == [("P1", ADVANCES, sale.total_fen)]
