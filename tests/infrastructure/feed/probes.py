"""Projections and policies that note what they see, and events for them to see."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    MetaData,
    Table,
    Text,
    create_engine,
    select,
    text,
)

from application.crash_points import CrashPoint, watching
from application.policy import Policy, PolicyMap, Start
from application.projections.projection import Apply, Projection, Recorded
from application.projections.rows import Rows
from domain.aggregate import EventSourced
from domain.workers import Worker
from infrastructure.clock import SettableClock
from infrastructure.feed.failures import Failures
from infrastructure.feed.feed import Feed, Follower
from infrastructure.feed.policies import PolicyRunner
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader, Row
from infrastructure.feed.routing import routes
from interface.household import Household
from tests.application.projections.lives import save
from tests.conftest import Database
from tests.domain import histories
from tests.product import NOON


class BrokenError(Exception):
    """A handler's own error."""

    def __init__(self, position: int) -> None:
        super().__init__(f"broken at {position}")


class KilledError(BaseException):
    """The process is gone: nobody who handles errors meets it."""


@contextmanager
def killed_at(point: CrashPoint) -> Iterator[None]:
    """What is done meanwhile ends where it first comes to the point, as it must."""

    def kill(reached: CrashPoint) -> None:
        if reached is point:
            raise KilledError(point)

    with watching(kill), pytest.raises(KilledError):
        yield


@contextmanager
def emptied(database: Database, table: Table) -> Iterator[Engine]:
    """An engine of the application on the database, whose table begins empty."""
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text(f"truncate {table.fullname}"))
    owner.dispose()
    engine = create_engine(database.application_url)
    yield engine
    engine.dispose()


def nothing(_rows: Rows, _recorded: Recorded) -> None:
    """What a well-behaved handler does besides."""


class OpenVault:
    """Nothing in it is sealed."""

    def open_many(self, sealed: Iterable[str]) -> dict[str, str]:
        return {text: text for text in sealed}

    def digest(self, kind: str, text: str) -> str:
        return f"{kind} {text}"


class Probe:
    """A projection that writes a row for every event; twice the same row is an error."""

    def __init__(self, name: str = "probe") -> None:
        self.name = name
        metadata = MetaData(schema=name)
        self.seen_rows = Table(
            "seen",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("event", Text, nullable=False),
        )
        self.projection = Projection(name, metadata)
        self.besides: Apply = nothing
        self.recorded: list[Recorded] = []

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        event = type(recorded.event).__name__
        rows.insert(self.seen_rows, position=recorded.position, event=event)
        self.recorded.append(recorded)
        self.besides(rows, recorded)

    def projector(self, engine: Engine) -> Projector:
        handler = self.projection.handles(self.apply)
        table = routes({EventSourced.Event: (handler,)})
        return Projector(engine, self.projection, table, OpenVault())

    def seen(self, engine: Engine) -> list[int]:
        """The positions whose rows stand in the table."""
        query = select(self.seen_rows.c.position).order_by(self.seen_rows.c.position)
        with engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def fail_at(self, position: int) -> None:
        """From now on the handler raises at this event."""

        def fail(_rows: Rows, recorded: Recorded) -> None:
            if recorded.position == position:
                raise BrokenError(position)

        self.besides = fail

    def spoil(self, *positions: int) -> None:
        """From now on the handler asks at these events for a row that no table takes."""

        def spoil(rows: Rows, recorded: Recorded) -> None:
            if recorded.position in positions:
                rows.insert(self.seen_rows, position=-recorded.position, event=None)

        self.besides = spoil

    def heal(self) -> None:
        self.besides = nothing


class CountingReader(LogReader):
    """Notes behind which position each page was read."""

    def __init__(self, engine: Engine, page: int = 5_000) -> None:
        super().__init__(engine, page)
        self.pages: list[int] = []

    def read(self, after: int) -> Sequence[Row]:
        self.pages.append(after)
        return super().read(after)


def feed_of(
    engine: Engine,
    *followers: Follower,
    clock: SettableClock | None = None,
    reader: LogReader | None = None,
) -> Feed:
    """An installed feed of these followers alone."""
    failures = Failures(engine, clock or SettableClock(NOON))
    feed = Feed(reader or LogReader(engine), followers, failures)
    feed.install()
    return feed


def runner_of(
    house: Household,
    react: Callable[..., None],
    *,
    name: str = "probing",
    starts: Start = Start.BEGINNING,
    to: type[Any] = Worker.Event,
) -> PolicyRunner:
    """A policy that reacts so to every fact about a worker."""
    policy = Policy(name, starts, react)
    reacting: PolicyMap = {to: (policy,)}
    return PolicyRunner(house.engine, policy, routes(reacting), house, house.clock)


def write_workers(house: Household, *numbers: int) -> None:
    """One event each."""
    hired = [
        Worker.register(
            uuid4(), histories.engagement(number=number), by=histories.BY_STAFF, at=NOON
        )
        for number in numbers
    ]
    save(house, *hired)


def write_raw(house: Household, name: str, state: bytes = b"{}") -> None:
    """An event that no aggregate of this code would write."""
    house.event_log.insert_events([StoredEvent(uuid4(), 1, name, state)])


def kill_transactions(engine: Engine) -> int:
    """End every connection of this database that stands inside a transaction."""
    return _kill(engine, "state = 'idle in transaction'")


def kill_listeners(engine: Engine) -> int:
    """End every connection that listens."""
    return _kill(engine, "query like 'listen %'")


def kill_all(engine: Engine) -> int:
    """End every other connection of this database."""
    return _kill(engine, "true")


def listeners(engine: Engine) -> set[int]:
    """The processes of the server that serve listening connections."""
    return _backends(engine, "query like 'listen %' and state = 'idle'")


def open_transactions(engine: Engine) -> set[int]:
    """The processes of the server that serve a connection inside a transaction."""
    return _backends(engine, "state like 'idle in transaction%'")


def waiting_for_locks(engine: Engine) -> set[int]:
    """The processes of the server that wait for somebody else's lock."""
    return _backends(engine, "wait_event_type = 'Lock'")


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait for what other threads bring about."""
    deadline, pause = monotonic() + seconds, Event()
    while not condition():
        assert monotonic() < deadline, "waited in vain"
        pause.wait(0.005)


_OTHERS = "datname = current_database() and pid <> pg_backend_pid()"


def _kill(engine: Engine, which: str) -> int:
    return len(_pids(engine, which, "pg_terminate_backend(pid, 5000)"))


def _backends(engine: Engine, which: str) -> set[int]:
    return set(_pids(engine, which, "pid"))


def _pids(engine: Engine, which: str, what: str) -> list[int]:
    query = f"select {what} from pg_stat_activity where {_OTHERS} and {which}"  # noqa: S608 - our own text
    with engine.connect() as connection:
        return list(connection.execute(text(query)).scalars())
