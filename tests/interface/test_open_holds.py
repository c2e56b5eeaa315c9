"""Open holds over HTTP: a customer has three unpaid orders at most."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import requests

from tests.interface.quarters import ORDERS, cancel
from tests.interface.town import Caller, Town

HOLD = timedelta(minutes=15)


def assert_too_many_holds(answer: requests.Response) -> None:
    assert answer.status_code == 409, answer.text
    told = answer.json()
    sentence = "您有 3 个待支付订单，请先支付或取消后再下单。"
    assert (told["code"], told["title"]) == ("too_many_holds", sentence)


def test_the_fourth_unpaid_order_is_refused(town: Town) -> None:
    customer = town.customer()
    for _ in range(3):
        town.booked(customer)
    position = town.position()
    assert_too_many_holds(customer.post(ORDERS, town.wish()))
    assert town.position() == position
    town.booked(town.customer())  # somebody else's places are their own


def test_of_two_at_once_one_is_the_third_and_one_too_many(town: Town) -> None:
    customer, together = town.customer(), Barrier(2)
    for _ in range(2):
        town.booked(customer)
    cookies = customer.session.cookies
    tabs = [town.anybody(), town.anybody()]
    for tab in tabs:
        tab.session.cookies.update(cookies)

    def book(tab: Caller) -> requests.Response:
        together.wait()
        return tab.post(ORDERS, town.wish())

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(book, tabs), key=lambda answer: answer.status_code)
    assert answers[0].status_code == 201
    assert_too_many_holds(answers[1])


def test_paying_makes_room_for_another_order(town: Town) -> None:
    customer = town.customer()
    orders = [town.booked(customer) for _ in range(3)]
    town.pay_at_wechat(town.prepared(customer, orders[1]))
    town.courier.deliver_due()
    town.catch_up()
    town.booked(customer)
    assert_too_many_holds(customer.post(ORDERS, town.wish()))


def test_cancelling_makes_room_for_another_order(town: Town) -> None:
    customer = town.customer()
    orders = [town.booked(customer) for _ in range(3)]
    assert cancel(customer, orders[0])["stage"] == "cancelled"
    town.booked(customer)
    assert_too_many_holds(customer.post(ORDERS, town.wish()))


def test_expiring_makes_room_for_another_order(town: Town) -> None:
    customer = town.customer()
    for _ in range(3):
        town.booked(customer)
    town.clock.advance(HOLD)
    town.settle()
    town.booked(customer)


def test_paid_orders_are_no_holds(town: Town) -> None:
    customer = town.customer()
    for _ in range(4):
        town.paid(customer)
    town.booked(customer)
