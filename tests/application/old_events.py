"""Examples of every event as the log may hold it: each stored name, with each set of fields.

`python -m tests.application.old_events` lives through the tests of the domain
(or those that it is given) and adds, for names or fields that the code has and the examples have
not, short lives in which they come about; a fact that all orders share may be
borrowed from another line. It only ever adds: an example
is an event as it was once written, so it is never written anew. A line is one
event; a stream's events stand together, from its first one on.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import groupby, islice, product
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import pytest
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import StoredEvent

from domain.aggregate import EventSourced
from domain.orders.order_number import order_number
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper
from tests.architecture.test_event_schema import code_schema
from tests.domain.histories import replayed

EXAMPLES: Final = Path(__file__).with_name("old_events.jsonl")
MAPPER: Final = PlainJsonMapper(transcoder=OrjsonTranscoder())
_STREAMS: Final = UUID("3c5a4c0e-52c5-5d0b-9a3e-6f8f5d0c7b11")
_DAY: Final = date(2026, 1, 5)  # no test of the domain books on it
_ENVELOPE: Final = frozenset({"timestamp", "originator_topic", "class_version"})

Stream = list[StoredEvent]
# A stored name and the fields that an event of this name has.
Shape = tuple[str, frozenset[str]]


def shape(stored: StoredEvent) -> Shape:
    """What the example is an example of."""
    return stored.topic, frozenset(json.loads(stored.state)) - _ENVELOPE


def wanted() -> set[Shape]:
    """Every stored name with the fields that are written today."""
    return {(name, frozenset(fields)) for name, fields in code_schema().items()}


def examples() -> list[Stream]:
    """Every stream of the file."""
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines() if EXAMPLES.exists() else []
    events = [_read(json.loads(line)) for line in lines]
    return [list(stream) for _, stream in groupby(events, lambda each: each.originator_id)]


def lacking() -> set[Shape]:
    """What is written today and has no example."""
    return wanted() - {shape(each) for stream in examples() for each in stream}


def _read(line: dict[str, Any]) -> StoredEvent:
    state = json.dumps(line["state"], ensure_ascii=False).encode()
    return StoredEvent(UUID(line["stream"]), line["version"], line["name"], state)


class Lives:
    """The shortest life for every set of shapes that was seen."""

    def __init__(self, wanted_shapes: set[Shape]) -> None:
        self._names = {name for name, _ in wanted_shapes}
        self._wanted = wanted_shapes
        self._pool: dict[frozenset[str], Sequence[DomainEventProtocol[UUID]]] = {}

    def see(self, event: DomainEventProtocol[UUID], aggregate: EventSourced) -> None:
        """An event came about in the life of the aggregate."""
        if type(event).TOPIC not in self._names:  # type: ignore[attr-defined]
            return
        life = [*aggregate.pending_events, event]
        if [each.originator_version for each in life] != [*range(1, len(life) + 1)]:
            return
        known = frozenset(type(each).TOPIC for each in life) & self._names  # type: ignore[attr-defined]
        if known not in self._pool or len(life) < len(self._pool[known]):
            self._pool[known] = life

    def chosen(self) -> Iterator[Stream]:
        """Few short lives that together have all that is wanted and was seen."""
        lives = [[MAPPER.to_stored_event(each) for each in life] for life in self._pool.values()]
        left = set(self._wanted)
        while lives:
            new = {id(life): len(left & {*map(shape, life)}) for life in lives}
            best = max(lives, key=lambda life: (new[id(life)], -len(life)))
            if not new[id(best)]:
                return
            left -= {*map(shape, best)}
            lives = [life for life in lives if new[id(life)]]
            yield best


def borrowed(lives: Sequence[Stream], wanted_shapes: set[Shape]) -> Iterator[Stream]:
    """Lives with facts that all orders share and that were seen of another line only."""
    for wanted_shape in sorted(wanted_shapes, key=lambda each: each[0]):
        line, _, fact = wanted_shape[0].partition(".")
        twins = [
            each.state
            for life in lives
            for each in life
            if shape(each)[1] == wanted_shape[1] and each.topic.endswith(f".{fact}")
        ]
        own = sorted((life for life in lives if life[0].topic.startswith(f"{line}.")), key=len)
        yield from islice(_continued(own, wanted_shape[0], twins), 1)


def _continued(lives: Sequence[Stream], name: str, states: Sequence[bytes]) -> Iterator[Stream]:
    """The beginnings of these lives to which such an event can be added."""
    for life, state in product(lives, states):
        for cut in range(len(life), 0, -1):
            stream = [*life[:cut], StoredEvent(life[0].originator_id, cut + 1, name, state)]
            if _can_be(stream):
                yield stream


def _can_be(stream: Stream) -> bool:
    try:
        replayed(map(MAPPER.to_domain_event, stream))
    except (LookupError, ValueError, TypeError, AttributeError):
        return False
    return True


@contextmanager
def watching(see: Callable[[Any, Any], None]) -> Iterator[None]:
    """Everything that comes about meanwhile is seen."""
    plain = EventSourced.Event.apply

    def apply(self: Any, aggregate: Any) -> None:  # noqa: ANN401 - any event and aggregate
        plain(self, aggregate)
        see(self, aggregate)

    EventSourced.Event.apply = apply  # type: ignore[method-assign] # a tool, not a test
    try:
        yield
    finally:
        EventSourced.Event.apply = plain  # type: ignore[method-assign]


def numbered(stream: Stream, number: int) -> Stream:
    """The stream under an id of its own, and with what else the log has but once."""
    stream_id = uuid5(_STREAMS, str(number))
    return [
        StoredEvent(
            stream_id, each.originator_version, each.topic, _own(each.state, stream_id, number)
        )
        for each in stream
    ]


def _own(state: bytes, stream_id: UUID, number: int) -> bytes:
    """An order's number and a customer's identity are its own; what is paid is the first order."""
    facts = json.loads(state)
    if "order_number" in facts:
        facts["order_number"] = order_number(facts["order_number"][:2], _DAY, number)
    if "identity_digest" in facts:
        facts["identity_digest"] = uuid5(stream_id, facts["identity_digest"]).hex
    if "payable_id" in facts:
        facts["payable_id"] = str(uuid5(_STREAMS, "1"))
    return json.dumps(facts, ensure_ascii=False).encode()


def append(streams: Sequence[Stream]) -> None:
    """Add the streams at the end of the file."""
    begun = len(examples())
    with EXAMPLES.open("a", encoding="utf-8") as file:
        for number, stream in enumerate(streams, begun + 1):
            file.writelines(f"{_line(each)}\n" for each in numbered(stream, number))


def _line(stored: StoredEvent) -> str:
    line = {
        "stream": str(stored.originator_id),
        "version": stored.originator_version,
        "name": stored.topic,
        "state": json.loads(stored.state),
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def main(places: Sequence[str]) -> int:
    """Add what lacks and these tests make; 1 where something still lacks."""
    lives = Lives(lacking())
    with watching(lives.see):
        pytest.main(["-q", "-p", "no:cacheprovider", *(places or ["tests/domain"])])
    append([*lives.chosen()])
    while more := [*borrowed(examples(), lacking())]:
        append(more)
    for name, fields in sorted(lacking()):
        sys.stderr.write(f"no test makes {name} with {sorted(fields)}\n")
    return 1 if lacking() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
