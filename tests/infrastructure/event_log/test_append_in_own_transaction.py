"""append_in: part of the caller's transaction, and first in it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg2
import pytest
from eventsourcing.persistence import IntegrityError, Tracking
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from application.commands import CommandKnownError
from infrastructure.event_log.recorder import EventLog
from tests.infrastructure.event_log.material import asked, member, stored, until

LOCK_A_ROW = "select * from log.tracking where application_name = 'bills' for update"


@pytest.fixture(autouse=True)
def _policy(log: EventLog) -> None:
    log.insert_tracking(Tracking("bills", 1))


def sqlstate(error: pytest.ExceptionInfo[DatabaseError]) -> str | None:
    assert isinstance(error.value.orig, psycopg2.Error)
    code: str | None = error.value.orig.pgcode
    return code


def test_it_stands_when_the_caller_commits(log: EventLog, application_engine: Engine) -> None:
    with application_engine.begin() as connection:
        assert log.append_in(connection, member()) == [1]
        assert log.max_notification_id() is None
    assert log.max_notification_id() == 1


def test_it_is_gone_when_the_caller_rolls_back(log: EventLog, application_engine: Engine) -> None:
    with application_engine.connect() as connection:
        log.append_in(connection, member(command=asked()))
    assert log.insert_events([stored()]) == [1], "no gap is left"


def test_two_appends_in_one_transaction_are_allowed(
    log: EventLog, application_engine: Engine
) -> None:
    with application_engine.begin() as connection:
        assert log.append_in(connection, member(stored(), stored())) == [1, 2]
        connection.execute(text(LOCK_A_ROW))
        assert log.append_in(connection, member()) == [3]


def test_another_append_after_a_savepoint_was_rolled_back_is_allowed(
    log: EventLog, application_engine: Engine
) -> None:
    with application_engine.begin() as connection:
        savepoint = connection.begin_nested()
        log.append_in(connection, member())
        savepoint.rollback()
        assert log.append_in(connection, member()) == [1]


def test_reading_before_is_allowed(log: EventLog, application_engine: Engine) -> None:
    with application_engine.begin() as connection:
        connection.execute(text("select * from log.tracking")).all()
        assert log.append_in(connection, member()) == [1]


@pytest.mark.parametrize("before", [LOCK_A_ROW, "update log.tracking set notification_id = 2"])
def test_it_is_refused_after_rows_were_locked(
    before: str, log: EventLog, application_engine: Engine
) -> None:
    with application_engine.connect() as connection:
        connection.execute(text(before))
        with pytest.raises(DatabaseError, match="first in its transaction") as error:
            log.append_in(connection, member())
    assert sqlstate(error) == "JW003"
    assert log.max_notification_id() is None


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_it_is_refused_under_a_frozen_snapshot(
    level: str, log: EventLog, application_engine: Engine
) -> None:
    frozen = application_engine.execution_options(isolation_level=level)
    with (
        pytest.raises(DatabaseError, match="READ COMMITTED") as error,
        frozen.begin() as connection,
    ):
        log.append_in(connection, member())
    assert sqlstate(error) == "JW003"


def test_it_tells_conflicts_and_known_commands_without_spoiling_the_transaction(
    log: EventLog, application_engine: Engine
) -> None:
    existing, once = stored(), asked()
    log.insert_events([existing], command=once)
    with application_engine.begin() as connection:
        with pytest.raises(IntegrityError):
            log.append_in(connection, member(existing))
        with pytest.raises(CommandKnownError):
            log.append_in(connection, member(command=once))
        assert log.append_in(connection, member()) == [2]


def test_it_waits_for_the_transaction_that_appended_before(
    log: EventLog, application_engine: Engine
) -> None:
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    with ThreadPoolExecutor(1) as threads:
        with application_engine.begin() as connection:
            log.append_in(connection, member())
            behind = threads.submit(log.insert_events, [stored()])
            until(lambda: connection.execute(text(waiting)).scalar_one() == 1)
        assert behind.result(10) == [2]


def test_events_and_a_policys_position_move_together(log: EventLog) -> None:
    log.insert_events([stored()], tracking=Tracking("bills", 5))
    with pytest.raises(IntegrityError):
        log.insert_events([stored()], tracking=Tracking("bills", 5))
    stream = uuid4()
    log.insert_events([stored(stream)], tracking=Tracking("bills", 6))
    with pytest.raises(IntegrityError):
        log.insert_events([stored(stream)], tracking=Tracking("bills", 7))
    assert log.max_tracking_id("bills") == 6
    assert log.max_notification_id() == 2
