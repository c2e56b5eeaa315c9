"""Holds over HTTP: seats are sold once, and an unpaid order keeps them for a while only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import requests

from tests.interface.quarters import (
    ORDERS,
    SEATS,
    Quarter,
    assert_slot_full,
    cancel,
    new_district,
)
from tests.interface.town import Caller, Json, Town

OFFICE = "/api/v1/office/orders"
HOLD = timedelta(minutes=15)


def facts(town: Town, order: Json) -> list[str]:
    return town.facts_of(UUID(order["order_id"]))


# -- seats


def test_a_full_slot_is_refused_and_another_time_works(town: Town, quarter: Quarter) -> None:
    quarter.book(town.customer(), 9)
    other = town.customer()
    position = town.position()
    for hour in (9, 10):  # the second begins while the first is still there
        assert_slot_full(quarter.ask(other, hour))
    assert town.position() == position
    quarter.book(other, 11)


def test_a_slot_is_sold_up_to_its_seats(town: Town) -> None:
    quarter = Quarter(town, 2).open()
    for _ in range(2):
        quarter.book(town.customer())
    assert_slot_full(quarter.ask(town.customer()))


def test_no_seats_are_sold_where_none_were_planned(town: Town) -> None:
    assert_slot_full(Quarter(town, 0).ask(town.customer()))


def test_a_visit_that_lasts_beyond_the_planned_hours_is_refused(
    town: Town, quarter: Quarter
) -> None:
    for hour in (8, 20):
        assert_slot_full(quarter.ask(town.customer(), hour))
    quarter.book(town.customer(), 19)


def test_an_order_for_one_district_takes_no_seat_of_another(town: Town, quarter: Quarter) -> None:
    quarter.book(town.customer())
    Quarter(town, 1).open().book(town.customer())


def test_fewer_seats_than_are_sold_take_none_away_and_sell_none(town: Town) -> None:
    quarter = Quarter(town, 2).open()
    customer = town.customer()
    order = quarter.book(customer)
    quarter.set_seats(0)
    assert quarter.is_full()
    town.prepared(customer, order)
    quarter.set_seats(2)
    assert not quarter.is_full()


def test_the_same_request_sent_twice_holds_one_seat(town: Town) -> None:
    quarter, customer, key = Quarter(town, 2).open(), town.customer(), str(uuid4())
    wish = quarter.wish(town.tomorrow())
    answers = [customer.post(ORDERS, wish, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert not quarter.is_full()


def test_a_refused_booking_may_be_sent_again_once_a_seat_is_free(
    town: Town, quarter: Quarter
) -> None:
    """The refusal is not remembered under its key."""
    first, second, key = town.customer(), town.customer(), str(uuid4())
    order = quarter.book(first)
    wish = quarter.wish(town.tomorrow())
    assert_slot_full(second.post(ORDERS, wish, key=key))
    cancel(first, order)
    assert second.post(ORDERS, wish, key=key).status_code == 201


def test_of_two_who_want_the_last_seat_exactly_one_gets_it(town: Town) -> None:
    for _ in range(5):
        quarter, together = Quarter(town, 1).open(), Barrier(2)
        customers = [town.customer(), town.customer()]

        def ask(
            customer: Caller, quarter: Quarter = quarter, together: Barrier = together
        ) -> requests.Response:
            together.wait()
            return quarter.ask(customer)

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(ask, customers), key=lambda answer: answer.status_code)
        assert answers[0].status_code == 201
        assert_slot_full(answers[1])


# -- how a hold ends


def test_an_order_that_nobody_began_to_pay_expires_at_its_time(
    town: Town, quarter: Quarter
) -> None:
    order = quarter.book(customer := town.customer())
    town.clock.advance(HOLD - timedelta(seconds=1))
    town.settle()
    assert quarter.is_full()
    town.clock.advance(timedelta(seconds=1))
    town.settle()
    assert facts(town, order) == ["cleaning_order.booked", "cleaning_order.cancelled"]
    shown = customer.read(f"{ORDERS}/{order['order_id']}")
    assert (shown["stage"], shown["refund_due_fen"]) == ("expired", 0)
    assert not quarter.is_full()


def test_an_attempt_holds_the_seats_until_wechat_says_that_it_is_closed(
    town: Town, quarter: Quarter
) -> None:
    customer = town.customer()
    order = quarter.book(customer)
    number = town.prepared(customer, order)
    town.simulate("pay", "/_sim/fail_next", {"path_contains": number, "status": 500, "count": 50})
    town.let_pass(HOLD + timedelta(minutes=3))
    assert facts(town, order) == ["cleaning_order.booked"]
    assert quarter.is_full()
    town.outside.delete(f"{town.pay_url}/_sim/fail_next", timeout=5)
    town.let_pass(timedelta(minutes=10))
    assert town.at_wechat(number)["state"] == "CLOSED"
    assert facts(town, order)[-1] == "cleaning_order.cancelled"
    assert town.facts_of_payment(number)[-2:] == ["payment.closing_requested", "payment.closed"]
    assert not quarter.is_full()


def test_expiring_happens_once_however_often_its_time_comes(town: Town, quarter: Quarter) -> None:
    order = quarter.book(town.customer())
    town.clock.advance(HOLD)
    for _ in range(3):
        town.house.unpaid.expire(UUID(order["order_id"]))
    town.settle()
    assert facts(town, order) == ["cleaning_order.booked", "cleaning_order.cancelled"]


def test_cancelling_frees_the_seat_at_once(town: Town, quarter: Quarter) -> None:
    order = quarter.book(customer := town.customer())
    assert quarter.is_full()
    told = cancel(customer, order)
    assert told == {"order_id": order["order_id"], "stage": "cancelled"}
    assert not quarter.is_full()


def test_cancelling_twice_is_refused_and_the_same_request_is_one(
    town: Town, quarter: Quarter
) -> None:
    customer, key = town.customer(), str(uuid4())
    path = f"{ORDERS}/{quarter.book(customer)['order_id']}/cancellation"
    answers = [customer.post(path, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert customer.post(path).status_code == 409


def test_nobody_cancels_an_order_of_another_customer(town: Town, quarter: Quarter) -> None:
    order = quarter.book(town.customer())
    stranger = town.customer()
    position = town.position()
    answer = stranger.post(f"{ORDERS}/{order['order_id']}/cancellation")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert town.position() == position


def test_a_paid_order_keeps_its_seat_and_is_not_given_up_as_unpaid(
    town: Town, quarter: Quarter
) -> None:
    customer = town.customer()
    order = quarter.book(customer)
    town.pay_at_wechat(town.prepared(customer, order))
    town.courier.deliver_due()
    town.catch_up()
    assert customer.post(f"{ORDERS}/{order['order_id']}/cancellation").status_code == 409
    town.clock.advance(HOLD)
    town.settle()
    assert facts(town, order) == ["cleaning_order.booked", "cleaning_order.paid"]
    assert quarter.is_full()


def test_a_paid_order_that_the_office_cancels_frees_its_seat(town: Town, quarter: Quarter) -> None:
    customer = town.customer()
    order = quarter.book(customer)
    town.pay_at_wechat(town.prepared(customer, order))
    town.courier.deliver_due()
    town.catch_up()
    path = f"{OFFICE}/{order['order_id']}/cancellation"
    town.dispatcher().do(path, {"reason_code": "customer"})
    assert not quarter.is_full()


# -- another date


def move(town: Town, order: Json, hour: int) -> requests.Response:
    body = {"starts_at": town.tomorrow(hour).isoformat(), "reason_code": "customer"}
    return town.dispatcher().post(f"{OFFICE}/{order['order_id']}/rescheduling", body)


def test_a_new_date_takes_its_seats_along(town: Town, quarter: Quarter) -> None:
    order = quarter.book(town.customer(), 9)
    assert move(town, order, 15).status_code == 200
    assert not quarter.is_full(9)
    assert quarter.is_full(15)
    assert move(town, order, 16).status_code == 200  # it overlaps the date it leaves
    assert quarter.is_full(16)
    assert not quarter.is_full(14)


def test_an_order_is_not_moved_into_a_full_slot_and_keeps_its_own(
    town: Town, quarter: Quarter
) -> None:
    first, _ = quarter.book(town.customer(), 9), quarter.book(town.customer(), 11)
    position = town.position()
    for hour in (8, 10, 11, 12):
        assert_slot_full(move(town, first, hour))
    assert town.position() == position
    assert quarter.is_full(9)


# -- the office's seats


def test_seats_are_set_by_half_hours_only(town: Town) -> None:
    office, position = town.dispatcher(), town.position()
    usual = {"pool": "cleaning", "district": "110105", "day": "2026-12-01", "seats": 1}
    for hours in (
        {"starts": "09:15", "ends": "10:00"},
        {"starts": "09:00", "ends": "09:00:01"},
        {"starts": "10:00", "ends": "09:00"},
        {"starts": "09:00", "ends": "09:00"},
        {"starts": "24:00", "ends": "00:00"},
        {"starts": "09:00", "ends": "10:00", "seats": -1},
        {"starts": "09:00", "ends": "10:00", "seats": 1_001},
        {"starts": "09:00", "ends": "10:00", "seats": 1.5},
        {"starts": "09:00", "ends": "10:00", "pool": "gardening"},
        {"starts": "09:00", "ends": "10:00", "district": "010105"},
        {"starts": "09:00", "ends": "10:00", "day": "2026-02-30"},
    ):
        answer = office.post(SEATS, {**usual, **hours})
        assert answer.status_code == 422, answer.text
    assert town.position() == position


def test_setting_the_same_seats_again_is_no_news(town: Town) -> None:
    office, district = town.dispatcher(), new_district()
    body = {"pool": "cleaning", "district": district, "day": "2026-12-01", "seats": 3}
    hours = {"starts": "00:00", "ends": "00:00"}
    told = office.do(SEATS, {**body, **hours})
    assert told == {"pool": "cleaning", "area": district, "day": "2026-12-01", "seats": 3}
    position = town.position()
    assert office.do(SEATS, {**body, **hours}) == told
    assert town.position() == position
