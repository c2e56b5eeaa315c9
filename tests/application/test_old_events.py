"""Events of a time before seats, addresses and pay links still load, and lose nothing."""

from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import DomainEventProtocol

from domain.orders.cleaning import CleaningOrder
from domain.payments import Payment
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper, rebuild
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

MAPPER = PlainJsonMapper(transcoder=OrjsonTranscoder())


def as_it_was_written(event: DomainEventProtocol[UUID], *later: str) -> object:
    """The event as it is read from a row that lacks the fields of a later time."""
    stored = MAPPER.to_stored_event(event)
    facts = orjson.loads(stored.state)
    old = {name: fact for name, fact in facts.items() if name not in later}
    assert old.keys() == facts.keys() - set(later)
    return rebuild(event.originator_id, stored.originator_version, stored.topic, orjson.dumps(old))


def test_an_order_booked_before_there_were_seats_goes_on_without_them() -> None:
    order = booked_order()
    pay(order)
    order.reschedule(rescheduling(TOMORROW), by="customer", at=NOW)
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
