"""Where an order came from: what a customer may say of it, and one board for all."""

import pytest

from domain.orders.booking import SOURCES
from tests.interface.problems import assert_problem
from tests.interface.town import (
    DESKTOP_BROWSER,
    PHONE_BROWSER,
    WECHAT_BROWSER,
    Caller,
    Json,
    Town,
)

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
CUSTOMERS = "/api/v1/office/customers"


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


def source_seen(town: Town, order: Json) -> str:
    town.catch_up()
    return str(town.dispatcher().read(f"{OFFICE}/{order['order_id']}")["source"])


@pytest.mark.parametrize(
    ("browser", "source"),
    [(WECHAT_BROWSER, "wechat"), (PHONE_BROWSER, "web"), (DESKTOP_BROWSER, "web")],
)
def test_without_a_word_the_source_is_the_browsers(
    town: Town, customer: Caller, browser: str, source: str
) -> None:
    customer.session.headers["User-Agent"] = browser
    assert source_seen(town, town.booked(customer)) == source


@pytest.mark.parametrize("source", ["web", "app", "wechat"])
def test_a_customer_may_say_where_they_book(town: Town, customer: Caller, source: str) -> None:
    assert source_seen(town, town.booked(customer, source=source)) == source


@pytest.mark.parametrize("source", ["phone", "yixin", "fax", ""])
def test_a_customer_cannot_say_that_they_rang_up(town: Town, customer: Caller, source: str) -> None:
    before = town.position()
    answer = customer.post(ORDERS, town.wish(source=source))
    assert_problem(answer, 422, "invalid_input", "source")
    assert town.position() == before


@pytest.mark.requirement("R13")
def test_orders_of_all_channels_stand_on_one_board_and_are_filtered_by_channel(
    town: Town,
) -> None:
    office = town.dispatcher()
    orders = {
        source: town.booked(town.customer(), source=source) for source in ("web", "app", "wechat")
    }
    for number, source in enumerate(("phone", "yixin")):
        caller = office.do(CUSTOMERS, {"phone": f"1380000100{number}"})
        path = f"{CUSTOMERS}/{caller['customer_id']}/orders"
        orders[source] = office.do(path, town.wish(source=source))
    assert set(orders) == set(SOURCES)
    town.catch_up()
    everything = office.read(OFFICE, limit=100)["orders"]
    seen = {row["order_id"]: row["source"] for row in everything}
    for source, order in orders.items():
        assert seen[order["order_id"]] == source
        filtered = office.read(OFFICE, limit=100, source=source)["orders"]
        assert order["order_id"] in {row["order_id"] for row in filtered}
        assert {row["source"] for row in filtered} == {source}
