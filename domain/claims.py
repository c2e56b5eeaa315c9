"""Claims: invariants across streams, taken and released by events.

An event says which claims it takes or releases; the append checks and keeps
them with the event, so the claims tables equal a fold of the log.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TakeUnique:
    """`key` of a `kind` belongs to one holder, e.g. an order number."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class ReleaseUnique:
    """The `key` may be taken again; only an outer identity ever is, all others stay taken."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The stream still ends at `version`: what a decision only read holds when it is written.

    Takes nothing. Where it cannot be met the decision is stale and made anew.
    """

    stream_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class TakeWorker:
    """The worker is busy in [starts_at, ends_at); travel buffer included.

    Two intervals of one worker never overlap. `claim_id` names the interval,
    for its release (the id of the order or visit that holds it).
    """

    claim_id: UUID
    worker: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseWorker:
    """The interval `claim_id` is free again; releasing nothing is no error."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class TakeSeats:
    """`seats` of the slot are taken, at most as many as its capacity."""

    claim_id: UUID
    pool: str
    area: str
    day: date
    slot: int
    seats: int = 1


@dataclass(frozen=True, slots=True)
class ReleaseSeats:
    """All seats taken under `claim_id` are free again."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class SetCapacity:
    """From here on the office plans `seats` seats for the slot; those already sold stay sold."""

    pool: str
    area: str
    day: date
    slot: int
    seats: int


@dataclass(frozen=True, slots=True)
class AddSeats:
    """The slots from `first_slot` up to, not including, `end_slot` have `seats` more, of shifts.

    They stand beside what the office planned: `SetCapacity` does not touch them.
    """

    pool: str
    area: str
    day: date
    first_slot: int
    end_slot: int
    seats: int = 1


@dataclass(frozen=True, slots=True)
class RemoveSeats:
    """The reverse of an `AddSeats`; those already sold stay sold, then the slot is oversold."""

    pool: str
    area: str
    day: date
    first_slot: int
    end_slot: int
    seats: int = 1


@dataclass(frozen=True, slots=True)
class TakePlace:
    """One of the `most` places that a `holder` has of a `kind`, under `claim_id`."""

    claim_id: UUID
    kind: str
    holder: str
    most: int


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """The place taken under `claim_id` is free again; releasing nothing is no error."""

    claim_id: UUID


Claim = (
    TakeUnique
    | ReleaseUnique
    | Unchanged
    | TakeWorker
    | ReleaseWorker
    | TakeSeats
    | ReleaseSeats
    | SetCapacity
    | AddSeats
    | RemoveSeats
    | TakePlace
    | ReleasePlace
)
