"""Visits of a plan (每次上门): where each stands, and which of them are paid for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from domain.capacity import HeldSeats, held_seats
from domain.claims import Claim, ReleaseSeats, ReleaseWorker
from domain.errors import NotFoundError, RuleViolationError
from domain.orders.errors import WrongStageError
from domain.orders.stages import HOME_VISIT, STAGE_LABELS, Stage
from domain.orders.windows import Window, bounds, window
from domain.time import Interval, shanghai_day

# Where a visit's seats are: held since the booking, taken by the very event, or
# there were none and the dispatcher has to see (待确认).
HELD: Final = "held"
TAKEN: Final = "taken"
MISSING: Final = "missing"

# A customer may move or skip a visit until then (catalogue sheet, d3: free of charge).
NOTICE: Final = timedelta(hours=24)
# A moved visit takes place within so many days of its day (catalogue sheet, d3).
LONGEST_MOVE: Final = timedelta(days=30)

# Nobody will come any more, or somebody has been there.
GONE: Final = frozenset({Stage.SKIPPED, Stage.CANCELLED})
OVER: Final = GONE | {Stage.VISIT_COMPLETED}
# The worker has not set off.
NOT_BEGUN: Final = frozenset({Stage.SCHEDULED, Stage.AWAITING_ACCEPTANCE, Stage.ACCEPTED})
GIVEN: Final = frozenset({Stage.AWAITING_ACCEPTANCE, Stage.ACCEPTED})
# Somebody is to come, or should be, and is not there.
WAITED_FOR: Final = NOT_BEGUN | {Stage.DEPARTED}


class PlanOfVisitsError(WrongStageError):
    """The command is for an order that is one piece of work; a plan's visits have their own."""

    code = "plan_of_visits"
    sentence = "长期计划按次派单和服务，请对每次服务操作；不再继续请终止计划。"


class VisitNotFoundError(NotFoundError):
    """The plan has no visit of this number."""

    code = "visit_not_found"
    sentence = "没有找到这次上门服务。"


class WrongVisitStageError(RuleViolationError):
    """The command does not belong to the stage the visit is in."""

    code = "wrong_visit_stage"
    sentence = "本次服务当前为“{label}”，不能进行此操作。"


class VisitNotPaidError(RuleViolationError):
    """The visit lies beyond what was paid for (R10)."""

    code = "visit_not_paid"
    sentence = "本次服务所在周期尚未付款，续费后才能派单。"


class NoticeTooShortError(RuleViolationError):
    """The customer asks less than a day before."""

    code = "notice_too_short"
    sentence = "距上门不足 24 小时，请联系客服处理。"


class VisitOverlapsError(RuleViolationError):
    """Another visit of the plan is at that time."""

    code = "visit_overlaps"
    sentence = "该时间与本计划的另一次服务重叠。"


class VisitUnderWayError(RuleViolationError):
    """A worker is on the way or at work."""

    code = "visit_under_way"
    sentence = "有一次服务正在进行，结束后才能终止计划。"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit.

    Attributes:
        day: the day of the pattern to which it belongs, wherever it was moved.
        seats: HELD, TAKEN or MISSING.
        given_version: the plan's version when the present worker was given it.
        reported_at: when the field last told something of it.
        moved: the customer agreed another time for this one alone.
        frees_day: given up with its pattern or by a pause, so that its day may
            have another visit.
    """

    number: int
    day: date
    starts_at: datetime
    ends_at: datetime
    seats: str
    stage: str = Stage.SCHEDULED.value
    worker_id: UUID | None = None
    worker_number: int = 0
    given_version: int = 0
    reported_at: datetime | None = None
    moved: bool = False
    frees_day: bool = False

    @property
    def time(self) -> Interval:
        """From when to when."""
        return Interval(self.starts_at, self.ends_at)

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)

    @property
    def window(self) -> Window:
        """The time as events store it."""
        return window("service", self.starts_at, self.ends_at)


Visits = Mapping[int, Visit]


def minutes_of(time: Window) -> int:
    """How long a window lasts, in minutes."""
    starts_at, ends_at = bounds(time)
    return (ends_at - starts_at) // timedelta(minutes=1)


def visit_claim(order_id: UUID, number: int) -> UUID:
    """The name under which a visit's seats and its worker's time are held."""
    return uuid5(order_id, f"visit:{number}")


def visit_seats(service_code: str, area: str, time: Window) -> HeldSeats:
    """What a visit holds of its pool: one seat."""
    return held_seats(service_code, area, [time], 1)


def freed_visits(releases: Iterable[str]) -> tuple[Claim, ...]:
    """The claims of an event that frees the seats and workers held under these names."""
    names = [UUID(name) for name in releases]
    return (*(ReleaseWorker(name) for name in names), *(ReleaseSeats(name) for name in names))


def planned(number: int, day: date, time: Window, seats: str) -> dict[str, Any]:
    """A visit as the events that schedule it store it."""
    return {"visit": number, "day": day.isoformat(), "window": time, "seats": seats}


def visit_of(plain: Mapping[str, Any]) -> Visit:
    """The visit that such an event schedules."""
    starts_at, ends_at = bounds(plain["window"])
    return Visit(
        number=plain["visit"],
        day=date.fromisoformat(plain["day"]),
        starts_at=starts_at,
        ends_at=ends_at,
        seats=plain["seats"],
    )


def first_visits(windows: Iterable[Window]) -> list[dict[str, Any]]:
    """The visits whose seats a booking holds, numbered from 1."""
    return [
        planned(number, shanghai_day(bounds(each)[0]), each, HELD)
        for number, each in enumerate(windows, start=1)
    ]


def upcoming(visits: Visits) -> list[Visit]:
    """The visits still to be done; those that a worker has come first, then by time.

    So a worker's visit stays paid for when another is moved before it.
    """
    open_ones = [each for each in visits.values() if each.stage not in OVER]
    return sorted(
        open_ones, key=lambda each: (each.stage == Stage.SCHEDULED, each.starts_at, each.number)
    )


def covered(visits: Visits, minutes: int) -> list[int]:
    """The numbers of the visits for which `minutes` of prepaid work last, in their order."""
    numbers = []
    for each in upcoming(visits):
        minutes -= each.minutes
        if minutes < 0:
            break
        numbers.append(each.number)
    return numbers


def check_visit_stage(visit: Visit, stages: Collection[str]) -> None:
    """Raise WrongVisitStageError unless the visit is at one of these stages."""
    if visit.stage not in stages:
        raise WrongVisitStageError(label=STAGE_LABELS[visit.stage])


def check_follows(visit: Visit, stage: str) -> None:
    """Raise WrongVisitStageError unless a stage follows the visit's (到家单)."""
    if stage not in HOME_VISIT.get(visit.stage, frozenset()):
        raise WrongVisitStageError(label=STAGE_LABELS[visit.stage])
