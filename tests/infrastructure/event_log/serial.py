"""The claims as one clerk would keep them, one event after the other: quick, and sceptical.

Unlike the fold of the tables it checks every claim before it keeps it, so it says
of any history whether each event was allowed at its position.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from domain.claims import (
    AddSeats,
    Claim,
    ReleasePlace,
    ReleaseSeats,
    ReleaseWorker,
    RemoveSeats,
    SetCapacity,
    TakePlace,
    TakeSeats,
    TakeUnique,
    TakeWorker,
)
from tests.infrastructure.event_log.claims_fold import Slot

Undo = Callable[[], object]


class Clerk:
    """Seats, workers, places and keys, as they stand after some events."""

    def __init__(self) -> None:
        self.unique: set[tuple[str, str]] = set()
        self.workers: dict[UUID, TakeWorker] = {}
        self.planned: Counter[Slot] = Counter()
        self.of_shifts: Counter[Slot] = Counter()
        self.sold: Counter[Slot] = Counter()
        self.held: defaultdict[UUID, list[TakeSeats]] = defaultdict(list)
        self.places: dict[UUID, tuple[str, str]] = {}

    def keep(self, claims: Iterable[Claim]) -> str:
        """Keep all, or none and say which cannot be met; "" where all can."""
        undo: list[Undo] = []
        for claim in claims:
            if not self._possible(claim):
                _undo(undo)
                return _name(claim)
            undo.append(self._apply(claim))
        return ""

    def refusal(self, claims: Iterable[Claim]) -> str:
        """Which of the claims cannot be met now; nothing is kept."""
        undo: list[Undo] = []
        refused = ""
        for claim in claims:
            if not self._possible(claim):
                refused = _name(claim)
                break
            undo.append(self._apply(claim))
        _undo(undo)
        return refused

    def free(self, slot: Slot) -> int:
        """How many seats are left; fewer than none where it is oversold."""
        return self.planned[slot] + self.of_shifts[slot] - self.sold[slot]

    def _possible(self, claim: Claim) -> bool:
        match claim:
            case TakeUnique():
                return (claim.kind, claim.key) not in self.unique
            case TakeWorker():
                return claim.claim_id not in self.workers and not any(
                    each.worker == claim.worker
                    and _overlap(each.starts_at, each.ends_at, claim.starts_at, claim.ends_at)
                    for each in self.workers.values()
                )
            case TakeSeats():
                return self.free(_slot(claim)) >= claim.seats
            case TakePlace():
                taken = list(self.places.values()).count((claim.kind, claim.holder))
                return taken < claim.most
            case _:
                return True

    def _apply(self, claim: Claim) -> Undo:
        """Keep one claim; returns what takes it back."""
        match claim:
            case TakeUnique():
                key = (claim.kind, claim.key)
                self.unique.add(key)
                return lambda: self.unique.remove(key)
            case TakeWorker():
                self.workers[claim.claim_id] = claim
                return lambda: self.workers.pop(claim.claim_id)
            case ReleaseWorker():
                before = dict(self.workers)
                self.workers.pop(claim.claim_id, None)
                return lambda: setattr(self, "workers", before)
            case TakePlace():
                self.places[claim.claim_id] = (claim.kind, claim.holder)
                return lambda: self.places.pop(claim.claim_id)
            case ReleasePlace():
                kept = dict(self.places)
                self.places.pop(claim.claim_id, None)
                return lambda: setattr(self, "places", kept)
            case _:
                return self._apply_to_seats(claim)

    def _apply_to_seats(self, claim: Claim) -> Undo:
        match claim:
            case TakeSeats():
                self._sell(claim, claim.seats)
                self.held[claim.claim_id].append(claim)
                return lambda: self._give_up([self.held[claim.claim_id].pop()])
            case ReleaseSeats():
                released = self.held.pop(claim.claim_id, [])
                self._give_up(released)
                return lambda: self._take_again(claim.claim_id, released)
            case SetCapacity():
                before = self.planned[_slot(claim)]
                self.planned[_slot(claim)] = claim.seats
                return lambda: self.planned.update({_slot(claim): before - claim.seats})
            case AddSeats():
                self._offer(claim, claim.seats)
                return lambda: self._offer(claim, -claim.seats)
            case RemoveSeats():
                self._offer(claim, -claim.seats)
                return lambda: self._offer(claim, claim.seats)
            case _:
                raise TypeError(claim)

    def _sell(self, claim: TakeSeats, seats: int) -> None:
        self.sold[_slot(claim)] += seats

    def _give_up(self, claims: Iterable[TakeSeats]) -> None:
        for claim in claims:
            self._sell(claim, -claim.seats)

    def _take_again(self, holder: UUID, claims: list[TakeSeats]) -> None:
        self.held[holder] = claims
        for claim in claims:
            self._sell(claim, claim.seats)

    def _offer(self, claim: AddSeats | RemoveSeats, seats: int) -> None:
        for number in range(claim.first_slot, claim.end_slot):
            self.of_shifts[claim.pool, claim.area, claim.day, number] += seats


def _undo(steps: list[Undo]) -> None:
    for step in reversed(steps):
        step()


def _overlap(start: datetime, end: datetime, other: datetime, other_end: datetime) -> bool:
    return start < other_end and other < end


def _slot(claim: TakeSeats | SetCapacity) -> Slot:
    return (claim.pool, claim.area, claim.day, claim.slot)


def _name(claim: Claim) -> str:
    """A claim as the log's refusal names it."""
    match claim:
        case TakeUnique():
            return f"{claim.kind}:{claim.key}"
        case TakeWorker():
            return f"worker:{claim.worker}"
        case TakeSeats():
            return f"seats:{claim.pool}/{claim.area}/{claim.day}/{claim.slot}"
        case TakePlace():
            return f"{claim.kind}:{claim.holder}"
        case _:
            raise TypeError(claim)
