"""Workers (服务人员, 阿姨): who they are, what they can do and where."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.claims import Claim, TakeUnique
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.sealed import check_sealed

ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
LEFT: Final = "left"

_SKILL: Final = re.compile(r"[A-Z]{2}-[0-9]{2}")
_DISTRICT: Final = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}")


class WorkerNotActiveError(RuleViolationError):
    """The worker is suspended or has left."""

    code = "worker_not_active"
    sentence = "该服务人员已停派或已离职。"


class WorkerNotSuspendedError(RuleViolationError):
    """Only a suspended worker can be reinstated."""

    code = "worker_not_suspended"
    sentence = "该服务人员未被停派。"


@dataclass(frozen=True, kw_only=True)
class Engagement:
    """A new worker. `number` (工号) is for ever; name and phone are sealed."""

    number: int
    name: str
    phone: str
    skills: list[str]
    districts: list[str]


@stored_as("worker")
class Worker(EventSourced):
    """A worker; `skills` are service codes, `districts` 行政区划代码."""

    class Event(EventSourced.Event):
        """A fact about the worker; `by` stated it."""

        by: str

    class Registered(Event, EventSourced.Opened):
        """Staff engaged a worker (登记)."""

        number: int
        name: str
        phone: str
        skills: list[str]
        districts: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """A number is one worker's for ever."""
            return (TakeUnique("worker_number", str(self.number)),)

    class SkillsChanged(Event):
        """What the worker can do, and where, from now on."""

        skills: list[str]
        districts: list[str]

    class Suspended(Event):
        """No new work for the time being (停派)."""

        reason_code: str

    class Reinstated(Event):
        """New work again (恢复)."""

    class Left(Event):
        """The worker left the company (离职)."""

        reason_code: str

    @classmethod
    def register(cls, worker_id: UUID, engagement: Engagement, *, by: str, at: datetime) -> Self:
        """Engage a worker.

        Raises:
            InvalidInputError: no number, name or phone; clear text; bad codes.
        """
        _check_engagement(engagement)
        facts = asdict(engagement)
        return cls._create(cls.Registered, id=worker_id, timestamp=at, by=by, **facts)

    def change_skills(
        self, skills: list[str], districts: list[str], *, by: str, at: datetime
    ) -> None:
        """Replace skills and districts.

        Raises:
            WorkerNotActiveError: the worker has left.
            InvalidInputError: a code is malformed or named twice.
        """
        self._check_here()
        _check_reach(skills, districts)
        facts = {"skills": list(skills), "districts": list(districts)}
        self.trigger_event(self.SkillsChanged, timestamp=at, by=by, **facts)

    def suspend(self, reason_code: str, *, by: str, at: datetime) -> None:
        """Give no new work.

        Raises:
            WorkerNotActiveError: suspended already, or left.
        """
        if self.status != ACTIVE:
            raise WorkerNotActiveError
        self.trigger_event(self.Suspended, timestamp=at, by=by, reason_code=reason_code)

    def reinstate(self, *, by: str, at: datetime) -> None:
        """Give work again.

        Raises:
            WorkerNotSuspendedError: there is nothing to lift.
        """
        if self.status != SUSPENDED:
            raise WorkerNotSuspendedError
        self.trigger_event(self.Reinstated, timestamp=at, by=by)

    def leave(self, reason_code: str, *, by: str, at: datetime) -> None:
        """End the engagement for good.

        Raises:
            WorkerNotActiveError: it has ended.
        """
        self._check_here()
        self.trigger_event(self.Left, timestamp=at, by=by, reason_code=reason_code)

    def can_take(self, service_code: str, district: str) -> bool:
        """Whether the worker is active, has the skill and goes there.

        A worker's county code covers its streets and communities.
        """
        reaches = any(district.startswith(own) for own in self.districts)
        return self.status == ACTIVE and service_code in self.skills and reaches

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Worker.Registered():
                self.status = ACTIVE
                self.number = event.number
                self.name = event.name
                self.phone = event.phone
                self.skills = event.skills
                self.districts = event.districts
            case Worker.SkillsChanged():
                self.skills = event.skills
                self.districts = event.districts
            case Worker.Suspended():
                self.status = SUSPENDED
            case Worker.Reinstated():
                self.status = ACTIVE
            case Worker.Left():
                self.status = LEFT
            case _:
                super().evolve(event)

    def _check_here(self) -> None:
        if self.status == LEFT:
            raise WorkerNotActiveError


def _check_engagement(engagement: Engagement) -> None:
    if engagement.number < 1:
        raise InvalidInputError(field="number")
    if not (engagement.name and engagement.phone):
        raise InvalidInputError(field="name")
    check_sealed(name=engagement.name, phone=engagement.phone)
    _check_reach(engagement.skills, engagement.districts)


def _check_reach(skills: list[str], districts: list[str]) -> None:
    if not all(_SKILL.fullmatch(skill) for skill in skills) or len(set(skills)) < len(skills):
        raise InvalidInputError(field="skills")
    well_formed = all(_DISTRICT.fullmatch(district) for district in districts)
    if not well_formed or len(set(districts)) < len(districts):
        raise InvalidInputError(field="districts")
