"""The doorbell: tells readers that the log has grown, after the commit.

NOTIFY inside the append would cost three times the append (fact sheet event-log,
1). So a thread of its own sends at most one NOTIFY every few milliseconds, and a
lost ring does no harm: readers also look once a second.
"""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

import psycopg2
from sqlalchemy import Engine

from infrastructure.event_log.pinned import CONNECTION_LOST, PinnedConnection

CHANNEL = "log_appended"
_COALESCE_SECONDS = 0.02
# A lost ring does no harm, so its commit need not wait for the disk.
_NOTIFY = "select set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"

_logger = logging.getLogger("jiawu.doorbell")


class Doorbell:
    """Wakes this process's listeners at once and other processes by NOTIFY."""

    def __init__(self, engine: Engine) -> None:
        self._pinned = PinnedConnection(engine)
        self._lock = Lock()
        self._hooks: dict[object, Callable[[], None]] = {}
        self._rung = Event()
        self._closed = Event()
        self._last = 0
        self._thread: Thread | None = None

    def ring(self, position: int) -> None:
        """The log has grown to `position`; never blocks, never raises."""
        self._last = max(self._last, position)
        if not self._rung.is_set():
            self._rung.set()
            if self._thread is None:
                self._start()
        for hook in tuple(self._hooks.values()):
            hook()

    def on_ring(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Call `hook` at every ring of this process; returns how to stop."""
        key = object()
        with self._lock:
            self._hooks[key] = hook
        return lambda: self._forget(key)

    def close(self) -> None:
        """Stop the ringing thread."""
        self._closed.set()
        self._rung.set()
        if self._thread is not None:
            self._thread.join()
        self._pinned.drop()

    def _forget(self, key: object) -> None:
        with self._lock:
            self._hooks.pop(key, None)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = Thread(target=self._serve, name="doorbell", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        while not self._closed.is_set():
            self._rung.wait()
            self._rung.clear()
            if not self._closed.is_set():
                self._notify()
                self._closed.wait(_COALESCE_SECONDS)

    def _notify(self) -> None:
        try:
            self._pinned.query(_NOTIFY, (CHANNEL, str(self._last)))
        except (*CONNECTION_LOST, psycopg2.Error) as error:
            self._pinned.drop()
            _logger.warning("doorbell not heard by other processes: %s", error)
