"""The log as use cases see it: load aggregates, run a command once, save what changed."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import RecordConflictError

from application.commands import (
    BusyError,
    Command,
    CommandKnownError,
    Decision,
    KeyReusedError,
    Outcome,
    StoredCommand,
)
from domain.aggregate import EventSourced
from domain.claims import Claim, Unchanged
from domain.errors import NotFoundError

_ATTEMPTS = 5

AnyAggregate = TypeVar("AnyAggregate", bound=EventSourced)


class CommandRecords(Protocol):
    """The recorder's side of commands."""

    def find_command(self, command_id: UUID) -> StoredCommand | None:
        """What the log kept of a command."""
        ...


class Log:
    """Holds the one application of the library; safe to share between threads.

    `pause` sleeps a little, longer with each attempt; `mac_key` keys the hash
    under which bodies of commands are remembered.
    """

    def __init__(
        self, application: Application[UUID], mac_key: bytes, pause: Callable[[int], None]
    ) -> None:
        self._application = application
        self._mac_key = mac_key
        self._pause = pause

    def find(self, kind: type[AnyAggregate], stream_id: UUID) -> AnyAggregate | None:
        """The aggregate; None where the stream is empty or of another kind."""
        try:
            found: object = self._application.repository.get(stream_id, projector_func=_fold)
        except AggregateNotFoundError:
            return None
        return found if isinstance(found, kind) else None

    def load(self, kind: type[AnyAggregate], stream_id: UUID) -> AnyAggregate:
        """The aggregate. Raises NotFoundError."""
        found = self.find(kind, stream_id)
        if found is None:
            raise NotFoundError
        return found

    def version_of(self, stream_id: UUID) -> int:
        """The version of the stream's last event; 0 where there is none."""
        last = self._application.recorder.select_events(stream_id, desc=True, limit=1)
        return last[0].originator_version if last else 0

    def last_position(self) -> int:
        """The position of the log's last event; 0 of an empty log."""
        return self._application.recorder.max_notification_id() or 0

    def body_mac(self, body: bytes) -> str:
        """The keyed hash of what a command asks."""
        return hmac.new(self._mac_key, body, hashlib.sha256).hexdigest()

    def run(self, command: Command, decide: Callable[[], Decision]) -> Outcome:
        """Carry out `decide` and append what it changed, or find the stored answer.

        Raises KeyReusedError where the key came with another body, BusyError
        after five stale writes, ClaimRefusedError, CommitUnknownError, and
        whatever `decide` raises; then nothing is written.
        """
        stored = self._records.find_command(command.id)
        if stored is not None:
            return _repeat(command, stored)
        for attempt in range(_ATTEMPTS):
            try:
                return self._attempt(command, decide())
            except CommandKnownError as known:
                return _repeat(command, known.stored)
            except RecordConflictError:
                self._pause(attempt)
        raise BusyError

    @property
    def _records(self) -> CommandRecords:
        return cast("CommandRecords", self._application.recorder)

    def _attempt(self, command: Command, decision: Decision) -> Outcome:
        claims = _claims(decision)
        recordings = self._application.save(
            *decision.changed, command=command, answer=decision.answer, claims=claims
        )
        position = recordings[-1].notification.id if recordings else 0
        return Outcome(position, decision.answer, repeated=False)


def _claims(decision: Decision) -> list[Claim]:
    """What the events take and release, once what the decision rests on stands unchanged."""
    rests_on: list[Claim] = [Unchanged(each.id, each.version) for each in decision.unchanged]
    return rests_on + [
        claim
        for aggregate in decision.changed
        for event in aggregate.pending_events
        for claim in cast("EventSourced.Event", event).claims()
    ]


def _fold(
    initial: EventSourced | None, events: Iterable[EventSourced.Event]
) -> EventSourced | None:
    """The library's projector without its test of a protocol, which costs half the load."""
    aggregate = initial
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate


def _repeat(command: Command, stored: StoredCommand) -> Outcome:
    if not hmac.compare_digest(stored.body_mac, command.body_mac):
        raise KeyReusedError
    answer: Mapping[str, Any] = json.loads(stored.answer)
    return Outcome(stored.position, answer, repeated=True)
