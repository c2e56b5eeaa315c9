"""Every deadline is met when it falls due, by one worker, whatever dies meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from application.crash_points import CrashPoint
from application.policy import Deadline, TryLaterError
from infrastructure.clock import SettableClock
from infrastructure.deadlines import Deadlines, Upkeep, deadlines, write_deadline
from tests.application.projections.tables import rows
from tests.conftest import Database
from tests.infrastructure.feed.probes import (
    emptied,
    kill_transactions,
    killed_at,
    open_transactions,
)
from tests.product import NOON

HOUR = timedelta(hours=1)
EXPIRY = Deadline("expire", "order-1", NOON + HOUR, {"charge": 1})


class Work:
    """What a deadline does: notes it, and then does what a test wants."""

    def __init__(self) -> None:
        self.met: list[Deadline] = []
        self.besides: Callable[[], object] = lambda: None

    def __call__(self, deadline: Deadline) -> None:
        self.met.append(deadline)
        self.besides()

    @property
    def subjects(self) -> list[str]:
        return [deadline.subject for deadline in self.met]


@pytest.fixture
def engine(module_database: Database) -> Iterator[Engine]:
    """Every test begins without deadlines."""
    with emptied(module_database, deadlines) as engine:
        yield engine


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def worker(engine: Engine, clock: SettableClock, work: Work) -> Deadlines:
    return Deadlines(engine, clock, {"expire": work}, {})


def write(engine: Engine, deadline: Deadline = EXPIRY, position: int = 1) -> None:
    with engine.begin() as connection:
        write_deadline(connection, position, deadline, NOON)


def about(subject: str, after: timedelta = HOUR) -> Deadline:
    return Deadline("expire", subject, NOON + after)


def only_row(engine: Engine) -> dict[str, Any]:
    (row,) = rows(engine, deadlines)
    return row


def failing(error: Exception) -> Callable[[], None]:
    def besides() -> None:
        raise error

    return besides


def test_a_deadline_is_met_once_and_not_before_it_falls_due(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    clock.advance(HOUR - timedelta(milliseconds=1))
    assert not worker.run_due()
    clock.set(EXPIRY.due_at)
    assert worker.run_due()
    assert not worker.run_due()
    assert work.met == [EXPIRY]
    row = only_row(engine)
    assert (row["done_at"], row["attempts"], row["created_at"]) == (EXPIRY.due_at, 1, NOON)


def test_the_same_cause_command_and_subject_are_the_same_deadline(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    write(engine, Deadline("expire", "order-1", NOON))
    assert not worker.run_due()
    clock.advance(HOUR)
    worker.run_due()
    write(engine)
    assert not worker.run_due()
    assert work.met == [EXPIRY]


@pytest.mark.parametrize(
    ("deadline", "position"),
    [(EXPIRY, 2), (about("order-2"), 1), (Deadline("close", "order-1", NOON), 1)],
)
def test_another_cause_command_or_subject_is_another_deadline(
    engine: Engine, deadline: Deadline, position: int
) -> None:
    write(engine)
    write(engine, deadline, position)
    assert len(rows(engine, deadlines)) == 2


def test_deadlines_are_met_in_the_order_in_which_they_fall_due(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    for minutes in (30, 10, 20):
        write(engine, about(f"{minutes}", timedelta(minutes=minutes)))
    clock.advance(HOUR)
    while worker.run_due():
        pass
    assert work.subjects == ["10", "20", "30"]


def test_of_eight_workers_each_deadline_is_met_by_one(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    for number in range(40):
        write(engine, about(f"order-{number}"))
    clock.advance(HOUR)
    together = Barrier(8)

    def meet(_: int) -> int:
        together.wait(20)
        met = 0
        while worker.run_due():
            met += 1
        return met

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(meet, range(8))) == 40
    assert sorted(work.subjects) == sorted(f"order-{number}" for number in range(40))


def test_while_one_worker_is_busy_another_passes_its_deadline_by(
    engine: Engine, worker: Deadlines, clock: SettableClock
) -> None:
    write(engine, about("slow", timedelta(minutes=1)))
    write(engine, about("quick"))
    clock.advance(HOUR)
    inside, go_on, others = Event(), Event(), Work()

    def dawdle(_: Deadline) -> None:
        inside.set()
        assert go_on.wait(20)

    slow = Deadlines(engine, clock, {"expire": dawdle}, {})
    other = Deadlines(engine, clock, {"expire": others}, {})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(slow.run_due)
        assert inside.wait(20)
        assert other.run_due()
        assert not other.run_due()
        go_on.set()
        assert running.result()
    assert others.subjects == ["quick"]
    assert not worker.run_due()


def test_what_cannot_be_done_yet_is_tried_again_when_it_asked_to_be(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    clock.advance(HOUR)
    work.besides = failing(TryLaterError("still paying", timedelta(minutes=3)))
    assert worker.run_due()
    row = only_row(engine)
    assert (row["next_try_at"], row["last_error"]) == (
        clock.now() + timedelta(minutes=3),
        "still paying",
    )
    assert not worker.run_due()
    clock.advance(timedelta(minutes=3))
    work.besides = lambda: None
    assert worker.run_due()
    assert work.met[-1].due_at == clock.now()
    assert only_row(engine)["attempts"] == 1, "a pause that was asked for is no failure"


def test_what_fails_unexpectedly_is_tried_again_ten_minutes_later(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    clock.advance(HOUR)
    work.besides = failing(ZeroDivisionError("surprise"))
    assert worker.run_due()
    row = only_row(engine)
    assert row["last_error"] == "ZeroDivisionError('surprise')"
    assert row["next_try_at"] == clock.now() + timedelta(minutes=10)


def test_a_deadline_that_this_version_does_not_know_waits_for_one_that_does(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine, Deadline("close", "order-1", NOON))
    assert worker.run_due()
    assert "close" in only_row(engine)["last_error"]
    clock.advance(timedelta(minutes=10))
    assert Deadlines(engine, clock, {"close": work}, {}).run_due()
    assert work.subjects == ["order-1"]


@pytest.mark.parametrize(
    ("point", "times"), [(CrashPoint.DEADLINE_CLAIMED, 1), (CrashPoint.DEADLINE_DONE, 2)]
)
def test_a_worker_killed_at_a_deadline_leaves_it_to_the_next(
    engine: Engine, worker: Deadlines, work: Work, point: CrashPoint, times: int
) -> None:
    write(engine, about("order-1", timedelta(0)))
    with killed_at(point):
        worker.run_due()
    assert open_transactions(engine) == set()
    assert (only_row(engine)["done_at"], only_row(engine)["attempts"]) == (None, 0)

    successor = Deadlines(engine, SettableClock(NOON), {"expire": work}, {})
    assert successor.run_due()
    assert not successor.run_due()
    assert work.subjects == ["order-1"] * times


def test_a_worker_whose_connection_is_cut_leaves_its_deadline(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    clock.advance(HOUR)

    def die() -> None:
        assert kill_transactions(engine) == 1

    work.besides = die
    assert not worker.run_due()
    work.besides = lambda: None
    assert worker.run_due()
    assert work.met == [EXPIRY, EXPIRY]


def test_without_a_database_no_deadline_is_met(clock: SettableClock, work: Work) -> None:
    nowhere = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    assert not Deadlines(nowhere, clock, {"expire": work}, {}).run_due()
    assert work.met == []


def test_a_deadline_waits_from_when_it_falls_due(
    engine: Engine, worker: Deadlines, clock: SettableClock
) -> None:
    write(engine)
    assert (worker.waiting().count, worker.waiting().oldest) == (0, None)
    clock.advance(2 * HOUR)
    assert (worker.waiting().count, worker.waiting().oldest) == (1, EXPIRY.due_at)


def test_a_deadline_tried_in_vain_waits_while_its_pause_lasts(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    clock.advance(HOUR)
    work.besides = failing(TryLaterError("unknown"))
    worker.run_due()
    assert worker.waiting().count == 1
    work.besides = lambda: None
    clock.advance(HOUR)
    worker.run_due()
    assert worker.waiting().count == 0


def test_a_deadline_that_names_its_next_time_is_no_backlog_until_then(
    engine: Engine, worker: Deadlines, work: Work, clock: SettableClock
) -> None:
    write(engine)
    clock.advance(HOUR)
    work.besides = failing(TryLaterError("not yet", HOUR))
    worker.run_due()
    assert worker.waiting().count == 0
    clock.advance(HOUR)
    assert worker.waiting().count == 1


def test_the_next_deadline_is_known_with_and_without_routines(
    engine: Engine, clock: SettableClock, work: Work
) -> None:
    worker = Deadlines(engine, clock, {"expire": work}, {"sweep": Upkeep(HOUR, lambda: None)})
    worker.install()
    assert (worker.next_due(), worker.next_due(routines=True)) == (None, NOON)
    write(engine, about("late", 3 * HOUR))
    write(engine, about("early", 2 * HOUR))
    assert (worker.next_due(), worker.next_due(routines=True)) == (NOON + 2 * HOUR, NOON)
    worker.run_due()
    assert worker.next_due(routines=True) == NOON + HOUR
