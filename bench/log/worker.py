"""Our kinds of work, and the bare inserts they are compared with."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg2
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy import make_url

from application.commands import Command
from application.log import Log
from bench.event import NAME, STATE
from bench.measure import Act, OpenAct, serve
from bench.order import completed_order
from domain.orders.cleaning import CleaningOrder
from infrastructure.event_log.factory import EventLogFactory, log_engine
from infrastructure.event_log.recorder import EventLog
from infrastructure.feed.reader import LogReader

_STATE = STATE.encode()
_MAC = "0123456789abcdef" * 4
_ACTOR = "customer:1"
_ANSWER = {"order_id": "7b109293-7a4c-468d-8233-634ff7097611"}
_EVENT = (
    "insert into events (stream_id, version, name, state, recorded_at, command_id, actor)"
    " values (%s, %s, %s, %s, %s, %s, %s)"
)
_COMMAND = "insert into commands (id, body_mac, position, answer) values (%s, %s, %s, %s)"


def bare_connection(url: str) -> psycopg2.extensions.connection:
    parts = make_url(url)
    connection = psycopg2.connect(dbname=parts.database, user=parts.username, **parts.query)
    connection.autocommit = True
    return connection


def _event() -> StoredEvent:
    return StoredEvent(uuid4(), 1, NAME, _STATE)


def _row(command_id: str | None = None) -> tuple[object, ...]:
    return (str(uuid4()), 1, NAME, STATE, datetime.now(UTC), command_id, _ACTOR)


@contextmanager
def bare_insert(url: str) -> Iterator[OpenAct]:
    """One autocommit INSERT of the same row a time."""

    def open_act() -> Act:
        cursor = bare_connection(url).cursor()

        def act() -> int:
            cursor.execute(_EVENT, _row())
            return 1

        return act

    yield open_act


@contextmanager
def bare_insert_with_command(url: str) -> Iterator[OpenAct]:
    """Both rows in one transaction of two INSERTs."""

    def open_act() -> Act:
        connection = bare_connection(url)
        connection.autocommit = False
        cursor = connection.cursor()

        def act() -> int:
            command_id = str(uuid4())
            cursor.execute(_EVENT, _row(command_id))
            cursor.execute(_COMMAND, (command_id, _MAC, 1, '{"order_id":"1"}'))
            connection.commit()
            return 1

        return act

    yield open_act


@contextmanager
def _log(url: str) -> Iterator[EventLog]:
    factory = EventLogFactory(env={"DATABASE_URL": url})
    yield factory.log
    factory.close()


@contextmanager
def append(url: str) -> Iterator[OpenAct]:
    """One event an append."""
    with _log(url) as log:

        def act() -> int:
            log.insert_events([_event()])
            return 1

        yield lambda: act


@contextmanager
def append_with_command(url: str) -> Iterator[OpenAct]:
    """One event and its command an append."""
    with _log(url) as log:

        def act() -> int:
            command = Command(uuid4(), _ACTOR, _MAC, datetime.now(UTC))
            log.insert_events([_event()], command=command, answer=_ANSWER)
            return 1

        yield lambda: act


@contextmanager
def append_with_conflicts(url: str) -> Iterator[OpenAct]:
    """Every tenth append of a thread meets a version that exists; only the others count."""
    with _log(url) as log:
        existing = _event()
        log.insert_events([existing])

        def open_act() -> Act:
            turns = itertools.cycle(range(10))

            def act() -> int:
                event = existing if next(turns) == 0 else _event()
                try:
                    log.insert_events([event])
                except IntegrityError:
                    return 0
                return 1

            return act

        yield open_act


@contextmanager
def catch_up(url: str) -> Iterator[OpenAct]:
    """Page after page through the feed's reader, and again from the start."""
    engine = log_engine(url)
    reader = LogReader(engine)

    def open_act() -> Act:
        last = 0

        def act() -> int:
            nonlocal last
            rows = reader.read(last)
            last = rows[-1][0] if rows else 0
            return len(rows)

        return act

    yield open_act
    engine.dispose()


@contextmanager
def load_order(url: str) -> Iterator[OpenAct]:
    """Load an order of ten events as a use case does."""
    application = Application[UUID](
        env={
            "PERSISTENCE_MODULE": "infrastructure.event_log.factory:EventLogFactory",
            "DATABASE_URL": url,
        }
    )
    order = completed_order()
    application.save(order)
    log = Log(application, b"", lambda _: None)

    def act() -> int:
        log.load(CleaningOrder, order.id)
        return 1

    yield lambda: act
    application.close()


KINDS = {
    "bare insert": bare_insert,
    "bare insert with command": bare_insert_with_command,
    "append": append,
    "append with command": append_with_command,
    "append with conflicts": append_with_conflicts,
    "catch up": catch_up,
    "load order": load_order,
}

if __name__ == "__main__":
    serve(KINDS)
