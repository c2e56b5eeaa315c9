"""A busy office: random bookings, new dates, cancellations, assignments, shifts and leave.

Each process of a race runs `race`; it works through the product's own `Log` and
recorder with real aggregates, and reports what became of every attempt.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, cast
from uuid import UUID, uuid4, uuid5

from eventsourcing.application import Application
from sqlalchemy import text

from application.commands import ClaimRefusedError, Command, Decision
from application.log import Log
from domain.aggregate import EventSourced
from domain.capacity import CapacityDay, capacity_day_id, held_seats
from domain.claims import Claim
from domain.errors import JiawuError
from domain.leaves import Absence, Leave
from domain.orders.assignment import Assignment
from domain.orders.changes import Rescheduling
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number
from domain.orders.stages import Stage
from domain.shifts import Duty, Shift, shift_id
from domain.time import Interval, shanghai_day
from domain.workers import Worker
from infrastructure.event_log.recorder import EventLog
from infrastructure.pause import jittered_pause
from tests.domain import histories

AREA: Final = histories.CONTACT["district"]
DAY: Final = shanghai_day(histories.TOMORROW)
HALF_HOUR: Final = timedelta(minutes=30)
# 09:00 in Shanghai; STARTS of two hours fall into each of the planned DAYS.
OPENS: Final = histories.TOMORROW
STARTS: Final = 16
DAYS: Final = 6
CUSTOMERS: Final = 12
WORKERS: Final = 8
ORDERS_OF_A_THREAD: Final = 400
_LIVE: Final = text("select distinct id from log.seat_claims")
OFFICE: Final[dict[str, Any]] = {"by": histories.BY_STAFF, "at": histories.NOW}


@dataclass(frozen=True)
class Refusal:
    """What was asked between two positions of the log, and which claim was not met."""

    asked: tuple[Claim, ...]
    told: str
    before: int
    after: int


@dataclass
class Report:
    """What became of the attempts: by outcome, and every refusal of the log."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.outcomes += other.outcomes
        self.refusals += other.refusals


def race(url: str, process: int, threads: int, attempts: int) -> Report:
    """What one process does: `attempts` in each of its threads."""
    report = Report()
    with opened_log(url) as (log, recorder), ThreadPoolExecutor(threads) as pool:
        desks = [Desk(log, recorder, process * threads + n) for n in range(threads)]
        for desk in pool.map(lambda desk: desk.work(attempts), desks):
            report.add(desk.report)
    return report


@contextmanager
def opened_log(url: str) -> Any:  # noqa: ANN401 - a generator of (Log, EventLog)
    """The product's log on a database."""
    application = Application[UUID](
        env={
            "PERSISTENCE_MODULE": "infrastructure.event_log.factory:EventLogFactory",
            "DATABASE_URL": url,
        }
    )
    yield Log(application, b"key", jittered_pause), cast("EventLog", application.recorder)
    application.close()


def command() -> Command:
    return Command(uuid4(), histories.BY_STAFF, "", histories.NOW)


def order_id(number: int) -> UUID:
    return uuid5(UUID(int=7), str(number))


def a_worker(number: int) -> Worker:
    engagement = histories.engagement(number=number, skills=["BJ-01"], districts=[AREA])
    return Worker.register(histories.an_id(f"worker {number}"), engagement, **OFFICE)


class Desk:
    """One thread's work; all desks take the same orders, workers and days."""

    def __init__(self, log: Log, recorder: EventLog, number: int) -> None:
        self.report = Report()
        self._log = log
        self._recorder = recorder
        self._number = number
        self._random = Random(number)  # noqa: S311 - a reproducible test
        self._booked = 0
        self._live: list[UUID] = []
        self._doing = ""
        self._asked: tuple[Claim, ...] = ()
        self._before = 0
        self._others = [self._reschedule, self._cancel]
        self._kinds: dict[str, list[Callable[[CleaningOrder], None]]] = {
            Stage.AWAITING_PAYMENT: [self._pay, self._pay, self._cancel],
            Stage.AWAITING_ASSIGNMENT: [self._assign, self._assign, *self._others],
            Stage.AWAITING_ACCEPTANCE: [self._reassign, self._reassign, *self._others],
        }

    def work(self, attempts: int) -> "Desk":
        kinds: list[tuple[Callable[[], Decision], int]] = [
            (self._book, 25),
            (self._act, 65),
            (self._plan, 3),
            (self._roster, 4),
            (self._leave, 3),
        ]
        weights = [weight for _, weight in kinds]
        for _ in range(attempts):
            self._attempt(self._random.choices(kinds, weights)[0][0])
        return self

    def _attempt(self, decide: Callable[[], Decision]) -> None:
        try:
            self._log.run(command(), lambda: self._noted(decide))
        except ClaimRefusedError as refused:
            after = self._recorder.max_notification_id() or 0
            self.report.outcomes[refused.kind] += 1
            refusal = Refusal(self._asked, refused.claim, self._before, after)
            self.report.refusals.append(refusal)
        except JiawuError as broken:
            self.report.outcomes[f"rule {broken.code}"] += 1
        else:
            self.report.outcomes[self._doing] += 1

    def _noted(self, decide: Callable[[], Decision]) -> Decision:
        """The decision, and from which position on it asks for what."""
        self._before = self._recorder.max_notification_id() or 0
        self._doing = decide.__name__
        decision = decide()
        self._asked = tuple(
            claim
            for aggregate in decision.changed
            for event in aggregate.pending_events
            for claim in cast("EventSourced.Event", event).claims()
        )
        return decision

    def _start(self) -> datetime:
        day = timedelta(days=self._random.randrange(DAYS))
        return OPENS + day + self._random.randrange(STARTS) * HALF_HOUR

    def _order(self) -> CleaningOrder:
        """An order that holds seats, whoever booked it."""
        if not self._live or self._random.random() < 0.05:
            with self._recorder.engine.connect() as connection:
                self._live = list(connection.execute(_LIVE).scalars())
        return self._log.load(CleaningOrder, self._random.choice(self._live or [order_id(0)]))

    def _act(self) -> Decision:
        """Something that the order's stage mostly allows."""
        order = self._order()
        kinds = self._kinds.get(order.stage, self._others)
        act = self._random.choice(kinds)
        self._doing = act.__name__
        act(order)
        return Decision([order])

    def _book(self) -> Decision:
        number = self._number * ORDERS_OF_A_THREAD + self._booked
        self._booked += 1
        windows = [histories.service_window(self._start(), hours=2)]
        booking = histories.booking(
            order_number=order_number("BJ", DAY, number + 1),
            customer_id=histories.an_id(f"customer {self._random.randrange(CUSTOMERS)}"),
            windows=windows,
            seats=held_seats("BJ-01", AREA, windows, self._random.choice((1, 1, 2))),
        )
        order = CleaningOrder.book(
            order_id(number), booking, by=histories.BY_CUSTOMER, at=histories.NOW
        )
        return Decision([order])

    def _pay(self, order: CleaningOrder) -> None:
        histories.pay(order)

    def _assign(self, order: CleaningOrder) -> None:
        order.assign(self._assignment(order), **OFFICE)

    def _reassign(self, order: CleaningOrder) -> None:
        order.reassign(self._assignment(order), reason_code="ill", **OFFICE)

    def _assignment(self, order: CleaningOrder) -> Assignment:
        window = order.windows[0]
        starts_at = datetime.fromisoformat(window["starts_at"])
        ends_at = datetime.fromisoformat(window["ends_at"])
        return Assignment(
            worker_id=histories.an_id("whoever"),
            worker_number=self._random.randint(1, WORKERS),
            starts_at=starts_at - HALF_HOUR,
            ends_at=ends_at + HALF_HOUR,
        )

    def _reschedule(self, order: CleaningOrder) -> None:
        windows = [histories.service_window(self._start(), hours=2)]
        seats = held_seats("BJ-01", AREA, windows, order.seats["seats"] if order.seats else 1)
        new: Rescheduling = replace(
            histories.rescheduling(self._start()), windows=windows, seats=seats
        )
        order.reschedule(new, **OFFICE)

    def _cancel(self, order: CleaningOrder) -> None:
        histories.cancel(order)

    def _plan(self) -> Decision:
        day = self._log.load(CapacityDay, capacity_day_id("cleaning", AREA, self._day()))
        first = 18 + self._random.randrange(STARTS)
        day.set_seats(range(first, first + 4), self._random.randint(2, 7), **OFFICE)
        return Decision([day])

    def _roster(self) -> Decision:
        shift = self._shift(a_worker(self._random.randint(1, WORKERS)), self._day())
        first = 18 + self._random.randrange(8)
        if shift.duty and self._random.random() < 0.4:
            shift.withdraw("ill", **OFFICE)
        else:
            duty = Duty(pool="cleaning", area=AREA, first_slot=first, end_slot=first + 10)
            shift.roster(duty, **OFFICE)
        return Decision([shift])

    def _leave(self) -> Decision:
        """An hour of leave, now and then taken back in the same breath."""
        worker = a_worker(self._random.randint(1, WORKERS))
        starts_at = self._start()
        absence = Absence(
            interval=Interval(starts_at, starts_at + 2 * HALF_HOUR), reason_code="personal"
        )
        leave = Leave.grant(uuid4(), worker, absence, **OFFICE)
        if self._random.random() < 0.3:
            leave.revoke(**OFFICE)
            return Decision([leave])
        ((day, slots),) = leave.days()
        shift = self._shift(worker, day)
        shift.grant_leave(leave.id, slots, "personal", **OFFICE)
        return Decision([leave, shift])

    def _day(self) -> date:
        return DAY + timedelta(days=self._random.randrange(DAYS))

    def _shift(self, worker: Worker, day: date) -> Shift:
        found = self._log.find(Shift, shift_id(worker.id, day))
        return found or Shift.plan(worker, day, **OFFICE)
