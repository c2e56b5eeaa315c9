"""Capacity under races: no overlap, no lost seat, and no refusal that was not due.

Real orders, shifts and leaves go through the product's log from many threads and
processes; afterwards one clerk reads the log from its beginning and judges.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text

from application.commands import ClaimRefusedError, Decision
from application.log import Log
from domain.aggregate import EventSourced
from domain.capacity import CapacityDay, held_seats
from domain.claims import Claim
from domain.leaves import Absence, Leave
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number
from domain.shifts import Duty, Shift
from domain.time import Interval
from infrastructure.event_log.mapper import rebuild
from tests.conftest import Database
from tests.domain import histories
from tests.infrastructure.event_log.claims_fold import Claims, read_claims
from tests.infrastructure.event_log.racing import (
    AREA,
    DAY,
    DAYS,
    HALF_HOUR,
    OFFICE,
    OPENS,
    Refusal,
    Report,
    a_worker,
    command,
    opened_log,
    order_id,
    race,
)
from tests.infrastructure.event_log.serial import Clerk

PROCESSES, THREADS, ATTEMPTS = 4, 5, 500


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    with opened_log(database.application_url) as (log, _):
        yield log


def planned(log: Log, seats: int) -> None:
    """So many seats from 9 to 19 o'clock on each of the days."""
    days = [
        CapacityDay.plan("cleaning", AREA, DAY + timedelta(days=n), **OFFICE) for n in range(DAYS)
    ]
    for day in days:
        day.set_seats(range(18, 38), seats, **OFFICE)
    save(log, *days)


def a_booking(number: int, starts_at: datetime = OPENS) -> CleaningOrder:
    """An order of a customer of its own for two hours of one cleaner."""
    windows = [histories.service_window(starts_at, hours=2)]
    booking = histories.booking(
        order_number=order_number("BJ", DAY, number + 1),
        customer_id=histories.an_id(f"customer {number}"),
        windows=windows,
        seats=held_seats("BJ-01", AREA, windows, 1),
    )
    return CleaningOrder.book(order_id(number), booking, by=histories.BY_CUSTOMER, at=histories.NOW)


def at_once(log: Log, decisions: Sequence[Callable[[], Decision]]) -> Counter[str]:
    """Carry all out at the same time, one thread each; what they were told."""
    start = Barrier(len(decisions))

    def one(decide: Callable[[], Decision]) -> str:
        start.wait()
        try:
            log.run(command(), decide)
        except ClaimRefusedError as refused:
            return refused.kind
        return "done"

    with ThreadPoolExecutor(len(decisions)) as threads:
        return Counter(threads.map(one, decisions))


def bookings(count: int) -> list[Callable[[], Decision]]:
    return [partial(book, number) for number in range(count)]


def book(number: int) -> Decision:
    return Decision([a_booking(number)])


def save(log: Log, *changed: EventSourced) -> None:
    log.run(command(), lambda: Decision(changed))


def test_64_threads_find_the_64_seats_of_a_slot(log: Log) -> None:
    planned(log, 64)
    assert at_once(log, bookings(64)) == {"done": 64}


def test_of_65_threads_for_64_seats_exactly_one_is_refused(log: Log) -> None:
    planned(log, 64)
    assert at_once(log, bookings(65)) == {"done": 64, "seats": 1}


def test_the_seats_of_shifts_and_the_planned_ones_are_sold_alike(log: Log) -> None:
    planned(log, 10)
    for number in range(1, 7):
        shift = Shift.plan(a_worker(number), DAY, **OFFICE)
        shift.roster(Duty(pool="cleaning", area=AREA, first_slot=18, end_slot=36), **OFFICE)
        save(log, shift)
    assert at_once(log, bookings(20)) == {"done": 16, "seats": 4}


def test_of_32_threads_for_one_worker_exactly_one_gets_them(log: Log) -> None:
    planned(log, 64)
    for number in range(32):
        order = a_booking(number)
        histories.pay(order)
        save(log, order)

    wanted = [given(log, number, worker_number=7) for number in range(32)]
    assert at_once(log, wanted) == {"done": 1, "worker": 31}


def test_a_worker_is_assigned_or_on_leave_never_both(log: Log) -> None:
    planned(log, 64)
    for number in range(10):
        worker, order = a_worker(number + 1), a_booking(number)
        histories.pay(order)
        save(log, order)
        told = at_once(log, [given(log, number, worker.number), away(worker.number)])
        assert told == {"done": 1, "worker": 1}


def given(log: Log, number: int, worker_number: int) -> Callable[[], Decision]:
    def assign() -> Decision:
        order = log.load(CleaningOrder, order_id(number))
        order.assign(histories.assignment(OPENS, worker_number=worker_number), **OFFICE)
        return Decision([order])

    return assign


def away(number: int) -> Callable[[], Decision]:
    def leave() -> Decision:
        absence = Absence(interval=Interval(OPENS, OPENS + HALF_HOUR), reason_code="sick")
        leave_id = histories.an_id(f"leave {number}")
        return Decision([Leave.grant(leave_id, a_worker(number), absence, **OFFICE)])

    return leave


# -- ten thousand attempts


def run_race(url: str) -> Report:
    """The attempts of all processes together."""
    report = Report()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for told in [pool.submit(race, url, n, THREADS, ATTEMPTS) for n in range(PROCESSES)]:
            report.add(told.result())
    return report


def events_in_order(engine: Engine) -> Iterator[tuple[int, Sequence[Claim]]]:
    """Position and claims of every event."""
    query = "select position, stream_id, version, name, state from log.events order by position"
    with engine.connect() as connection:
        for position, *stored in connection.execute(text(query)):
            event: Any = rebuild(*stored)
            assert isinstance(event, EventSourced.Event)
            yield position, event.claims()


def judge(engine: Engine, refusals: list[Refusal]) -> tuple[list[int], list[Refusal]]:
    """Positions of events that were not allowed there, and refusals that were not due.

    A refusal was due if, at one of the positions between which it was decided, the
    claims could not be met, and the one that was told is the first of them.
    """
    clerk, forbidden = Clerk(), list[int]()
    coming = sorted(refusals, key=lambda each: each.before, reverse=True)
    undecided: list[Refusal] = []
    undue: list[Refusal] = []
    for position, claims in [(0, ()), *events_in_order(engine)]:
        if clerk.keep(claims):
            forbidden.append(position)
        while coming and coming[-1].before <= position:
            undecided.append(coming.pop())
        undecided = [each for each in undecided if clerk.refusal(each.asked) != each.told]
        undue += [each for each in undecided if each.after <= position]
        undecided = [each for each in undecided if each.after > position]
    return forbidden, undue + undecided + coming


def folded(engine: Engine) -> Claims:
    claims = Claims()
    for _, each in events_in_order(engine):
        for claim in each:
            claims.apply(claim)
    return claims


@pytest.mark.requirement("R18")
def test_of_ten_thousand_attempts_by_several_processes_none_is_wrong(
    database: Database, log: Log, application_engine: Engine
) -> None:
    planned(log, 5)
    report = run_race(database.application_url)
    assert report.outcomes.total() == PROCESSES * THREADS * ATTEMPTS == 10_000
    for outcome in ("_book", "_assign", "_reschedule", "_cancel", "seats", "worker", "open_hold"):
        assert report.outcomes[outcome] > 20, report.outcomes
    forbidden, undue = judge(application_engine, report.refusals)
    assert (forbidden[:3], undue[:3]) == ([], [])
    with application_engine.connect() as connection:
        assert read_claims(connection) == folded(application_engine)


def test_the_judge_sees_an_undue_refusal_and_a_forbidden_event(
    log: Log, application_engine: Engine
) -> None:
    """A judge that finds nothing wrong proves nothing unless it finds what is."""
    planned(log, 1)
    first, second = a_booking(1), a_booking(2)
    asked = tuple(claims_of(second))
    save(log, first)
    booked_at = 2 * DAYS + 1
    full = Refusal(asked, f"seats:cleaning/{AREA}/{DAY}/18", before=1, after=booked_at)
    assert judge(application_engine, [full]) == ([], [])
    too_early = Refusal(asked, full.told, before=2 * DAYS, after=2 * DAYS)
    other_claim = Refusal(asked, "worker:7", before=1, after=booked_at)
    both = judge(application_engine, [too_early, other_claim])
    assert both == ([], [too_early, other_claim])
    clerk = Clerk()
    for _, claims in events_in_order(application_engine):
        assert clerk.keep(claims) == ""
    assert clerk.keep(asked) == full.told


def claims_of(aggregate: EventSourced) -> list[Claim]:
    return [claim for event in histories.unsaved(aggregate) for claim in event.claims()]
