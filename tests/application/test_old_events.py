"""Events of every time still load, and aggregates, claims and read models take them."""

from dataclasses import MISSING, fields
from itertools import chain
from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import DomainEventProtocol

from application.event_map import ALL_PROJECTIONS, PROJECTIONS
from domain.names import STORED_EVENTS
from domain.orders.cleaning import CleaningOrder
from domain.payments import Payment
from infrastructure.event_log.mapper import rebuild
from infrastructure.feed.feed import Feed
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from interface.household import Household
from tests.application.old_events import (
    MAPPER,
    Lives,
    borrowed,
    examples,
    lacking,
    numbered,
    shape,
    watching,
)
from tests.domain.histories import (
    NOW,
    TOMORROW,
    booked_order,
    claims,
    pay,
    replayed,
    rescheduling,
    started_payment,
    state,
    unsaved,
)
from tests.product import clock, house, secrets, settings

__all__ = ["clock", "house", "secrets", "settings"]


def as_it_was_written(event: DomainEventProtocol[UUID], *later: str) -> object:
    """The event as it is read from a row that lacks the fields of a later time."""
    stored = MAPPER.to_stored_event(event)
    facts = orjson.loads(stored.state)
    old = {name: fact for name, fact in facts.items() if name not in later}
    assert old.keys() == facts.keys() - set(later)
    return rebuild(event.originator_id, stored.originator_version, stored.topic, orjson.dumps(old))


def rescheduled_order() -> CleaningOrder:
    order = booked_order()
    pay(order)
    order.reschedule(rescheduling(TOMORROW), by="customer", at=NOW)
    return order


def test_an_order_booked_before_there_were_seats_goes_on_without_them() -> None:
    order = rescheduled_order()
    old = [as_it_was_written(event, "seats") for event in unsaved(order)]
    read = replayed(old)
    assert isinstance(read, CleaningOrder)
    assert state(read) == state(order)
    assert [claims(event) for event in old] == [claims(event) for event in unsaved(order)]


@pytest.mark.parametrize("lacking", [("payer_ip",), ("pay_url",), ("payer_ip", "pay_url")])
def test_an_attempt_begun_before_there_were_links_can_still_be_paid(
    lacking: tuple[str, ...],
) -> None:
    payment = started_payment()
    payment.prepare("wx-1", at=NOW)
    read = replayed(as_it_was_written(event, *lacking) for event in unsaved(payment))
    assert isinstance(read, Payment)
    assert state(read) == state(payment)
    assert (read.payer_ip, read.pay_url) == ("", "")
    assert read.is_waiting()


def test_every_stored_name_has_an_example_with_the_fields_of_today() -> None:
    """`python -m tests.application.old_events` adds what lacks."""
    assert {name for name, _ in lacking()} == set()


def test_examples_of_earlier_times_are_among_them() -> None:
    known = {shape(each) for each in chain.from_iterable(examples())}
    times = [fields for name, fields in known if name == "cleaning_order.rescheduled"]
    assert len(times) == 4


def test_every_example_has_the_fields_of_its_class_but_for_those_with_a_default() -> None:
    for stored in chain.from_iterable(examples()):
        event = vars(MAPPER.to_domain_event(stored))
        read = {each.name: each for each in fields(STORED_EVENTS[stored.topic])}
        assert shape(stored)[1] <= read.keys(), stored.topic
        assert {name for name, each in read.items() if each.default is MISSING} <= event.keys()


def test_every_example_is_replayed_and_tells_its_claims() -> None:
    for stream in examples():
        events = [MAPPER.to_domain_event(stored) for stored in stream]
        aggregate = replayed(events)
        assert (aggregate.id, aggregate.version) == (stream[0].originator_id, len(stream))
        assert all(claims(event) is not None for event in events)


def test_every_read_model_takes_in_every_example(house: Household) -> None:
    every = list(chain.from_iterable(examples()))
    house.event_log.insert_events(every)
    table = routes(PROJECTIONS)
    followers = [Projector(house.engine, each, table, house.vault) for each in ALL_PROJECTIONS]
    feed = Feed(LogReader(house.engine), followers, house.failures)
    feed.catch_up()
    assert house.failures.all() == []
    last, lags = feed.lags()
    assert (last, set(lags.values())) == (len(every), {0})


def test_what_lacks_is_found_in_the_shortest_life_or_borrowed_from_another_line() -> None:
    wanted = {shape(MAPPER.to_stored_event(event)) for event in unsaved(rescheduled_order())}
    lives = Lives(wanted)
    with watching(lives.see):
        pay(booked_order())
        rescheduled_order()
    life, *more = lives.chosen()
    assert {shape(each) for each in life} == wanted
    assert more == []
    assert [each.topic for each in numbered(life, 7)] == [each.topic for each in life]

    hourly = next(each for each in examples() if each[0].topic == "hourly_order.booked")
    noted = next(each for each in chain.from_iterable(examples()) if each.topic.endswith(".noted"))
    lent = ("hourly_order.noted", shape(noted)[1])
    (borrower,) = borrowed([hourly[:1], [noted]], {lent})
    assert shape(borrower[-1]) == lent
