"""One autocommit connection kept open beside the pool, and opened again when it was lost."""

import contextlib
from typing import Any

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# What a dead server, a cut connection or an exhausted pool raises.
CONNECTION_LOST = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolTimeoutError)


class PinnedConnection:
    """A connection for one thread at a time.

    SQLAlchemy's checkout, its ping and its return cost four round trips, which
    is more than an append.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def query(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own and fetch its rows."""
        with self._open().cursor() as cursor:
            cursor.execute(statement, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def take_notices(self) -> str:
        """The server's warnings since the last call."""
        if self._connection is None or not self._connection.notices:
            return ""
        notices = "".join(self._connection.notices)
        self._connection.notices.clear()
        return notices

    def drop(self) -> None:
        """Close; the next query opens a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()

    def _open(self) -> Any:  # noqa: ANN401 - psycopg2 has no types
        if self._connection is None:
            pooled = self._engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            connection.autocommit = True
            self._connection = connection
        return self._connection


class Reads:
    """Single-statement reads from any number of threads, one round trip each.

    A broken connection is replaced and the read repeated: it changes nothing.
    """

    def __init__(self, engine: Engine, kept: int) -> None:
        """At most `kept` idle connections are kept open."""
        self._engine = engine
        self._kept = kept
        self._idle: list[PinnedConnection] = []

    def query(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows. Raises psycopg2's errors, OperationalError where no server answers."""
        pinned = self._take()
        try:
            return pinned.query(statement, parameters)
        except CONNECTION_LOST:
            pinned.drop()
            return pinned.query(statement, parameters)
        finally:
            self._give_back(pinned)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().drop()

    def _take(self) -> PinnedConnection:
        try:
            return self._idle.pop()
        except IndexError:
            return PinnedConnection(self._engine)

    def _give_back(self, pinned: PinnedConnection) -> None:
        if len(self._idle) < self._kept:
            self._idle.append(pinned)
        else:
            pinned.drop()
