"""Notifications are heard in order, through whatever happens to the connection."""

from collections.abc import Iterator
from queue import SimpleQueue

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, text

from infrastructure.listening import Listener
from tests.conftest import Database
from tests.infrastructure.feed.probes import kill_listeners, listeners, until

CHANNEL = "test_channel"


@pytest.fixture
def application_engine(module_database: Database) -> Iterator[Engine]:
    engine = sa.create_engine(module_database.application_url)
    yield engine
    engine.dispose()


@pytest.fixture
def heard() -> "SimpleQueue[str]":
    return SimpleQueue()


@pytest.fixture
def listener(application_engine: Engine, heard: "SimpleQueue[str]") -> Iterator[Listener]:
    def hear(payload: str) -> None:
        heard.put(payload)
        if payload == "nonsense":
            raise ValueError(payload)

    with Listener(application_engine, CHANNEL, hear, again_seconds=0.01) as listener:
        until(lambda: listeners(application_engine))
        yield listener


def notify(engine: Engine, *payloads: str) -> None:
    with engine.begin() as connection:
        for payload in payloads:
            connection.execute(text("select pg_notify(:c, :p)"), {"c": CHANNEL, "p": payload})


@pytest.mark.usefixtures("listener")
def test_every_notification_is_heard_in_order(
    application_engine: Engine, heard: "SimpleQueue[str]"
) -> None:
    notify(application_engine, "one", "two")
    notify(application_engine, "three")
    assert [heard.get(timeout=10) for _ in range(3)] == ["one", "two", "three"]


@pytest.mark.usefixtures("listener")
def test_after_its_connection_is_lost_it_listens_again(
    application_engine: Engine, heard: "SimpleQueue[str]"
) -> None:
    first = listeners(application_engine)
    assert kill_listeners(application_engine) == 1
    until(lambda: listeners(application_engine) - first)
    notify(application_engine, "again")
    assert heard.get(timeout=10) == "again"


@pytest.mark.usefixtures("listener")
def test_what_is_not_understood_does_not_end_the_listening(
    application_engine: Engine, heard: "SimpleQueue[str]"
) -> None:
    notify(application_engine, "nonsense")
    notify(application_engine, "sense")
    assert [heard.get(timeout=10) for _ in range(2)] == ["nonsense", "sense"]


def test_a_closed_listener_gives_its_connection_up(
    application_engine: Engine, listener: Listener
) -> None:
    listener.close()
    until(lambda: not listeners(application_engine))
