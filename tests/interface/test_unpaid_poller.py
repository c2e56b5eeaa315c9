"""The poller: it asks WeChat about an attempt whose notice does not come, and when it stops."""

from datetime import timedelta

import pytest

from tests.interface.sales import GIVEN_UP, PAID, STARTED, Sale
from tests.interface.town import Town


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("seconds", [0, 20, 65, 115])
def test_a_lost_notice_is_found_within_a_minute(town: Town, sale: Sale, seconds: int) -> None:
    town.let_pass(timedelta(seconds=seconds), timedelta(seconds=5))
    sale.pay()
    assert sale.stage() == "awaiting_payment"
    town.let_pass(timedelta(minutes=1), timedelta(seconds=5))
    assert sale.attempt() == [*STARTED, "payment.succeeded"]
    assert (sale.facts(), sale.stage()) == (PAID, "awaiting_assignment")


def seen_to_at(town: Town, sale: Sale, until: timedelta) -> list[timedelta]:
    """How long after its start the poller sees to the attempt."""
    town.catch_up()
    (row,) = sale.calls("query")
    began, ages = row.created_at, list[timedelta]()
    while row.done_at is None and row.next_try_at <= began + until:
        town.clock.advance(max(row.next_try_at - town.clock.now(), timedelta()))
        ages.append(town.clock.now() - began)
        town.settle()
        (row,) = sale.calls("query")
    return ages


def after_minutes(*minutes: float) -> list[timedelta]:
    return [timedelta(minutes=each) for each in minutes]


def test_the_pauses_between_two_questions_grow(town: Town, sale: Sale) -> None:
    """The last question is 25 hours after its time; what comes later is in the day's bill."""
    sale.command("close_ignored", {"ignored": True})
    ages = seen_to_at(town, sale, timedelta(hours=30))
    first = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 11, 16, 21, 26, 31, 61, 91, 121, 151, 181]
    assert ages == after_minutes(*first, *range(301, 1_622, 120))
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]
    (row,) = sale.calls("query")
    assert row.done_at is not None


def test_the_poller_is_done_once_wechat_says_closed(town: Town, sale: Sale) -> None:
    ages = seen_to_at(town, sale, timedelta(hours=30))
    # At 16 minutes the closing asks; at 21 there is nothing left to ask.
    assert ages == after_minutes(0.5, 1, 1.5, 2, 3, 4, 5, 6, 11, 16, 21)
    assert sale.attempt() == [*GIVEN_UP, "payment.closed"]


def test_the_poller_is_done_once_it_is_paid(town: Town, sale: Sale) -> None:
    sale.pay()
    town.courier.deliver_due()
    town.settle()
    assert seen_to_at(town, sale, timedelta(hours=30)) == after_minutes(0.5)
