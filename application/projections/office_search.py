"""Search of the office's board (搜索订单): by name, address, phone and order number.

No clear personal data stands here: a document holds keyed hashes of what its order
can be found by, and goes when its customer is erased; the order number stays. A page
is made of candidates, newest first, whose sealed contacts are opened and looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from application.projections.office_orders import list_page as list_board
from application.projections.office_orders import orders
from application.projections.paging import MOST_ROWS, Page, PageLimitError, cursor, position_of
from application.projections.projection import Projection, Recorded
from application.projections.rows import Opening, Rows
from application.projections.search_terms import (
    Entry,
    Query,
    said_numbers,
    said_whole,
    tokens,
    ways_to_find,
)
from application.vault import ERASED, KeyClass
from domain.customers import Customer
from domain.orders.order_facts import OrderFacts

metadata = MetaData(schema="office_search")
projection = Projection("office_search", metadata)

# So many of the newest documents, of those that the filters leave, are read one by one
# before the index is asked for all: a word of every twentieth order fills a page from
# them, and what is rarer than that leaves the index few enough to sort.
_NEWEST: Final = 1_000
# A page is shorter than asked rather than longer in the making.
_MOST_ROUNDS: Final = 5
_SEARCHED: Final = ("name", "phone", "address")

documents = Table(
    "documents",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("tokens", ARRAY(BigInteger), nullable=False),
    Index("documents_by_position", "position"),
    Index("documents_by_customer", "customer_id"),
    Index("documents_by_token", "tokens", postgresql_using="gin"),
)

# Apart, as it outlives the document.
numbers = Table(
    "numbers",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("said", ARRAY(Text), nullable=False),
    Index("numbers_by_said", "said", postgresql_using="gin"),
)

Candidate: TypeAlias = tuple[int, UUID]


@projection.handles
def book(rows: Rows, recorded: Recorded) -> None:
    """A new order can be found."""
    event: OrderFacts.Booked = recorded.event
    rows.insert(
        numbers,
        order_id=event.originator_id,
        position=recorded.position,
        said=[*said_numbers(event.order_number)],
    )
    rows.at_end(_keep, recorded)


@projection.handles
def forget(rows: Rows, recorded: Recorded) -> None:
    """An erased customer's orders are found by their numbers only."""
    event: Customer.Erased = recorded.event
    if KeyClass.CONTACT in event.classes:
        rows.at_end(_keep, recorded)


def _keep(rows: Rows, told: Sequence[Recorded]) -> None:
    """Documents of a batch's orders, in order with the erasures, opened with one query."""
    booked = [each.event for each in told if isinstance(each.event, OrderFacts.Booked)]
    clear = rows.vault.open_many(text for event in booked for text in _sealed(event.contact))
    key = _token_key(rows.vault)
    for recorded in told:
        event = recorded.event
        if isinstance(event, OrderFacts.Booked):
            _insert(rows, recorded, _entry(event.order_number, event.contact, clear), key)
        else:
            rows.remove_where(documents, customer_id=event.originator_id)


def _insert(rows: Rows, recorded: Recorded, entry: Entry, key: bytes) -> None:
    """Write the order's document, unless everything in it is erased."""
    if any(entry.texts):
        rows.insert(
            documents,
            order_id=recorded.event.originator_id,
            position=recorded.position,
            customer_id=recorded.event.customer_id,
            tokens=tokens(key, entry.pieces()),
        )


# -- searching


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the board's rows, and their contacts' clear texts by sealed text."""

    page: Page
    clear: dict[str, str]


def list_page(  # noqa: PLR0913 - a page's place, and what it is of
    connection: Connection,
    vault: Opening,
    search: str,
    *,
    limit: int,
    after: str = "",
    filters: Mapping[str, str],
) -> Found:
    """The board's orders that have every word of `search`, or all, newest booking first.

    Filters as of `office_orders.list_page`. A page of a search with a `next_cursor` may
    be shorter than `limit`. Raises CursorError or PageLimitError.
    """
    if not search:
        board = list_board(connection, limit=limit, after=after, filters=filters)
        return _unsearched(board, vault)
    if not 1 <= limit <= MOST_ROWS:
        raise PageLimitError
    searching = _Searching(connection, vault, Query.parse(search), filters)
    before = position_of(after) if after else None
    return searching.page(limit, before)


def _unsearched(page: Page, vault: Opening) -> Found:
    return Found(
        page, vault.open_many(text for row in page.rows for text in _sealed(row["contact"]))
    )


class _Searching:
    """One search: candidates in rounds, until a page is full or nothing is left."""

    def __init__(
        self, connection: Connection, vault: Opening, query: Query, filters: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._query = query
        self._filters = filters
        self._key = _token_key(vault)
        self._clear: dict[str, str] = {}

    def page(self, limit: int, before: int | None) -> Found:
        """Rounds of candidates behind the position `before`."""
        met: list[dict[str, Any]] = []
        for _ in range(_MOST_ROUNDS):
            candidates = self._candidates(limit + 1, before)
            met += self._met(candidates)
            if len(met) > limit:
                return Found(Page(met[:limit], cursor(met[limit - 1]["position"])), self._clear)
            if len(candidates) <= limit:
                return Found(Page(met, ""), self._clear)
            before = candidates[-1][0]
        return Found(Page(met, cursor(before or 0)), self._clear)

    def _met(self, candidates: Sequence[Candidate]) -> Iterator[dict[str, Any]]:
        """Those of them that have what is searched for, once their contacts are opened."""
        which = orders.c.order_id.in_([order_id for _, order_id in candidates])
        query = select(orders).where(which).order_by(orders.c.position.desc())
        found = [dict(row) for row in self._connection.execute(query).mappings()]
        self._clear |= self._vault.open_many(
            text for row in found for text in _sealed(row["contact"])
        )
        for row in found:
            if self._query.met_by(_entry(row["order_number"], row["contact"], self._clear)):
                yield row

    def _candidates(self, most: int, before: int | None) -> list[Candidate]:
        """The newest `most` behind `before` that may be meant, newest first."""
        if not self._query.readings:
            return []
        found = self._of_documents(most, before) | self._of_numbers(most, before)
        return sorted(found, key=itemgetter(0), reverse=True)[:most]

    def _of_documents(self, most: int, before: int | None) -> set[Candidate]:
        board = orders if self._filters else documents  # whose index leads to the newest
        newest = self._filtered(_before(select(documents), board, before), documents.c.order_id)
        near = newest.order_by(board.c.position.desc()).limit(_NEWEST).subquery()
        query = select(near.c.position, near.c.order_id).where(self._tokens_of(near.c.tokens))
        query = query.order_by(near.c.position.desc())
        found = self._read(query, most)
        return found if len(found) == most else self._of_all_documents(most, before)

    def _of_all_documents(self, most: int, before: int | None) -> set[Candidate]:
        query = select(documents.c.position, documents.c.order_id)
        query = query.where(self._tokens_of(documents.c.tokens))
        query = self._filtered(_before(query, documents, before), documents.c.order_id)
        return self._read(query.order_by(_sorted(documents.c.position)), most)

    def _of_numbers(self, most: int, before: int | None) -> set[Candidate]:
        readings = [words for words in self._query.readings if all(map(said_whole, words))]
        if not readings:
            return set()
        query = select(numbers.c.position, numbers.c.order_id)
        query = query.where(or_(*(numbers.c.said.contains([*words]) for words in readings)))
        query = self._filtered(_before(query, numbers, before), numbers.c.order_id)
        return self._read(query.order_by(_sorted(numbers.c.position)), most)

    def _tokens_of(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """All words of one of the readings, each found in one of its ways."""
        return or_(
            *(and_(*(self._word(column, word) for word in words)) for words in self._query.readings)
        )

    def _word(self, column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
        ways = [tokens(self._key, pieces) for pieces in ways_to_find(word)]
        return or_(*(column.contains(way) for way in ways))

    def _filtered(self, query: Select[Any], order_id: ColumnElement[UUID]) -> Select[Any]:
        if not self._filters:
            return query
        query = query.join(orders, orders.c.order_id == order_id)
        return query.where(*(orders.c[name] == value for name, value in self._filters.items()))

    def _read(self, query: Select[Any], most: int) -> set[Candidate]:
        rows = self._connection.execute(query.limit(most))
        return {(position, order_id) for position, order_id in rows}


def _before(query: Select[Any], table: Table, position: int | None) -> Select[Any]:
    return query if position is None else query.where(table.c.position < position)


def _sorted(position: ColumnElement[int]) -> ColumnElement[int]:
    """Descending; as a sum, so that the planner sorts what the tokens' index found.

    It would rather walk all positions where it takes two words that never stand
    together for frequent.
    """
    return (position + 0).desc()


def _sealed(contact: Mapping[str, str]) -> list[str]:
    return [contact.get(name, "") for name in _SEARCHED]


def _entry(order_number: str, contact: Mapping[str, str], clear: Mapping[str, str]) -> Entry:
    """The entry of an opened contact; what was erased is not searched."""
    opened = {name: clear[contact.get(name, "")] for name in _SEARCHED}
    left = {name: text for name, text in opened.items() if text != ERASED}
    return Entry(order_number=order_number, **left)


def _token_key(vault: Opening) -> bytes:
    """The key of the tokens; from the vault's own, so that a dump's reader cannot guess."""
    return bytes.fromhex(vault.digest("office_search", "tokens"))
