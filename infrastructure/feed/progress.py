"""How far projections have read: answers at once, or waits, bounded, for NOTIFY."""

import contextlib
import logging
import select
from threading import Condition, Event, Thread
from time import monotonic
from typing import Any

import psycopg2
from sqlalchemy import Engine, text

from infrastructure.feed.projector import MOVED_CHANNEL

_LONGEST_WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.25

_logger = logging.getLogger("jiawu.progress")


class PostgresProgress:
    """Listens on a direct connection; polls where nothing is heard."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._heard: dict[str, int] = {}
        self._moved = Condition()
        self._closed = Event()
        self._thread: Thread | None = None

    def wait_for(self, projection: str, position: int) -> bool:
        """Wait until the projection has passed `position`; False after two seconds."""
        if self._heard.get(projection, -1) >= position or self.of(projection) >= position:
            return True
        self._listen()
        deadline = monotonic() + _LONGEST_WAIT_SECONDS
        while (left := deadline - monotonic()) > 0:
            with self._moved:
                if self._heard.get(projection, -1) < position:
                    self._moved.wait(min(left, _POLL_SECONDS))
            if self._heard.get(projection, -1) >= position or self.of(projection) >= position:
                return True
        return False

    def of(self, projection: str) -> int:
        """The projection's position as the database has it."""
        query = f'select position from "{projection}".progress'  # noqa: S608 - our own schema name
        with self._engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self) -> None:
        with self._moved:
            if self._thread is None and not self._closed.is_set():
                self._thread = Thread(target=self._serve, name="progress", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                with contextlib.closing(self._engine.raw_connection()) as pooled:
                    connection: Any = pooled.driver_connection
                    pooled.detach()
                    with contextlib.closing(connection):
                        self._hear(connection)
            except psycopg2.Error as error:
                _logger.warning("not listening: %s", error)
                self._closed.wait(1.0)

    def _hear(self, connection: Any) -> None:  # noqa: ANN401 - psycopg2 has no types
        connection.autocommit = True
        connection.cursor().execute(f"listen {MOVED_CHANNEL}")
        while not self._closed.is_set():
            select.select([connection], [], [], _POLL_SECONDS)
            connection.poll()
            if connection.notifies:
                self._note(connection.notifies)
                connection.notifies.clear()

    def _note(self, notifies: list[Any]) -> None:
        with self._moved:
            for notify in notifies:
                name, _, position = notify.payload.partition(" ")
                self._heard[name] = max(self._heard.get(name, 0), int(position))
            self._moved.notify_all()
