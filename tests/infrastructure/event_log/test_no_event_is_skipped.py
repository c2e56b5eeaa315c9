"""Readers by position under writers that pause, roll back and use savepoints.

The naive table beside the log has the same writers; a reader by its bigserial
skips rows there, so the writers are hard enough for the log's reader as well.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Event
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database
from tests.infrastructure.event_log.material import member, stored

WRITERS = 16
ROUNDS = 25
NAIVE = """
create table naive (id bigserial primary key, stream_id uuid not null);
create table unrelated (id bigserial primary key);
grant all on all tables in schema public to jiawu_app;
grant all on all sequences in schema public to jiawu_app;
"""

Append = Callable[[Connection], None]
Script = Callable[[Connection, Append, Random], None]


def pause(connection: Connection, random: Random) -> None:
    connection.execute(text("select pg_sleep(:s)"), {"s": random.random() * 0.006})


def appends_and_pauses(connection: Connection, append: Append, random: Random) -> None:
    append(connection)
    pause(connection, random)


def appends_again_after_a_savepoint(connection: Connection, append: Append, random: Random) -> None:
    savepoint = connection.begin_nested()
    append(connection)
    savepoint.rollback()
    pause(connection, random)
    append(connection)


def releases_a_savepoint(connection: Connection, append: Append, random: Random) -> None:
    savepoint = connection.begin_nested()
    append(connection)
    savepoint.commit()
    pause(connection, random)


def appends_late_once_more(connection: Connection, append: Append, random: Random) -> None:
    append(connection)
    connection.execute(text("insert into unrelated default values"))
    pause(connection, random)
    append(connection)


def writes_something_unrelated(connection: Connection, _: Append, random: Random) -> None:
    connection.execute(text("insert into unrelated default values"))
    pause(connection, random)


SCRIPTS: tuple[Script, ...] = (
    appends_and_pauses,
    appends_and_pauses,
    appends_again_after_a_savepoint,
    releases_a_savepoint,
    appends_late_once_more,
    writes_something_unrelated,
)


@dataclass
class Writer:
    """Runs the same scripts on the log and on the naive table."""

    engine: Engine
    log: EventLog
    number: int

    def run(self, append: Append) -> None:
        random = Random(self.number)  # noqa: S311 - a reproducible test
        for _ in range(ROUNDS):
            with self.engine.connect() as connection:
                random.choice(SCRIPTS)(connection, append, random)
                if random.random() < 0.2:
                    connection.rollback()
                else:
                    connection.commit()

    def on_log(self, connection: Connection) -> None:
        self.log.append_in(connection, member())

    def on_naive(self, connection: Connection) -> None:
        row = {"stream": uuid4()}
        connection.execute(text("insert into naive (stream_id) values (:stream)"), row)

    def grouped(self) -> None:
        for _ in range(ROUNDS):
            self.log.insert_events([stored(), stored()])


@dataclass
class Tail:
    """Reads what lies behind the last id it saw, over and over."""

    engine: Engine
    query: str
    stopped: Event
    seen: list[int] = field(default_factory=list)

    def run(self) -> None:
        with self.engine.connect() as connection:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            while not self.stopped.is_set():
                self._read(autocommit)
            self._read(autocommit)

    def _read(self, connection: Connection) -> None:
        last = self.seen[-1] if self.seen else 0
        self.seen.extend(connection.execute(text(self.query), {"last": last}).scalars())


@pytest.fixture
def engine(database: Database, owner_engine: Engine) -> Iterator[Engine]:
    with owner_engine.begin() as connection:
        connection.execute(text(NAIVE))
    engine = create_engine(database.application_url, pool_size=2 * WRITERS + 2)
    yield engine
    engine.dispose()


def test_a_reader_by_position_skips_nothing_where_a_naive_reader_skips(
    engine: Engine, log: EventLog
) -> None:
    stopped = Event()
    tail = Tail(
        engine, "select position from log.events where position > :last order by 1", stopped
    )
    naive = Tail(engine, "select id from naive where id > :last order by 1", stopped)
    writers = [Writer(engine, log, number) for number in range(WRITERS)]
    with ThreadPoolExecutor(2 * WRITERS + 4) as threads:
        tails = [threads.submit(tail.run), threads.submit(naive.run)]
        work = [threads.submit(w.run, w.on_log) for w in writers]
        work += [threads.submit(w.run, w.on_naive) for w in writers]
        work += [threads.submit(w.grouped) for w in writers[:2]]
        for future in work:
            future.result()
        stopped.set()
        for future in tails:
            future.result()

    with engine.connect() as connection:
        kept = connection.execute(text("select count(*) from log.events")).scalar_one()
        kept_naively = set(connection.execute(text("select id from naive")).scalars())
    assert tail.seen == list(range(1, kept + 1)), "dense, in commit order, none skipped"
    assert kept > WRITERS * ROUNDS / 2
    assert kept_naively - set(naive.seen), "the same writers make a naive reader skip"
