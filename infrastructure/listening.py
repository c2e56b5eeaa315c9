"""Hears NOTIFY on a direct connection; what is missed meanwhile the listener must poll for."""

import contextlib
import logging
import select
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Self

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

_TICK_MILLISECONDS = 250
_AGAIN_SECONDS = 1.0

_logger = logging.getLogger("jiawu.listening")


class Listener:
    """Calls `hear` with the payload of every notification, in a thread of its own.

    A connection that is lost is opened again after `again_seconds`; a payload
    on which `hear` raises is logged and passed over.
    """

    def __init__(
        self,
        engine: Engine,
        channel: str,
        hear: Callable[[str], None],
        *,
        again_seconds: float = _AGAIN_SECONDS,
    ) -> None:
        self._engine = engine
        self._channel = channel
        self._hear = hear
        self._again_seconds = again_seconds
        self._closed = Event()
        self._thread = Thread(target=self._serve, name=f"listen {channel}", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.close()

    def close(self) -> None:
        """Stop, within a tick."""
        self._closed.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                with contextlib.closing(self._connect()) as connection:
                    self._listen(connection)
            except (psycopg2.Error, SQLAlchemyError) as error:
                _logger.warning("not listening: %s", type(error).__name__)
                self._closed.wait(self._again_seconds)

    def _connect(self) -> Any:  # noqa: ANN401 - psycopg2 has no types
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        connection.autocommit = True
        return connection

    def _listen(self, connection: Any) -> None:  # noqa: ANN401 - psycopg2 has no types
        connection.cursor().execute(f"listen {self._channel}")
        # Not select(): it refuses the descriptors of a process with many connections.
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        while not self._closed.is_set():
            poll.poll(_TICK_MILLISECONDS)
            connection.poll()
            for notify in connection.notifies:
                self._tell(notify.payload)
            connection.notifies.clear()

    def _tell(self, payload: str) -> None:
        try:
            self._hear(payload)
        except Exception:
            _logger.exception("not understood on %s", self._channel)
