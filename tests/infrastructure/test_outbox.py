"""Every outside call that was written is made, and none is made by two at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import sqlalchemy as sa
from eventsourcing import persistence
from sqlalchemy import Engine

from application.commands import CommitUnknownError
from application.crash_points import CrashPoint
from application.policy import Errand, TryLaterError
from infrastructure.clock import SettableClock
from infrastructure.outbox import Outbox, errands, write_errand
from tests.application.projections.tables import rows
from tests.conftest import Database
from tests.infrastructure.feed.probes import (
    emptied,
    kill_transactions,
    killed_at,
    open_transactions,
    until,
    waiting_for_locks,
)
from tests.product import NOON

CALL = Errand("pay", "prepay", "BJ-1", "N-1", {"charge": 1})
TROUBLES = (CommitUnknownError(), persistence.OperationalError("away"), sa.exc.TimeoutError("busy"))


class Service:
    """The outside; does what a test wants after having noted the call."""

    def __init__(self) -> None:
        self.calls: list[Errand] = []
        self.besides: Callable[[], object] = lambda: None

    def __call__(self, errand: Errand) -> None:
        self.calls.append(errand)
        self.besides()


def refuse(error: Exception) -> Callable[[], None]:
    def besides() -> None:
        raise error

    return besides


@pytest.fixture
def application_engine(module_database: Database) -> Iterator[Engine]:
    """Every test begins with an empty outbox."""
    with emptied(module_database, errands) as engine:
        yield engine


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def outbox(application_engine: Engine, clock: SettableClock, service: Service) -> Outbox:
    return Outbox(application_engine, clock, {"pay.prepay": service})


def write(engine: Engine, errand: Errand = CALL, position: int = 1) -> None:
    with engine.begin() as connection:
        write_errand(connection, position, errand, NOON)


def only_row(engine: Engine) -> dict[str, Any]:
    (row,) = rows(engine, errands)
    return row


def test_a_waiting_call_is_made_once(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    write(application_engine)
    assert outbox.waiting().count == 1
    assert outbox.run_due()
    assert not outbox.run_due()
    assert service.calls == [CALL]
    row = only_row(application_engine)
    assert (row["done_at"], row["attempts"], row["last_error"]) == (clock.now(), 1, "")
    assert (outbox.waiting().count, outbox.waiting().oldest) == (0, None)


def test_the_same_cause_and_call_are_the_same_row(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    write(application_engine)
    write(application_engine, Errand("pay", "prepay", "BJ-1", "another number"))
    outbox.run_due()
    write(application_engine)
    assert not outbox.run_due()
    assert [errand.request_number for errand in service.calls] == ["N-1"]


@pytest.mark.parametrize(
    ("errand", "position"),
    [
        (CALL, 2),
        (Errand("pay", "prepay", "BJ-2", "N-1"), 1),
        (Errand("mail", "prepay", "BJ-1", "N-1"), 1),
        (Errand("pay", "close", "BJ-1", "N-1"), 1),
    ],
)
def test_another_cause_recipient_channel_or_template_is_another_row(
    application_engine: Engine, errand: Errand, position: int
) -> None:
    write(application_engine)
    write(application_engine, errand, position)
    assert len(rows(application_engine, errands)) == 2


def test_of_eight_workers_each_call_is_made_by_one(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    for position in range(1, 41):
        write(application_engine, CALL, position)
    together = Barrier(8)

    def work(_: int) -> int:
        together.wait()
        made = 0
        while outbox.run_due():
            made += 1
        return made

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(8))) == 40
    assert len(service.calls) == 40
    assert {row["attempts"] for row in rows(application_engine, errands)} == {1}
    assert outbox.waiting().count == 0


def test_eight_calls_are_made_at_the_same_time(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    """Nobody waits for a row that somebody else has."""
    numbers = [f"N-{number}" for number in range(8)]
    for number in numbers:
        write(application_engine, Errand("pay", "prepay", number, number))
    together = Barrier(8)
    service.besides = lambda: together.wait(20)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: outbox.run_due(), range(8)))
    assert outbox.waiting().count == 0
    assert Counter(errand.request_number for errand in service.calls) == Counter(numbers)


def test_a_call_whose_effect_is_unknown_is_made_again_after_growing_pauses(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    write(application_engine)
    service.besides = refuse(TryLaterError("504"))
    pauses = []
    for attempt in range(1, 13):
        assert outbox.run_due()
        row = only_row(application_engine)
        assert (row["attempts"], row["last_error"], row["done_at"]) == (attempt, "504", None)
        pauses.append((row["next_try_at"] - clock.now()).total_seconds())
        clock.set(row["next_try_at"] - timedelta(milliseconds=1))
        assert not outbox.run_due()
        clock.set(row["next_try_at"])
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]

    service.besides = lambda: None
    assert outbox.run_due()
    assert only_row(application_engine)["last_error"] == ""
    assert {errand.request_number for errand in service.calls} == {"N-1"}


def test_a_call_is_made_again_when_it_asked_to_be(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    write(application_engine)
    for after in (timedelta(seconds=45), timedelta(days=1), timedelta(0)):
        service.besides = refuse(TryLaterError("not yet", after))
        assert outbox.run_due()
        assert only_row(application_engine)["next_try_at"] == clock.now() + after
        clock.advance(after)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_call_that_the_databases_trouble_cut_short_is_made_again_soon(
    application_engine: Engine, outbox: Outbox, service: Service, trouble: Exception
) -> None:
    write(application_engine)
    service.besides = refuse(trouble)
    assert outbox.run_due()
    row = only_row(application_engine)
    assert (row["next_try_at"], row["done_at"]) == (NOON + timedelta(seconds=2), None)
    assert type(trouble).__name__ in row["last_error"]


def test_a_call_that_fails_unexpectedly_stays_and_succeeds_later(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    write(application_engine)
    service.besides = refuse(ZeroDivisionError("surprise"))
    assert outbox.run_due()
    row = only_row(application_engine)
    assert (row["last_error"], row["done_at"]) == ("ZeroDivisionError('surprise')", None)
    assert not outbox.run_due()
    service.besides = lambda: None
    clock.set(row["next_try_at"])
    assert outbox.run_due()
    assert only_row(application_engine)["done_at"] == clock.now()


def test_a_call_that_this_version_cannot_make_waits_for_one_that_can(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    write(application_engine, Errand("pay", "refund", "BJ-1", "N-1"))
    assert outbox.run_due()
    row = only_row(application_engine)
    assert "pay.refund" in row["last_error"]
    clock.set(row["next_try_at"])
    assert Outbox(application_engine, clock, {"pay.refund": service}).run_due()
    assert outbox.waiting().count == 0


def test_one_that_fails_does_not_hold_up_the_others(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    write(application_engine, Errand("pay", "unheard of", "BJ-1", "N-1"))
    write(application_engine, CALL, 2)
    assert outbox.run_due()
    assert outbox.run_due()
    assert service.calls == [CALL]


def test_when_a_worker_is_killed_in_a_call_another_makes_it(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    write(application_engine)

    def die() -> None:
        assert kill_transactions(application_engine) == 1

    service.besides = die
    assert not outbox.run_due()
    row = only_row(application_engine)
    assert (row["done_at"], row["attempts"]) == (None, 0)
    service.besides = lambda: None
    assert outbox.run_due()
    assert only_row(application_engine)["done_at"]
    assert [errand.request_number for errand in service.calls] == ["N-1", "N-1"]


def test_a_call_can_be_made_right_away(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    outbox.run_now(1, CALL)
    assert service.calls == [CALL]
    write(application_engine)  # what the policy writes a moment later is the same row
    assert not outbox.run_due()


def test_a_call_right_away_that_must_be_made_later_is_left_to_the_workers(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    service.besides = refuse(TryLaterError("504"))
    outbox.run_now(1, CALL)
    service.besides = lambda: None
    assert not outbox.run_due()
    clock.advance(timedelta(seconds=2))
    assert outbox.run_due()
    assert only_row(application_engine)["attempts"] == 2


def test_a_call_right_away_waits_for_the_worker_that_has_it(
    application_engine: Engine, outbox: Outbox, service: Service
) -> None:
    write(application_engine)
    inside, go_on = Event(), Event()

    def slow() -> None:
        inside.set()
        assert go_on.wait(20)

    service.besides = slow
    with ThreadPoolExecutor(2) as threads:
        worker = threads.submit(outbox.run_due)
        assert inside.wait(20)
        customer = threads.submit(outbox.run_now, 1, CALL)
        until(lambda: waiting_for_locks(application_engine))
        assert not customer.done()
        go_on.set()
        assert worker.result()
        customer.result()
    assert service.calls == [CALL]


def test_the_oldest_waiting_call_is_known(
    outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    service.besides = refuse(TryLaterError("504"))
    outbox.run_now(1, CALL)
    clock.advance(timedelta(hours=1))
    outbox.run_now(2, CALL)
    assert (outbox.waiting().count, outbox.waiting().oldest) == (2, NOON)


# -- calls for later


LATER = Errand("pay", "prepay", "BJ-1", "N-1", {"charge": 1}, NOON + timedelta(hours=1))


def test_a_call_for_later_waits_for_its_time(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    write(application_engine, LATER)
    assert outbox.next_due() == LATER.due_at
    clock.advance(timedelta(hours=1) - timedelta(milliseconds=1))
    assert not outbox.run_due()
    clock.advance(timedelta(milliseconds=1))
    assert outbox.run_due()
    assert service.calls == [CALL]
    assert outbox.next_due() is None


def test_a_call_for_later_is_no_backlog_before_its_time(
    application_engine: Engine, outbox: Outbox, clock: SettableClock
) -> None:
    write(application_engine, LATER)
    assert outbox.waiting().count == 0
    clock.advance(timedelta(hours=3))
    assert (outbox.waiting().count, outbox.waiting().oldest) == (1, LATER.due_at)


def test_calls_are_made_in_the_order_in_which_they_fall_due(
    application_engine: Engine, outbox: Outbox, service: Service, clock: SettableClock
) -> None:
    for minutes in (30, 10, 20):
        due_at = NOON + timedelta(minutes=minutes)
        write(application_engine, Errand("pay", "prepay", "", f"{minutes}", due_at=due_at), minutes)
    clock.advance(timedelta(hours=1))
    while outbox.run_due():
        pass
    assert [errand.request_number for errand in service.calls] == ["10", "20", "30"]


# -- a worker is killed, or the database


@pytest.mark.parametrize(
    ("point", "calls"), [(CrashPoint.ERRAND_CLAIMED, 1), (CrashPoint.ERRAND_DONE, 2)]
)
def test_a_worker_killed_at_a_call_leaves_it_to_the_next(
    application_engine: Engine, outbox: Outbox, service: Service, point: CrashPoint, calls: int
) -> None:
    write(application_engine)
    with killed_at(point):
        outbox.run_due()
    assert open_transactions(application_engine) == set()
    row = only_row(application_engine)
    assert (row["done_at"], row["attempts"]) == (None, 0)

    successor = Outbox(application_engine, SettableClock(NOON), {"pay.prepay": service})
    assert successor.run_due()
    assert not successor.run_due()
    assert [errand.request_number for errand in service.calls] == ["N-1"] * calls
    assert only_row(application_engine)["done_at"]


@pytest.mark.parametrize("point", [CrashPoint.ERRAND_CLAIMED, CrashPoint.ERRAND_DONE])
def test_a_call_right_away_that_is_killed_is_left_to_the_workers(
    application_engine: Engine, outbox: Outbox, service: Service, point: CrashPoint
) -> None:
    with killed_at(point):
        outbox.run_now(1, CALL)
    assert open_transactions(application_engine) == set()
    assert outbox.run_due()
    assert {errand.request_number for errand in service.calls} == {"N-1"}
    assert only_row(application_engine)["attempts"] == 1


def test_without_a_database_no_call_is_made(clock: SettableClock, service: Service) -> None:
    nowhere = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    assert not Outbox(nowhere, clock, {"pay.prepay": service}).run_due()
    assert service.calls == []
