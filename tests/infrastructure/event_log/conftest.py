"""An event log on a fresh database."""

from collections.abc import Callable, Iterator

import pytest

from infrastructure.event_log.factory import EventLogFactory
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database

OpenLog = Callable[[str], EventLog]


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
