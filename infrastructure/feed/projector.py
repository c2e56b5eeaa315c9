"""Advances one projection: its rows and its position in one transaction.

Whoever locks the position row owns the batch, so any number of processes may
run. A crash loses at most what is read again, hence synchronous_commit=off.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from application.crash_points import CrashPoint, reached
from application.projections.projection import Handler, Projection
from infrastructure.feed.batch import Batch, HandlerFailedError, stopping_at
from infrastructure.feed.passing import PassingBy
from infrastructure.feed.reader import Row
from infrastructure.feed.routing import Routes, handlers_of

MOVED_CHANNEL = "projection_moved"


class Projector:
    """One projection, its handlers by stored name, and the database."""

    def __init__(self, engine: Engine, projection: Projection, table: Routes[Handler]) -> None:
        self.name = projection.name
        self._engine = engine
        self._projection = projection
        self._table = {
            name: tuple(h for h in handlers if h.projection is projection)
            for name, handlers in table.items()
        }
        notify = f"pg_notify('{MOVED_CHANNEL}', '{self.name} ' || position)"
        self._passing = PassingBy(engine, f'"{self.name}".progress', "position", told=notify)

    def install(self) -> None:
        """Create schema, tables and position row; idempotent, also in a race."""
        with self._engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(20811, 2)"))
            connection.execute(text(f'create schema if not exists "{self.name}"'))
            connection.execute(
                text(
                    f'create table if not exists "{self.name}".progress'
                    " (single boolean primary key check (single), position bigint not null)"
                )
            )
            connection.execute(
                text(
                    f'insert into "{self.name}".progress values (true, 0) on conflict do nothing'  # noqa: S608 - our own schema name
                )
            )
            self._projection.metadata.create_all(connection)

    def position(self) -> int:
        """How far it has read."""
        with self._engine.connect() as connection:
            query = f'select position from "{self.name}".progress'  # noqa: S608 - our own schema name
            return int(connection.execute(text(query)).scalar_one())

    def advance(self, batch: Batch) -> int | None:
        """Apply what of the batch is new to it; returns how far it has read now.

        None where another process owns it. Raises HandlerFailedError after
        having kept everything before the event that failed.
        """
        if not any(self._table.get(row[3], True) for row in batch.rows):
            return self._passing.pass_by(batch)
        try:
            return self._apply(batch, None)
        except HandlerFailedError as failed:
            self._apply(batch, failed.position - 1)
            raise

    def _apply(self, batch: Batch, stop: int | None) -> int | None:
        with self._engine.begin() as connection:
            position = self._own(connection)
            if position is None:
                return None
            rows = [row for row in batch.after(position) if stop is None or row[0] <= stop]
            if not rows:
                return position
            self._handle(connection, batch, rows)
            reached(CrashPoint.PROJECTION_APPLIED)
            self._move(connection, rows[-1][0])
        return rows[-1][0]

    def _own(self, connection: Connection) -> int | None:
        connection.execute(text("set local synchronous_commit = off"))
        query = f'select position from "{self.name}".progress for update skip locked'  # noqa: S608 - our own schema name
        return connection.execute(text(query)).scalar()

    def _handle(self, connection: Connection, batch: Batch, rows: Sequence[Row]) -> None:
        for row in rows:
            with stopping_at(row):
                for handler in handlers_of(self._table, row[3]):
                    handler.apply(connection, batch.recorded(row))

    def _move(self, connection: Connection, position: int) -> None:
        update = f'update "{self.name}".progress set position = :position'  # noqa: S608 - our own schema name
        connection.execute(text(update), {"position": position})
        notify = text("select pg_notify(:channel, :payload)")
        payload = f"{self.name} {position}"
        connection.execute(notify, {"channel": MOVED_CHANNEL, "payload": payload})
