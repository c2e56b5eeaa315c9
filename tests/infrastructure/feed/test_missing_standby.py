"""A policy or worker whose commit may not have reached the standby does not take it for kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from application.commands import CommitUnknownError
from application.policy import Deadline, Desk, Errand, Start
from application.projections.projection import Recorded
from infrastructure.deadlines import Deadlines, Upkeep, write_deadline
from infrastructure.embedded_postgres import APPLICATION_ROLE, OWNER_ROLE, EmbeddedPostgres
from infrastructure.outbox import Outbox, write_errand
from interface.demo_secrets import DemoSecrets
from interface.household import Household
from interface.settings import Settings
from tests.conftest import Database
from tests.infrastructure.event_log.test_missing_standby import (
    Replication,
    outcome_when_cancelled,
    replication,
    server,
)
from tests.infrastructure.feed.probes import feed_of, runner_of, until, write_workers
from tests.product import NOON, settings_on

__all__ = ["replication", "server"]


@pytest.fixture
def settings(server: EmbeddedPostgres, secrets: DemoSecrets) -> Settings:
    """The product on a server whose standby can be missing."""
    owner, application = (server.url("jiawu", role) for role in (OWNER_ROLE, APPLICATION_ROLE))
    return settings_on(Database("jiawu", owner, application, server.url("jiawu")), secrets)


class Noting:
    """A policy that notes what it meets, and an errand or deadline that notes that it is done."""

    def __init__(self) -> None:
        self.met: list[object] = []

    def react(self, _house: Household, _desk: Desk, recorded: Recorded) -> None:
        self.met.append(recorded.position)

    def do(self, row: Errand | Deadline) -> None:
        self.met.append(row)


def test_where_a_policy_stands_is_unknown(replication: Replication, house: Household) -> None:
    noting = Noting()
    runner = runner_of(house, noting.react, name="unsure", starts=Start.INSTALLATION)
    feed = feed_of(house.engine, runner)
    write_workers(house, 1)
    error = outcome_when_cancelled(replication, house.event_log, feed.run_once)
    assert isinstance(error, CommitUnknownError)
    assert house.failures.all() == []

    replication.demand("")
    feed.catch_up()
    assert noting.met == [house.event_log.max_notification_id()]


def test_a_running_feed_goes_on_after_a_commit_that_is_unknown(
    replication: Replication, house: Household, caplog: pytest.LogCaptureFixture
) -> None:
    noting, stop = Noting(), Event()
    runner = runner_of(house, noting.react, name="steady", starts=Start.INSTALLATION)
    feed = feed_of(house.engine, runner)
    write_workers(house, 2)
    replication.demand("missing")
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(feed.run_forever, stop)
        try:
            warned = threads.submit(until, lambda: "commit_unknown" in caplog.text)
            replication.cancel_until_done(warned)
            replication.demand("")
            write_workers(house, 3)
            last = house.event_log.max_notification_id()
            until(lambda: runner.position() == last)
        finally:
            stop.set()
            feed.wake.set()
        running.result()
    assert last
    assert noting.met == [last - 1, last]


def test_a_call_whose_row_may_not_be_marked_is_not_told_as_made(
    replication: Replication, house: Household
) -> None:
    noting, told = Noting(), list[bool]()
    outbox = Outbox(house.engine, house.clock, {"probe.greet": noting.do})
    errand = Errand("probe", "greet", "somebody", "N-1")
    with house.engine.begin() as connection:
        write_errand(connection, 1, errand, NOON)
    error = outcome_when_cancelled(
        replication, house.event_log, lambda: told.append(outbox.run_due())
    )
    assert (error, told, noting.met) == (None, [False], [errand])

    replication.demand("")
    while outbox.run_due():
        pass
    assert {row.request_number for row in noting.met if isinstance(row, Errand)} == {"N-1"}
    assert outbox.next_due() is None


def test_a_call_right_away_whose_row_may_not_be_kept_is_unknown(
    replication: Replication, house: Household
) -> None:
    outbox = Outbox(house.engine, house.clock, {"probe.greet": Noting().do})
    errand = Errand("probe", "greet", "somebody else", "N-2")
    error = outcome_when_cancelled(replication, house.event_log, lambda: outbox.run_now(2, errand))
    assert isinstance(error, CommitUnknownError)


def test_a_deadline_whose_row_may_not_be_marked_is_not_told_as_met(
    replication: Replication, house: Household
) -> None:
    noting, told = Noting(), list[bool]()
    worker = Deadlines(house.engine, house.clock, {"expire": noting.do}, {})
    with house.engine.begin() as connection:
        write_deadline(connection, 1, Deadline("expire", "order-1", NOON), NOON)
    error = outcome_when_cancelled(
        replication, house.event_log, lambda: told.append(worker.run_due())
    )
    assert (error, told, len(noting.met)) == (None, [False], 1)


def test_whether_a_routine_is_installed_is_unknown(
    replication: Replication, house: Household
) -> None:
    routines = {"sweep": Upkeep(timedelta(minutes=1), lambda: None)}
    worker = Deadlines(house.engine, house.clock, {}, routines)
    error = outcome_when_cancelled(replication, house.event_log, worker.install)
    assert isinstance(error, CommitUnknownError)
    replication.demand("")
    worker.install()
    assert worker.next_due(routines=True) == NOON
