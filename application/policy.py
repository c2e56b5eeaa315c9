"""What a policy is: an event that causes a command or an outside call, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from application.clock import Clock
from application.commands import Command
from application.projections.projection import Recorded

_POLICIES = UUID("0d0a7c3e-8d1b-5a46-9b0f-3f2d5c1e7a44")


class Start(StrEnum):
    """Where a policy begins to read when it is installed."""

    BEGINNING = "beginning"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Errand:
    """An outside call to be made: a row of the outbox.

    Unique by (position, recipient, channel, template). `request_number` is the
    stable number under which the outside service sees the call, so that doing
    it twice is one effect. `payload` holds ids, never personal data. `due_at`
    is when the first call is made, at once where it is None.
    """

    channel: str
    template: str
    recipient: str
    request_number: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A command that falls due (期限): a row of the deadlines.

    Unique by (position, name, subject). `name` says in the event map what is
    done, `subject` what it is about, e.g. the order's id. What is done must be
    one effect however often it is done.
    """

    name: str
    subject: str
    due_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duty:
    """What is done when a deadline is due: a method of a service, which is found by its class."""

    service: type
    run: Callable[[Any, Deadline], None]


@dataclass(frozen=True, slots=True)
class Routine:
    """Upkeep that is done again and again (例行), whether or not anything happened."""

    every: timedelta
    run: Callable[[Any], None]


class TryLaterError(Exception):
    """It is not done yet, or whether it is done is unknown; the row stays waiting.

    `after` is how long to wait; None for growing pauses from 2 s to 10 min.
    """

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        self.after = after
        super().__init__(reason)


class Desk(Protocol):
    """What a policy may do while it handles one event."""

    @property
    def clock(self) -> Clock:
        """A policy may be late, and its facts say when they were decided."""
        ...

    def send(self, errand: Errand) -> None:
        """Write an outbox row; a repeat is the same row."""
        ...

    def remind(self, deadline: Deadline) -> None:
        """Write a deadline; a repeat is the same row."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """One reaction; runs once per event, never on a rebuild."""

    name: str
    starts: Start
    react: Callable[[Any, Desk, Recorded], None]


PolicyMap = dict[type[Aggregate.Event], tuple[Policy, ...]]


def policy_command(name: str, recorded: Recorded, at: datetime) -> Command:
    """The command a policy gives for an event; the same event gives the same command."""
    return Command(
        id=uuid5(_POLICIES, f"{name}:{recorded.position}"),
        actor=f"system:{name}",
        body_mac="",
        at=at,
    )
