"""The system's clock, and one that demo, tests and simulators set."""

from datetime import UTC, datetime, timedelta
from threading import Lock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


class SettableClock:
    """Stands still until it is moved; safe to share between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        """The instant it was last set to, in UTC."""
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward; a negative step is allowed, as real clocks jump."""
        with self._lock:
            self._now += by

    def set(self, at: datetime) -> None:
        """Move to an instant."""
        with self._lock:
            self._now = at.astimezone(UTC)
