"""An event log on a fresh database, and events to append to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from application.commands import Command
from infrastructure.event_log.factory import EventLogFactory
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

OpenLog = Callable[[str], EventLog]


def stored(
    stream: UUID | None = None, version: int = 1, state: bytes = b'{"note":"\xe6\x93\xa6\xe7\xaa\x97"}'
) -> StoredEvent:
    return StoredEvent(stream or uuid4(), version, "test.noted", state)


def command(command_id: UUID | None = None, mac: str = "mac") -> Command:
    return Command(id=command_id or uuid4(), actor="customer:7", body_mac=mac, at=NOON)


@pytest.fixture
def open_log() -> Iterator[OpenLog]:
    """Opens logs on any URL and closes them after the test."""
    factories: list[EventLogFactory] = []

    def open_(url: str) -> EventLog:
        factories.append(EventLogFactory(env={"DATABASE_URL": url}))
        return factories[-1].log

    yield open_
    for factory in factories:
        factory.close()


@pytest.fixture
def log(open_log: OpenLog, database: Database) -> EventLog:
    return open_log(database.application_url)
