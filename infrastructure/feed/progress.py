"""How far projections have read: answers at once, or waits, bounded, for NOTIFY."""

from threading import Condition
from time import monotonic

from sqlalchemy import Engine, text

from infrastructure.feed.projector import MOVED_CHANNEL
from infrastructure.listening import Listener

_LONGEST_WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.25


class PostgresProgress:
    """Listens from the first wait on; polls every `poll_seconds` where nothing is heard."""

    def __init__(
        self,
        engine: Engine,
        *,
        longest_wait_seconds: float = _LONGEST_WAIT_SECONDS,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._longest_wait_seconds = longest_wait_seconds
        self._poll_seconds = poll_seconds
        self._heard: dict[str, int] = {}
        self._moved = Condition()
        self._listener: Listener | None = None

    def wait_for(self, projection: str, position: int) -> bool:
        """Wait until the projection has passed `position`; False when it takes too long."""
        if self._passed(projection, position):
            return True
        self._listen()
        deadline = monotonic() + self._longest_wait_seconds
        while (left := deadline - monotonic()) > 0:
            with self._moved:
                if self._heard.get(projection, -1) < position:
                    self._moved.wait(min(left, self._poll_seconds))
            if self._passed(projection, position):
                return True
        return False

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()

    def _passed(self, projection: str, position: int) -> bool:
        heard = self._heard.get(projection, 0)  # nobody is behind the log's beginning
        return heard >= position or self._read(projection) >= position

    def _read(self, projection: str) -> int:
        query = f'select position from "{projection}".progress'  # noqa: S608 - our own schema name
        with self._reading.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def _listen(self) -> None:
        with self._moved:
            if self._listener is None:
                self._listener = Listener(self._engine, MOVED_CHANNEL, self._note).__enter__()

    def _note(self, payload: str) -> None:
        name, _, position = payload.partition(" ")
        with self._moved:
            self._heard[name] = max(self._heard.get(name, 0), int(position))
            self._moved.notify_all()
