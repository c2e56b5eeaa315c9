"""Parts of an order over HTTP: the customer's own alone, opened with whatever else is shown."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from domain.time import shanghai_day
from tests.interface.town import DISTRICT, Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
MACHINES = [{"item": "drum", "brand": "西门子"}, {"item": "impeller", "brand": "海尔"}]


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture
def order(town: Town, customer: Caller) -> Json:
    """Two machines whose brands are sealed."""
    day = shanghai_day(town.tomorrow()).isoformat()
    seats = {"pool": "appliances", "district": DISTRICT, "day": day, "seats": 90}
    town.dispatcher().do("/api/v1/office/seats", {**seats, "starts": "00:00", "ends": "00:00"})
    wish = {name: value for name, value in town.wish("JD-04").items() if name != "quantity"}
    items = {"drum": 1, "impeller": 1}
    booked = customer.do(ORDERS, {**wish, "items": items, "appliances": {"machines": MACHINES}})
    town.catch_up()
    return booked


@contextmanager
def queries_of_keys(town: Town) -> Iterator[list[str]]:
    """The queries for keys of the vault that are sent meanwhile."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        statement = str(arguments[2])
        if "FROM vault.keys" in statement:
            seen.append(statement)

    event.listen(town.house.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(town.house.engine, "before_cursor_execute", note)


def brands(view: Json) -> list[str]:
    return [part["facts"]["brand"] for part in view["parts"]]


def test_a_customer_sees_the_parts_of_their_own_order_and_of_no_other(
    town: Town, customer: Caller, order: Json
) -> None:
    path = f"{ORDERS}/{order['order_id']}"
    assert brands(customer.read(path)) == ["西门子", "海尔"]
    refused = town.customer().get(path)
    assert (refused.status_code, "西门子" in refused.text) == (404, False)
    assert town.anybody().get(path).status_code == 401


def test_an_order_is_opened_with_one_query_for_all_its_keys(
    town: Town, customer: Caller, order: Json
) -> None:
    office = town.dispatcher()
    for caller, door in ((customer, ORDERS), (office, OFFICE)):
        with queries_of_keys(town) as seen:
            shown = caller.read(f"{door}/{order['order_id']}")
        assert brands(shown) == ["西门子", "海尔"]
        assert len(seen) == 1
