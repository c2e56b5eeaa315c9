"""Lists over HTTP: keyset pages, filters, counts, and reading one's own writes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import pytest

from tests.interface.town import Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"


def walked(caller: Caller, path: str, name: str, **query: Json) -> list[Json]:
    """All rows of a list, page by page."""
    rows: list[Json] = []
    page = caller.read(path, **query)
    rows += page[name]
    while page["next_cursor"]:
        page = caller.read(path, **query, cursor=page["next_cursor"])
        rows += page[name]
    return rows


def given_up(town: Town, customer: Caller) -> str:
    """An order that holds nothing any more, so that its customer may book the next one."""
    order_id = str(town.booked(customer)["order_id"])
    customer.do(f"{ORDERS}/{order_id}/cancellation")
    return order_id


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_pages_join_into_the_whole_list_newest_first(town: Town, limit: int) -> None:
    customer = town.customer()
    booked = [given_up(town, customer) for _ in range(6)]
    town.catch_up()
    rows = walked(customer, ORDERS, "orders", limit=limit)
    assert [row["order_id"] for row in rows] == booked[::-1]


def test_a_new_order_moves_no_page(town: Town) -> None:
    """R29: a walk meets each row once while others book."""
    customer, office = town.customer(), town.dispatcher()
    for _ in range(4):
        given_up(town, customer)
    town.catch_up()
    whole = [row["order_id"] for row in walked(office, OFFICE, "orders", limit=100)]
    first = office.read(OFFICE, limit=2)
    met = [row["order_id"] for row in first["orders"]]
    page = first
    while page["next_cursor"]:
        given_up(town, customer)
        town.catch_up()
        page = office.read(OFFICE, limit=2, cursor=page["next_cursor"])
        met += [row["order_id"] for row in page["orders"]]
    assert met == whole


def test_a_page_is_no_longer_than_asked_and_the_last_one_says_so(town: Town) -> None:
    customer = town.customer()
    for _ in range(2):
        town.booked(customer)
    town.catch_up()
    page = customer.read(ORDERS, limit=1)
    assert len(page["orders"]) == 1
    last = customer.read(ORDERS, limit=1, cursor=page["next_cursor"])
    assert (len(last["orders"]), last["next_cursor"]) == (1, "")


@pytest.mark.requirement("R13", "R14")
def test_filters_join(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    windows = {"service_code": "BJ-03", "quantity": 300, "options": {"sides": "both"}}
    wanted = town.paid(customer, source="app", **windows)
    town.booked(customer, source="app", **windows)
    town.paid(customer, source="app")
    town.paid(customer, source="web", **windows)
    filters = {"source": "app", "service_code": "BJ-03", "stage": "awaiting_assignment"}
    rows = walked(office, OFFICE, "orders", limit=1, **filters)
    assert [row["order_id"] for row in rows] == [wanted["order_id"]]


def test_a_filter_that_nothing_meets_is_an_empty_page(town: Town) -> None:
    page = town.dispatcher().read(OFFICE, stage="nowhere")
    assert (page["orders"], page["next_cursor"]) == ([], "")


def test_counts_equal_the_rows_of_each_stage(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    town.paid(customer)
    order = town.booked(customer)
    office.do(f"{OFFICE}/{order['order_id']}/cancellation", {"reason_code": "customer"})
    town.catch_up()
    counts = office.read(OFFICE, limit=1)["counts"]
    rows = walked(office, OFFICE, "orders", limit=100)
    assert counts == Counter(row["stage"] for row in rows)
    assert {"awaiting_assignment", "cancelled"} <= set(counts)


def test_workers_are_listed_page_by_page(town: Town) -> None:
    office = town.dispatcher()
    engaged = [town.worker(office) for _ in range(3)]
    town.catch_up()
    rows = walked(office, "/api/v1/office/workers", "workers", limit=2)
    assert [row["worker_id"] for row in rows][:3] == engaged[::-1]
    assert len({row["number"] for row in rows}) == len(rows)


def test_cash_and_entries_are_listed_page_by_page(town: Town) -> None:
    customer = town.customer()
    for _ in range(3):
        town.paid(customer)
    finance = town.finance()
    for path, name in (("cash-flow", "movements"), ("entries", "entries")):
        whole = finance.read(f"/api/v1/office/ledger/{path}", limit=100)[name]
        assert walked(finance, f"/api/v1/office/ledger/{path}", name, limit=1) == whole


# -- reading one's own writes


@contextmanager
def following(town: Town) -> Iterator[None]:
    """The feed follows the log in a thread, as its process does."""
    stop = Event()
    thread = Thread(target=town.house.feed.run_forever, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        town.house.feed.wake.set()
        thread.join()


def test_with_its_position_everybody_reads_their_own_write(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    town.catch_up()
    with following(town):
        for _ in range(15):
            answer = customer.post(ORDERS, town.wish())
            position = answer.headers["Jiawu-Position"]
            order_id = answer.json()["order_id"]
            shown = customer.read(f"{ORDERS}/{order_id}", at_least=position)
            assert shown["stage"] == "awaiting_payment"
            newest = customer.read(ORDERS, limit=1, at_least=position)["orders"][0]
            assert newest["order_id"] == order_id
            board = office.read(OFFICE, limit=1, at_least=position)["orders"][0]
            assert board["order_id"] == order_id
            customer.do(f"{ORDERS}/{order_id}/cancellation")


def test_the_wait_for_a_position_is_bounded(town: Town) -> None:
    customer = town.customer()
    answer = customer.post(ORDERS, town.wish())
    began = monotonic()
    page = customer.read(ORDERS, at_least=answer.headers["Jiawu-Position"])
    assert monotonic() - began < 4
    assert page["orders"] == []  # nobody follows the log
    town.catch_up()
    assert len(customer.read(ORDERS, at_least=answer.headers["Jiawu-Position"])["orders"]) == 1
