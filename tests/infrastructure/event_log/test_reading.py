"""Reading streams and commands on the log's own connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from sqlalchemy import Engine

from infrastructure.event_log.pinned import Reads
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database
from tests.infrastructure.event_log.material import asked, bare_connection, stored, until

KILL = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)
OTHERS = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


def test_a_stream_is_read_in_order_of_version(log: EventLog) -> None:
    stream = uuid4()
    events = [stored(stream, version) for version in range(1, 6)]
    log.insert_events(events)
    log.insert_events([stored()])
    assert log.select_events(stream) == events
    assert log.select_events(stream, gt=2, lte=4) == events[2:4]
    assert log.select_events(stream, desc=True, limit=2) == [events[4], events[3]]
    assert log.select_events(str(stream))[0].state == events[0].state
    assert log.select_events(uuid4()) == []


def test_reading_goes_on_after_all_connections_died(database: Database, log: EventLog) -> None:
    event, command = stored(), asked()
    log.insert_events([event], command=command)
    assert log.select_events(event.originator_id) == [event]
    killer = bare_connection(database.superuser_url)
    with killer, killer.cursor() as cursor:
        cursor.execute(KILL)
        assert cursor.fetchone()[0] > 0
    killer.close()
    assert log.select_events(event.originator_id) == [event]
    assert log.find_command(command.id) is not None


def test_at_most_so_many_idle_connections_are_kept(
    database: Database, application_engine: Engine
) -> None:
    reads, start = Reads(application_engine, 2), Barrier(6)

    def read(number: int) -> int:
        start.wait()
        ((_, told),) = reads.query("select pg_sleep(0.05), %s", (number,))
        return int(told)

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(read, range(6))) == list(range(6))
    watcher = bare_connection(database.superuser_url)
    watcher.autocommit = True
    with watcher.cursor() as cursor:

        def others() -> int:
            cursor.execute(OTHERS)
            return int(cursor.fetchone()[0])

        until(lambda: others() == 2)
        reads.close()
        until(lambda: others() == 0)
    watcher.close()
