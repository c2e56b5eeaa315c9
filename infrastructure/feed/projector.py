"""Advances one projection: its rows and its position in one transaction.

Whoever locks the position row owns the batch, so any number of processes may
run. A crash loses at most what is read again, hence synchronous_commit=off.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from application.crash_points import CrashPoint, reached
from application.projections.projection import Apply, Handler, Projection
from application.projections.rows import Opening, Rows
from infrastructure.event_log.mapper import uuid
from infrastructure.feed.batch import (
    Batch,
    HandlerFailedError,
    UnwrittenError,
    nobodys_fault,
)
from infrastructure.feed.bulk import BulkStore
from infrastructure.feed.collecting import collection_paused
from infrastructure.feed.outdated import OutdatedTablesError, check_tables
from infrastructure.feed.passing import PassingBy
from infrastructure.feed.reader import Row
from infrastructure.feed.routing import Routes, handlers_of

MOVED_CHANNEL = "projection_moved"


class Projector:
    """One projection, its handlers by stored name, and the database.

    `schema` is where its tables stand; a rebuild gives another than their own.
    """

    independent = True

    def __init__(
        self,
        engine: Engine,
        projection: Projection,
        routes: Routes[Handler],
        vault: Opening,
        *,
        schema: str | None = None,
    ) -> None:
        self.name = projection.name
        self._schema = schema or projection.name
        self._engine = engine.execution_options(
            schema_translate_map={projection.metadata.schema: self._schema}
        )
        self._metadata = projection.metadata
        self._tables = projection.metadata.sorted_tables
        self._vault = vault
        self._routes: Routes[Apply] = {
            name: tuple(each.apply for each in handlers if each.projection is projection)
            for name, handlers in routes.items()
        }
        # An event that nobody knows is not among them: it stops the projection.
        self._idle = frozenset(name for name, applies in self._routes.items() if not applies)
        notify = f"pg_notify('{MOVED_CHANNEL}', '{self._schema} ' || position)"
        self._checked = False
        self._passing = PassingBy(engine, f'"{self._schema}".progress', "position", told=notify)

    def install(self) -> None:
        """Create schema, position row and, before the first event, tables.

        Idempotent, also in a race. Raises OutdatedTablesError, having made what it may.
        """
        with self._engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(20811, 2)"))
            connection.execute(text(f'create schema if not exists "{self._schema}"'))
            connection.execute(
                text(
                    f'create table if not exists "{self._schema}".progress'
                    " (single boolean primary key check (single), position bigint not null)"
                )
            )
            connection.execute(
                text(
                    f'insert into "{self._schema}".progress values (true, 0) on conflict do nothing'  # noqa: S608 - our own schema name
                )
            )
            if self._read_position(connection) == 0:
                self._metadata.create_all(connection)
        with self._engine.connect() as connection:
            check_tables(connection, self._metadata, self._schema)

    def position(self) -> int:
        """How far it has read."""
        with self._engine.connect() as connection:
            return self._read_position(connection)

    def _read_position(self, connection: Connection) -> int:
        query = f'select position from "{self._schema}".progress'  # noqa: S608 - our own schema name
        return int(connection.execute(text(query)).scalar_one())

    def advance(self, batch: Batch) -> int | None:
        """Apply what of the batch is new to it; returns how far it has read now.

        None where another process owns it. Raises HandlerFailedError after
        having kept everything before the event that failed.
        """
        self._check(batch)
        if batch.names <= self._idle:
            return self._passing.pass_by(batch)
        with collection_paused():
            try:
                return self._apply_all(batch, batch.rows[-1][0])
            except HandlerFailedError as failed:
                self._apply_all(batch, failed.position - 1)
                raise

    def _check(self, batch: Batch) -> None:
        """Once, and again while it fails. Raises HandlerFailedError."""
        if self._checked:
            return
        try:
            with self._engine.connect() as connection:
                check_tables(connection, self._metadata, self._schema)
        except OutdatedTablesError as error:
            raise HandlerFailedError(batch.rows[0][0], batch.rows[0][3]) from error
        self._checked = True

    def _apply_all(self, batch: Batch, last: int) -> int | None:
        """Apply what is new up to position `last`; if it cannot be written, event by event.

        Raises HandlerFailedError.
        """
        try:
            return self._apply(batch, last)
        except UnwrittenError:
            stops = [row[0] for row in batch.rows if row[0] < last and row[3] not in self._idle]
        for position in stops:
            self._apply(batch, position)
        return self._apply(batch, last)

    def _apply(self, batch: Batch, last: int) -> int | None:
        with self._engine.begin() as connection:
            position = self._own(connection)
            if position is None:
                return None
            page = batch.after(position, last)
            if not page:
                return position
            self._handle(connection, batch, page)
            reached(CrashPoint.PROJECTION_APPLIED)
            self._move(connection, page[-1][0])
        return page[-1][0]

    def _own(self, connection: Connection) -> int | None:
        connection.execute(text("set local synchronous_commit = off"))
        query = f'select position from "{self._schema}".progress for update skip locked'  # noqa: S608 - our own schema name
        return connection.execute(text(query)).scalar()

    def _handle(self, connection: Connection, batch: Batch, page: Sequence[Row]) -> None:
        """Raises HandlerFailedError, or UnwrittenError where several events may be at fault."""
        idle = self._idle
        met = [row for row in page if row[3] not in idle]
        if not met:
            return
        rows = self._rows(connection, met)
        self._ask(rows, batch, met)
        try:
            rows.finish()
        except Exception as error:
            if nobodys_fault(error):
                raise
            if len(met) > 1:
                raise UnwrittenError(self.name) from error
            raise HandlerFailedError(met[0][0], met[0][3]) from error

    def _ask(self, rows: Rows, batch: Batch, met: Sequence[Row]) -> None:
        """What all handlers say; one `try` for all, as this is done for every event."""
        at = met[0]
        try:
            for at in met:
                applies = handlers_of(self._routes, at[3])
                recorded = batch.recorded(at)
                for apply in applies:
                    apply(rows, recorded)
        except Exception as error:
            if nobodys_fault(error):
                raise
            raise HandlerFailedError(at[0], at[3]) from error

    def _rows(self, connection: Connection, met: Sequence[Row]) -> Rows:
        streams = [uuid(stream_id) for stream_id in {row[1] for row in met}]
        return Rows(BulkStore(connection, self._schema), self._vault, self._tables, streams)

    def _move(self, connection: Connection, position: int) -> None:
        update = f'update "{self._schema}".progress set position = :position'  # noqa: S608 - our own schema name
        connection.execute(text(update), {"position": position})
        notify = text("select pg_notify(:channel, :payload)")
        payload = f"{self._schema} {position}"
        connection.execute(notify, {"channel": MOVED_CHANNEL, "payload": payload})
