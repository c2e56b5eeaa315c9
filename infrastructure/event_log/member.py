"""One append of one caller: its events, its command and its claims, as JSON."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from eventsourcing.persistence import StoredEvent

from application.commands import Command
from domain.claims import (
    AddSeats,
    Claim,
    ReleasePlace,
    ReleaseSeats,
    ReleaseUnique,
    ReleaseWorker,
    RemoveSeats,
    SetCapacity,
    TakePlace,
    TakeSeats,
    TakeUnique,
    TakeWorker,
    Unchanged,
)


@dataclass(slots=True)
class Member:
    """What one caller wants appended, all or nothing.

    `answer` is the command's answer as JSON text. Events of one member go to
    consecutive positions in the order given.
    """

    events: Sequence[StoredEvent]
    recorded_at: datetime
    command: Command | None = None
    answer: str = "{}"
    claims: Sequence[Claim] = field(default_factory=tuple)

    def keys(self) -> set[object]:
        """What no two members of a batch may share: each is checked once per batch."""
        keys: set[object] = {event.originator_id for event in self.events}
        if self.command is not None:
            keys.add(self.command.id)
        keys.update(key for claim in self.claims for key in _keys_of(claim))
        return keys

    def asks_the_same(self, body_mac: str) -> bool:
        """Whether the command known by this hash of its body is the member's own."""
        return self.command is not None and hmac.compare_digest(body_mac, self.command.body_mac)


def _keys_of(claim: Claim) -> tuple[object, ...]:
    match claim:
        case TakeUnique() | ReleaseUnique():
            return ((claim.kind, claim.key),)
        case Unchanged():  # nobody of the batch goes on with that stream
            return (claim.stream_id,)
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class Appended:
    """The member's events stand at `first`..`last`; last < first where it had none."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Known:
    """The member's command was carried out before."""

    body_mac: str
    position: int
    answer: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A version of one of the member's streams exists already, or one it rests on went on."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim of the member cannot be met."""

    claim: str


Result = Appended | Known | Conflict | Refused


Parameters = tuple[str, str | None, str | None]

_STALE: Final = "unchanged:"


def batch_json(members: Sequence[Member]) -> Parameters:
    """The parameters of log.append for these members: events, commands, claims."""
    events: list[dict[str, Any]] = []
    commands: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []
    for m, member in enumerate(members):
        _add_events(events, m, member)
        if member.command is not None:
            commands.append(_command(m, member, member.command, len(events)))
        if member.claims:
            claims.append(_claims(m, member))
    return _json(events), _json(commands) if commands else None, _json(claims) if claims else None


def results_of(members: Sequence[Member], told: str) -> list[Result]:
    """The answer of log.append as one result per member."""
    position, *rest = orjson.loads(told)
    left_out = {row[0]: _left_out(row) for row in rest[0]} if rest else {}
    results: list[Result] = []
    for m, member in enumerate(members):
        result = left_out.get(m)
        if result is None:
            count = len(member.events)
            result = Appended(position + 1, position + count)
            position += count
        results.append(result)
    return results


def _left_out(row: Sequence[Any]) -> Result:
    match row[1:]:
        case ["known", position, body_mac, answer]:
            return Known(body_mac, position, answer)
        case ["refused", str(claim)] if claim.startswith(_STALE):
            return Conflict()
        case ["refused", claim]:
            return Refused(claim)
        case _:
            return Conflict()


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _add_events(rows: list[dict[str, Any]], m: int, member: Member) -> None:
    command, at = member.command, member.recorded_at
    command_id, actor = (command.id, command.actor) if command else (None, "")
    rows.extend(
        {
            "m": m,
            "s": event.originator_id,
            "v": event.originator_version,
            "n": event.topic,
            "t": event.state.decode(),
            "r": at,
            "c": command_id,
            "a": actor,
        }
        for event in member.events
    )


def _command(m: int, member: Member, command: Command, up_to: int) -> dict[str, Any]:
    mac, answer = command.body_mac, member.answer
    return {"m": m, "id": command.id, "mac": mac, "answer": answer, "e": up_to}


def _claims(m: int, member: Member) -> dict[str, Any]:
    return {"m": m, "k": [_claim(claim) for claim in member.claims]}


def _claim(claim: Claim) -> dict[str, Any]:
    return {"do": _DOES[type(claim)], **_parameters(claim)}


def _parameters(claim: Claim) -> dict[str, Any]:
    match claim:
        case TakeUnique() | ReleaseUnique() | Unchanged():
            return _by_key(claim)
        case TakeWorker():
            interval = {"from": claim.starts_at, "to": claim.ends_at}
            return {"id": claim.claim_id, "worker": claim.worker, **interval}
        case TakeSeats():
            return {"id": claim.claim_id, **_slot(claim)}
        case SetCapacity() | AddSeats() | RemoveSeats():
            return _slot(claim)
        case TakePlace():
            place = {"kind": claim.kind, "holder": claim.holder, "most": claim.most}
            return {"id": claim.claim_id, **place}
        case _:
            return {"id": claim.claim_id}


def _by_key(claim: TakeUnique | ReleaseUnique | Unchanged) -> dict[str, Any]:
    if isinstance(claim, Unchanged):
        return {"stream": claim.stream_id, "version": claim.version}
    return {"kind": claim.kind, "key": claim.key}


_DOES: Final[dict[type[Claim], str]] = {
    TakeUnique: "take_unique",
    ReleaseUnique: "release_unique",
    Unchanged: "unchanged",
    TakeWorker: "take_worker",
    ReleaseWorker: "release_worker",
    TakeSeats: "take_seats",
    ReleaseSeats: "release_seats",
    SetCapacity: "set_capacity",
    AddSeats: "add_seats",
    RemoveSeats: "remove_seats",
    TakePlace: "take_place",
    ReleasePlace: "release_place",
}


def _slot(claim: TakeSeats | SetCapacity | AddSeats | RemoveSeats) -> dict[str, Any]:
    where = {"pool": claim.pool, "area": claim.area, "day": claim.day, "seats": claim.seats}
    if isinstance(claim, AddSeats | RemoveSeats):
        return {**where, "first": claim.first_slot, "end": claim.end_slot}
    return {**where, "slot": claim.slot}
