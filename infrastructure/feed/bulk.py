"""Rows of projections in bulk (批量写入): one statement for all rows of a table.

The rows travel as one JSON text, which PostgreSQL takes apart by the columns'
own types: measured, that is the cheapest for both sides together.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Insert,
    Table,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    select,
    update,
)

from application.projections.pending_row import Row
from application.projections.table_rows import Change, Key

# In the record of a change: which columns it sets, as bits, and what it adds.
_SETS: Final = "sets:"
_ADDS: Final = "adds:"


class BulkStore:
    """Implements application.projections.table_rows.Store within one transaction.

    The tables stand in `schema`, whatever schema their definition names.
    """

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def load(self, table: Table, keys: Collection[Key]) -> Iterable[dict[str, Any]]:
        """The rows with these primary keys."""
        names = _key_names(table)
        return self._load(table, names, [_key(names, key) for key in keys])

    def load_streams(self, table: Table, streams: Collection[UUID]) -> Iterable[dict[str, Any]]:
        """The rows whose first key column is one of these streams."""
        first = _key_names(table)[:1]
        return self._load(table, first, [_key(first, stream) for stream in streams])

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """New rows."""
        self._send(table, _insertion(table), rows)

    def change(self, table: Table, changes: Sequence[Change]) -> None:
        """Set and add to the columns of rows that are there."""
        keys = _key_names(table)
        sets = sorted({name for _, its_sets, _ in changes for name in its_sets})
        adds = sorted({name for _, _, its_adds in changes for name in its_adds})
        records = _records(table, [*keys, *sets], [_SETS, *map(_ADDS.__add__, adds)])
        values = dict(_assignments(table, records, sets, adds))
        bits = {name: 1 << number for number, name in enumerate(sets)}
        self._send(
            table,
            update(table).values(values).where(_same(table, records, keys)),
            [_record(keys, change, bits) for change in changes],
        )

    def remove(self, table: Table, keys: Collection[Key]) -> None:
        """Remove rows that are there."""
        names = _key_names(table)
        self._remove(table, names, [_key(names, key) for key in keys])

    def remove_where(self, table: Table, columns: Row) -> None:
        """Remove the rows whose columns hold these values."""
        self._remove(table, [*columns], [columns])

    def _remove(self, table: Table, names: Sequence[str], rows: Sequence[Row]) -> None:
        gone = delete(table).where(_same(table, _records(table, names), names))
        self._send(table, gone, rows)

    def _load(
        self, table: Table, names: Sequence[str], rows: Sequence[Row]
    ) -> Iterator[dict[str, Any]]:
        chosen = select(table).where(_same(table, _records(table, names), names))
        for row in self._send(table, chosen, rows).mappings():
            yield dict(row)

    def _send(self, table: Table, statement: Executable, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - a result of any rows
        text = orjson.dumps(rows, default=_bytes).decode()
        placed = {"schema_translate_map": {table.schema: self._schema}}
        return self._connection.execute(statement, {"rows": text}, execution_options=placed)


def _bytes(value: object) -> str:
    """What orjson does not know, in PostgreSQL's own spelling."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(type(value))


@cache
def _key_names(table: Table) -> tuple[str, ...]:
    return tuple(str(each.name) for each in table.primary_key)


@cache
def _insertion(table: Table) -> Insert:
    names = [str(each.name) for each in table.columns]
    return insert(table).from_select(names, select(*_records(table, names).c))


def _records(table: Table, names: Iterable[str], numbers: Iterable[str] = ()) -> TableValuedAlias:
    """The JSON parameter as a table `v`: columns of the table, and whole numbers."""
    columns = [column(name, table.c[name].type) for name in names]
    columns += [column(name, BigInteger) for name in numbers]
    records = func.json_to_recordset(bindparam("rows", type_=Text))
    return records.table_valued(*columns, name="v").render_derived(with_types=True)


def _same(table: Table, records: TableValuedAlias, names: Iterable[str]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == records.c[name] for name in names))


def _assignments(
    table: Table, records: TableValuedAlias, sets: Sequence[str], adds: Sequence[str]
) -> Iterator[tuple[str, ColumnElement[Any]]]:
    """A column that some rows set and others add to can have both."""
    for name in dict.fromkeys([*sets, *adds]):
        value: ColumnElement[Any] = table.c[name]
        if name in sets:
            told = records.c[_SETS].bitwise_and(1 << sets.index(name)) != 0
            value = case((told, records.c[name]), else_=value)
        if name in adds:
            value += func.coalesce(records.c[_ADDS + name], 0)
        yield name, value


def _record(names: Sequence[str], change: Change, bits: Mapping[str, int]) -> dict[str, Any]:
    key, sets, adds = change
    record = {**sets, **_key(names, key), _SETS: sum(map(bits.__getitem__, sets))}
    for name, amount in adds.items():
        record[_ADDS + name] = amount
    return record


def _key(names: Sequence[str], key: Key) -> dict[str, Any]:
    """The columns of a key."""
    return dict(zip(names, key, strict=True)) if len(names) > 1 else {names[0]: key}
