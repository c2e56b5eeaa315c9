"""Who suits a job: what forbids, what speaks for somebody, and that neither depends on chance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers import WorkerWish
from domain.dispatch import (
    BUSY,
    ELSEWHERE,
    EXCLUDED,
    INACTIVE,
    ON_LEAVE,
    UNSKILLED,
    Candidate,
    Job,
    Obstacle,
    obstacle,
    occupied,
    rank,
    suggestion,
    travel_to,
)
from domain.time import Interval

Fields: TypeAlias = Any  # whatever fields the thing has
NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)
VISIT = Interval(NINE, NINE + timedelta(hours=2))
JOB = Job(service_code="BJ-01", district="110105", interval=VISIT)


def candidate(number: int = 7, **changes: Fields) -> Candidate:
    usual = Candidate(
        worker_id=UUID(int=number),
        number=number,
        active=True,
        skills=("BJ-01", "BJ-02"),
        districts=("110105",),
    )
    return replace(usual, **changes)


def busy(from_hours: float, to_hours: float) -> tuple[Interval, ...]:
    """Busy so many hours after nine."""
    return (Interval(NINE + timedelta(hours=from_hours), NINE + timedelta(hours=to_hours)),)


candidates = st.builds(
    candidate,
    number=st.integers(1, 50),
    active=st.booleans(),
    skills=st.sampled_from([("BJ-01",), ("BJ-01", "BJ-02", "XS-01"), ("GX-01",)]),
    districts=st.sampled_from([("110105",), ("110108", "110105"), ("110108",)]),
    busy=st.sampled_from([(), busy(-3, -1), busy(1, 3)]),
    on_leave=st.booleans(),
    travel_minutes=st.integers(30, 120),
    visits_that_day=st.integers(0, 6),
    visits_that_week=st.integers(0, 12),
    rostered_there=st.booleans(),
    wish=st.sampled_from(WorkerWish),
    best_rating=st.integers(0, 5),
)
crews = st.lists(candidates, max_size=8, unique_by=lambda each: each.number)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"active": False}, INACTIVE),
        ({"skills": ("GX-01",)}, UNSKILLED),
        ({"districts": ("110108",)}, ELSEWHERE),
        ({"wish": WorkerWish.EXCLUDED}, EXCLUDED),
        ({"on_leave": True}, ON_LEAVE),
        ({"busy": busy(1, 3)}, BUSY),
        ({"busy": busy(-2, -0.25)}, BUSY),  # too near before: the road takes half an hour
        ({"busy": busy(2.25, 4)}, BUSY),
    ],
)
def test_who_cannot_do_the_job_is_not_suggested_and_is_told_why(
    changes: dict[str, Any], expected: Obstacle
) -> None:
    hindered = candidate(**changes)
    ranking = rank(JOB, [hindered])
    assert ranking.suggestions == ()
    assert ranking.obstacles == ((hindered, expected),)


def test_work_that_leaves_time_for_the_road_is_no_obstacle() -> None:
    assert obstacle(JOB, candidate(busy=busy(-2, -0.5) + busy(2.5, 4))) is None


def test_a_county_code_covers_its_streets() -> None:
    street = replace(JOB, district="110105026")
    assert obstacle(street, candidate()) is None


def test_the_reasons_say_what_the_score_consists_of() -> None:
    liked = candidate(
        wish=WorkerWish.PREFERRED,
        best_rating=5,
        rostered_there=True,
        visits_that_day=2,
        visits_that_week=5,
    )
    found = suggestion(liked)
    assert found.reasons == (
        "客户指定 +40",
        "曾为该客户服务，评价 5 分 +20",
        "路程约 30 分钟 +23",
        "当天在该区域排班 +10",
        "技能专一（2 项） +3",
        "当天已有 2 单 -16",
        "前后一周 5 单 -10",
    )
    assert found.score == 40 + 20 + 23 + 10 + 3 - 16 - 10


def test_a_rating_below_four_is_no_recommendation() -> None:
    assert suggestion(candidate(best_rating=3)) == suggestion(candidate())
    assert suggestion(candidate(best_rating=4)).score == suggestion(candidate()).score + 20


def test_equals_are_told_apart_by_their_numbers() -> None:
    ranking = rank(JOB, [candidate(9), candidate(3), candidate(5)])
    assert [each.number for each in ranking.suggestions] == [3, 5, 9]


@given(crew=crews, chance=st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_asked_changes_nothing(
    crew: list[Candidate], chance: Random
) -> None:
    mixed = [*crew]
    chance.shuffle(mixed)
    assert rank(JOB, mixed) == rank(JOB, crew)


@given(crew=crews)
def test_everybody_is_told_of_once_and_the_best_come_first(crew: list[Candidate]) -> None:
    ranking = rank(JOB, crew)
    suggested = [each.number for each in ranking.suggestions]
    hindered = [each.number for each, _ in ranking.obstacles]
    assert sorted(suggested + hindered) == sorted(each.number for each in crew)
    scores = [each.score for each in ranking.suggestions]
    assert scores == sorted(scores, reverse=True)


@given(crew=crews)
def test_nobody_whom_the_customer_excluded_is_ever_suggested(crew: list[Candidate]) -> None:
    excluded = {each.number for each in crew if each.wish is WorkerWish.EXCLUDED}
    assert not excluded & {each.number for each in rank(JOB, crew).suggestions}


@given(
    one=candidates,
    name=st.sampled_from(["travel_minutes", "visits_that_day", "visits_that_week"]),
    more=st.integers(0, 60),
)
def test_farther_away_or_busier_never_scores_higher(one: Candidate, name: str, more: int) -> None:
    worse = replace(one, **{name: getattr(one, name) + more})
    assert suggestion(worse).score <= suggestion(one).score


@given(one=candidates)
def test_the_sentences_add_up_to_the_score(one: Candidate) -> None:
    found = suggestion(one)
    assert sum(int(reason.rsplit(" ", 1)[1]) for reason in found.reasons) == found.score


def test_the_road_begins_where_the_shift_of_the_day_is() -> None:
    assert travel_to("110105", "110105", ["110108"]) == 30
    assert travel_to("110105", "110108", ["110105"]) > 30


def test_without_a_shift_the_nearest_district_of_the_worker_counts() -> None:
    assert travel_to("110105", "", ["110118", "110105"]) == 30


def test_who_travels_is_busy_before_and_after() -> None:
    half_an_hour = timedelta(minutes=30)
    expected = Interval(VISIT.starts_at - half_an_hour, VISIT.ends_at + half_an_hour)
    assert occupied(VISIT, 30) == expected
