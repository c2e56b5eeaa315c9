"""What each order says that it holds: seats of its pool, and the time of workers."""

from collections.abc import Iterator

from domain.capacity import HeldSeats, seat_claims
from domain.claims import TakeSeats
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.visits import (
    GONE,
    HELD,
    MISSING,
    planned,
    visit_claim,
    visit_of,
    visit_seats,
)
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import CLOSED_UNDONE, Stage


def seats_held(order: ServiceOrder) -> Iterator[TakeSeats]:
    """The seats that an order has sold and not given back, a plan visit by visit."""
    if isinstance(order, HourlyWorkOrder) and order.is_plan():
        yield from _of_visits(order)
    elif order.stage not in CLOSED_UNDONE and order.seats:
        yield from _claims(order, order.seats)


def workers_held(order: ServiceOrder) -> Iterator[str]:
    """The names of the intervals in which workers are busy with an order."""
    if isinstance(order, HourlyWorkOrder) and order.is_plan():
        given = [each.number for each in order.visits.values() if each.worker_id]
        yield from (str(visit_claim(order.id, number)) for number in given)
        return
    yield from order.held
    if isinstance(order, DryCleaningOrder):
        yield from order.held_for_return


def _of_visits(order: HourlyWorkOrder) -> Iterator[TakeSeats]:
    """What is done keeps its seats; before the payment the windows are the visits."""
    visits = list(order.visits.values())
    if order.stage == Stage.AWAITING_PAYMENT:
        numbered = enumerate(order.windows, start=1)
        visits = [
            visit_of(planned(n, order.patterns[0].first_day, each, HELD)) for n, each in numbered
        ]
    for visit in visits:
        if visit.stage not in GONE and visit.seats != MISSING:
            held = visit_seats(order.service_code, order.contact["district"], visit.window)
            claims = seat_claims(visit_claim(order.id, visit.number), held)
            yield from (each for each in claims if isinstance(each, TakeSeats))


def _claims(order: ServiceOrder, held: HeldSeats) -> Iterator[TakeSeats]:
    claims = seat_claims(order.id, held)
    yield from (each for each in claims if isinstance(each, TakeSeats))
