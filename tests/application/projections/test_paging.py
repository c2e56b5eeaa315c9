"""Lists are read page by page, while others write."""

import base64
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from application.projections import cash_journal, customer_orders, office_orders, office_workers
from application.projections.paging import (
    MOST_ROWS,
    CursorError,
    Page,
    PageLimitError,
    cursor,
    position_of,
)
from domain.workers import Worker
from infrastructure.clock import SettableClock
from interface.demo_secrets import DemoSecrets
from interface.household import Household
from tests.application.projections.lives import attempt_to_pay, booked, money_arrives, save
from tests.conftest import Database
from tests.domain import histories
from tests.domain.histories import CUSTOMER
from tests.product import NOON, household_on, settings_on

List = Callable[..., Page]
LISTS: dict[str, List] = {
    "office orders": partial(office_orders.list_page, filters={}),
    "customer orders": lambda c, **page: customer_orders.list_page(c, CUSTOMER, **page),
    "workers": office_workers.list_page,
    "entries": cash_journal.list_entries,
    "cash flow": cash_journal.list_cash_flow,
}
every_list = pytest.mark.parametrize("fetch", LISTS.values(), ids=LISTS.keys())


class Growing:
    """A household that gets an order, its payment and a worker at a time."""

    def __init__(self, house: Household) -> None:
        self.house = house
        self.number = 0

    def grow(self, by: int) -> None:
        for _ in range(by):
            self.number += 1
            order = booked(self.house, self.number)
            money_arrives(self.house, attempt_to_pay(self.house, order), f"42{self.number}")
            hired = histories.engagement(number=self.number)
            worker = Worker.register(uuid4(), hired, by=histories.BY_STAFF, at=NOON)
            save(self.house, worker)
        self.house.feed.catch_up()

    def connect(self) -> Connection:
        return self.house.engine.connect()


@pytest.fixture(scope="module")
def growing(module_database: Database, secrets: DemoSecrets) -> Iterator[Growing]:
    settings = settings_on(module_database, secrets)
    with household_on(settings, SettableClock(NOON)) as house:
        growing = Growing(house)
        growing.grow(8)
        yield growing


def walk(growing: Growing, fetch: List, limit: int, between: Callable[[], None]) -> list[int]:
    """The positions of all pages, one after the other."""
    positions: list[int] = []
    after = ""
    while True:
        with growing.connect() as connection:
            page = fetch(connection, limit=limit, after=after)
        shown = [row["position"] for row in page.rows]
        assert not set(shown) & set(positions)
        positions += shown
        if not page.next_cursor:
            return positions
        assert len(page.rows) == limit
        after = page.next_cursor
        between()


def all_of(growing: Growing, fetch: List) -> list[int]:
    with growing.connect() as connection:
        return [row["position"] for row in fetch(connection, limit=MOST_ROWS).rows]


@every_list
@pytest.mark.parametrize("limit", [1, 3, 8, 100])
def test_pages_one_after_the_other_are_the_whole_list(
    growing: Growing, fetch: List, limit: int
) -> None:
    whole = all_of(growing, fetch)
    assert whole == sorted(whole, reverse=True)
    assert walk(growing, fetch, limit, between=lambda: None) == whole


@every_list
def test_what_is_written_meanwhile_neither_repeats_nor_hides_a_row(
    growing: Growing, fetch: List
) -> None:
    before = all_of(growing, fetch)
    assert walk(growing, fetch, 3, between=lambda: growing.grow(1)) == before
    assert len(all_of(growing, fetch)) > len(before)


@every_list
@pytest.mark.parametrize("limit", [-1, 0, MOST_ROWS + 1])
def test_a_page_has_one_to_a_hundred_rows(growing: Growing, fetch: List, limit: int) -> None:
    with growing.connect() as connection, pytest.raises(PageLimitError):
        fetch(connection, limit=limit)


@every_list
def test_a_forged_cursor_is_refused(growing: Growing, fetch: List) -> None:
    with growing.connect() as connection, pytest.raises(CursorError):
        fetch(connection, limit=10, after="forged")


def test_the_entries_of_a_page_bring_their_lines(growing: Growing) -> None:
    with growing.connect() as connection:
        page = cash_journal.list_entries(connection, limit=2)
    assert [len(entry["lines"]) for entry in page.rows] == [2, 2]
    assert all(line["position"] == e["position"] for e in page.rows for line in e["lines"])


def test_filters_and_pages_go_together(growing: Growing) -> None:
    with growing.connect() as connection:
        fetch: Callable[..., Any] = partial(office_orders.list_page, connection)
        paid = {"stage": "awaiting_assignment", "source": "wechat"}
        first = fetch(limit=5, filters=paid)
        second = fetch(limit=5, filters=paid, after=first.next_cursor)
        assert {row["stage"] for row in [*first.rows, *second.rows]} == {"awaiting_assignment"}
        assert first.rows[-1]["position"] > second.rows[0]["position"]
        assert not fetch(limit=5, filters={"stage": "cancelled"}).rows
        assert not fetch(limit=5, filters={"service_code": "BJ-03"}).rows


def test_a_customer_sees_only_own_orders(growing: Growing) -> None:
    somebody_else = uuid4()
    with growing.connect() as connection:
        (mine, *_) = customer_orders.list_page(connection, CUSTOMER, limit=1).rows
        assert not customer_orders.list_page(connection, somebody_else, limit=10).rows
        assert customer_orders.find(connection, CUSTOMER, mine["order_id"])
        assert customer_orders.find(connection, somebody_else, mine["order_id"]) is None


# -- cursors


def forged(decoded: str) -> str:
    return base64.urlsafe_b64encode(decoded.encode()).decode().rstrip("=")


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_cursor_names_its_position(position: int) -> None:
    assert position_of(cursor(position)) == position


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        position_of(text)


@given(st.from_regex(r"v1:[0-9 +_.e\-]{0,25}|v[0-9]:[0-9]{1,5}|[0-9]{1,5}", fullmatch=True))
def test_a_forgery_is_a_cursor_only_if_it_is_the_very_one(decoded: str) -> None:
    text = forged(decoded)
    try:
        position = position_of(text)
    except CursorError:
        return
    assert text == cursor(position)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "页",
        "djE6NQ==",
        cursor(5) + "\n",
        forged("v2:5"),
        forged("v1:"),
        forged("v1:-1"),
        forged("v1:007"),
        forged("v1:1e3"),
        forged("v1: 5"),
        forged("v1:٣"),
        forged("v1:" + "9" * 19),
        forged("v1:" + "9" * 5_000),
    ],
)
def test_forgeries(text: str) -> None:
    with pytest.raises(CursorError):
        position_of(text)
