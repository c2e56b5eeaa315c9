"""Row by row: what a rebuilt schema has otherwise than the live one.

Rows are paired by their key, so one pass finds what is missing, what is too
much and what is different. Differences are told by table, key and column names;
values are never told, as they may be personal data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    RowMapping,
    Select,
    Table,
    TableClause,
    and_,
    column,
    func,
    inspect,
    or_,
    select,
    table,
)

MOST_TOLD: Final = 20
_PROGRESS: Final = "progress"
_LONGEST_KEY: Final = 36  # a UUID; what is longer may be a digest, and is cut

LIVE_ONLY: Final = "live_only"
REBUILT_ONLY: Final = "rebuilt_only"
DIFFERENT: Final = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row, by its key, or the columns of a table where `key` is empty.

    `how` is LIVE_ONLY, REBUILT_ONLY or DIFFERENT, then in the named columns: in
    their values, or without a key in their types.
    """

    table: str
    key: str
    how: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many rows were compared, how many differ, and the first of these."""

    rows: int
    differing: int
    told: Sequence[Difference]

    @property
    def equal(self) -> bool:
        """Whether nothing at all differs."""
        return not (self.differing or self.told)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One table as it stands on both sides."""

    name: str
    live: TableClause
    rebuilt: TableClause
    key: tuple[str, ...]
    columns: tuple[str, ...]

    def joined(self, *wanted: ColumnElement[Any]) -> Select[Any]:
        """Every row of either side beside its pair of the other."""
        same = and_(*(self.live.c[name] == self.rebuilt.c[name] for name in self.key))
        return select(*wanted).select_from(self.live.outerjoin(self.rebuilt, same, full=True))

    def unlike(self, name: str) -> ColumnElement[bool]:
        """Whether the two sides differ in this column; a missing row differs in its key."""
        return self.live.c[name].is_distinct_from(self.rebuilt.c[name])

    def differs(self) -> ColumnElement[bool]:
        """Whether the two sides differ anywhere."""
        return or_(*map(self.unlike, self.columns))


def compare(connection: Connection, metadata: MetaData, live: str, rebuilt: str) -> Comparison:
    """Compare the tables of two schemas; the connection's snapshot holds both still."""
    rows = differing = 0
    told: list[Difference] = []
    told += _tables_gone(connection, metadata, live)
    for each in metadata.sorted_tables:
        unlike = list(_unlike_columns(connection, each, live, rebuilt))
        told += unlike
        pair = _pair(each, live, rebuilt, {name for one in unlike for name in one.columns})
        if pair is None:
            continue
        compared, different = _counts(connection, pair)
        rows, differing = rows + compared, differing + different
        if different and len(told) < MOST_TOLD:
            told += _first(connection, pair, MOST_TOLD - len(told))
    return Comparison(rows, differing, told)


def _tables_gone(connection: Connection, metadata: MetaData, live: str) -> Iterator[Difference]:
    """Tables that the present code does not have any more."""
    known = {each.name for each in metadata.tables.values()}
    for name in sorted({*inspect(connection).get_table_names(schema=live)} - known - {_PROGRESS}):
        yield Difference(name, "", LIVE_ONLY, tuple(sorted(_columns(connection, name, live))))


def _unlike_columns(
    connection: Connection, each: Table, live: str, rebuilt: str
) -> Iterator[Difference]:
    """Columns that only one side has, or as another type: the code is of another time."""
    before = _columns(connection, each.name, live)
    after = _columns(connection, each.name, rebuilt)
    if gone := before.keys() - after:
        yield Difference(each.name, "", LIVE_ONLY, tuple(sorted(gone)))
    if new := after.keys() - before:
        yield Difference(each.name, "", REBUILT_ONLY, tuple(sorted(new)))
    if other := [name for name in before.keys() & after if before[name] != after[name]]:
        yield Difference(each.name, "", DIFFERENT, tuple(sorted(other)))


def _columns(connection: Connection, name: str, schema: str) -> dict[str, str]:
    """The types of a table's columns, by name; none where there is no such table."""
    inspector = inspect(connection)
    if not inspector.has_table(name, schema=schema):
        return {}
    columns = inspector.get_columns(name, schema=schema)
    return {each["name"]: repr(each["type"]) for each in columns}


def _pair(each: Table, live: str, rebuilt: str, unlike: set[str]) -> _Pair | None:
    """The table by the columns of both sides; None where they do not share the key."""
    columns = tuple(one.name for one in each.columns if one.name not in unlike)
    key = tuple(one.name for one in each.primary_key)
    if not set(key) <= set(columns):
        return None
    before, after = (table(each.name, *map(column, columns), schema=n) for n in (live, rebuilt))
    return _Pair(each.name, before, after, key, columns)


def _counts(connection: Connection, pair: _Pair) -> tuple[int, int]:
    """How many rows there are, and how many differ; of a key's second row nothing is equal."""
    every, own = func.count(), pair.rebuilt.c[pair.key[0]]
    alone = select(every).select_from(pair.rebuilt).scalar_subquery()
    differing = every.filter(pair.differs())
    query = pair.joined(every, differing, func.count(own), alone)
    compared, different, paired, rebuilt = connection.execute(query).one()
    return compared, different + paired - rebuilt


def _first(connection: Connection, pair: _Pair, most: int) -> list[Difference]:
    keys = [func.coalesce(pair.live.c[name], pair.rebuilt.c[name]).label(name) for name in pair.key]
    unlike = [pair.unlike(name).label(f"unlike_{name}") for name in pair.columns]
    sides = [
        side.c[pair.key[0]].is_(None).label(label)
        for side, label in ((pair.live, REBUILT_ONLY), (pair.rebuilt, LIVE_ONLY))
    ]
    query = pair.joined(*keys, *unlike, *sides).where(pair.differs()).order_by(*keys).limit(most)
    return [_told(pair, row) for row in connection.execute(query).mappings()]


def _told(pair: _Pair, row: RowMapping) -> Difference:
    key = ", ".join(f"{name}={_short(row[name])}" for name in pair.key)
    for how in (LIVE_ONLY, REBUILT_ONLY):
        if row[how]:
            return Difference(pair.name, key, how)
    unlike = tuple(name for name in pair.columns if row[f"unlike_{name}"])
    return Difference(pair.name, key, DIFFERENT, unlike)


def _short(part: object) -> str:
    told = str(part)
    return told if len(told) <= _LONGEST_KEY else f"{told[:8]}…"
