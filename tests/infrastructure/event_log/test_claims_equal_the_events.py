"""The claims tables equal a fold of the claims of the log's events."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Self
from uuid import UUID, uuid4, uuid5

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from sqlalchemy import Engine, text

from application.commands import ClaimRefusedError
from domain.aggregate import EventSourced
from domain.capacity import held_seats
from domain.claims import (
    AddSeats,
    Claim,
    ReleasePlace,
    ReleaseSeats,
    ReleaseUnique,
    ReleaseWorker,
    SetCapacity,
    TakePlace,
    TakeSeats,
    TakeUnique,
    TakeWorker,
)
from domain.errors import JiawuError
from domain.orders.assignment import Assignment
from domain.orders.changes import Rescheduling
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number
from infrastructure.event_log.mapper import rebuild
from tests.conftest import Database
from tests.domain import histories
from tests.infrastructure.event_log.claims_fold import Claims, read_claims
from tests.infrastructure.event_log.material import NOON

DAY = date(2026, 11, 23)
AREA = histories.CONTACT["district"]
HALF_HOUR = timedelta(minutes=30)
IDS = [uuid5(UUID(int=0), str(n)) for n in range(6)]


class Holding(EventSourced):
    """Takes and releases whatever it is told."""

    class Held(EventSourced.Opened):
        """`told`: [name of a claim, a number for its holder, and three numbers]."""

        told: list[list[Any]]

        def claims(self) -> tuple[Claim, ...]:
            return tuple(CLAIMS[name](IDS[holder], *rest) for name, holder, *rest in self.told)

    @classmethod
    def hold(cls, told: list[list[Any]]) -> Self:
        return cls._create(cls.Held, id=uuid4(), timestamp=NOON, told=told)

    def evolve(self, event: Aggregate.Event) -> None:
        pass


CLAIMS: dict[str, Callable[[UUID, int, int, int], Claim]] = {
    "unique": lambda _, a, b, c: TakeUnique(f"kind{a}", str(100 * b + c)),
    "identity": lambda _, a, *__: TakeUnique("external_identity", str(a)),
    "identity is free": lambda _, a, *__: ReleaseUnique("external_identity", str(a)),
    "worker": lambda i, a, b, c: TakeWorker(i, a, NOON + b * HALF_HOUR, NOON + (b + c) * HALF_HOUR),
    "worker is free": lambda i, *_: ReleaseWorker(i),
    "seats": lambda i, a, b, c: TakeSeats(i, "cleaning", str(a), DAY, b, c),
    "seats are free": lambda i, *_: ReleaseSeats(i),
    "place": lambda i, a, *_: TakePlace(i, "open_hold", str(a % 2), 3),
    "place is free": lambda i, *_: ReleasePlace(i),
    "capacity": lambda _, a, b, c: SetCapacity("cleaning", str(a), DAY, b, 2 * c),
    "shift": lambda _, a, b, c: AddSeats("cleaning", str(a), DAY, b, b + c, 3),
}


def random_holding(random: Random) -> Holding:
    return Holding.hold(
        [
            [random.choice(list(CLAIMS)), *(random.randint(low, 5) for low in (0, 1, 1, 1))]
            for _ in range(random.randint(1, 3))
        ]
    )


def claims_of(aggregate: EventSourced) -> list[Claim]:
    return [claim for event in aggregate.pending_events for claim in event.claims()]  # type: ignore[attr-defined]


def save(application: Application[UUID], aggregate: EventSourced) -> bool:
    try:
        application.save(aggregate, claims=claims_of(aggregate))
    except ClaimRefusedError:
        return False
    return True


def folded(engine: Engine) -> Claims:
    """The fold of all events in the log."""
    query = "select stream_id, version, name, state from log.events order by position"
    claims = Claims()
    with engine.connect() as connection:
        for row in connection.execute(text(query)):
            for claim in rebuild(*row).claims():  # type: ignore[attr-defined]
                claims.apply(claim)
    return claims


def tables(engine: Engine) -> Claims:
    with engine.connect() as connection:
        return read_claims(connection)


@pytest.fixture
def application(database: Database) -> Iterator[Application[UUID]]:
    application = Application[UUID](
        env={
            "PERSISTENCE_MODULE": "infrastructure.event_log.factory:EventLogFactory",
            "DATABASE_URL": database.application_url,
        }
    )
    yield application
    application.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_claims_are_met_exactly_when_the_fold_can_meet_them(
    seed: int, application: Application[UUID], application_engine: Engine
) -> None:
    random = Random(seed)  # noqa: S311 - a reproducible test
    model, outcomes = Claims(), set()
    for _ in range(120):
        holding = random_holding(random)
        tried = deepcopy(model)
        possible = tried.meets(claims_of(holding))
        assert save(application, holding) == possible
        model = tried if possible else model
        outcomes.add(possible)
    assert outcomes == {True, False}
    assert tables(application_engine) == model


def test_after_concurrent_histories_the_tables_equal_the_fold(
    application: Application[UUID], application_engine: Engine
) -> None:
    def write(seed: int) -> int:
        random = Random(seed)  # noqa: S311 - a reproducible test
        return sum(save(application, random_holding(random)) for _ in range(60))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(write, range(8))) > 100
    assert tables(application_engine) == folded(application_engine)


def next_step(order: CleaningOrder, random: Random) -> None:
    """One command of the office or the worker, refused or not."""
    start = histories.TOMORROW + random.randint(-3, 3) * HALF_HOUR
    work = histories.assignment(worker_number=random.randint(1, 2)).facts()
    work |= {"starts_at": start - HALF_HOUR, "ends_at": start + 8 * HALF_HOUR}
    assignment = Assignment(**work)
    office: dict[str, Any] = {"by": histories.BY_STAFF, "at": histories.NOW}
    steps: list[Callable[[], object]] = [
        lambda: histories.pay(order),
        lambda: histories.pay(order),
        lambda: order.assign(assignment, **office),
        lambda: order.reassign(assignment, reason_code="ill", **office),
        lambda: order.reschedule(moved_to(start), **office),
        lambda: histories.cancel(order),
    ]
    random.choice(steps)()


def moved_to(start: datetime) -> Rescheduling:
    """The new window with the seats it holds."""
    new = histories.rescheduling(start)
    return replace(new, seats=held_seats("BJ-01", AREA, new.windows, 1))


def booked(application: Application[UUID], number: int) -> UUID | None:
    """An order that holds seats and a place of one of 15 customers; None where refused."""
    order = histories.booked_order(
        order_number=order_number("BJ", histories.NOW.date(), number),
        customer_id=histories.an_id(f"customer {number % 15}"),
        seats=held_seats("BJ-01", AREA, [histories.service_window()], 1),
    )
    return order.id if save(application, order) else None


def live(application: Application[UUID], order_id: UUID) -> int:
    """An order's life; returns how many of its steps were refused by the log."""
    random, refused = Random(order_id.int), 0  # noqa: S311 - a reproducible test
    for _ in range(12):
        order: CleaningOrder = application.repository.get(order_id)
        try:
            next_step(order, random)
        except JiawuError:
            continue
        refused += not save(application, order)
    return refused


def test_the_claims_of_real_orders_equal_the_fold(
    application: Application[UUID], application_engine: Engine
) -> None:
    save(application, Holding.hold([["capacity", 0, int(AREA), slot, 23] for slot in range(48)]))
    with ThreadPoolExecutor(6) as threads:
        told = threads.map(lambda number: booked(application, number), range(1, 61))
        orders = [order_id for order_id in told if order_id]
        waiting = tables(application_engine)
        refused = sum(threads.map(lambda order_id: live(application, order_id), orders))
    assert refused > 2
    assert len(orders) == len(waiting.places) == len(waiting.unique) == 3 * 15
    kept = tables(application_engine)
    assert kept == folded(application_engine)
    assert kept.workers
    assert set(kept.places) < set(waiting.places)
    assert set() < {order for order, _ in kept.seats} < {order for order, _ in waiting.seats}
