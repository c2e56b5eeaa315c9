"""A cancelled wait for the synchronous standby is an unknown outcome, never a success."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import psycopg2
import pytest
from eventsourcing.persistence import Tracking

from application.commands import CommandKnownError, CommitUnknownError
from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.event_log.durability import CONFIRM, wait_was_cancelled
from infrastructure.event_log.recorder import EventLog
from tests.conftest import migrate
from tests.infrastructure.event_log.conftest import OpenLog
from tests.infrastructure.event_log.material import asked, bare_connection, stored, until

CANCEL = "select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'"

T = TypeVar("T")


class Replication:
    """Names a standby that does not exist, and cancels waits for it."""

    def __init__(self, superuser_url: str) -> None:
        self._connection: psycopg2.extensions.connection = bare_connection(superuser_url)
        self._connection.autocommit = True
        self._commits: psycopg2.extensions.connection = bare_connection(superuser_url)
        self._commits.autocommit = True

    def demand(self, standbys: str) -> None:
        self._run(f"alter system set synchronous_standby_names = '{standbys}'")
        self._run("select pg_reload_conf()")
        # The checkpointer tells the others, in its own time: only a commit shows it.
        until(lambda: self._a_commit_waits() == bool(standbys))

    def cancel_until_done(self, waiting: Future[T]) -> None:
        def cancelled() -> bool:
            self._run(CANCEL)
            return waiting.done()

        until(cancelled)

    def close(self) -> None:
        self._connection.close()
        self._commits.close()

    def _a_commit_waits(self) -> bool:
        with ThreadPoolExecutor(1) as threads:
            self.cancel_until_done(threads.submit(self._commit))
        notices = "".join(self._commits.notices)
        self._commits.notices.clear()
        return wait_was_cancelled(notices)

    def _commit(self) -> None:
        with self._commits.cursor() as cursor:
            cursor.execute(CONFIRM)

    def _run(self, statement: str) -> object:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    directory = Path(tempfile.mkdtemp(prefix=f"jiawu-tests-{os.getpid()}-standby-"))
    directory.chmod(0o711)
    try:
        with EmbeddedPostgres(directory, {"shared_buffers": "32MB"}) as server:
            prepare_roles(server.url())
            prepare_database(server.url(), "jiawu")
            migrate(server.url("jiawu", OWNER_ROLE))
            yield server
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def replication(server: EmbeddedPostgres) -> Iterator[Replication]:
    replication = Replication(server.url())
    yield replication
    replication.demand("")
    replication.close()


@pytest.fixture
def log(server: EmbeddedPostgres, open_log: OpenLog) -> EventLog:
    return open_log(server.url("jiawu", APPLICATION_ROLE))


def outcome_when_cancelled(
    replication: Replication, log: EventLog, work: Callable[[], T]
) -> BaseException | None:
    log.max_notification_id()  # connects before anything waits
    replication.demand("missing")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(work)
        replication.cancel_until_done(waiting)
    return waiting.exception()


def test_the_append_is_unknown_and_its_command_is_found_once_the_standby_is_not_needed(
    replication: Replication, log: EventLog
) -> None:
    command = asked()
    error = outcome_when_cancelled(
        replication, log, lambda: log.insert_events([stored()], command=command)
    )
    assert isinstance(error, CommitUnknownError)
    assert error.status == 503

    replication.demand("")
    with pytest.raises(CommandKnownError) as known:
        log.insert_events([stored()], command=command)
    assert log.find_command(command.id) == known.value.stored
    assert known.value.stored.position == log.max_notification_id()


def test_the_repeat_is_not_told_of_a_success_that_may_yet_be_lost(
    replication: Replication, log: EventLog
) -> None:
    command = asked()
    for work in (
        lambda: log.insert_events([stored()], command=command),
        lambda: log.insert_events([stored()], command=command),
        lambda: log.find_command(command.id),
    ):
        error = outcome_when_cancelled(replication, log, work)
        assert isinstance(error, CommitUnknownError)
        replication.demand("")


def test_a_policys_append_is_unknown_too(replication: Replication, log: EventLog) -> None:
    error = outcome_when_cancelled(
        replication, log, lambda: log.insert_events([stored()], tracking=Tracking("bills", 9))
    )
    assert isinstance(error, CommitUnknownError)
    replication.demand("")
    assert log.max_tracking_id("bills") == 9
