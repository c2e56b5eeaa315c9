"""The doorbell: other processes hear that the log has grown, soon and seldom."""

import select
from collections.abc import Iterator
from threading import Event
from time import monotonic

import psycopg2
import pytest

from infrastructure.event_log.doorbell import CHANNEL
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database
from tests.infrastructure.event_log.material import bare_connection, stored, until


@pytest.fixture
def listener(database: Database) -> Iterator[psycopg2.extensions.connection]:
    connection = bare_connection(database.application_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"listen {CHANNEL}")
    yield connection
    connection.close()


def heard(listener: psycopg2.extensions.connection, position: int) -> list[str]:
    """All notifications up to the one that names `position`."""
    payloads: list[str] = []
    deadline = monotonic() + 1
    while not payloads or int(payloads[-1]) < position:
        assert select.select([listener], [], [], max(0, deadline - monotonic()))[0], "too late"
        listener.poll()
        payloads += [notification.payload for notification in listener.notifies]
        listener.notifies.clear()
    return payloads


def test_another_connection_hears_of_an_append_within_a_second(
    log: EventLog, listener: psycopg2.extensions.connection
) -> None:
    log.insert_events([stored()])
    assert heard(listener, 1) == ["1"]
    log.insert_events([stored(), stored()])
    assert heard(listener, 3) == ["3"]


def test_a_thousand_appends_ring_far_fewer_times(
    log: EventLog, listener: psycopg2.extensions.connection
) -> None:
    for _ in range(1000):
        log.insert_events([stored()])
    payloads = heard(listener, 1000)
    assert len(payloads) < 250
    assert payloads == sorted(payloads, key=int)


def test_a_rolled_back_or_refused_append_does_not_ring(log: EventLog) -> None:
    rung = Event()
    log.doorbell.on_ring(rung.set)
    log.insert_events([])
    assert not rung.is_set()


def test_this_process_is_woken_at_once_until_it_listens_no_more(log: EventLog) -> None:
    rings: list[bool] = []
    forget = log.doorbell.on_ring(lambda: rings.append(True))
    log.insert_events([stored()])
    forget()
    forget()
    log.insert_events([stored()])
    assert rings == [True]


def test_a_dead_doorbell_connection_fails_no_append_and_is_replaced(
    database: Database, log: EventLog, listener: psycopg2.extensions.connection
) -> None:
    log.insert_events([stored()])
    heard(listener, 1)
    killer = bare_connection(database.superuser_url)
    killer.autocommit = True
    with killer.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and query like '%pg_notify%'"
            " and pid <> pg_backend_pid()"
        )
    killer.close()
    assert log.insert_events([stored()]) == [2]
    log.insert_events([stored()])
    until(lambda: _rings_again(log, listener), 5)


def _rings_again(log: EventLog, listener: psycopg2.extensions.connection) -> bool:
    log.insert_events([stored()])
    if not select.select([listener], [], [], 0.1)[0]:
        return False
    listener.poll()
    return bool(listener.notifies)


def test_a_subscription_finds_what_nobody_rang_for_by_looking_once_a_second(
    database: Database, log: EventLog
) -> None:
    log.insert_events([stored()])
    with log.subscribe(gt=0) as subscription:
        assert next(subscription).id == 1
        writer = bare_connection(database.application_url)
        with writer, writer.cursor() as cursor:
            cursor.execute(
                "insert into log.events values"
                " (2, gen_random_uuid(), 1, 'test.noted', '{}', '2026-11-22T04:00Z', null, '')"
            )
        writer.close()
        assert next(subscription).id == 2
