"""What the claims tables should hold: the claims of the log's events, one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

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
)

Slot = tuple[str, str, date, int]


class Offered(NamedTuple):
    """The seats of a slot: what the office planned, and what shifts give."""

    planned: int = 0
    shifts: int = 0


@dataclass
class Claims:
    """The five tables; which of their numbered places a holder has is not told."""

    unique: set[tuple[str, str]] = field(default_factory=set)
    workers: dict[UUID, tuple[int, datetime, datetime]] = field(default_factory=dict)
    seats: dict[tuple[UUID, Slot], int] = field(default_factory=dict)
    capacity: dict[Slot, Offered] = field(default_factory=dict)
    places: dict[UUID, tuple[str, str]] = field(default_factory=dict)

    def meets(self, claims: Iterable[Claim]) -> bool:
        """Whether all can be taken, each after those before it; they are kept."""
        for claim in claims:
            if not self._possible(claim):
                return False
            self.apply(claim)
        return True

    def apply(self, claim: Claim) -> None:
        match claim:
            case TakeUnique() | ReleaseUnique():
                self._hold(claim)
            case TakeWorker():
                interval = (claim.worker, claim.starts_at, claim.ends_at)
                self.workers[claim.claim_id] = interval
            case ReleaseWorker():
                self.workers.pop(claim.claim_id, None)
            case TakeSeats():
                self.seats[claim.claim_id, _slot(claim)] = claim.seats
            case ReleaseSeats():
                kept = {k: n for k, n in self.seats.items() if k[0] != claim.claim_id}
                self.seats = kept
            case SetCapacity():
                of_shifts = self.offered(_slot(claim)).shifts
                self.capacity[_slot(claim)] = Offered(claim.seats, of_shifts)
            case AddSeats() | RemoveSeats():
                self._change(claim)
            case TakePlace():
                self.places[claim.claim_id] = (claim.kind, claim.holder)
            case ReleasePlace():
                self.places.pop(claim.claim_id, None)

    def _hold(self, claim: TakeUnique | ReleaseUnique) -> None:
        key = {(claim.kind, claim.key)}
        self.unique = self.unique | key if isinstance(claim, TakeUnique) else self.unique - key

    def offered(self, slot: Slot) -> Offered:
        """The seats of a slot, sold or not."""
        return self.capacity.get(slot, Offered())

    def _change(self, claim: AddSeats | RemoveSeats) -> None:
        more = claim.seats if isinstance(claim, AddSeats) else -claim.seats
        for number in range(claim.first_slot, claim.end_slot):
            slot = (claim.pool, claim.area, claim.day, number)
            planned, shifts = self.offered(slot)
            self.capacity[slot] = Offered(planned, shifts + more)

    def _possible(self, claim: Claim) -> bool:
        match claim:
            case TakeUnique():
                return (claim.kind, claim.key) not in self.unique
            case TakeWorker():
                return claim.claim_id not in self.workers and not any(
                    worker == claim.worker and start < claim.ends_at and claim.starts_at < end
                    for worker, start, end in self.workers.values()
                )
            case TakeSeats():
                sold = sum(n for (_, slot), n in self.seats.items() if slot == _slot(claim))
                new = (claim.claim_id, _slot(claim)) not in self.seats
                return new and sold + claim.seats <= sum(self.offered(_slot(claim)))
            case TakePlace():
                taken = list(self.places.values()).count((claim.kind, claim.holder))
                return claim.claim_id not in self.places and taken < claim.most
            case _:
                return True


def read_claims(connection: Connection) -> Claims:
    """The tables as they are."""
    rows = {
        name: connection.execute(text(f"select {columns} from log.{name}")).all()  # noqa: S608 - our own names
        for name, columns in _COLUMNS.items()
    }
    return Claims(
        {(r[0], r[1]) for r in rows["unique_claims"]},
        {r[0]: (r[1], r[2], r[3]) for r in rows["worker_claims"]},
        {(r[0], (r[1], r[2], r[3], r[4])): r[5] for r in rows["seat_claims"]},
        {(r[0], r[1], r[2], r[3]): Offered(r[4], r[5]) for r in rows["seat_capacity"]},
        {r[0]: (r[1], r[2]) for r in rows["place_claims"]},
    )


_COLUMNS = {
    "unique_claims": "kind, key",
    "worker_claims": "id, lower(worker), lower(during), upper(during)",
    "seat_claims": "id, pool, area, day, slot, seats",
    "seat_capacity": "pool, area, day, slot, seats, shifts",
    "place_claims": "id, kind, holder",
}


def _slot(claim: TakeSeats | SetCapacity) -> Slot:
    return (claim.pool, claim.area, claim.day, claim.slot)
