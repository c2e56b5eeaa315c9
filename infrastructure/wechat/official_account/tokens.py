"""Access token (全局票据) and jsapi_ticket, one row each for all processes.

Whoever finds no token good enough locks its row, looks again and fetches; the
others wait for the row, so that many threads of many processes fetch once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from application.clock import Clock
from application.wechat_login import WeChatUnavailableError

MARGIN = timedelta(seconds=240)
"""How long before its end a token is not used any more."""
_LOCK_NOT_AVAILABLE = "55P03"
_STORED = text(
    "select value from wechat.tokens"
    " where appid = :appid and kind = :kind and value <> '' and expires_at > :now"
)
_PREPARE = text(
    "insert into wechat.tokens (appid, kind, value, expires_at, generation)"
    " values (:appid, :kind, '', :now, 0) on conflict do nothing"
)
_LOCK = text(
    "select generation from wechat.tokens where appid = :appid and kind = :kind for update"
)
_STORE = text(
    "update wechat.tokens set value = :value, expires_at = :expires_at,"
    " generation = generation + 1 where appid = :appid and kind = :kind"
)
_DROP = text(
    "update wechat.tokens set value = '' where appid = :appid and kind = :kind and value = :used"
)
_LIMIT_WAITING = text("select set_config('lock_timeout', :milliseconds, true)")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What WeChat gave, with its life in seconds."""

    value: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Token:
    """A token to use; `fresh` if it was fetched just now, for this caller."""

    value: str = field(repr=False)
    fresh: bool


class PostgresTokens:
    """The tokens in wechat.tokens; safe to share between threads and processes.

    The row stays locked while WeChat is asked, so that call must be bounded. Who
    waits longer than `wait_seconds` gets WeChatUnavailableError.
    """

    def __init__(self, engine: Engine, clock: Clock, wait_seconds: float = 10.0) -> None:
        self._engine = engine
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._locks: dict[tuple[str, str], Lock] = {}

    def token(self, appid: str, kind: str, fetch: Callable[[], Fetched]) -> Token:
        """The stored token, or a new one. Raises what `fetch` raises, storing nothing."""
        key = {"appid": appid, "kind": kind}
        with self._engine.connect() as connection:
            stored = self._stored(connection, key)
        return stored or self._renew(key, fetch)

    def drop(self, appid: str, kind: str, used: str) -> None:
        """Forget a token that WeChat refused, unless another took its place."""
        with self._engine.begin() as connection:
            connection.execute(_DROP, {"appid": appid, "kind": kind, "used": used})

    def _renew(self, key: dict[str, str], fetch: Callable[[], Fetched]) -> Token:
        with self._alone(key), self._row(key) as connection:
            stored = self._stored(connection, key)
            if stored is not None:
                return stored
            now = self._clock.now()
            fetched = fetch()
            row = {"value": fetched.value, "expires_at": _end(now, fetched.expires_in)}
            connection.execute(_STORE, key | row)
            return Token(fetched.value, fresh=True)

    def _stored(self, connection: Connection, key: dict[str, str]) -> Token | None:
        now = self._clock.now()
        value = connection.execute(_STORED, {**key, "now": now}).scalar_one_or_none()
        return None if value is None else Token(value, fresh=False)

    @contextmanager
    def _alone(self, key: dict[str, str]) -> Iterator[None]:
        """One thread of this process at a time: the others need no connection to wait."""
        lock = self._locks.setdefault((key["appid"], key["kind"]), Lock())
        if not lock.acquire(timeout=self._wait_seconds):
            raise WeChatUnavailableError(reason="TokenBusy")
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _row(self, key: dict[str, str]) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            if not self._lock_row(connection, key):
                raise WeChatUnavailableError(reason="TokenBusy")
            yield connection

    def _lock_row(self, connection: Connection, key: dict[str, str]) -> bool:
        milliseconds = str(int(self._wait_seconds * 1000))
        connection.execute(_LIMIT_WAITING, {"milliseconds": milliseconds})
        try:
            connection.execute(_PREPARE, {**key, "now": self._clock.now()})
            connection.execute(_LOCK, key)
        except OperationalError as error:
            if getattr(error.orig, "pgcode", "") != _LOCK_NOT_AVAILABLE:
                raise
            return False
        return True


def _end(now: datetime, expires_in: int) -> datetime:
    return now + max(timedelta(seconds=expires_in) - MARGIN, timedelta())
