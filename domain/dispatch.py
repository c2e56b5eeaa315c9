"""Dispatch (派单): who suits a job, and why; a pure function, so every rank can be explained.

What forbids comes first (`obstacle`), what speaks for somebody is a sum of whole
points, one sentence each. More travel, more work that day or that week never gives
more points, and equals are told apart by their numbers alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from domain.customers import WorkerWish
from domain.time import Interval
from domain.travel import travel_minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done: a service in a district (GB/T 2260) in a time, travel not included."""

    service_code: str
    district: str
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A worker as the job sees them.

    Attributes:
        busy: other work and leave; intervals include its travel.
        on_leave: whether leave falls into the job's time.
        travel_minutes: from where the worker serves that day to the job.
        visits_that_day: orders assigned on the day of the job.
        visits_that_week: orders assigned from three days before to three days after.
        rostered_there: whether the shift of that day is in the job's district.
        best_rating: of the customer's earlier orders with this worker, 0 without.
    """

    worker_id: UUID
    number: int
    active: bool
    skills: tuple[str, ...]
    districts: tuple[str, ...]
    busy: tuple[Interval, ...] = ()
    on_leave: bool = False
    travel_minutes: int = 30
    visits_that_day: int = 0
    visits_that_week: int = 0
    rostered_there: bool = False
    wish: WorkerWish = WorkerWish.NONE
    best_rating: int = 0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a worker cannot be given the job."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A worker who can do the job; `reasons` say what the score consists of."""

    worker_id: UUID
    number: int
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much, in points."""

    preferred: int = 40
    liked: int = 20
    liked_from: int = 4
    near: int = 30
    minutes_a_point: int = 4
    rostered_there: int = 10
    specialist: int = 5
    visit_that_day: int = 8
    most_that_day: int = 40
    visit_that_week: int = 2
    most_that_week: int = 20


WEIGHTS: Final = Weights()

INACTIVE: Final = Obstacle("worker_not_active", "已停派或已离职")
UNSKILLED: Final = Obstacle("no_skill", "没有此项技能")
ELSEWHERE: Final = Obstacle("no_district", "不服务该区域")
EXCLUDED: Final = Obstacle("excluded", "客户已拉黑")
ON_LEAVE: Final = Obstacle("on_leave", "当时请假")
BUSY: Final = Obstacle("busy", "当时已有安排（含路途时间）")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who can do the job, best first, and why the others cannot, by number."""

    suggestions: tuple[Suggestion, ...] = ()
    obstacles: tuple[tuple[Candidate, Obstacle], ...] = ()


def rank(job: Job, candidates: Iterable[Candidate]) -> Ranking:
    """Everybody once: those who can do the job by falling score, then by number."""
    suggestions, obstacles = [], []
    for candidate in sorted(candidates, key=lambda each: each.number):
        hindered = obstacle(job, candidate)
        if hindered:
            obstacles.append((candidate, hindered))
        else:
            suggestions.append(suggestion(candidate))
    suggestions.sort(key=lambda each: (-each.score, each.number))
    return Ranking(tuple(suggestions), tuple(obstacles))


def obstacle(job: Job, candidate: Candidate) -> Obstacle | None:
    """The first thing that forbids it; None where nothing does."""
    reaches = any(job.district.startswith(own) for own in candidate.districts)
    needed = occupied(job.interval, candidate.travel_minutes)
    forbidden = (
        (not candidate.active, INACTIVE),
        (job.service_code not in candidate.skills, UNSKILLED),
        (not reaches, ELSEWHERE),
        (candidate.wish is WorkerWish.EXCLUDED, EXCLUDED),
        (candidate.on_leave, ON_LEAVE),
        (any(each.overlaps(needed) for each in candidate.busy), BUSY),
    )
    return next((found for applies, found in forbidden if applies), None)


def travel_to(district: str, day_area: str, districts: Iterable[str]) -> int:
    """Minutes to a job in `district` from where a worker is that day.

    That is the area of the day's shift; without a shift ("") the nearest of the
    districts where the worker serves.
    """
    origins = [day_area] if day_area else list(districts)
    return min(travel_minutes(origin, district) for origin in origins)


def occupied(interval: Interval, minutes: int) -> Interval:
    """The time of the work with so much travel before and after it."""
    travel = timedelta(minutes=minutes)
    return Interval(interval.starts_at - travel, interval.ends_at + travel)


def suggestion(candidate: Candidate) -> Suggestion:
    """The score and its sentences; those of nothing are left out."""
    parts = [(points, words) for points, words in _parts(candidate) if points]
    reasons = tuple(f"{words} {points:+d}" for points, words in parts)
    score = sum(points for points, _ in parts)
    return Suggestion(candidate.worker_id, candidate.number, score, reasons)


def _parts(candidate: Candidate, weights: Weights = WEIGHTS) -> Iterator[tuple[int, str]]:
    """Each part of the score, and its sentence."""
    yield weights.preferred * (candidate.wish is WorkerWish.PREFERRED), "客户指定"
    liked = candidate.best_rating >= weights.liked_from
    yield weights.liked * liked, f"曾为该客户服务，评价 {candidate.best_rating} 分"
    minutes = candidate.travel_minutes
    yield max(weights.near - minutes // weights.minutes_a_point, 0), f"路程约 {minutes} 分钟"
    yield weights.rostered_there * candidate.rostered_there, "当天在该区域排班"
    kinds = len(candidate.skills)
    yield max(weights.specialist - kinds, 0), f"技能专一（{kinds} 项）"
    day, week = candidate.visits_that_day, candidate.visits_that_week
    yield -min(day * weights.visit_that_day, weights.most_that_day), f"当天已有 {day} 单"
    yield -min(week * weights.visit_that_week, weights.most_that_week), f"前后一周 {week} 单"
