"""An event is met by the handlers of its whole class line, the special before the common."""

import pytest
from sqlalchemy import MetaData

from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.aggregate import EventSourced
from domain.names import STORED_EVENTS
from domain.orders.order_facts import OrderFacts
from domain.payments import MoneyArrived, Payment
from domain.workers import Worker
from infrastructure.feed.routing import UnknownEventError, handlers_of, routes

projection = Projection("some", MetaData(schema="some"))


@projection.handles
def book(_rows: Rows, _recorded: Recorded) -> None:
    """For one fact."""


@projection.handles
def follow(_rows: Rows, _recorded: Recorded) -> None:
    """For every fact of an order."""


@projection.handles
def note(_rows: Rows, _recorded: Recorded) -> None:
    """For everything."""


def test_a_key_on_a_common_class_is_met_by_the_leaf() -> None:
    table = routes({OrderFacts.Booked: (book,)})
    assert table["cleaning_order.booked"] == (book,)
    assert table["cleaning_order.paid"] == ()


def test_what_is_special_comes_before_what_is_common() -> None:
    table = routes(
        {EventSourced.Event: (note,), OrderFacts.Event: (follow,), OrderFacts.Booked: (book,)}
    )
    assert table["cleaning_order.booked"] == (book, follow, note)
    assert table["cleaning_order.paid"] == (follow, note)
    assert table["worker.left"] == (note,)


def test_handlers_of_one_key_keep_their_order() -> None:
    assert routes({Worker.Left: (note, book, follow)})["worker.left"] == (note, book, follow)


def test_a_handler_named_on_two_classes_of_the_line_runs_once() -> None:
    table = routes({OrderFacts.Booked: (follow, book), OrderFacts.Event: (follow,)})
    assert table["cleaning_order.booked"] == (follow, book)


def test_every_kind_of_arrival_of_money_meets_the_common_key() -> None:
    table = routes({MoneyArrived: (note,), Payment.Succeeded: (book,)})
    arrivals = {name for name, handlers in table.items() if handlers}
    assert arrivals == {
        *("payment.succeeded", "payment.succeeded_late"),
        *("payment.succeeded_again", "payment.amount_mismatched"),
    }
    assert table["payment.succeeded"] == (book, note)


def test_every_known_event_has_a_route_even_if_nobody_meets_it() -> None:
    assert routes({}) == dict.fromkeys(STORED_EVENTS, ())


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(UnknownEventError, match=r"worker\.teleported"):
        handlers_of(routes({}), "worker.teleported")
