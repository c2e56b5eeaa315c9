"""Group append with log.append behind it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Event
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import DataError, IntegrityError, StoredEvent
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from sqlalchemy import Engine, create_engine, text

from application.commands import CommitUnknownError
from infrastructure.event_log.append import AppendConnection
from infrastructure.event_log.member import Appended, Conflict, Member, Result
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database
from tests.infrastructure.event_log.material import bare_connection, member, stored, until
from tests.infrastructure.event_log.writing import Acknowledged, append_in_threads

LOCK = "select pg_advisory_xact_lock(20811, 1)"
KILL = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
    " where datname = current_database() and state = 'active' and query like 'select log.append%'"
)


def positions_in_log(engine: Engine) -> dict[UUID, list[int]]:
    query = "select stream_id, array_agg(position order by version) from log.events group by 1"
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(query))}


def test_all_that_two_processes_were_told_is_in_the_log_and_nothing_else(
    database: Database, application_engine: Engine
) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        arguments = (database.application_url, 16, 30)
        work = [processes.submit(append_in_threads, *arguments) for _ in range(2)]
        done = [each for future in work for each in future.result()]

    kept = positions_in_log(application_engine)
    assert len(done) == 2 * 16 * 30
    assert kept == {each.stream: list(each.positions) for each in done}
    assert sorted(p for each in kept.values() for p in each) == list(range(1, 1 + 2 * 16 * 60))


@pytest.fixture
def counted(database: Database) -> Iterator[Callable[[], int]]:
    """Counts the calls of log.append so far; the server's statistics know."""
    engine = create_engine(database.superuser_url, isolation_level="AUTOCOMMIT")
    query = "select coalesce(sum(calls), 0) from pg_stat_user_functions where funcname = 'append'"
    with engine.connect() as connection:
        connection.execute(text(f"alter database {database.name} set track_functions = 'pl'"))

        def calls() -> int:
            connection.execute(text("select pg_stat_clear_snapshot()"))
            return int(connection.execute(text(query)).scalar_one())

        yield calls
    engine.dispose()


def test_conflicts_are_told_apart_inside_the_function_without_another_call(
    counted: Callable[[], int], application_engine: Engine
) -> None:
    existing = stored()
    batch = [member(existing if n % 10 == 3 else stored(), stored()) for n in range(40)]
    appending = AppendConnection(application_engine)
    appending.append([member(existing)])
    results = appending.append(batch)
    appending.close()

    assert [n for n, result in enumerate(results) if result == Conflict()] == [3, 13, 23, 33]
    kept = positions_in_log(application_engine)
    for each, result in zip(batch, results, strict=True):
        if isinstance(result, Appended):
            assert [kept[UUID(str(e.originator_id))] for e in each.events] == [
                [result.first],
                [result.last],
            ]
    until(lambda: counted() == 2)


def log_is_waited_for(cursor: Cursor) -> bool:
    cursor.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted")
    return bool(cursor.fetchone()[0])


def queue_up(
    database: Database, log: EventLog, batch: Sequence[Sequence[StoredEvent]]
) -> list[Future[Sequence[int] | None]]:
    """Append all of `batch` in one group: the log is locked until they have queued."""
    holder = bare_connection(database.application_url)
    with holder, holder.cursor() as cursor, ThreadPoolExecutor(len(batch) + 1) as threads:
        cursor.execute(LOCK)
        threads.submit(log.insert_events, [stored()])
        until(lambda: log_is_waited_for(cursor))
        futures = [threads.submit(log.insert_events, events) for events in batch]
        until(lambda: log.queued == len(batch))
        holder.rollback()
    holder.close()
    return futures


@pytest.mark.parametrize("state", [b'{"note":"\x00"}', b"\xff\xfe"])
def test_only_the_guilty_member_of_a_batch_fails_on_bad_data(
    database: Database, log: EventLog, state: bytes
) -> None:
    batch = [[stored()] for _ in range(8)]
    batch[5] = [stored(state=state)]
    futures = queue_up(database, log, batch)
    errors = [future.exception() for future in futures]
    assert [n for n, error in enumerate(errors) if error] == [5]
    assert isinstance(errors[5], DataError | UnicodeDecodeError)
    assert log.max_notification_id() == 8


def test_a_stream_version_named_twice_in_one_append_is_a_conflict(log: EventLog) -> None:
    twice = stored()
    with pytest.raises(IntegrityError):
        log.insert_events([twice, twice])
    assert log.max_notification_id() is None


def append_while_killed(log: EventLog, stopped: Event) -> list[Acknowledged | CommitUnknownError]:
    told: list[Acknowledged | CommitUnknownError] = []
    while not stopped.is_set():
        stream = uuid4()
        try:
            positions = log.insert_events([stored(stream), stored(stream, 2)])
        except CommitUnknownError as unknown:
            told.append(unknown)
        else:
            told.append(Acknowledged(stream, positions or ()))
    return told


def test_killed_backends_lose_nothing_that_was_acknowledged_and_double_nothing(
    database: Database, log: EventLog, application_engine: Engine
) -> None:
    stopped, killed = Event(), 0
    killer = bare_connection(database.superuser_url)
    killer.autocommit = True
    with ThreadPoolExecutor(8) as threads, killer.cursor() as cursor:
        work = [threads.submit(append_while_killed, log, stopped) for _ in range(8)]
        while killed < 40:
            cursor.execute(KILL)
            killed += cursor.fetchone()[0]
            cursor.execute("select pg_sleep(0.003)")
        stopped.set()
        told = [each for future in work for each in future.result()]
    killer.close()

    kept = positions_in_log(application_engine)
    acknowledged = [each for each in told if isinstance(each, Acknowledged)]
    assert len(acknowledged) > 40
    assert all(kept[each.stream] == each.positions for each in acknowledged)
    assert Counter(map(len, kept.values())).keys() == {2}
    assert len(kept) <= len(told)
    assert log.max_notification_id() == 2 * len(kept)


def test_positions_are_right_for_a_batch_of_mixed_sizes(application_engine: Engine) -> None:
    sizes = [0, 3, 1, 0, 2, 5]
    members = [Member([stored() for _ in range(size)], member().recorded_at) for size in sizes]
    appending = AppendConnection(application_engine)
    results: list[Result] = appending.append(members)
    appending.close()
    ranges = [range(r.first, r.last + 1) for r in results if isinstance(r, Appended)]
    assert [len(each) for each in ranges] == sizes
    assert [p for each in ranges for p in each] == list(range(1, 12))


def test_the_group_appends_on_after_its_connection_died(
    database: Database, log: EventLog, application_engine: Engine
) -> None:
    log.insert_events([stored()])
    killer = bare_connection(database.superuser_url)
    with killer, killer.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = 'jiawu_app'"
        )
    killer.close()
    application_engine.dispose()
    assert log.insert_events([stored()]) == [2]
