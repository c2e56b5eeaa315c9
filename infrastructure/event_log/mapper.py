"""Turns events into JSON text and back, by the annotations of the event's class.

The library's transcoder tags every UUID and datetime and costs 10 us an event;
here the class says which fields are which, so the text stays plain JSON.
"""

import typing
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder
from eventsourcing.utils import get_topic, resolve_topic

Plan = tuple[tuple[str, Callable[[str], object]], ...]


class OrjsonTranscoder(Transcoder):
    """Plain JSON text; UUID and datetime become strings and are not tagged."""

    def encode(self, obj: Any) -> bytes:  # noqa: ANN401 - the library's signature
        """JSON bytes; instants end in Z."""
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z)

    def decode(self, data: bytes) -> Any:  # noqa: ANN401 - the library's signature
        """Plain lists, dicts, strings and numbers."""
        return orjson.loads(data)


class PlainJsonMapper(Mapper[UUID]):
    """Maps our events, whose fields are str, int, bool, UUID, datetime, lists, dicts."""

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The event's fields but its ids, as JSON."""
        state = dict(vars(domain_event))
        stream_id, version = state.pop("originator_id"), state.pop("originator_version")
        class_version = getattr(type(domain_event), "class_version", 1)
        if class_version > 1:
            state["class_version"] = class_version
        return StoredEvent(
            stream_id, version, get_topic(type(domain_event)), self.transcoder.encode(state)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The event, upcast to the present version of its class."""
        return rebuild(
            stored_event.originator_id,  # type: ignore[arg-type] # ours are always UUIDs
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )


def rebuild(
    stream_id: UUID, version: int, name: str, state: bytes | str
) -> DomainEventProtocol[UUID]:
    """An event of the log from its row, without going through __init__."""
    cls = resolve_topic(name)
    facts: dict[str, Any] = orjson.loads(state)
    latest, plan = _reading(cls)
    if latest > 1:
        _upcast(cls, facts)
    for field, convert in plan:
        value = facts.get(field)
        if value is not None:
            facts[field] = convert(value)
    facts["originator_id"] = stream_id
    facts["originator_version"] = version
    event: DomainEventProtocol[UUID] = object.__new__(cls)
    object.__setattr__(event, "__dict__", facts)
    return event


@lru_cache(maxsize=20_000)
def uuid(text: str) -> UUID:
    """The id of a text. To make one costs ten times as much as to look it up here.

    The same text is the same object, which dicts of ids find sooner.
    """
    return UUID(text)


@cache
def _reading(cls: type) -> tuple[int, Plan]:
    """The present version of the class, and its conversions."""
    return getattr(cls, "class_version", 1), conversions(cls)


@cache
def conversions(cls: type) -> Plan:
    """Which fields of the class are instants or ids, and how text becomes one."""
    hints = typing.get_type_hints(cls)
    plan: list[tuple[str, Callable[[str], object]]] = []
    for name, hint in hints.items():
        kinds = set(typing.get_args(hint)) | {hint}
        if name.startswith("originator_"):
            continue
        if datetime in kinds:
            plan.append((name, datetime.fromisoformat))
        elif UUID in kinds:
            plan.append((name, uuid))
    return tuple(plan)


def _upcast(cls: type, facts: dict[str, Any]) -> None:
    written = facts.pop("class_version", 1)
    for step in range(written, getattr(cls, "class_version", 1)):
        getattr(cls, f"upcast_v{step}_v{step + 1}")(facts)
