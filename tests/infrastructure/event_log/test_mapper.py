"""Events as plain JSON text and back."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

import orjson
from eventsourcing.domain import Aggregate
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import EventSourced
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper, rebuild

SPOKEN = '擦玻璃 𠮷野家 \u2028 \\ " 🧹'
texts = st.text() | st.just(SPOKEN)
integers = st.integers(-(2**53), 2**53)
FIRST, LAST = datetime(2, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001 - hypothesis adds the zones
MINUTE = timedelta(minutes=1)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(minutes * MINUTE))
instants = st.datetimes(FIRST, LAST, timezones=ZONES)
plain = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


class Note(EventSourced):
    """Has every type of field that events may have."""

    class Noted(EventSourced.Opened):
        text: str
        number: int
        flag: bool
        ref: UUID
        at: datetime
        lines: list[Any]
        details: dict[str, Any]
        maybe_ref: UUID | None = None
        maybe_at: datetime | None = None

    class Moved(EventSourced.Event):
        """Its first version had minutes in `hours`; `where` came with the second."""

        class_version: ClassVar[int] = 3
        minutes: int
        where: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["where"] = "home"

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["minutes"] = state.pop("hours") * 60

    @classmethod
    def note(cls, **facts: Any) -> Self:  # noqa: ANN401 - any field
        return cls._create(cls.Noted, id=uuid4(), **facts)

    def evolve(self, event: Aggregate.Event) -> None:
        pass


MAPPER = PlainJsonMapper(OrjsonTranscoder())


@given(
    text=texts,
    number=integers,
    flag=st.booleans(),
    ref=st.uuids(),
    at=instants,
    lines=st.lists(plain, max_size=4),
    details=st.dictionaries(texts, plain, max_size=4),
    maybe_ref=st.none() | st.uuids(),
    maybe_at=st.none() | instants,
    timestamp=instants,
)
def test_an_event_comes_back_as_it_was(**facts: Any) -> None:  # noqa: ANN401 - any field
    (event,) = Note.note(**facts).collect_events()
    kept = MAPPER.to_stored_event(event)
    back = MAPPER.to_domain_event(kept)
    assert back == event
    assert type(back) is Note.Noted
    assert {name: type(value) for name, value in vars(back).items()} == {
        name: type(value) for name, value in vars(event).items()
    }


def test_the_text_is_plain_json_that_people_and_sql_can_read() -> None:
    ref = UUID("7b109293-7a4c-468d-8233-634ff7097611")
    at = datetime(2026, 11, 22, 4, 0, 0, 5, tzinfo=UTC)
    facts = {"text": SPOKEN, "number": 7, "flag": True, "lines": [{"x": 1}], "details": {}}
    (event,) = Note.note(ref=ref, at=at, timestamp=at, **facts).collect_events()
    kept = MAPPER.to_stored_event(event)
    state = json.loads(kept.state)
    assert state.pop("originator_topic").endswith("Note")
    assert state == {
        **facts,
        "ref": "7b109293-7a4c-468d-8233-634ff7097611",
        "at": "2026-11-22T04:00:00.000005Z",
        "timestamp": "2026-11-22T04:00:00.000005Z",
        "maybe_ref": None,
        "maybe_at": None,
    }
    assert b"_type_" not in kept.state
    assert SPOKEN.encode().split(b" ")[1] in kept.state, "Chinese stands as it is written"


def moved(state: dict[str, Any]) -> Note.Moved:
    topic = f"{__name__}:Note.Moved"
    event = rebuild(uuid4(), 2, topic, orjson.dumps(state))
    assert isinstance(event, Note.Moved)
    return event


def test_an_old_event_is_brought_to_the_present_version_step_by_step() -> None:
    first = moved({"timestamp": "2026-11-22T04:00:00Z", "hours": 2})
    assert (first.minutes, first.where) == (120, "home")
    second = moved({"class_version": 2, "hours": 3, "where": "office"})
    assert (second.minutes, second.where) == (180, "office")
    third = moved({"class_version": 3, "minutes": 5, "where": "office"})
    assert (third.minutes, third.where) == (5, "office")


def test_the_version_is_written_with_the_event() -> None:
    note = Note.note(
        text="", number=0, flag=False, ref=uuid4(), at=datetime.now(UTC), lines=[], details={}
    )
    note.trigger_event(Note.Moved, minutes=5, where="office")
    event = note.collect_events()[-1]
    kept = MAPPER.to_stored_event(event)
    assert json.loads(kept.state)["class_version"] == 3
    assert MAPPER.to_domain_event(kept) == event


def test_a_field_that_came_later_reads_as_its_default() -> None:
    state = {"text": "", "at": "2026-11-22T12:00:00+08:00"}
    event = rebuild(uuid4(), 1, f"{__name__}:Note.Noted", orjson.dumps(state))
    assert isinstance(event, Note.Noted)
    assert event.maybe_at is None
    assert event.at == datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
