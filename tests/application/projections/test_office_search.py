"""Search of the board on real rows: pages, false candidates, erasure, and no clear text."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, insert, select

from application.customers import sealed_contact
from application.event_map import PROJECTIONS
from application.lines import Contact
from application.projections import office_search
from application.projections.office_search import documents, numbers
from application.projections.paging import MOST_ROWS, CursorError, Page, PageLimitError
from application.projections.search_terms import Entry, Query
from application.vault import KeyClass
from domain.customers import Customer
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number
from infrastructure.clock import SettableClock
from infrastructure.feed.feed import Feed
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from interface.demo_secrets import DemoSecrets
from interface.household import Household
from tests.application.projections.lives import save
from tests.application.projections.tables import Contents, contents, start_over
from tests.conftest import Database
from tests.domain.histories import BY_STAFF, BY_SYSTEM, NOW, an_id, booked_order, identity
from tests.product import NOON, household_on, settings_on

NAMES = ("陈小满", "陈大满", "欧阳雪", "王满陈", "李雷")
STREETS = ("望京街 1 号院 2 单元 301", "望京西路 12 号", "酒仙桥路 301 号", "京望胡同 3 号")
CLOSING = timedelta(days=8)


@dataclass
class Board:
    """A household whose customers book; keeps in clear what was told of each order."""

    house: Household
    told: dict[UUID, Entry] = field(default_factory=dict)
    booked: list[CleaningOrder] = field(default_factory=list)

    def book(self, name: str, phone: str, address: str, customer: str = "") -> CleaningOrder:
        """A new order of the customer, or of somebody who comes this once."""
        number = len(self.booked) + 1
        customer_id = an_id(customer or f"customer {number}")
        contact = Contact(name=name, phone=phone, address=address, district="110105")
        order = booked_order(
            order_number=order_number("BJ", date(2026, 11, 22), number),
            customer_id=customer_id,
            contact=sealed_contact(self.house.vault, customer_id, contact),
        )
        save(self.house, order)
        self.booked.append(order)
        clear = {"name": name, "phone": phone, "address": address}
        self.told[order.id] = Entry(order_number=order.order_number, **clear)
        return order

    def search(
        self,
        words: str,
        filters: Mapping[str, str] = MappingProxyType({}),
        *,
        after: str = "",
        limit: int = MOST_ROWS,
    ) -> Page:
        self.house.feed.catch_up()
        with self.house.engine.connect() as connection:
            found = office_search.list_page(
                connection, self.house.vault, words, limit=limit, after=after, filters=filters
            )
        assert all(row["contact"]["name"] in found.clear for row in found.page.rows)
        return found.page

    def found(self, words: str) -> list[UUID]:
        return [row["order_id"] for row in self.search(words).rows]

    def meant(self, words: str) -> list[UUID]:
        """What a search has to find, newest first, by looking at every order."""
        query = Query.parse(words)
        return [order.id for order in self.booked[::-1] if query.met_by(self.told[order.id])]


@pytest.fixture(scope="module")
def board(module_database: Database, secrets: DemoSecrets) -> Iterator[Board]:
    """Sixty orders of a few names and streets."""
    with household_on(settings_on(module_database, secrets), SettableClock(NOON)) as house:
        board = Board(house)
        for number in range(60):
            name, street = NAMES[number % len(NAMES)], STREETS[number % len(STREETS)]
            board.book(name, f"139000{number * 397:05d}", f"朝阳区{street}")
        yield board


def test_orders_are_found_by_whom_where_and_by_number(board: Board) -> None:
    order = board.booked[7]
    assert board.found("13900002779") == board.found("2779") == [order.id]
    assert board.found("139 0000 2779") == [order.id]
    assert board.found(order.order_number) == board.found("0008") == [order.id]
    assert board.found("欧阳 酒仙桥") == board.meant("欧阳 酒仙桥") != []
    assert board.found("欧阳 望京 酒仙桥") == []
    assert len(board.found("雷")) == 12
    assert len(board.found("朝阳区")) == 60


@settings(max_examples=60)
@given(st.data())
def test_every_search_finds_what_looking_at_every_order_finds(
    board: Board, data: st.DataObject
) -> None:
    texts = [*NAMES, *STREETS, "朝阳区望京", "2779", "13900002779", "BJ261122", "0008", "%_' & 望"]
    word = st.sampled_from(texts).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(1, 4)).map(
            lambda cut: text[cut[0] : cut[0] + cut[1]]
        )
    )
    words = " ".join(data.draw(st.lists(word, min_size=1, max_size=3)))
    expected = board.meant(words) if words.strip() else [each.id for each in board.booked[::-1]]
    assert board.found(words.strip()) == expected


def walked(board: Board, words: str, limit: int, between: Callable[[], object]) -> list[UUID]:
    """All pages of a search, one after the other."""
    page = board.search(words, limit=limit)
    met = [row["order_id"] for row in page.rows]
    while page.next_cursor:
        between()
        page = board.search(words, limit=limit, after=page.next_cursor)
        assert len(page.rows) <= limit
        met += [row["order_id"] for row in page.rows]
    return met


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_orders_that_only_share_pieces_are_dropped_and_no_other_is_lost(
    board: Board, limit: int
) -> None:
    for number in range(15):  # more than the rounds of a page of one look at
        board.book("满女士", f"138111122{number:02d}", "陈小小满街")
    board.book("陈小满", "13822223333", "酒仙桥")
    fitting = board.meant("陈小满")
    assert len(fitting) < len(board.meant("小满"))
    assert walked(board, "陈小满", limit, lambda: None) == fitting


@pytest.mark.parametrize("words", ["陈小满", "满 " * 25, "1111 " * 10, "陈王" * 25, "abcd 0008"])
def test_a_page_takes_no_more_than_five_rounds_whatever_is_asked(board: Board, words: str) -> None:
    """A round: two looks at the documents, one at numbers, the orders, the keys."""
    board.house.feed.catch_up()
    asked: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked.extend([statement] * ("office_" in statement or "vault" in statement))

    event.listen(board.house.engine, "before_cursor_execute", hear)
    try:
        with board.house.engine.connect() as connection:
            office_search.list_page(connection, board.house.vault, words, limit=1, filters={})
    finally:
        event.remove(board.house.engine, "before_cursor_execute", hear)
    assert 0 < len(asked) <= 5 * 5


def test_a_key_that_is_destroyed_while_a_page_is_made_makes_no_wrong_hit(house: Household) -> None:
    board = Board(house)
    order = board.book("陈小满", "13900001234", "望京街 1 号", "gone")
    house.feed.catch_up()
    read = "FROM office_orders.orders"

    def destroy(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if read in statement and "office_search" not in statement:
            house.vault.destroy(an_id("gone"), [*KeyClass])

    event.listen(house.engine, "before_cursor_execute", destroy)
    assert board.found("陈小满") == []
    assert board.found(order.order_number) == [order.id]
    built_anew(house)
    assert board.found("已删除") == []


def test_what_stands_right_behind_the_last_round_of_a_page_is_on_the_next(board: Board) -> None:
    last = board.book("白小白", "13855556666", "望京")
    for number in range(10):  # five rounds of two
        board.book("白女士", f"138444422{number:02d}", "白小小白街")
    first = board.search("白小白", limit=1)
    assert first.rows == []
    second = board.search("白小白", limit=1, after=first.next_cursor)
    assert [row["order_id"] for row in second.rows] == [last.id]


def test_what_is_booked_meanwhile_moves_no_page(board: Board) -> None:
    before = board.meant("陈大满")
    met = walked(board, "陈大满", 5, lambda: board.book("陈大满", "13833334444", "望京"))
    assert met == before
    assert len(board.found("陈大满")) > len(before)


def test_filters_and_words_go_together(board: Board) -> None:
    stage = {"stage": "awaiting_payment"}
    assert [row["order_id"] for row in board.search("雷", stage).rows] == board.meant("雷")
    assert board.search("雷", {"source": "phone"}).rows == []
    assert board.search("0008", {"stage": "cancelled"}).rows == []
    assert len(board.search("0008", {"service_code": "BJ-01", **stage}).rows) == 1


def test_behind_the_newest_orders_the_index_is_asked(house: Household) -> None:
    """More orders than are read one by one; those that fit stand behind them."""
    board = Board(house)
    old = [board.book("司马光", "13912345678", "洛阳路 8 号") for _ in range(3)]
    house.feed.catch_up()
    with house.engine.begin() as connection:
        some = {"customer_id": an_id("crowd"), "tokens": [1, 2, 3]}
        crowd = [{"order_id": uuid4(), "position": 10_000 + n, **some} for n in range(1_200)]
        connection.execute(insert(documents), crowd)
    assert board.found("司马") == [order.id for order in old[::-1]]
    assert board.search("洛阳", limit=2).rows[0]["order_id"] == old[2].id


def test_nothing_typed_is_the_whole_board(board: Board) -> None:
    assert [row["order_id"] for row in board.search("", limit=5).rows] == [
        order.id for order in board.booked[:-6:-1]
    ]


@pytest.mark.parametrize("limit", [-1, 0, MOST_ROWS + 1])
def test_a_page_of_a_search_has_one_to_a_hundred_rows(board: Board, limit: int) -> None:
    with pytest.raises(PageLimitError):
        board.search("陈", limit=limit)


def test_a_forged_cursor_is_refused(board: Board) -> None:
    with pytest.raises(CursorError):
        board.search("陈", after="forged")


# -- what stands in the tables


def stored(house: Household) -> Contents:
    house.feed.catch_up()
    assert house.failures.all() == []
    return contents(house.engine, office_search.projection)


def built_anew(house: Household, page: int = 5000) -> Contents:
    """The same rows, made from the log as it is now, so many events at a time."""
    table = routes(PROJECTIONS)
    projector = start_over(house.engine, office_search.projection, table, house.vault)
    Feed(LogReader(house.engine, page=page), [projector], house.failures).catch_up()
    return stored(house)


def erased(house: Household, name: str) -> None:
    """The customer goes for good; their keys are destroyed on account of this."""
    customer = Customer.register(an_id(name), identity(name), by=BY_STAFF, at=NOW)
    save(house, customer)
    customer.request_closing("customer", by=BY_STAFF, at=NOW)
    customer.erase([*KeyClass], by=BY_SYSTEM, at=NOW + CLOSING)
    save(house, customer)


def test_no_clear_personal_data_stands_in_the_tables(board: Board) -> None:
    dump = "\n".join(row for rows in stored(board.house).values() for row in rows)
    assert "0008" in dump  # an order number is nobody's secret
    parts = [*NAMES, *STREETS, "陈", "望京", "139000", "13900002779"]
    assert [part for part in parts if part in dump] == []


def test_an_erased_customers_orders_are_found_by_number_alone(house: Household) -> None:
    board = Board(house)
    gone = [board.book("陈小满", "13900001234", "望京街 1 号", "gone") for _ in range(2)]
    stays = board.book("陈小满", "13900005678", "望京街 1 号", "stays")
    assert len(board.found("陈小满")) == 3
    erased(house, "gone")
    house.vault.destroy(an_id("gone"), [*KeyClass])
    assert board.found("陈小满") == board.found("望京街") == board.found("陈") == [stays.id]
    assert board.found("13900001234") == board.found("1234") == []
    assert [board.found(order.order_number) for order in gone] == [[order.id] for order in gone]
    with house.engine.connect() as connection:
        assert list(connection.execute(select(documents.c.order_id)).scalars()) == [stays.id]
        assert connection.execute(select(func.count()).select_from(numbers)).scalar_one() == 3


def test_however_an_erasure_was_met_the_rows_are_the_same(house: Household) -> None:
    """Met after its orders or with them, before the keys are destroyed or after."""
    board = Board(house)
    board.book("陈小满", "13900001234", "望京街 1 号", "gone")
    board.book("李雷", "13900005678", "望京街 2 号", "stays")
    stored(house)
    erased(house, "gone")
    board.book("李雷", "13900005678", "望京街 2 号", "stays")
    followed = stored(house)
    assert [len(rows) for rows in followed.values()] == [2, 3, 1]
    assert built_anew(house) == built_anew(house, page=1) == followed
    house.vault.destroy(an_id("gone"), [*KeyClass])
    assert built_anew(house) == built_anew(house, page=1) == followed


def test_an_erasure_that_spares_the_contacts_keeps_the_documents(house: Household) -> None:
    board = Board(house)
    order = board.book("陈小满", "13900001234", "望京街 1 号", "half gone")
    customer = Customer.register(an_id("half gone"), identity("half"), by=BY_STAFF, at=NOW)
    customer.request_closing("customer", by=BY_STAFF, at=NOW)
    customer.erase([KeyClass.NOTE], by=BY_SYSTEM, at=NOW + CLOSING)
    save(house, customer)
    assert board.found("陈小满") == [order.id]
