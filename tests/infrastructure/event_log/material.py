"""Events and commands to append, and how to wait for other threads."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from time import monotonic
from uuid import UUID, uuid4

import psycopg2
from eventsourcing.persistence import StoredEvent
from sqlalchemy import make_url

from application.commands import Command
from infrastructure.event_log.member import Member

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
_NOTE = '{"note":"擦窗"}'.encode()


def stored(stream: UUID | None = None, version: int = 1, state: bytes = _NOTE) -> StoredEvent:
    return StoredEvent(stream or uuid4(), version, "test.noted", state)


def asked(command_id: UUID | None = None, mac: str = "mac") -> Command:
    return Command(id=command_id or uuid4(), actor="customer:7", body_mac=mac, at=NOON)


def member(*events: StoredEvent, command: Command | None = None) -> Member:
    return Member(events or (stored(),), NOON, command)


def bare_connection(url: str) -> psycopg2.extensions.connection:
    """A plain psycopg2 connection to a SQLAlchemy URL."""
    parts = make_url(url)
    return psycopg2.connect(dbname=parts.database, user=parts.username, **parts.query)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what other threads bring about."""
    deadline, pause = monotonic() + seconds, Event()
    while not condition():
        assert monotonic() < deadline, "waited in vain"
        pause.wait(0.002)
