"""Stored names: what an event is called in the log, for ever.

Topics of the library default to module paths, so moving a class would orphan
old events. The decorator gives every event of a leaf aggregate a name of its
own, `cleaning_order.paid`; a test freezes all names and their fields.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from eventsourcing.domain import Aggregate
from eventsourcing.utils import register_topic

AnyAggregate = TypeVar("AnyAggregate", bound=type[Aggregate])

STORED_AGGREGATES: dict[str, type[Aggregate]] = {}
STORED_EVENTS: dict[str, type[Aggregate.Event]] = {}

# The library's own nested classes: never triggered by us, so never stored.
_NOT_STORED = frozenset({"Event", "Created", "Opened", "Snapshot"})


def stored_as(name: str) -> Callable[[AnyAggregate], AnyAggregate]:
    """Name a leaf aggregate and all its events, inherited ones included."""

    def decorate(cls: AnyAggregate) -> AnyAggregate:
        _register(name, cls)
        STORED_AGGREGATES[name] = cls
        for event_name, event in _events(cls).items():
            stored = f"{name}.{_snake(event_name)}"
            _register(stored, event)
            STORED_EVENTS[stored] = event
        return cls

    return decorate


def stored_name(event: type[Aggregate.Event]) -> str:
    """The stored name of an event class of a leaf aggregate."""
    return str(event.TOPIC)  # type: ignore[attr-defined]


def _register(name: str, cls: type) -> None:
    cls.TOPIC = name  # type: ignore[attr-defined]
    register_topic(name, cls)


def _events(cls: type[Aggregate]) -> dict[str, type[Aggregate.Event]]:
    nested = {name: getattr(cls, name) for name in dir(cls) if name not in _NOT_STORED}
    return {
        name: value
        for name, value in nested.items()
        if isinstance(value, type) and issubclass(value, Aggregate.Event)
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
