"""A policy runs once for every event, whatever dies meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from application.commands import CommitUnknownError, Decision
from application.crash_points import CrashPoint
from application.policy import Deadline, Desk, Errand, Start, policy_command
from application.projections.projection import Recorded
from domain.workers import Worker
from infrastructure.clock import SettableClock
from infrastructure.deadlines import deadlines
from infrastructure.feed.policies import PolicyRunner
from infrastructure.outbox import errands
from interface.household import Household
from tests.application.projections.tables import rows, start_over
from tests.infrastructure.feed.probes import (
    BrokenError,
    Probe,
    feed_of,
    kill_transactions,
    killed_at,
    open_transactions,
    runner_of,
    write_raw,
    write_workers,
)


class Suspending:
    """Suspends every worker that is registered, and may die right afterwards."""

    def __init__(self) -> None:
        self.reactions = 0
        self.dies = False

    def __call__(self, house: Household, desk: Desk, recorded: Recorded) -> None:
        self.reactions += 1
        command = policy_command("probing", recorded, desk.clock.now())

        def decide() -> Decision:
            worker = house.log.load(Worker, recorded.event.originator_id)
            worker.suspend("new", by=command.actor, at=command.at)
            return Decision([worker])

        house.log.run(command, decide)
        desk.send(call("greet", recorded))
        if self.dies:
            assert kill_transactions(house.engine) == 1


class Noting:
    """Notes the positions it reacts to, and may fail at one."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.fails_at = 0

    def __call__(self, _house: Household, desk: Desk, recorded: Recorded) -> None:
        self.positions.append(recorded.position)
        desk.send(call("note", recorded))
        if recorded.position == self.fails_at:
            raise BrokenError(recorded.position)


def call(template: str, recorded: Recorded) -> Errand:
    return Errand("probe", template, "somebody", f"R{recorded.position}")


def request_numbers(house: Household) -> list[str]:
    query = select(errands.c.request_number).order_by(errands.c.position)
    with house.engine.connect() as connection:
        return list(connection.execute(query).scalars())


@pytest.fixture
def suspending() -> Suspending:
    return Suspending()


@pytest.fixture
def suspender(house: Household, suspending: Suspending) -> PolicyRunner:
    return runner_of(house, suspending, to=Worker.Registered)


def test_a_policy_runs_once_for_an_event(
    house: Household, suspending: Suspending, suspender: PolicyRunner
) -> None:
    write_workers(house, 1, 2)
    feed = feed_of(house.engine, suspender)
    feed.catch_up()
    feed.catch_up()
    feed_of(house.engine, suspender).catch_up()
    assert suspending.reactions == 2
    assert house.event_log.max_notification_id() == 4
    assert request_numbers(house) == ["R1", "R2"]


def test_a_policy_killed_between_its_effect_and_its_position_has_one_effect(
    house: Household, suspending: Suspending, suspender: PolicyRunner
) -> None:
    write_workers(house, 1)
    suspending.dies = True
    with pytest.raises(OperationalError):
        feed_of(house.engine, suspender).catch_up()
    assert house.event_log.max_notification_id() == 2  # the command stands
    assert (suspender.position(), request_numbers(house)) == (0, [])

    suspending.dies = False
    feed_of(house.engine, suspender).catch_up()
    assert suspending.reactions == 2
    assert house.event_log.max_notification_id() == 2
    assert (suspender.position(), request_numbers(house)) == (2, ["R1"])
    assert house.failures.all() == []


def test_a_policy_killed_after_its_reaction_has_one_effect(
    house: Household, suspending: Suspending, suspender: PolicyRunner
) -> None:
    write_workers(house, 1)
    feed = feed_of(house.engine, suspender)
    with killed_at(CrashPoint.POLICY_REACTED):
        feed.catch_up()
    assert open_transactions(house.engine) == set()
    assert (suspender.position(), request_numbers(house)) == (0, [])

    successor = runner_of(house, suspending, to=Worker.Registered)
    feed_of(house.engine, successor).catch_up()
    assert suspending.reactions == 2
    assert house.event_log.max_notification_id() == 2
    assert (successor.position(), request_numbers(house)) == (2, ["R1"])
    assert house.failures.all() == []


def test_a_reaction_whose_commit_is_unknown_is_nobodys_failure_and_is_repeated(
    house: Household,
) -> None:
    unknown = iter([True])
    reactions: list[int] = []

    def react(_house: Household, _desk: Desk, recorded: Recorded) -> None:
        reactions.append(recorded.position)
        if next(unknown, False):
            raise CommitUnknownError

    write_workers(house, 1)
    feed = feed_of(house.engine, runner_of(house, react))
    with pytest.raises(CommitUnknownError):
        feed.run_once()
    assert house.failures.all() == []
    feed.catch_up()
    assert reactions == [1, 1]


def test_rebuilding_projections_does_not_run_policies_again(
    house: Household, suspending: Suspending, suspender: PolicyRunner
) -> None:
    probe = Probe()
    write_workers(house, 1)
    feed = feed_of(house.engine, suspender, probe.projector(house.engine))
    feed.catch_up()
    start_over(house.engine, probe.projection, {}, house.vault)
    feed_of(house.engine, suspender, probe.projector(house.engine)).catch_up()
    assert [recorded.position for recorded in probe.recorded] == [1, 2, 1, 2]
    assert suspending.reactions == 1


@pytest.mark.parametrize(
    ("starts", "met"), [(Start.BEGINNING, [1, 2, 3]), (Start.INSTALLATION, [3])]
)
def test_a_policy_starts_where_it_says(house: Household, starts: Start, met: list[int]) -> None:
    noting = Noting()
    write_workers(house, 1, 2)
    feed = feed_of(house.engine, runner_of(house, noting, starts=starts))
    write_workers(house, 3)
    feed.catch_up()
    assert noting.positions == met


def test_installing_again_moves_nothing(house: Household) -> None:
    noting = Noting()
    runner = runner_of(house, noting, starts=Start.INSTALLATION)
    runner.install()
    write_workers(house, 1)
    feed_of(house.engine, runner).catch_up()
    assert noting.positions == [1]


def test_a_failing_policy_stands_still_alone_and_keeps_what_came_before(
    house: Household, clock: SettableClock
) -> None:
    noting, probe = Noting(), Probe()
    write_workers(house, 1, 2, 3)
    noting.fails_at = 2
    runner = runner_of(house, noting)
    feed = feed_of(house.engine, runner, probe.projector(house.engine), clock=clock)
    feed.catch_up()
    (failure,) = house.failures.all()
    assert (failure.name, failure.position, failure.event) == ("probing", 2, "worker.registered")
    assert failure.error == "BrokenError: broken at 2"
    assert (runner.position(), request_numbers(house)) == (1, ["R1"])
    assert probe.seen(house.engine) == [1, 2, 3]

    feed.catch_up()
    assert noting.positions == [1, 2]  # not before the pause is over
    noting.fails_at = 0
    clock.set(failure.next_try_at)
    feed.catch_up()
    assert noting.positions == [1, 2, 2, 3]
    assert (request_numbers(house), house.failures.all()) == (["R1", "R2", "R3"], [])


def test_an_unknown_event_stops_a_policy_too(house: Household) -> None:
    noting = Noting()
    write_workers(house, 1)
    write_raw(house, "worker.teleported")
    write_workers(house, 2)
    runner = runner_of(house, noting)
    feed_of(house.engine, runner).catch_up()
    (failure,) = house.failures.all()
    assert failure.error == "UnknownEventError: worker.teleported"
    assert (runner.position(), noting.positions) == (1, [1])


def test_an_event_that_cannot_be_decoded_stops_a_policy_too(house: Household) -> None:
    write_raw(house, "worker.registered", b"not even JSON")
    feed_of(house.engine, runner_of(house, Noting())).catch_up()
    (failure,) = house.failures.all()
    assert (failure.name, failure.position) == ("probing", 1)


def test_while_one_process_runs_a_policy_another_passes_it_by(house: Household) -> None:
    inside, go_on = Event(), Event()
    noting = Noting()

    def slow(_house: Household, _desk: Desk, _recorded: Recorded) -> None:
        inside.set()
        assert go_on.wait(20)

    write_workers(house, 1)
    one = feed_of(house.engine, runner_of(house, slow))
    other = feed_of(house.engine, runner_of(house, noting))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(one.catch_up)
        assert inside.wait(20)
        assert not other.run_once()
        go_on.set()
        running.result()
    other.catch_up()
    assert noting.positions == []


def test_an_errand_names_its_cause_and_keeps_its_request_number(house: Household) -> None:
    write_workers(house, 1)
    feed_of(house.engine, runner_of(house, Noting())).catch_up()
    (row,) = rows(house.engine, errands)
    assert (row["position"], row["channel"], row["template"]) == (1, "probe", "note")
    assert (row["recipient"], row["request_number"], row["payload"]) == ("somebody", "R1", "{}")
    assert (row["created_at"], row["attempts"]) == (house.clock.now(), 0)


def test_a_deadline_names_its_cause_and_falls_due_when_it_says(house: Household) -> None:
    due_at = house.clock.now() + timedelta(minutes=30)

    def react(_house: Household, desk: Desk, _recorded: Recorded) -> None:
        for _ in range(2):
            desk.remind(Deadline("expire", "order-1", due_at, {"charge": 1}))

    write_workers(house, 1)
    feed_of(house.engine, runner_of(house, react)).catch_up()
    (row,) = (row for row in rows(house.engine, deadlines) if row["position"] > 0)
    assert (row["position"], row["name"], row["subject"]) == (1, "expire", "order-1")
    assert (row["next_try_at"], row["payload"]) == (due_at, '{"charge":1}')
    assert (row["created_at"], row["attempts"]) == (house.clock.now(), 0)


def test_the_deadlines_of_a_reaction_that_fails_are_not_kept(house: Household) -> None:
    def react(_house: Household, desk: Desk, recorded: Recorded) -> None:
        desk.remind(Deadline("expire", "order-1", desk.clock.now()))
        raise BrokenError(recorded.position)

    write_workers(house, 1)
    feed_of(house.engine, runner_of(house, react)).catch_up()
    assert [row for row in rows(house.engine, deadlines) if row["position"] > 0] == []
    assert len(house.failures.all()) == 1
