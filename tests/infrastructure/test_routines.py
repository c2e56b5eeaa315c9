"""A routine is done again and again, by one worker at a time, whatever it raises."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Engine

from application.crash_points import CrashPoint
from application.policy import Deadline, TryLaterError
from infrastructure.clock import SettableClock
from infrastructure.deadlines import Deadlines, Upkeep, deadlines, write_deadline
from tests.application.projections.tables import rows
from tests.conftest import Database
from tests.infrastructure.feed.probes import emptied, killed_at, open_transactions
from tests.product import NOON

MINUTE = timedelta(minutes=1)


class Sweep:
    """A routine that counts how often it was done."""

    def __init__(self) -> None:
        self.times = 0
        self.besides: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        self.times += 1
        self.besides()


@pytest.fixture
def engine(module_database: Database) -> Iterator[Engine]:
    """Every test begins without routines."""
    with emptied(module_database, deadlines) as engine:
        yield engine


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def sweep() -> Sweep:
    return Sweep()


@pytest.fixture
def worker(engine: Engine, clock: SettableClock, sweep: Sweep) -> Deadlines:
    return sweeping(engine, clock, sweep)


def sweeping(
    engine: Engine, clock: SettableClock, run: Callable[[], None], every: timedelta = MINUTE
) -> Deadlines:
    """An installed worker with this routine alone."""
    worker = Deadlines(engine, clock, {}, {"sweep": Upkeep(every, run)})
    worker.install()
    return worker


def only_row(engine: Engine) -> dict[str, Any]:
    (row,) = rows(engine, deadlines)
    return row


def failing(error: Exception) -> Callable[[], None]:
    def besides() -> None:
        raise error

    return besides


def test_a_routine_is_done_at_once_and_then_in_its_interval(
    worker: Deadlines, sweep: Sweep, clock: SettableClock
) -> None:
    for times in range(1, 4):
        assert worker.run_due()
        assert not worker.run_due()
        assert sweep.times == times
        clock.advance(MINUTE - timedelta(milliseconds=1))
        assert not worker.run_due()
        clock.advance(timedelta(milliseconds=1))


def test_a_routine_missed_for_long_is_done_once_and_not_for_every_interval(
    worker: Deadlines, sweep: Sweep, clock: SettableClock
) -> None:
    worker.run_due()
    clock.advance(100 * MINUTE)
    assert worker.run_due()
    assert not worker.run_due()
    assert sweep.times == 2


def test_installing_again_keeps_when_it_is_done_next(
    engine: Engine, worker: Deadlines, sweep: Sweep, clock: SettableClock
) -> None:
    worker.run_due()
    clock.advance(MINUTE / 2)
    assert not sweeping(engine, clock, sweep).run_due()
    assert only_row(engine)["next_try_at"] == NOON + MINUTE


def test_installing_does_not_wait_for_a_worker_that_is_busy_with_it(
    engine: Engine, worker: Deadlines, sweep: Sweep
) -> None:
    inside, go_on = Event(), Event()

    def dawdle() -> None:
        inside.set()
        assert go_on.wait(20)

    sweep.besides = dawdle
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(worker.run_due)
        assert inside.wait(20)
        worker.install()
        assert not running.done()
        go_on.set()
        assert running.result()
    assert len(rows(engine, deadlines)) == 1


def test_of_eight_workers_one_does_it(worker: Deadlines, sweep: Sweep) -> None:
    together = Barrier(8)

    def work(_: int) -> bool:
        together.wait(20)
        return worker.run_due()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(8))) == 1
    assert sweep.times == 1


def test_a_routine_is_never_done_and_never_counts_as_waiting(
    engine: Engine, worker: Deadlines, clock: SettableClock
) -> None:
    assert worker.waiting().count == 0
    worker.run_due()
    row = only_row(engine)
    assert (row["position"], row["done_at"], row["attempts"]) == (0, None, 0)
    clock.advance(10 * MINUTE)
    assert (worker.waiting().count, worker.waiting().oldest) == (0, None)


def test_a_routine_that_raises_is_tried_again_with_growing_pauses_up_to_its_interval(
    engine: Engine, worker: Deadlines, sweep: Sweep, clock: SettableClock
) -> None:
    sweep.besides = failing(ZeroDivisionError("surprise"))
    pauses = []
    for attempt in range(1, 8):
        assert worker.run_due()
        row = only_row(engine)
        assert (row["attempts"], row["last_error"]) == (attempt, "ZeroDivisionError('surprise')")
        pauses.append((row["next_try_at"] - clock.now()).total_seconds())
        clock.set(row["next_try_at"])
    assert pauses == [2, 4, 8, 16, 32, 60, 60]

    sweep.besides = lambda: None
    assert worker.run_due()
    row = only_row(engine)
    assert (row["attempts"], row["last_error"]) == (0, "")
    assert row["next_try_at"] == clock.now() + MINUTE


def test_the_pauses_of_a_daily_routine_may_grow_beyond_ten_minutes(
    engine: Engine, clock: SettableClock, sweep: Sweep
) -> None:
    worker = sweeping(engine, clock, sweep, timedelta(days=1))
    sweep.besides = failing(TryLaterError("the bill is not there yet"))
    for _ in range(20):
        assert worker.run_due()
        pause = only_row(engine)["next_try_at"] - clock.now()
        clock.advance(pause)
    assert pause == timedelta(days=1)


def test_a_routine_may_say_itself_when_to_try_again(
    engine: Engine, worker: Deadlines, sweep: Sweep, clock: SettableClock
) -> None:
    sweep.besides = failing(TryLaterError("busy", timedelta(seconds=7)))
    assert worker.run_due()
    assert only_row(engine)["next_try_at"] == clock.now() + timedelta(seconds=7)


def test_a_routine_that_no_longer_exists_is_left_alone(
    engine: Engine, worker: Deadlines, sweep: Sweep, clock: SettableClock
) -> None:
    other = Sweep()
    met: list[Deadline] = []
    routines = {"another": Upkeep(MINUTE, other)}
    newer = Deadlines(engine, clock, {"expire": met.append}, routines)
    newer.install()
    due = Deadline("expire", "order-1", NOON)
    with engine.begin() as connection:
        write_deadline(connection, 1, due, NOON)
    while newer.run_due():
        pass
    assert (other.times, met, sweep.times) == (1, [due], 0)
    assert newer.next_due(routines=True) == NOON + MINUTE
    assert worker.run_due()  # of the version before, still running
    assert sweep.times == 1


@pytest.mark.parametrize(
    ("point", "times"), [(CrashPoint.DEADLINE_CLAIMED, 1), (CrashPoint.DEADLINE_DONE, 2)]
)
def test_a_routine_whose_worker_is_killed_is_done_by_the_next(
    engine: Engine, worker: Deadlines, sweep: Sweep, point: CrashPoint, times: int
) -> None:
    with killed_at(point):
        worker.run_due()
    assert open_transactions(engine) == set()
    successor = sweeping(engine, SettableClock(NOON), sweep)
    assert successor.run_due()
    assert not successor.run_due()
    assert sweep.times == times
