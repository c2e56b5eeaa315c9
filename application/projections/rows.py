"""The rows of a projection during one batch of events: a unit of work.

Handlers say what becomes of rows; nothing is sent to the database before the
batch ends, and then each table gets a few statements for all of its rows.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Table

from application.projections.pending_row import Row
from application.projections.table_rows import Store, TableRows

T = TypeVar("T")


class Opening(Protocol):
    """The part of the vault that projections may use: to open texts and to digest them."""

    def open_many(self, sealed: Iterable[str]) -> dict[str, str]:
        """Clear texts by sealed text, with one query for all keys."""
        ...

    def digest(self, kind: str, text: str) -> str:
        """A keyed digest, 64 hex digits."""
        ...


class Rows:
    """What one batch of events makes of a projection's rows.

    Operations on one row keep their order; those on different rows commute. A
    mapping that `get` returned does not change afterwards. None is SQL's null in
    every column, a JSONB one as well.
    """

    def __init__(
        self,
        store: Store,
        vault: Opening,
        tables: Sequence[Table],
        streams: Collection[UUID] = (),
    ) -> None:
        """`tables` come in the order of their foreign keys, `streams` are the batch's."""
        self.vault = vault
        self._store = store
        self._tables = {table: TableRows(table, store, streams) for table in tables}
        self._at_end: dict[Callable[[Rows, Sequence[Any]], None], list[Any]] = {}

    def insert(self, table: Table, /, **values: Any) -> None:  # noqa: ANN401 - column values
        """Write a new row; all columns of the primary key are among the values.

        Raises DuplicateRowError where this batch has made the row already; a row
        of an earlier batch makes the end of this one fail.
        """
        rows = self._tables[table]
        rows.row(values).insert(rows.checked(values))

    def get(self, table: Table, /, **key: Any) -> Row | None:  # noqa: ANN401 - column values
        """The row of a full primary key as it stands now, with what this batch changed."""
        return self._tables[table].get(key)

    def load(self, table: Table, keys: Iterable[Row]) -> None:
        """Load the rows of these full primary keys with one query, for `get` to find them."""
        self._tables[table].load(keys)

    def change(self, table: Table, key: Row, /, **values: Any) -> None:  # noqa: ANN401 - column values
        """Set columns of an existing row; without effect where there is none."""
        rows = self._tables[table]
        rows.row(key).set(rows.checked(values))

    def add(self, table: Table, key: Row, /, **amounts: int) -> None:
        """Add to columns of an existing row; without effect where there is none."""
        rows = self._tables[table]
        rows.row(key).add(rows.checked(amounts))

    def tally(self, table: Table, key: Row, /, **amounts: int) -> None:
        """Add to columns of a row; one that is missing begins with these amounts."""
        rows = self._tables[table]
        rows.row(key).tally(key, rows.checked(amounts))

    def put(self, table: Table, key: Row, /, **values: Any) -> None:  # noqa: ANN401 - column values
        """Insert a row or overwrite the named columns of it."""
        rows = self._tables[table]
        rows.row(key).put(key, rows.checked(values))

    def remove(self, table: Table, /, **key: Any) -> None:  # noqa: ANN401 - column values
        """Remove the row of a full primary key; without effect where there is none."""
        self._tables[table].row(key).remove()

    def remove_where(self, table: Table, /, **columns: Any) -> None:  # noqa: ANN401 - column values
        """Remove rows by other columns. Rare: everything so far is written first."""
        self._write()
        for each in self._tables.values():
            each.forget()
        self._store.remove_where(table, columns)

    def at_end(self, once: Callable[["Rows", Sequence[T]], None], item: T) -> None:
        """Call `once(rows, items)` a single time at the end, with all its items in order."""
        self._at_end.setdefault(once, []).append(item)

    def finish(self) -> None:
        """Do what was left for the end, then write everything."""
        while self._at_end:
            once = next(iter(self._at_end))
            once(self, self._at_end.pop(once))
        self._write()

    def _write(self) -> None:
        tables = [*self._tables.values()]
        for table in tables:
            table.settle()
        for table in reversed(tables):
            table.write_removals()
        for table in tables:
            table.write()
