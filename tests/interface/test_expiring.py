"""The end of the time to pay over HTTP: money that still comes counts, or goes back."""

from datetime import datetime, timedelta

import pytest

from tests.interface.sales import BOOKED, GIVEN_UP, ORDERS, PAID, STARTED, Sale
from tests.interface.town import DESKTOP_BROWSER, WECHAT_BROWSER, Town

OFFICE = "/api/v1/office/orders"
# Attempts end ten minutes after the booking, holds after fifteen.
ATTEMPT, HOLD = timedelta(minutes=10), timedelta(minutes=15)
EXPIRED = [BOOKED, "cleaning_order.cancelled"]


# -- nobody pays


def test_an_attempt_that_nobody_paid_is_closed_at_wechat_before_the_order_expires(
    town: Town, sale: Sale
) -> None:
    town.clock.advance(HOLD - timedelta(seconds=1))
    town.settle()
    assert (sale.attempt(), sale.at_wechat()) == (STARTED, "NOTPAY")
    town.clock.advance(timedelta(seconds=1))
    town.settle()
    assert sale.at_wechat() == "CLOSED"
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]
    assert sale.facts() == EXPIRED
    assert sale.stage() == "expired"


def test_an_order_expires_though_the_feeds_clock_is_behind_the_workers(
    town: Town, sale: Sale
) -> None:
    """The worker finds the hold over; the process that hears of the closing finds it is not yet."""
    town.catch_up()
    town.clock.advance(HOLD)
    while town.house.deadlines.run_due():
        assert sale.facts() == [BOOKED]
    town.clock.advance(-timedelta(seconds=1))
    town.settle()
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]
    town.let_pass(timedelta(minutes=15))
    assert sale.facts() == EXPIRED


def test_what_wechat_never_heard_of_expires_too(town: Town) -> None:
    """WeChat is silent for the whole time; a query then says that it knows no such order."""
    customer = town.customer()
    order = town.booked(customer)
    silence = {"path_contains": "jsapi", "status": 500, "count": 1_000}
    town.simulate("pay", "/_sim/fail_next", silence)
    assert customer.post(f"{ORDERS}/{order['order_id']}/payments").status_code == 503
    sale = Sale(town, customer, order, f"{order['order_number']}-C1A1")
    town.let_pass(HOLD - timedelta(minutes=1), timedelta(seconds=10))
    assert sale.attempt() == ["payment.started"]
    assert sale.facts() == [BOOKED]
    town.let_pass(timedelta(minutes=2))
    assert town.at_wechat(sale.number) is None
    end = ["payment.closing_requested", "payment.closed"]
    assert sale.attempt() == ["payment.started", *end]
    assert sale.facts() == EXPIRED
    town.outside.delete(f"{town.pay_url}/_sim/fail_next", timeout=5)
    town.let_pass(timedelta(minutes=15))
    assert town.at_wechat(sale.number) is None  # no order is made at WeChat any more


def test_a_prepay_that_came_through_unseen_is_closed_too(town: Town) -> None:
    customer = town.customer()
    order = town.booked(customer)
    dropped = {"path_contains": "jsapi", "drop_response": True, "count": 1_000}
    town.simulate("pay", "/_sim/fail_next", dropped)
    assert customer.post(f"{ORDERS}/{order['order_id']}/payments").status_code == 503
    sale = Sale(town, customer, order, f"{order['order_number']}-C1A1")
    town.let_pass(HOLD)
    town.outside.delete(f"{town.pay_url}/_sim/fail_next", timeout=5)
    assert (sale.at_wechat(), sale.facts()) == ("CLOSED", EXPIRED)


def test_a_close_that_wechat_took_without_effect_proves_nothing(town: Town, sale: Sale) -> None:
    """A 204 comes in any case; what counts is that a query says unpaid after the time."""
    sale.command("close_ignored", {"ignored": True})
    cancelled = sale.customer.do(f"{ORDERS}/{sale.order['order_id']}/cancellation")
    assert cancelled["stage"] == "cancelled"
    town.settle()
    town.let_pass(HOLD - timedelta(minutes=1))
    assert (sale.attempt(), sale.at_wechat()) == (GIVEN_UP, "NOTPAY")
    town.let_pass(timedelta(minutes=10))
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]


# -- the password at the end


@pytest.fixture
def typing(town: Town, sale: Sale) -> Sale:
    """The hold is over while the customer types the password: WeChat refuses to close."""
    sale.command("password", {"entering": True})
    town.clock.advance(HOLD)
    town.settle()
    assert sale.attempt() == GIVEN_UP
    assert (sale.facts(), sale.stage()) == ([BOOKED], "awaiting_payment")
    return sale


def test_who_types_the_password_at_the_end_has_paid_in_time(town: Town, typing: Sale) -> None:
    town.let_pass(timedelta(minutes=1))
    assert typing.facts() == [BOOKED]
    typing.pay(even_if_expired=True)
    town.courier.deliver_due()
    town.settle()
    assert typing.attempt() == [*GIVEN_UP, "payment.succeeded"]
    assert (typing.facts(), typing.stage()) == (PAID, "awaiting_assignment")
    town.let_pass(HOLD)
    assert typing.facts() == PAID


@pytest.mark.usefixtures("silent")
def test_closing_itself_finds_out_that_the_password_was_right(town: Town, typing: Sale) -> None:
    typing.pay(even_if_expired=True)
    town.let_pass(timedelta(minutes=1))
    assert typing.attempt() == [*GIVEN_UP, "payment.succeeded"]
    assert typing.facts() == PAID


def test_who_leaves_the_password_page_lets_the_order_expire(town: Town, typing: Sale) -> None:
    typing.command("password", {"entering": False})
    town.let_pass(timedelta(minutes=1))
    assert typing.at_wechat() == "CLOSED"
    assert typing.attempt() == [*GIVEN_UP, "payment.closed"]
    assert (typing.facts(), typing.stage()) == (EXPIRED, "expired")


def test_nobody_types_a_password_for_ever(town: Town, typing: Sale) -> None:
    town.let_pass(timedelta(minutes=9))
    assert typing.facts() == [BOOKED]
    town.let_pass(timedelta(minutes=10))
    assert (typing.at_wechat(), typing.facts()) == ("NOTPAY", EXPIRED)


def test_a_wrong_amount_at_the_end_pays_nothing_and_the_order_expires(
    town: Town, typing: Sale
) -> None:
    """The money waits for a person; the seats do not."""
    typing.command("amount_as", {"total": 1})
    typing.pay(even_if_expired=True)
    town.courier.deliver_due()
    town.settle()
    assert typing.attempt() == [*GIVEN_UP, "payment.amount_mismatched"]
    town.let_pass(timedelta(minutes=10))
    assert (typing.facts(), typing.stage()) == (EXPIRED, "expired")


def test_a_wrong_amount_in_time_pays_nothing_and_the_order_expires(town: Town, sale: Sale) -> None:
    sale.command("amount_as", {"total": 1})
    sale.pay()
    town.courier.deliver_due()
    town.clock.advance(HOLD)
    town.settle()
    assert sale.attempt() == [*STARTED, "payment.amount_mismatched"]
    assert (sale.facts(), sale.stage()) == (EXPIRED, "expired")


# -- money at the last moment, and after it


def test_money_a_few_seconds_after_wechats_expiry_counts_within_the_hold(
    town: Town, sale: Sale
) -> None:
    town.clock.advance(ATTEMPT + timedelta(seconds=7))
    sale.pay(even_if_expired=True)
    town.courier.deliver_due()
    town.settle()
    assert sale.attempt() == [*STARTED, "payment.succeeded"]
    assert (sale.facts(), sale.stage()) == (PAID, "awaiting_assignment")


@pytest.mark.usefixtures("silent")
def test_money_that_nobody_told_of_is_found_when_the_hold_ends(town: Town, sale: Sale) -> None:
    """No worker ran meanwhile; the order is not given up before WeChat was asked."""
    town.clock.advance(ATTEMPT)
    sale.pay()
    town.clock.advance(timedelta(hours=1))
    town.settle()
    assert sale.attempt()[-1] == "payment.succeeded"
    assert sale.facts() == PAID


def test_an_order_whose_money_came_does_not_expire_while_its_policies_lag(
    town: Town, sale: Sale
) -> None:
    """The success is stated first and taken second; the deadline may fall in between."""
    town.catch_up()
    town.clock.advance(HOLD - timedelta(seconds=5))
    sale.pay(even_if_expired=True)
    town.courier.deliver_due()
    assert sale.attempt() == [*STARTED, "payment.succeeded"]
    town.clock.advance(timedelta(seconds=5))
    while town.house.deadlines.run_due():
        assert sale.facts() == [BOOKED]
    town.settle()
    assert (sale.facts(), sale.stage()) == (PAID, "awaiting_assignment")


@pytest.mark.usefixtures("silent")
def test_money_after_the_order_expired_goes_back(town: Town, sale: Sale) -> None:
    """Closing had no effect at WeChat, so it took the money; the poller goes on for a day."""
    sale.command("close_ignored", {"ignored": True})
    town.let_pass(HOLD + timedelta(minutes=1))
    assert (sale.attempt(), sale.facts()) == ([*GIVEN_UP, "payment.closed"], EXPIRED)
    sale.pay(even_if_expired=True)
    town.let_pass(timedelta(hours=2, minutes=1), timedelta(minutes=30))
    assert sale.attempt() == [*GIVEN_UP, "payment.closed", "payment.succeeded_late"]
    assert sale.facts() == [*EXPIRED, "cleaning_order.refund_due"]
    shown = sale.shown()
    assert (shown["stage"], shown["paid_fen"]) == ("expired", 0)
    assert shown["refund_due_fen"] == sale.order["total_fen"]


def test_a_notice_after_the_order_expired_gives_the_money_back_once(town: Town, sale: Sale) -> None:
    sale.command("close_ignored", {"ignored": True})
    town.let_pass(HOLD + timedelta(minutes=1))
    town.simulate("pay", "/_sim/notice_rules", {"duplicate": 2})
    sale.pay(even_if_expired=True)
    town.courier.deliver_due()
    town.let_pass(timedelta(hours=3), timedelta(minutes=30))
    assert sale.facts() == [*EXPIRED, "cleaning_order.refund_due"]
    town.simulate("pay", "/_sim/notice_rules", {})


# -- what else closes an attempt at WeChat


def test_the_attempt_of_a_cancelled_order_is_closed_at_wechat(town: Town, sale: Sale) -> None:
    sale.customer.do(f"{ORDERS}/{sale.order['order_id']}/cancellation")
    town.settle()
    assert sale.at_wechat() == "CLOSED"
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]


def test_the_attempt_of_an_order_that_the_office_cancels_is_closed_at_wechat(
    town: Town, sale: Sale
) -> None:
    path = f"{OFFICE}/{sale.order['order_id']}/cancellation"
    town.dispatcher().do(path, {"reason_code": "customer"})
    town.settle()
    assert (sale.at_wechat(), sale.attempt()[-1]) == ("CLOSED", "payment.closed")


@pytest.mark.usefixtures("silent")
def test_money_for_a_cancelled_order_that_closing_finds_goes_back(town: Town, sale: Sale) -> None:
    """The customer paid and then cancelled before we knew."""
    sale.pay()
    sale.customer.do(f"{ORDERS}/{sale.order['order_id']}/cancellation")
    town.settle()
    assert sale.attempt() == [*GIVEN_UP, "payment.succeeded"]
    assert sale.facts() == [*EXPIRED, "cleaning_order.refund_due"]
    assert sale.shown()["refund_due_fen"] == sale.order["total_fen"]


def test_another_way_to_pay_closes_the_first_at_wechat(town: Town, sale: Sale) -> None:
    sale.customer.session.headers["User-Agent"] = DESKTOP_BROWSER
    assert town.prepared(sale.customer, sale.order) == sale.next_number()
    town.settle()
    assert sale.at_wechat() == "CLOSED"
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]
    assert town.at_wechat(sale.next_number())["state"] == "NOTPAY"
    assert sale.facts() == [BOOKED]


def test_once_one_attempt_is_paid_the_other_is_closed_at_wechat(town: Town, sale: Sale) -> None:
    """While the first could not be closed, the customer began a second one, and paid the first."""
    sale.command("password", {"entering": True})
    sale.customer.session.headers["User-Agent"] = DESKTOP_BROWSER
    second = town.prepared(sale.customer, sale.order)
    town.settle()
    assert sale.at_wechat() == "NOTPAY"
    sale.pay()
    town.courier.deliver_due()
    town.settle()
    assert sale.facts() == PAID
    assert town.at_wechat(second)["state"] == "CLOSED"
    assert town.facts_of_payment(second) == [*GIVEN_UP, "payment.closed"]


def test_money_on_both_attempts_is_kept_once(town: Town, sale: Sale) -> None:
    sale.command("password", {"entering": True})
    sale.customer.session.headers["User-Agent"] = DESKTOP_BROWSER
    second = town.prepared(sale.customer, sale.order)
    sale.customer.session.headers["User-Agent"] = WECHAT_BROWSER
    town.settle()
    for number in (sale.number, second):
        town.pay_at_wechat(number)
    town.courier.deliver_due()
    town.settle()
    assert sale.facts() == [*PAID, "cleaning_order.refund_due"]
    assert sale.shown()["paid_fen"] == sale.shown()["refund_due_fen"] == sale.order["total_fen"]


# -- times that belong together


def test_the_attempt_ends_at_wechat_five_minutes_before_the_hold(town: Town, sale: Sale) -> None:
    ends_at = datetime.fromisoformat(town.at_wechat(sale.number)["expires_at"])
    pay_by = datetime.fromisoformat(sale.order["pay_by"])
    assert pay_by - ends_at == HOLD - ATTEMPT
