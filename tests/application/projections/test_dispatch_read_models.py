"""After any history, the exception desk and who served whom are what the orders say."""

from datetime import date, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from application.projections import office_exceptions, office_workers
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_exceptions import OrderExceptions
from domain.orders.order_facts import OrderFacts
from domain.orders.order_number import order_number
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import bounds
from interface.household import Household
from tests.application.projections.lives import save
from tests.application.projections.tables import log_of, rows
from tests.domain import histories
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    NOW,
    OTHER_WORKER,
    TOMORROW,
    WORKER,
    service_window,
)

Fields: TypeAlias = Any  # whatever fields the booking has
NEXT_WEEK = TOMORROW + timedelta(days=7)
IN_TWO = TOMORROW + timedelta(days=14)


def orders(house: Household) -> list[ServiceOrder]:
    booked = [
        each.event for each in log_of(house.engine) if isinstance(each.event, OrderFacts.Booked)
    ]
    return [house.log.load(ServiceOrder, event.originator_id) for event in booked]


def exceptions(house: Household) -> dict[tuple[UUID, int], dict[str, Any]]:
    found = rows(house.engine, office_exceptions.exceptions)
    return {(row["order_id"], row["exception_number"]): row for row in found}


def test_the_desk_holds_every_report_and_which_are_open(lived: Household) -> None:
    found = exceptions(lived)
    reported = {
        (each.event.originator_id, each.event.exception_number): each.event
        for each in log_of(lived.engine)
        if isinstance(each.event, OrderExceptions.ExceptionReported)
    }
    assert found.keys() == reported.keys()
    assert found
    still_open = {(o.id, number) for o in orders(lived) for number in o.open_exceptions}
    assert {key for key, row in found.items() if row["resolved_at"] is None} == still_open
    assert all(row["kind"] == reported[key].kind for key, row in found.items())


def test_the_open_ones_are_counted_by_kind(lived: Household) -> None:
    kinds = [kind for order in orders(lived) for kind in order.open_exceptions.values()]
    with lived.engine.connect() as connection:
        counted = office_exceptions.open_by_kind(connection)
    assert counted == {kind: kinds.count(kind) for kind in set(kinds)}


def test_a_page_of_the_desk_begins_with_the_open_ones(lived: Household) -> None:
    with lived.engine.connect() as connection:
        whole = office_exceptions.list_page(connection, limit=100).rows
        first = office_exceptions.list_page(connection, limit=1)
        others = office_exceptions.list_page(connection, limit=100, after=first.next_cursor).rows
    assert [*first.rows, *others] == whole
    closed = [row["resolved_at"] is not None for row in whole]
    assert closed == sorted(closed)


def test_who_has_an_order_and_its_rating_are_the_orders_own(lived: Household) -> None:
    found = {row["order_id"]: row for row in rows(lived.engine, office_workers.services)}
    known = orders(lived)
    assert found.keys() == {order.id for order in known}
    for order in known:
        expected = (order.customer_id, order.worker_id, order.rating)
        row = found[order.id]
        assert (row["customer_id"], row["worker_id"], row["rating"]) == expected


def test_the_best_rating_of_each_worker_counts(house: Household) -> None:
    bad, good, other = numbered(1), numbered(2), numbered(3)
    save(house, rated(2, order_number=bad))
    save(house, rated(5, order_number=good, windows=[service_window(NEXT_WEEK)]))
    save(house, handed_on(OTHER_WORKER, order_number=other, windows=[service_window(IN_TWO)]))
    house.feed.catch_up()
    with house.engine.connect() as connection:
        found = office_workers.best_ratings(connection, histories.CUSTOMER)
    assert found == {WORKER: 5, OTHER_WORKER: 0}


def numbered(number: int) -> str:
    return order_number("BJ", date(2026, 11, 22), number)


def assigned(**changes: Fields) -> CleaningOrder:
    """An order that the usual worker was given, for its window."""
    order = histories.paid_order(**changes)
    start, _ = bounds(order.windows[0])
    order.assign(histories.assignment(start), by=BY_STAFF, at=NOW)
    return order


def rated(rating: int, **changes: Fields) -> CleaningOrder:
    """An order that the usual worker did, and what the customer thinks of it."""
    order = assigned(**changes)
    order.accept(WORKER, happened_at=NOW, by=BY_STAFF, at=NOW)
    for stage in ("departed", "arrived", "in_service", "awaiting_inspection"):
        histories.report(order, stage)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    order.review(rating, by=BY_CUSTOMER, at=NOW)
    return order


def handed_on(worker_id: UUID, **changes: Fields) -> CleaningOrder:
    """An order that somebody else got in the end."""
    order = assigned(**changes)
    start, _ = bounds(order.windows[0])
    new = histories.assignment(start, worker_id=worker_id, worker_number=8)
    order.reassign(new, reason_code="ill", by=BY_STAFF, at=NOW)
    return order
