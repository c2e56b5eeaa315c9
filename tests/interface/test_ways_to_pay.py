"""Ways to pay over HTTP: which browser gets which, and what a payer who comes back finds."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from requests.adapters import HTTPAdapter
from sqlalchemy import text

from tests.interface.town import (
    DESKTOP_BROWSER,
    PHONE_BROWSER,
    WECHAT_BROWSER,
    Caller,
    Json,
    Town,
)

ORDERS = "/api/v1/orders"
STARTED = ["payment.started", "payment.prepared"]
REPLACED = [*STARTED, "payment.closing_requested", "payment.closed"]


class FromElsewhere(HTTPAdapter):
    """Calls from another address of the loopback."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Json, **more: Json) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **more)


def open_in(customer: Caller, browser: str) -> None:
    customer.session.headers["User-Agent"] = browser


def see_from(customer: Caller, address: str) -> None:
    customer.session.mount("http://", FromElsewhere(address))


def pay(customer: Caller, order: Json) -> Json:
    return customer.do(f"{ORDERS}/{order['order_id']}/payments")


def attempt(order: Json, number: int) -> str:
    return f"{order['order_number']}-C1A{number}"


def kept_bodies(town: Town, number: str) -> list[str]:
    """What was kept, sealed, of the prepays of an attempt."""
    query = text("select body from wechat.prepay_bodies where out_trade_no = :number")
    with town.house.engine.connect() as connection:
        return list(connection.execute(query, {"number": number}).scalars())


@pytest.fixture
def customer(town: Town) -> Iterator[Caller]:
    caller = town.customer()
    yield caller
    caller.session.close()


AGENTS = [
    (WECHAT_BROWSER, "JSAPI"),
    (f"{PHONE_BROWSER} MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/zh_CN", "JSAPI"),
    (f"{DESKTOP_BROWSER} MicroMessenger/7.0.20.1781 MacWechat/3.8.7", "JSAPI"),
    (PHONE_BROWSER, "MWEB"),
    ("Mozilla/5.0 (Linux; Android 14; HUAWEI) AppleWebKit/537.36 Chrome/120.0", "MWEB"),
    ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15", "MWEB"),
    ("Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 ArkWeb/4.1 Mobile", "MWEB"),
    (DESKTOP_BROWSER, "NATIVE"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15", "NATIVE"),
    ("MicroMessenger", "NATIVE"),
    ("python-requests/2.32", "NATIVE"),
    ("", "NATIVE"),
]


@pytest.mark.parametrize(("browser", "trade_type"), AGENTS)
def test_the_browser_decides_the_way_to_pay(
    town: Town, customer: Caller, browser: str, trade_type: str
) -> None:
    order = town.booked(customer)
    open_in(customer, browser)
    told = pay(customer, order)
    assert (told["out_trade_no"], told["trade_type"]) == (attempt(order, 1), trade_type)
    assert town.at_wechat(attempt(order, 1))["trade_type"] == trade_type
    assert_handed_over(told)


def assert_handed_over(told: Json) -> None:
    match told["trade_type"]:
        case "JSAPI":
            assert told["bridge"]["package"].startswith("prepay_id=wx")
            assert told["pay_url"] == ""
        case "MWEB":
            assert told["bridge"] is None
            assert "prepay_id=" in told["pay_url"]
        case _:
            assert told["bridge"] is None
            assert told["pay_url"].startswith("weixin://wxpay/bizpayurl?pr=")


@pytest.mark.parametrize("browser", [WECHAT_BROWSER, PHONE_BROWSER, DESKTOP_BROWSER])
def test_every_way_to_pay_leads_to_a_paid_order(town: Town, customer: Caller, browser: str) -> None:
    order = town.booked(customer)
    open_in(customer, browser)
    town.pay_at_wechat(pay(customer, order)["out_trade_no"])
    town.courier.deliver_due()
    town.catch_up()
    assert customer.read(f"{ORDERS}/{order['order_id']}")["stage"] == "awaiting_assignment"


@pytest.mark.parametrize("browser", [PHONE_BROWSER, DESKTOP_BROWSER])
def test_who_comes_back_in_time_finds_the_same_link(
    town: Town, customer: Caller, browser: str
) -> None:
    order = town.booked(customer)
    open_in(customer, browser)
    first = pay(customer, order)
    town.clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    assert pay(customer, order) == first
    assert town.facts_of_payment(attempt(order, 1)) == STARTED
    assert town.at_wechat(attempt(order, 1))["prepays"] == 1


def test_an_expired_h5_link_is_renewed_with_the_very_same_bytes(
    town: Town, customer: Caller
) -> None:
    """With one byte changed WeChat would refuse the number as a duplicate (商户订单号重复)."""
    order, number = town.booked(customer), ""
    open_in(customer, PHONE_BROWSER)
    first = pay(customer, order)
    number = first["out_trade_no"]
    sent = kept_bodies(town, number)
    assert len(sent) == 1
    town.clock.advance(timedelta(minutes=5))
    second = pay(customer, order)
    assert second["out_trade_no"] == number
    assert second["pay_url"] != first["pay_url"]
    assert kept_bodies(town, number) == sent
    assert town.at_wechat(number)["prepays"] == 2
    assert town.facts_of_payment(number) == [*STARTED, "payment.renewed", "payment.prepared"]
    town.catch_up()
    town.pay_at_wechat(number)
    town.courier.deliver_due()
    town.catch_up()
    assert customer.read(f"{ORDERS}/{order['order_id']}")["stage"] == "awaiting_assignment"


def test_a_renewal_that_wechat_leaves_unanswered_is_repeated(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    open_in(customer, PHONE_BROWSER)
    first = pay(customer, order)
    town.clock.advance(timedelta(minutes=5))
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "h5", "drop_response": True})
    path = f"{ORDERS}/{order['order_id']}/payments"
    answer = customer.post(path, key="came back")
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_not_ready")
    town.clock.advance(timedelta(seconds=2))
    town.settle()
    renewed = customer.post(path, key="came back")
    assert renewed.status_code == 201, renewed.text
    assert renewed.json()["pay_url"] not in {"", first["pay_url"]}
    assert town.at_wechat(attempt(order, 1))["prepays"] == 3


def test_two_who_come_back_at_once_renew_one_attempt(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    open_in(customer, PHONE_BROWSER)
    pay(customer, order)
    town.clock.advance(timedelta(minutes=5))
    path = f"{ORDERS}/{order['order_id']}/payments"
    answers = [customer.post(path, key="the same tap") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert town.facts_of_payment(attempt(order, 1)).count("payment.renewed") == 1


def test_the_time_to_pay_is_no_longer_for_a_renewal(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    open_in(customer, PHONE_BROWSER)
    pay(customer, order)
    town.clock.advance(timedelta(minutes=10))
    answer = customer.post(f"{ORDERS}/{order['order_id']}/payments")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_time_over")
    assert town.facts_of_payment(attempt(order, 1)) == STARTED


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (WECHAT_BROWSER, PHONE_BROWSER),
        (WECHAT_BROWSER, DESKTOP_BROWSER),
        (PHONE_BROWSER, WECHAT_BROWSER),
        (DESKTOP_BROWSER, PHONE_BROWSER),
    ],
    ids=["wechat-phone", "wechat-desktop", "phone-wechat", "desktop-phone"],
)
def test_another_browser_closes_the_old_attempt_and_starts_a_new_one(
    town: Town, customer: Caller, first: str, second: str
) -> None:
    order = town.booked(customer)
    open_in(customer, first)
    pay(customer, order)
    open_in(customer, second)
    told = pay(customer, order)
    assert told["out_trade_no"] == attempt(order, 2)
    assert_handed_over(told)
    town.settle()
    assert town.facts_of_payment(attempt(order, 1)) == REPLACED
    assert town.facts_of_payment(attempt(order, 2)) == STARTED
    states = [town.at_wechat(attempt(order, number))["state"] for number in (1, 2)]
    assert states == ["CLOSED", "NOTPAY"]


def test_back_in_the_first_browser_a_third_attempt_begins(town: Town, customer: Caller) -> None:
    """What was given up is never taken up again: it may be closed at WeChat by now."""
    order = town.booked(customer)
    for number, browser in enumerate([WECHAT_BROWSER, DESKTOP_BROWSER, WECHAT_BROWSER], 1):
        open_in(customer, browser)
        assert pay(customer, order)["out_trade_no"] == attempt(order, number)
    town.settle()
    states = [town.at_wechat(attempt(order, number))["state"] for number in (1, 2, 3)]
    assert states == ["CLOSED", "CLOSED", "NOTPAY"]


def test_a_changed_address_closes_the_old_h5_attempt_and_starts_a_new_one(
    town: Town, customer: Caller
) -> None:
    """WeChat compares where the payer is seen with what the prepay said."""
    order = town.booked(customer)
    open_in(customer, PHONE_BROWSER)
    pay(customer, order)
    see_from(customer, "127.0.0.2")
    told = pay(customer, order)
    assert (told["out_trade_no"], told["trade_type"]) == (attempt(order, 2), "MWEB")
    town.settle()
    assert town.facts_of_payment(attempt(order, 1)) == REPLACED
    assert pay(customer, order)["out_trade_no"] == attempt(order, 2)


@pytest.mark.parametrize("browser", [WECHAT_BROWSER, DESKTOP_BROWSER])
def test_elsewhere_than_in_h5_the_address_does_not_matter(
    town: Town, customer: Caller, browser: str
) -> None:
    order = town.booked(customer)
    open_in(customer, browser)
    pay(customer, order)
    see_from(customer, "127.0.0.2")
    assert pay(customer, order)["out_trade_no"] == attempt(order, 1)
    assert town.facts_of_payment(attempt(order, 1)) == STARTED


def test_neither_the_address_nor_the_openid_is_kept_in_clear(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    see_from(customer, "127.0.0.3")
    for number, browser in enumerate([PHONE_BROWSER, WECHAT_BROWSER], 1):
        open_in(customer, browser)
        pay(customer, order)
        (body,) = kept_bodies(town, attempt(order, number))
        assert body.startswith("s1.")
    query = text("select count(*) from log.events where state like :clear")
    with town.house.engine.connect() as connection:
        found = connection.execute(query, {"clear": "%127.0.0.3%"}).scalar_one()
    assert found == 0
