"""The rows of one table that a batch of events touches, and the store that keeps them."""

from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Table, Uuid

from application.projections.pending_row import PendingRow, Row

# The values of the primary key: a tuple, or the value itself where it is but one.
Key = Any
# A row's key, what to set and what to add.
Change = tuple[Key, Row, Row]


class UnknownColumnError(Exception):
    """A value was given for a column that the table does not have."""


class Store(Protocol):
    """Where the rows of one projection are kept; within one transaction."""

    def load(self, table: Table, keys: Collection[Key]) -> Iterable[dict[str, Any]]:
        """The rows with these primary keys."""
        ...

    def load_streams(self, table: Table, streams: Collection[UUID]) -> Iterable[dict[str, Any]]:
        """The rows whose first key column is one of these streams."""
        ...

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """New rows; a column that a row does not name is null."""
        ...

    def change(self, table: Table, changes: Sequence[Change]) -> None:
        """Set and add to the columns of rows; without effect on rows that are not there."""
        ...

    def remove(self, table: Table, keys: Collection[Key]) -> None:
        """Remove rows; without effect on rows that are not there."""
        ...

    def remove_where(self, table: Table, columns: Row) -> None:
        """Remove the rows whose columns hold these values."""
        ...


class TableRows:
    """Finds the rows of one table by key, and writes what has become of them."""

    def __init__(self, table: Table, store: Store, streams: Collection[UUID]) -> None:
        keys = [str(column.name) for column in table.primary_key]
        self._table = table
        self._store = store
        self._streams = frozenset(streams)
        self._loaded: frozenset[UUID] = frozenset()
        self._by_stream = isinstance(next(iter(table.primary_key)).type, Uuid)
        self._one_key = len(keys) == 1
        self._key_of = itemgetter(*keys)
        self._blank: dict[str, Any] = dict.fromkeys(str(each.name) for each in table.columns)
        self._names = self._blank.keys()
        self._rows: dict[Key, PendingRow] = {}

    def row(self, key: Row) -> PendingRow:
        """The row of a primary key. Raises LookupError where a part of the key is missing."""
        found = self._key_of(key)
        row = self._rows.get(found)
        if row is None:
            row = self._rows[found] = PendingRow()
        return row

    def checked(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same values. Raises UnknownColumnError."""
        if values.keys() <= self._names:
            return values
        raise UnknownColumnError(self._table.fullname, sorted(values.keys() - self._names))

    def get(self, key: Row) -> Row | None:
        """The row as it stands now, whole."""
        found = self._key_of(key)
        row = self._rows.get(found) or self._loaded_row(found)
        if not row.known:
            self._fetch([found])
        if row.now is not None and len(row.now) < len(self._blank):
            row.now = {**self._blank, **row.now}
        return row.now

    def load(self, keys: Iterable[Row]) -> None:
        """Make these rows known with one query."""
        asked = {self._key_of(key) for key in keys}
        self._fetch([key for key in asked if not self._rows.setdefault(key, PendingRow()).known])

    def forget(self) -> None:
        """Nothing is known any more; what was yet to be written has been."""
        self._rows.clear()
        self._streams, self._loaded = self._streams | self._loaded, frozenset()

    def settle(self) -> None:
        """Learn of the rows that begin if they are missing whether they are."""
        self._fetch([key for key, row in self._rows.items() if row.start is not None])

    def write_removals(self) -> None:
        """Remove what goes."""
        gone = [key for key, row in self._rows.items() if row.removes]
        if gone:
            self._store.remove(self._table, gone)

    def write(self) -> None:
        """Change what changes, then insert what is new."""
        changed: list[Change] = []
        new: list[Row] = []
        for key, row in self._rows.items():
            if row.inserts and row.now is not None:
                new.append(row.now)
            elif row.sets or row.adds:
                changed.append((key, row.sets or {}, row.adds or {}))
        if changed:
            self._store.change(self._table, changed)
        if new:
            self._store.insert(self._table, new)

    def _loaded_row(self, key: Key) -> PendingRow:
        """The row, unknown yet or, once, loaded together with all rows of the batch's streams."""
        if self._by_stream and self._first(key) in self._streams:
            self._loaded, self._streams = self._streams, frozenset()
            for found in self._store.load_streams(self._table, self._loaded):
                self._learn(self._key_of(found), found)
        return self._rows.setdefault(key, PendingRow())

    def _fetch(self, keys: Collection[Key]) -> None:
        """Learn of rows that are not known; those of streams that were loaded are not there."""
        asked = [key for key in keys if self._first(key) not in self._loaded]
        rows = self._store.load(self._table, asked) if asked else ()
        found = {self._key_of(row): row for row in rows}
        for key in keys:
            self._rows[key].learn(found.get(key))

    def _learn(self, key: Key, found: dict[str, Any]) -> None:
        row = self._rows.setdefault(key, PendingRow())
        if not row.known:
            row.learn(found)

    def _first(self, key: Key) -> Any:  # noqa: ANN401 - a column's value
        return key if self._one_key else key[0]
