"""A batch of operations on rows leaves what the same operations leave one by one in plain SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, ForeignKey, MetaData, Table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateSchema

from application.projections.pending_row import DuplicateRowError
from application.projections.rows import Rows
from application.projections.table_rows import UnknownColumnError
from infrastructure.feed.bulk import BulkStore
from tests.conftest import Database
from tests.infrastructure.feed.probes import OpenVault

metadata = MetaData(schema="own")
things = Table(
    "things",
    metadata,
    Column("thing_id", sa.Uuid, primary_key=True),
    Column("name", sa.Text),
    Column("number", sa.Integer),
    Column("total_fen", sa.BigInteger),
    Column("facts", JSONB(none_as_null=True)),
    Column("at", sa.DateTime(timezone=True)),
    Column("day", sa.Date),
    Column("open", sa.Boolean),
    Column("places", ARRAY(sa.Integer)),
)
parts = Table(
    "parts",
    metadata,
    Column("thing_id", sa.Uuid, primary_key=True),
    Column("part", sa.Text, primary_key=True),
    Column("total_fen", sa.BigInteger),
    Column("paid_fen", sa.BigInteger),
)
counts = Table(
    "counts",
    metadata,
    Column("stage", sa.Text, primary_key=True),
    Column("orders", sa.BigInteger, nullable=False),
)
leaves = Table(
    "leaves",
    metadata,
    Column("leaf", sa.Integer, primary_key=True, autoincrement=False),
    Column("stage", sa.Text, ForeignKey(counts.c.stage), nullable=False),
    Column("colour", sa.Text, unique=True),
)

THINGS: Final = tuple(UUID(int=number) for number in range(1, 4))
Values = dict[str, Any]
Operation = tuple[str, Table, Values, Values]


@pytest.fixture(scope="module")
def engine(module_database: Database) -> Iterator[sa.Engine]:
    """A database with the tables twice: as their definition names them, and in a shadow."""
    engine = sa.create_engine(module_database.application_url)
    with engine.begin() as connection:
        for schema in ("own", "shadow"):
            connection.execute(CreateSchema(schema))
            placed = connection.execution_options(schema_translate_map={"own": schema})
            metadata.create_all(placed)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[Connection]:
    """What a test writes is undone."""
    with engine.connect() as connection:
        yield connection


def rows_on(connection: Connection, streams: Sequence[UUID] = (), schema: str = "own") -> Rows:
    store = BulkStore(connection, schema)
    return Rows(store, OpenVault(), metadata.sorted_tables, streams)


# -- any operations, in batches cut anywhere

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_NUMBERS = st.integers(-(10**6), 10**6)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)
_INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
_OF_THINGS: Final = {
    "name": _TEXTS | st.none(),
    "number": st.integers(0, 9) | st.none(),
    "total_fen": _NUMBERS,
    "facts": _JSON,
    "at": _INSTANTS | st.none(),
    "day": st.dates(date(1990, 1, 1), date(2100, 1, 1)) | st.none(),
    "open": st.booleans() | st.none(),
    "places": st.lists(st.integers(0, 99), max_size=3) | st.none(),
}
_OF_PARTS: Final = {"total_fen": _NUMBERS | st.none(), "paid_fen": _NUMBERS}
_AMOUNTS: Final = {"total_fen": _NUMBERS}
_MANY_AMOUNTS: Final = {"total_fen": _NUMBERS, "paid_fen": _NUMBERS}
_ONE: Final = st.fixed_dictionaries({"thing_id": st.sampled_from(THINGS)})
_PART: Final = st.fixed_dictionaries(
    {"thing_id": st.sampled_from(THINGS), "part": st.sampled_from(["a", "b\\'"])}
)


def _on(
    table: Table, key: st.SearchStrategy[Values], columns: Mapping[str, Any], *names: str
) -> st.SearchStrategy[Operation]:
    values = st.fixed_dictionaries({}, optional=dict(columns))
    return st.tuples(st.sampled_from(names), st.just(table), key, values)


_OPERATIONS: Final = st.one_of(
    _on(things, _ONE, _OF_THINGS, "insert", "change", "put"),
    _on(things, _ONE, _AMOUNTS, "add", "tally", "remove", "get", "load", "at_end"),
    _on(things, st.just({}), {"number": st.integers(0, 9)}, "remove_where"),
    _on(parts, _PART, _OF_PARTS, "insert", "change", "put"),
    _on(parts, _PART, _MANY_AMOUNTS, "add", "tally", "remove", "get", "at_end"),
)
_BATCHES: Final = st.lists(
    st.tuples(st.lists(_OPERATIONS, max_size=12), st.sets(st.sampled_from(THINGS))), max_size=4
)


@given(_BATCHES)
@settings(max_examples=80)
def test_batches_leave_what_plain_statements_leave(
    engine: sa.Engine, batches: list[tuple[list[Operation], set[UUID]]]
) -> None:
    with engine.connect() as connection:
        for operations, streams in batches:
            run_batch(connection, operations, sorted(streams))
            for table in (things, parts):
                assert contents(connection, table, "shadow") == contents(connection, table, "own")


def run_batch(connection: Connection, operations: list[Operation], streams: list[UUID]) -> None:
    """In bulk in the shadow, and one by one in the tables' own schema."""
    rows, late = rows_on(connection, streams, "shadow"), list[Operation]()
    for name, table, key, values in operations:
        if name == "at_end":
            rows.at_end(tally_all, (table, key, values))
            late.append(("tally", table, key, values))
        else:
            meet(rows, connection, (name, table, key, values))
    rows.finish()
    for operation in late:
        plainly(connection, operation)


def meet(rows: Rows, connection: Connection, operation: Operation) -> None:
    """One operation in both; to insert twice is another matter."""
    name, table, key, values = operation
    found = plain_row(connection, table, key) if key else None
    match name:
        case "get":
            assert rows.get(table, **key) == found
        case "load":
            rows.load(table, [{"thing_id": each} for each in THINGS])
        case "insert" if found is None:
            rows.insert(table, **key, **values)
        case "remove":
            rows.remove(table, **key)
        case "remove_where" if values:
            rows.remove_where(table, **values)
        case "change" | "put" | "add" | "tally":
            getattr(rows, name)(table, key, **values)
    if name != "insert" or found is None:
        plainly(connection, operation)


def tally_all(rows: Rows, items: Sequence[tuple[Table, Values, Values]]) -> None:
    for table, key, values in items:
        rows.tally(table, key, **values)


def plainly(connection: Connection, operation: Operation) -> None:
    name, table, key, values = operation
    if name in _PLAIN and (values or name not in {"change", "add", "remove_where"}):
        connection.execute(_PLAIN[name](table, key, values))


def _upsert(table: Table, key: Values, values: Values, changed: Values) -> sa.Executable:
    start = insert(table).values(**key, **values)
    if not changed:
        return start.on_conflict_do_nothing()
    return start.on_conflict_do_update(constraint=table.primary_key, set_=changed)


def _more(table: Table, amounts: Values) -> Values:
    return {name: table.c[name] + amount for name, amount in amounts.items()}


_PLAIN: Final[Mapping[str, Callable[[Table, Values, Values], sa.Executable]]] = {
    "insert": lambda table, key, values: sa.insert(table).values(**key, **values),
    "change": lambda table, key, values: sa.update(table).filter_by(**key).values(values),
    "add": lambda table, key, values: (
        sa.update(table).filter_by(**key).values(_more(table, values))
    ),
    "put": lambda table, key, values: _upsert(table, key, values, values),
    "tally": lambda table, key, values: _upsert(table, key, values, _more(table, values)),
    "remove": lambda table, key, _: sa.delete(table).filter_by(**key),
    "remove_where": lambda table, _, values: sa.delete(table).filter_by(**values),
}


def plain_row(connection: Connection, table: Table, key: Values) -> Values | None:
    found = connection.execute(sa.select(table).filter_by(**key)).mappings().first()
    return dict(found) if found else None


def contents(connection: Connection, table: Table, schema: str = "own") -> list[str]:
    """Every row as PostgreSQL writes it."""
    query = f'select whole::text from "{schema}"."{table.name}" as whole order by 1'  # noqa: S608 - our own names
    return list(connection.execute(sa.text(query)).scalars())


# -- in particular


def test_nothing_is_written_before_the_end(connection: Connection) -> None:
    rows = rows_on(connection)
    rows.tally(counts, {"stage": "paid"}, orders=1)
    assert contents(connection, counts) == []
    rows.finish()
    assert contents(connection, counts) == ["(paid,1)"]


def test_a_batch_needs_one_statement_a_table(connection: Connection) -> None:
    told: list[str] = []
    rows = rows_on(connection)
    for number in range(200):
        rows.insert(things, thing_id=UUID(int=number), number=number)
        rows.change(things, {"thing_id": UUID(int=number)}, name="x")
        rows.change(parts, {"thing_id": UUID(int=number), "part": "a"}, total_fen=1)
    with statements_of(connection, told):
        rows.finish()
    assert [statement.split()[0] for statement in told] == ["UPDATE", "INSERT"]


class statements_of:  # noqa: N801 - reads as a phrase
    """Notes every statement that a connection sends meanwhile."""

    def __init__(self, connection: Connection, told: list[str]) -> None:
        self._connection = connection
        self._told = told

    def __enter__(self) -> None:
        sa.event.listen(self._connection, "before_cursor_execute", self._tell)

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._connection, "before_cursor_execute", self._tell)

    def _tell(self, _connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        self._told.append(statement)


def test_rows_of_the_batchs_streams_are_loaded_with_one_query(connection: Connection) -> None:
    before = rows_on(connection)
    for thing in THINGS[:2]:
        before.insert(parts, thing_id=thing, part="a", total_fen=5)
    before.finish()
    told: list[str] = []
    rows = rows_on(connection, THINGS)
    with statements_of(connection, told):
        found = [rows.get(parts, thing_id=thing, part="a") for thing in THINGS]
    assert [row and row["total_fen"] for row in found] == [5, 5, None]
    assert len(told) == 1


def test_a_row_once_got_does_not_change_afterwards(connection: Connection) -> None:
    rows = rows_on(connection)
    rows.put(counts, {"stage": "paid"}, orders=1)
    before = rows.get(counts, stage="paid")
    rows.add(counts, {"stage": "paid"}, orders=1)
    after = rows.get(counts, stage="paid")
    assert (before, after) == ({"stage": "paid", "orders": 1}, {"stage": "paid", "orders": 2})


def test_rows_that_others_point_at_come_first_and_go_last(connection: Connection) -> None:
    rows = rows_on(connection)
    rows.insert(leaves, leaf=1, stage="paid")
    rows.insert(counts, stage="paid", orders=1)
    rows.finish()
    assert contents(connection, leaves) == ["(1,paid,)"]
    rows = rows_on(connection)
    rows.remove(counts, stage="paid")
    rows.remove(leaves, leaf=1)
    rows.finish()
    assert contents(connection, counts) == contents(connection, leaves) == []


def test_a_unique_value_may_pass_from_one_row_to_the_next(connection: Connection) -> None:
    rows = rows_on(connection)
    rows.insert(counts, stage="paid", orders=1)
    rows.insert(leaves, leaf=1, stage="paid", colour="red")
    rows.insert(leaves, leaf=2, stage="paid", colour="blue")
    rows.finish()
    rows = rows_on(connection)
    rows.insert(leaves, leaf=3, stage="paid", colour="red")
    rows.change(leaves, {"leaf": 1}, colour="green")
    rows.remove(leaves, leaf=2)
    rows.insert(leaves, leaf=4, stage="paid", colour="blue")
    rows.finish()
    assert contents(connection, leaves) == ["(1,paid,green)", "(3,paid,red)", "(4,paid,blue)"]


def test_the_same_row_is_not_inserted_twice(connection: Connection) -> None:
    rows = rows_on(connection)
    rows.insert(counts, stage="paid", orders=1)
    with pytest.raises(DuplicateRowError):
        rows.insert(counts, stage="paid", orders=1)
    rows.finish()
    later = rows_on(connection)
    later.insert(counts, stage="paid", orders=1)
    with pytest.raises(IntegrityError):
        later.finish()


def test_a_column_that_does_not_exist_is_refused_at_once(connection: Connection) -> None:
    rows = rows_on(connection)
    with pytest.raises(UnknownColumnError):
        rows.insert(counts, stage="paid", order=1)
    with pytest.raises(UnknownColumnError):
        rows.tally(counts, {"stage": "paid"}, order=1)


def test_the_end_may_ask_for_another_end(connection: Connection) -> None:
    rows = rows_on(connection)

    def again(rows: Rows, items: Sequence[int]) -> None:
        rows.at_end(add_all, sum(items))

    def add_all(rows: Rows, items: Sequence[int]) -> None:
        rows.tally(counts, {"stage": "paid"}, orders=sum(items))

    for number in (1, 2, 3):
        rows.at_end(again, number)
    rows.finish()
    assert contents(connection, counts) == ["(paid,6)"]
