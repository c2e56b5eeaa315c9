"""Attributes that no program knew when the order was booked are kept as they are."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.cleaning import CleaningOrder
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper, rebuild
from tests.domain.histories import (
    NOW,
    TOMORROW,
    booked_order,
    pay,
    replayed,
    rescheduling,
    state,
    unsaved,
)

MAPPER = PlainJsonMapper(transcoder=OrjsonTranscoder())
WORDS = st.text(max_size=20).filter(lambda text: text.isprintable())
NUMBERS = st.integers(min_value=-(2**53), max_value=2**53)
PLAIN = st.recursive(
    WORDS | NUMBERS | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def read_again(order: CleaningOrder) -> CleaningOrder:
    """The order as it is folded from the texts in the log."""
    stored = [MAPPER.to_stored_event(event) for event in unsaved(order)]
    events = [rebuild(order.id, each.originator_version, each.topic, each.state) for each in stored]
    found = replayed(events)
    assert isinstance(found, CleaningOrder)
    return found


@pytest.mark.requirement("R22")
@given(extra=st.dictionaries(WORDS, PLAIN, min_size=1, max_size=4))
def test_an_unknown_attribute_survives_a_replay(extra: dict[str, Any]) -> None:
    order = booked_order(extra=extra)
    pay(order)
    order.reschedule(rescheduling(TOMORROW), by="customer", at=NOW)

    read = read_again(order)

    assert read.extra == extra
    assert state(read) == state(order)


@pytest.mark.requirement("R22")
def test_an_unknown_attribute_stands_in_the_log_as_it_was_given() -> None:
    coupon = {"coupon": {"code": "冬至", "off_fen": 500}, "referrer": "邻居"}
    (booked,) = unsaved(booked_order(extra=coupon))

    assert orjson.loads(MAPPER.to_stored_event(booked).state)["extra"] == coupon
