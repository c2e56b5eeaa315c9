"""Dispatch over HTTP: whom to send and why, and whom a customer would have."""

import json
from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from application.commands import Command, Decision
from application.log import AnyAggregate
from domain.orders.service_order import ServiceOrder
from domain.workers import Worker
from tests.interface.town import Json, Town
from tests.interface.visits import OFFICE, Visit, assert_refused

PREFERENCES = "/api/v1/preferences"


def change(
    town: Town,
    kind: type[AnyAggregate],
    stream: UUID,
    do: Callable[[AnyAggregate, datetime], None],
) -> None:
    """State a fact that no page states yet."""

    def decide() -> Decision:
        found = town.house.log.load(kind, stream)
        do(found, town.clock.now())
        return Decision([found])

    town.house.log.run(Command(uuid4(), "system:test", "", town.clock.now()), decide)


def kept_reasons(town: Town, visit: Visit, fact: str = "assigned") -> Json:
    """The reasons in the fact of the assignment."""
    query = text("select state from log.events where stream_id = :id and name like :name")
    with town.house.engine.connect() as connection:
        asked = {"id": UUID(visit.id), "name": f"%.{fact}"}
        state = connection.execute(query, asked).scalar_one()
    return json.loads(state)["reasons"]


@pytest.mark.parametrize("reason_code", ["unpaid", "empty_trip"])
def test_the_office_cancels_for_no_reason_that_is_an_end_of_its_own(
    town: Town, reason_code: str
) -> None:
    visit = Visit(town)
    refused = visit.office.post(f"{visit.path}/cancellation", {"reason_code": reason_code})
    assert (refused.status_code, refused.json()["field"]) == (422, "reason_code")
    assert visit.facts() == ["booked", "paid"]


# -- suggestions


@pytest.mark.requirement("R21")
def test_a_suggestion_says_why_and_the_assignment_keeps_it(town: Town) -> None:
    visit = Visit(town)
    worker = town.worker(visit.office)
    found = visit.suggested(worker)
    assert found["reasons"] == ["路程约 30 分钟 +23", "技能专一（3 项） +2"]
    assert (found["score"], found["name"]) == (25, "赵师傅")
    visit.assign(worker)
    assert kept_reasons(town, visit) == found["reasons"]


def test_the_dispatchers_own_reasons_are_kept_instead(town: Town) -> None:
    visit = Visit(town)
    visit.assign(town.worker(visit.office), reasons=["客户来电指定"])
    assert kept_reasons(town, visit) == ["客户来电指定"]


def test_why_another_worker_was_sent_is_kept_as_well(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    other = town.worker(visit.office)
    town.catch_up()
    visit.office.do(f"{visit.path}/reassignment", {"crew": [other], "reason_code": "ill"})
    reasons = kept_reasons(town, visit, "reassigned")
    assert reasons == ["路程约 30 分钟 +23", "技能专一（3 项） +2"]


def test_the_list_is_sorted_by_score(town: Town) -> None:
    visit = Visit(town)
    town.worker(visit.office)
    town.catch_up()
    scores = [e["score"] for e in visit.office.read(f"{visit.path}/suggestions")["suggestions"]]
    assert scores == sorted(scores, reverse=True)


def test_who_is_busy_then_is_not_suggested_and_the_day_counts(town: Town) -> None:
    first, same_time, other_time = Visit(town, 9), Visit(town, 10), Visit(town, 15)
    worker = first.assigned()
    assert same_time.unsuited(worker)["code"] == "busy"
    assert same_time.unsuited(worker)["reason"] == "当时已有安排（含路途时间）"
    assert "当天已有 1 单 -8" in other_time.suggested(worker)["reasons"]
    refused = same_time.office.post(f"{same_time.path}/assignment", {"crew": [worker]})
    sentence = "该服务人员在此时间段已有安排（含路途时间）。"
    assert_refused(refused, 409, "worker_busy", sentence)


def test_who_lacks_the_skill_is_told_apart(town: Town) -> None:
    visit = Visit(town)
    assert visit.unsuited(town.worker(visit.office, "BJ-03"))["code"] == "no_skill"


def test_who_is_suspended_is_not_suggested(town: Town) -> None:
    visit = Visit(town)
    worker = town.worker(visit.office)
    change(town, Worker, UUID(worker), suspend)
    assert visit.unsuited(worker)["code"] == "worker_not_active"


def test_who_is_on_leave_is_not_suggested(town: Town) -> None:
    visit = Visit(town, 10)
    worker = town.worker(visit.office)
    leave = {
        "worker_id": worker,
        "starts_at": town.tomorrow(8).isoformat(),
        "ends_at": town.tomorrow(18).isoformat(),
        "reason_code": "personal",
    }
    visit.office.do("/api/v1/office/leaves", leave)
    assert visit.unsuited(worker)["reason"] == "当时请假"


def test_the_worker_of_an_order_is_not_busy_with_that_very_order(town: Town) -> None:
    visit = Visit(town)
    worker = visit.assigned()
    assert visit.suggested(worker) is not None


# -- what customers wish


def test_a_customer_prefers_a_worker_who_then_comes_first(town: Town) -> None:
    visit = Visit(town)
    worker = visit.assigned()
    answer = visit.customer.do(PREFERENCES, {"order_id": visit.id, "wish": "preferred"})
    assert answer["wish"] == "preferred"
    assert visit.customer.read(PREFERENCES)["preferences"] == [answer]
    assert "客户指定 +40" in visit.suggested(worker)["reasons"]


def test_an_excluded_worker_is_neither_suggested_nor_assigned(town: Town) -> None:
    visit = Visit(town)
    worker = visit.assigned()
    visit.customer.do(PREFERENCES, {"order_id": visit.id, "wish": "excluded"})
    again = town.paid(visit.customer, starts_at=town.tomorrow(19).isoformat())
    path = f"{OFFICE}/{again['order_id']}"
    town.catch_up()
    unsuited = visit.office.read(f"{path}/suggestions", limit=100)["unsuited"]
    codes = {each["worker_id"]: each["code"] for each in unsuited}
    assert codes[worker] == "excluded"
    refused = visit.office.post(f"{path}/assignment", {"crew": [worker]})
    assert_refused(refused, 409, "worker_excluded", "客户已将该服务人员拉黑，请另派他人。")
    visit.customer.do(PREFERENCES, {"order_id": visit.id, "wish": "none"})
    assert visit.customer.read(PREFERENCES)["preferences"] == []
    visit.office.do(f"{path}/assignment", {"crew": [worker]})


def test_the_office_notes_what_a_customer_says(town: Town) -> None:
    visit = Visit(town)
    worker = town.worker(visit.office)
    customer_id = visit.aggregate().customer_id
    door = f"/api/v1/office/customers/{customer_id}/preferences"
    noted = visit.office.do(door, {"worker_id": worker, "wish": "preferred"})
    assert visit.office.read(door)["preferences"] == [noted]


def test_nobody_wishes_by_the_order_of_somebody_else_or_that_nobody_has(town: Town) -> None:
    visit = Visit(town)
    body = {"order_id": visit.id, "wish": "excluded"}
    assert town.customer().post(PREFERENCES, body).status_code == 404
    refused = visit.customer.post(PREFERENCES, body)
    assert_refused(refused, 409, "nobody_served", "此订单还没有服务人员。")
    unknown = visit.customer.post(PREFERENCES, {"order_id": visit.id, "wish": "married"})
    assert unknown.status_code == 422


def test_a_worker_who_served_well_is_recommended_to_the_customer(town: Town) -> None:
    visit = Visit(town)
    worker = visit.assigned()
    visit.accept()
    visit.report("departed", "arrived", "in_service", "awaiting_inspection")
    visit.office.do(f"{visit.path}/completion")
    change(town, ServiceOrder, UUID(visit.id), rate_five)
    again = town.paid(visit.customer, starts_at=town.tomorrow(20).isoformat())
    town.catch_up()
    found = town.dispatcher().read(f"{OFFICE}/{again['order_id']}/suggestions", limit=100)
    reasons = {each["worker_id"]: each["reasons"] for each in found["suggestions"]}
    assert "曾为该客户服务，评价 5 分 +20" in reasons[worker]


def rate_five(order: ServiceOrder, now: datetime) -> None:
    order.review(5, by=f"customer:{order.customer_id}", at=now)


def suspend(worker: Worker, now: datetime) -> None:
    worker.suspend("training", by="system:test", at=now)
