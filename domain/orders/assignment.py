"""Who does the work, and from when to when they are busy with it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

from domain.claims import Claim, ReleaseWorker, TakeWorker
from domain.errors import InvalidInputError
from domain.orders.errors import IntervalTooShortError
from domain.orders.windows import Window, bounds


class Taken(Protocol):
    """What an assignment and the events about it have in common."""

    @property
    def worker_number(self) -> int:
        """The leader's number."""

    @property
    def starts_at(self) -> datetime:
        """Busy from here."""

    @property
    def ends_at(self) -> datetime:
        """Busy up to here."""

    @property
    def members(self) -> list[dict[str, Any]] | None:
        """The rest of the crew."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """The person in charge (负责人), for a crew its leader (领队), and the busy interval.

    Attributes:
        starts_at: busy from here; travel before the service included.
        ends_at: busy up to here; travel after the service included.
        reasons: why this worker was chosen, in words.
        members: other members of a crew (队员), each {"worker_id", "worker_number"}.
    """

    worker_id: UUID
    worker_number: int
    starts_at: datetime
    ends_at: datetime
    reasons: list[str] = field(default_factory=list)
    members: list[dict[str, Any]] | None = None

    def facts(self) -> dict[str, Any]:
        """The fields as a copy of plain data."""
        return asdict(self)


def check_assignment(assignment: Assignment, windows: Iterable[Window]) -> None:
    """Check that the crew is of different people, busy during every window.

    Raises:
        InvalidInputError: somebody is named twice or has no number.
        IntervalTooShortError: a window is not covered.
    """
    numbers = [assignment.worker_number]
    numbers += [member["worker_number"] for member in assignment.members or []]
    if len(set(numbers)) < len(numbers) or min(numbers) < 1:
        raise InvalidInputError(field="members")
    for starts_at, ends_at in map(bounds, windows):
        if assignment.starts_at > starts_at or assignment.ends_at < ends_at:
            raise IntervalTooShortError


def intervals(order_id: UUID, taken: Taken) -> list[TakeWorker]:
    """The busy intervals that an assignment takes, one a person.

    The leader's is named after the order, a member's after order and worker.
    """
    crew = [(order_id, taken.worker_number)]
    for member in taken.members or []:
        number = member["worker_number"]
        crew.append((uuid5(order_id, f"worker:{number}"), number))
    return [TakeWorker(name, number, taken.starts_at, taken.ends_at) for name, number in crew]


def held_by(order_id: UUID, taken: Taken) -> tuple[str, ...]:
    """The names of those intervals, as a later event writes them when it frees them."""
    return tuple(str(interval.claim_id) for interval in intervals(order_id, taken))


def freed(releases: Iterable[str]) -> tuple[Claim, ...]:
    """The claims of an event that frees the named intervals."""
    return tuple(ReleaseWorker(UUID(name)) for name in releases)
