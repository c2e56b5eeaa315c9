"""From the event map to what runs: an event is met by the handlers of its whole class line.

The map names common classes, `ServiceOrder.Paid`; the log holds leaf events,
`cleaning_order.paid`, whose class derives from the common one.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from eventsourcing.domain import Aggregate

from domain.names import STORED_EVENTS

T = TypeVar("T")

Routes = dict[str, tuple[T, ...]]


class UnknownEventError(LookupError):
    """The log holds an event that this code does not know; nothing may be skipped."""


def routes(event_map: Mapping[type[Aggregate.Event], Sequence[T]]) -> Routes[T]:
    """Stored name → handlers, for every event this code knows."""
    return {name: _met_by(event, event_map) for name, event in STORED_EVENTS.items()}


def handlers_of(table: Routes[T], name: str) -> tuple[T, ...]:
    """The handlers of a stored name; raises UnknownEventError."""
    try:
        return table[name]
    except KeyError:
        raise UnknownEventError(name) from None


def _met_by(
    event: type[Aggregate.Event], event_map: Mapping[type[Aggregate.Event], Sequence[T]]
) -> tuple[T, ...]:
    met = (handler for line in event.__mro__ for handler in event_map.get(line, ()))
    return tuple(dict.fromkeys(met))
