"""Suggestions (派单建议): who suits an order, best first, with the reasons in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from application.log import Log
from domain.capacity import day_spans
from domain.customers import Customer, WorkerWish
from domain.dispatch import Candidate, Job, Ranking, obstacle, rank, travel_to
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.visits import visit_claim
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import bounds
from domain.shifts import Shift, shift_id
from domain.time import SHANGHAI, Interval, shanghai_day
from domain.workers import ACTIVE

# Whose work is looked at for a fair share: so long before and after the day of the job.
_WEEK: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Busy:
    """A claimed interval: an order's, a visit's or a leave's, travel included."""

    claim_id: UUID
    interval: Interval


class WorkerSchedule(Protocol):
    """Who there is, and when they are busy by the claims of the log."""

    def workers(self) -> Sequence[Mapping[str, Any]]:
        """All who have not left: worker_id, number, status, skills, districts."""
        ...

    def busy(self, numbers: Collection[int], interval: Interval) -> Mapping[int, Sequence[Busy]]:
        """Their claimed intervals that overlap `interval`, by worker number."""
        ...

    def best_ratings(self, customer_id: UUID) -> Mapping[UUID, int]:
        """The customer's best rating of each worker who served them; 0 without a rating."""
        ...


class Suggestions:
    """Ranks the workers for an order; reads only."""

    def __init__(self, log: Log, schedule: WorkerSchedule) -> None:
        self._log = log
        self._schedule = schedule

    def for_order(self, order_id: UUID, only: UUID | None = None) -> Ranking:
        """Everybody for the order, or one worker. Raises NotFoundError, PlanOfVisitsError."""
        order = self._log.load(ServiceOrder, order_id)
        own = {UUID(name) for name in order.held}
        return self._ranked(job_of(order), self._known(order.customer_id, only), own)

    def for_visit(self, order_id: UUID, number: int, only: UUID | None = None) -> Ranking:
        """Everybody for one visit of a plan, or one worker; whom the plan has is preferred.

        Raises NotFoundError.
        """
        order = self._log.load(HourlyWorkOrder, order_id)
        visit = order.visit(number)
        job = Job(
            service_code=order.service_code,
            district=order.contact["district"],
            interval=visit.time,
        )
        known = [_as_preferred(each, order) for each in self._known(order.customer_id, only)]
        return self._ranked(job, known, {visit_claim(order.id, number)})

    def reasons_for(self, order_id: UUID, worker_id: UUID) -> list[str]:
        """Why a worker suits an order; nothing where they are not suggested.

        Raises NotFoundError.
        """
        return _reasons(self.for_order(order_id, worker_id), worker_id)

    def reasons_for_visit(self, order_id: UUID, number: int, worker_id: UUID) -> list[str]:
        """Why a worker suits one visit of a plan; nothing where they are not suggested.

        Raises NotFoundError.
        """
        return _reasons(self.for_visit(order_id, number, worker_id), worker_id)

    def _ranked(self, job: Job, known: Sequence[Candidate], own: Collection[UUID]) -> Ranking:
        """`own` are the claims of the work itself, which makes nobody busy."""
        hindered = [each for each in known if obstacle(job, each)]
        free = [each for each in known if not obstacle(job, each)]
        return rank(job, [*hindered, *self._scheduled(job, own, free)])

    def _known(self, customer_id: UUID, only: UUID | None) -> list[Candidate]:
        """Everybody, or one worker, as far as no schedule is needed."""
        ratings = self._schedule.best_ratings(customer_id)
        customer = self._log.find(Customer, customer_id)
        wishes: Mapping[UUID, str] = customer.worker_wishes if customer else {}
        return [
            Candidate(
                worker_id=row["worker_id"],
                number=row["number"],
                active=row["status"] == ACTIVE,
                skills=tuple(row["skills"]),
                districts=tuple(row["districts"]),
                wish=WorkerWish(wishes.get(row["worker_id"], WorkerWish.NONE)),
                best_rating=ratings.get(row["worker_id"], 0),
            )
            for row in self._schedule.workers()
            if only in {None, row["worker_id"]}
        ]

    def _scheduled(
        self, job: Job, own: Collection[UUID], candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """The same with what their days hold."""
        numbers = [each.number for each in candidates]
        busy = self._schedule.busy(numbers, _week_around(job.interval))
        return [
            self._with_day(
                job, each, [b for b in busy.get(each.number, ()) if b.claim_id not in own]
            )
            for each in candidates
        ]

    def _with_day(self, job: Job, candidate: Candidate, busy: Sequence[Busy]) -> Candidate:
        shift = self._log.find(Shift, shift_of(candidate.worker_id, job.interval))
        area = shift.duty.area if shift and shift.duty else ""
        leaves = shift.leaves if shift else {}
        visits = [each.interval for each in busy if each.claim_id not in leaves]
        day = _day_of(job.interval.starts_at)
        return replace(
            candidate,
            busy=tuple(each.interval for each in busy),
            on_leave=_overlaps(job.interval, leaves.values()),
            travel_minutes=travel_to(job.district, area, candidate.districts),
            visits_that_day=sum(each.overlaps(day) for each in visits),
            visits_that_week=len(visits),
            rostered_there=bool(area) and job.district.startswith(area),
        )


def job_of(order: ServiceOrder) -> Job:
    """What the order asks of a worker: from its first window that needs the crew to its last.

    Raises PlanOfVisitsError for a plan, whose visits are given out one by one.
    """
    spans = [bounds(each) for each in order.windows_to_cover() or order.windows]
    interval = Interval(min(start for start, _ in spans), max(end for _, end in spans))
    return Job(
        service_code=order.service_code, district=order.contact["district"], interval=interval
    )


def _as_preferred(candidate: Candidate, plan: HourlyWorkOrder) -> Candidate:
    """The plan's own worker counts as preferred, unless the customer told otherwise since."""
    named = candidate.worker_id == plan.preferred_worker_id
    if not named or candidate.wish is not WorkerWish.NONE:
        return candidate
    return replace(candidate, wish=WorkerWish.PREFERRED)


def _reasons(ranking: Ranking, worker_id: UUID) -> list[str]:
    found = ranking.suggestions
    return next((list(each.reasons) for each in found if each.worker_id == worker_id), [])


def shift_of(worker_id: UUID, interval: Interval) -> UUID:
    """The stream of the worker's day on which the work begins."""
    return shift_id(worker_id, shanghai_day(interval.starts_at))


def _day_of(at: datetime) -> Interval:
    midnight = datetime.combine(shanghai_day(at), time(), SHANGHAI)
    return Interval(midnight, midnight + timedelta(days=1))


def _week_around(interval: Interval) -> Interval:
    first, last = _day_of(interval.starts_at), _day_of(interval.ends_at)
    return Interval(first.starts_at - _WEEK, last.ends_at + _WEEK)


def _overlaps(interval: Interval, leaves: Collection[tuple[int, int]]) -> bool:
    """Whether leave (slots of the first day) falls into the work."""
    span = next(iter(day_spans(interval.starts_at, interval.ends_at)))
    return any(first < span["end"] and span["first"] < end for first, end in leaves)
