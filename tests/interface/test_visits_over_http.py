"""Visits of a plan are dispatched like other work: suggested, answered, watched, seated."""

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from application.capacity import SeatPlan
from application.commands import Command
from domain.time import shanghai_day
from tests.conftest import Database
from tests.interface.plans import (
    FIELD,
    OFFICE,
    ORDERS,
    Plan,
    active,
    booked,
    close_day,
    maid,
    open_hourly_seats,
    stages,
)
from tests.interface.town import DISTRICT, Json, Town, town_of
from tests.interface.visits import all_exceptions, assert_refused

MINUTE = timedelta(minutes=1)
HALF_AN_HOUR = timedelta(minutes=30)
ONE_BY_ONE = "长期计划按次派单和服务，请对每次服务操作；不再继续请终止计划。"


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    """A town with seats for hourly work."""
    with town_of(module_database) as running:
        open_hourly_seats(running)
        yield running


def suggested(plan: Plan, number: int, which: str = "suggestions") -> dict[str, Json]:
    plan.town.catch_up()
    path = f"{OFFICE}/{plan.id}/visits/{number}/suggestions"
    return {each["worker_id"]: each for each in plan.office.read(path, limit=100)[which]}


def stated(plan: Plan, name: str) -> list[Json]:
    """The facts of one kind, as the log has them."""
    query = text("select state from log.events where stream_id = :id and name = :name")
    values = {"id": UUID(plan.id), "name": f"hourly_order.{name}"}
    with plan.town.house.engine.connect() as connection:
        return [json.loads(each) for each in connection.execute(query, values).scalars()]


def exceptions(plan: Plan) -> list[Json]:
    plan.town.catch_up()
    return [each for each in all_exceptions(plan.office) if each["order_id"] == plan.id]


def open_kinds(plan: Plan) -> list[tuple[str, int]]:
    return [
        (each["kind"], each["details"]["visit"])
        for each in exceptions(plan)
        if each["resolved_at"] is None
    ]


def start_of(plan: Plan, number: int) -> datetime:
    return datetime.fromisoformat(plan.visits()[f"visit-{number:04d}"]["starts_at"])


def wait_until(plan: Plan, moment: datetime) -> None:
    plan.town.let_pass(moment - plan.town.clock.now(), step=timedelta(hours=6))


# -- suggestions


@pytest.mark.requirement("R21")
def test_a_visit_has_suggestions_of_its_own_and_the_assignment_keeps_the_reasons(
    town: Town,
) -> None:
    plan, worker = active(town), maid(town)
    reasons = suggested(plan, 2)[worker]["reasons"]
    assert reasons == ["路程约 30 分钟 +23", "技能专一（2 项） +3"]
    plan.tell("visits/2/assignment", {"worker_id": worker})
    (kept,) = stated(plan, "visit_assigned")
    assert kept["reasons"] == reasons
    other = maid(town)
    reasons = suggested(plan, 2)[other]["reasons"]
    plan.tell("visits/2/reassignment", {"worker_id": other, "reason_code": "ill"})
    (kept,) = stated(plan, "visit_reassigned")
    assert reasons
    assert kept["reasons"] == reasons


def test_who_has_another_visit_then_is_not_suggested_and_their_own_makes_nobody_busy(
    town: Town,
) -> None:
    plan, other, worker = active(town), active(town), maid(town)
    plan.tell("visits/2/assignment", {"worker_id": worker})
    assert suggested(other, 2, "unsuited")[worker]["code"] == "busy"
    assert suggested(other, 1)[worker]["score"] > 0
    assert suggested(plan, 2)[worker]["score"] > 0


def test_the_plans_own_worker_is_preferred(town: Town) -> None:
    worker = maid(town)
    plan = active(town, preferred_worker_id=worker)
    assert "客户指定 +40" in suggested(plan, 1)[worker]["reasons"]
    town.catch_up()
    assert "客户指定 +40" not in suggested(active(town), 1)[worker]["reasons"]


def test_a_visit_that_is_not_there_has_no_suggestions(town: Town) -> None:
    plan = active(town)
    answer = plan.office.get(f"{OFFICE}/{plan.id}/visits/99/suggestions")
    assert_refused(answer, 404, "visit_not_found", "没有找到这次上门服务。")
    single = town.paid(town.customer(), service_code="XS-01", quantity=120)
    answer = plan.office.get(f"{OFFICE}/{single['order_id']}/visits/1/suggestions")
    assert answer.status_code == 404


# -- the plan is no single piece of work


@pytest.mark.parametrize("paid", [True, False], ids=["running", "unpaid"])
def test_a_plan_is_not_given_out_or_moved_as_a_whole(town: Town, *, paid: bool) -> None:
    plan = active(town) if paid else booked(town)
    path, when = f"{OFFICE}/{plan.id}", {"starts_at": town.tomorrow(11).isoformat()}
    answers = [
        plan.office.get(f"{path}/suggestions"),
        plan.office.post(f"{path}/assignment", {"crew": [maid(town)]}),
        plan.office.post(f"{path}/acceptance"),
        plan.office.post(f"{path}/refusal", {"reason_code": "far"}),
        plan.customer.get(f"{ORDERS}/{plan.id}/rescheduling", **when),
        plan.office.post(f"{path}/rescheduling", {**when, "reason_code": "customer"}),
    ]
    for answer in answers:
        assert_refused(answer, 409, "plan_of_visits", ONE_BY_ONE)


def test_a_running_plan_is_neither_reported_nor_cancelled_as_a_whole(town: Town) -> None:
    plan = active(town)
    bodies: dict[str, Json] = {
        "progress": {"stage": "departed"},
        "completion": {},
        "cancellation": {"reason_code": "customer"},
    }
    for what, body in bodies.items():
        answer = plan.office.post(f"{OFFICE}/{plan.id}/{what}", body)
        assert_refused(answer, 409, "plan_of_visits", ONE_BY_ONE)
    assert plan.view()["stage"] == "plan_active"


# -- who does not answer


def test_a_visit_that_is_not_accepted_in_time_is_taken_back(town: Town) -> None:
    plan, worker = active(town), maid(town)
    plan.tell("visits/2/assignment", {"worker_id": worker})
    town.let_pass(HALF_AN_HOUR - MINUTE, MINUTE)
    assert stages(plan)[1] == "awaiting_acceptance"
    town.let_pass(2 * MINUTE)
    assert stages(plan)[1] == "scheduled"
    (found,) = exceptions(plan)
    assert (found["kind"], found["kind_label"]) == ("timeout", "超时未接")
    assert found["details"] == {"visit": 2, "worker_id": worker}
    (declined,) = stated(plan, "visit_declined")
    assert (declined["reason_code"], declined["by"]) == ("timeout", "system:visit_watch")
    plan.tell("visits/2/assignment", {"worker_id": worker})  # the claims are free again
    assert open_kinds(plan) == []


def test_the_time_of_an_earlier_assignment_takes_no_visit_back(town: Town) -> None:
    plan, worker = active(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": worker})
    town.let_pass(20 * MINUTE, 5 * MINUTE)
    plan.tell("visits/1/refusal", {"reason_code": "far", "note": "路太远"})
    assert open_kinds(plan) == [("refused", 1)]
    plan.tell("visits/1/assignment", {"worker_id": worker})  # the same worker, anew
    assert open_kinds(plan) == []
    town.let_pass(15 * MINUTE, 5 * MINUTE)
    assert stages(plan)[0] == "awaiting_acceptance"
    town.let_pass(20 * MINUTE, 5 * MINUTE)
    assert stages(plan)[0] == "scheduled"


def test_all_visits_that_go_over_to_another_worker_await_an_answer(town: Town) -> None:
    plan, old, new = active(town), maid(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": old, "scope": "this_and_later"})
    plan.tell("visits/1/acceptance", {"scope": "this_and_later"})
    town.let_pass(HALF_AN_HOUR + MINUTE, 5 * MINUTE)
    assert stages(plan)[:4] == ["accepted"] * 4
    first_day = str(shanghai_day(start_of(plan, 3)))
    swap = {"worker_id": new, "first_day": first_day, "reason_code": "customer"}
    plan.tell("plan/worker", swap)
    town.let_pass(HALF_AN_HOUR + MINUTE, 5 * MINUTE)
    assert stages(plan)[:4] == ["accepted"] * 2 + ["scheduled"] * 2
    assert open_kinds(plan) == [("timeout", 3), ("timeout", 4)]


def test_a_worker_accepts_only_what_they_were_given_from_a_visit_on(town: Town) -> None:
    plan, one, other = active(town), maid(town), maid(town)
    for number, worker in ((1, one), (2, one), (3, other), (4, one)):
        plan.tell(f"visits/{number}/assignment", {"worker_id": worker})
    plan.tell("visits/2/acceptance", {"scope": "this_and_later"})
    waiting = "awaiting_acceptance"
    assert stages(plan)[:4] == [waiting, "accepted", waiting, "accepted"]


# -- who does not come


def test_nobody_there_ten_minutes_after_its_start_is_late_visit_by_visit(town: Town) -> None:
    plan, worker = active(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": worker, "scope": "this_and_later"})
    plan.tell("visits/1/acceptance", {"scope": "this_and_later"})
    plan.tell("visits/1/progress", {"stage": "departed"})
    wait_until(plan, start_of(plan, 1) + 9 * MINUTE)
    assert open_kinds(plan) == []
    town.let_pass(2 * MINUTE)
    assert open_kinds(plan) == [("late", 1)]
    for stage in FIELD[1:]:
        plan.tell("visits/1/progress", {"stage": stage})
    wait_until(plan, start_of(plan, 2) + 11 * MINUTE)
    assert open_kinds(plan) == [("late", 1), ("late", 2)]


def test_who_arrived_or_has_another_time_is_not_late(town: Town) -> None:
    plan, worker = active(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": worker, "scope": "this_and_later"})
    plan.tell("visits/1/acceptance", {"scope": "this_and_later"})
    for stage in FIELD[:2]:
        plan.tell("visits/1/progress", {"stage": stage})
    later = start_of(plan, 2) + timedelta(days=1)
    body = {"starts_at": later.isoformat(), "reason_code": "ill", "consent": "phone"}
    plan.tell("visits/2/move", body)
    plan.tell("visits/3/skip", {"reason_code": "away"})
    wait_until(plan, start_of(plan, 3) + timedelta(hours=1))
    assert open_kinds(plan) == []


def test_an_interrupted_visit_is_an_exception_until_it_goes_on(town: Town) -> None:
    plan, worker = active(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": worker})
    plan.tell("visits/1/acceptance")
    for stage in (*FIELD[:3], "interrupted"):
        plan.tell("visits/1/progress", {"stage": stage})
    assert open_kinds(plan) == [("interrupted", 1)]
    plan.tell("visits/1/progress", {"stage": "in_service"})
    assert open_kinds(plan) == []


# -- seats


def open_day(town: Town, day: Json) -> None:
    plan = SeatPlan(pool="hourly", area=DISTRICT, day=day, starts=time(), ends=time(), seats=50)
    key = UUID(int=day.toordinal())
    town.house.capacity.set_seats(plan, Command(key, "system:test", "", town.clock.now()))


def to_confirm(plan: Plan) -> list[bool]:
    return [each["facts"]["to_confirm"] for each in plan.visits().values()]


def test_a_visit_without_a_seat_looks_for_it_day_by_day(town: Town) -> None:
    far = [shanghai_day(town.clock.now()) + timedelta(days=1, weeks=week) for week in (4, 5)]
    for day in far:
        close_day(town, day)
    plan = active(town)
    town.let_pass(timedelta(days=1), step=timedelta(hours=12))
    assert to_confirm(plan)[4:6] == [True, True]
    open_day(town, far[0])
    town.let_pass(timedelta(days=1), step=timedelta(hours=12))
    assert to_confirm(plan)[4:6] == [False, True]
    (seated,) = stated(plan, "visit_seated")
    assert (seated["visit"], seated["by"]) == (5, "system:plans")
    body = {"starts_at": (start_of(plan, 6) + timedelta(days=1)).isoformat()}
    plan.tell("visits/6/move", {**body, "reason_code": "full", "consent": "phone"})
    assert to_confirm(plan)[5] is False


def test_the_daily_look_ends_with_the_plan(town: Town) -> None:
    plan = active(town)
    plan.ask("plan/end")
    town.let_pass(timedelta(days=2), step=timedelta(hours=12))
    assert waiting_deadlines(town, plan) == []


def waiting_deadlines(town: Town, plan: Plan) -> list[str]:
    query = text(
        "select name from deadlines.deadlines where subject like :plan and done_at is null"
    )
    with town.house.engine.connect() as connection:
        return list(connection.execute(query, {"plan": f"{plan.id}%"}).scalars())
