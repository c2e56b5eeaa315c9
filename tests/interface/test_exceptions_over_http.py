"""Exceptions over HTTP: who does not answer or come, and what else goes wrong."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.interface.town import Town
from tests.interface.visits import EXCEPTIONS, OFFICE, Visit, all_exceptions, assert_refused

ORDERS = "/api/v1/orders"
HALF_AN_HOUR = timedelta(minutes=30)


# -- who does not answer


def test_an_order_that_is_not_accepted_in_time_is_taken_back(town: Town) -> None:
    visit = Visit(town)
    worker = visit.assigned()
    town.let_pass(HALF_AN_HOUR - timedelta(seconds=60))
    assert visit.stage() == "awaiting_acceptance"
    town.let_pass(timedelta(seconds=120))
    assert visit.stage() == "awaiting_assignment"
    assert visit.facts()[-2:] == ["declined", "exception_reported"]
    (found,) = visit.exceptions()
    assert (found["kind"], found["kind_label"]) == ("timeout", "超时未接")
    assert (found["stage"], found["details"]) == ("awaiting_assignment", {"worker_id": worker})
    assert found["order_number"] == visit.order["order_number"]
    visit.office = town.dispatcher()
    visit.assign(worker)  # the claims are free again
    assert visit.kinds() == []


def test_an_accepted_order_is_not_taken_back(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    visit.accept()
    town.let_pass(HALF_AN_HOUR + timedelta(minutes=1), timedelta(minutes=5))
    assert (visit.stage(), visit.kinds()) == ("accepted", [])


def test_the_deadline_of_an_earlier_assignment_takes_nothing_back(town: Town) -> None:
    visit = Visit(town)
    worker = visit.assigned()
    town.let_pass(timedelta(minutes=20), timedelta(minutes=5))
    visit.office.do(f"{visit.path}/refusal", {"reason_code": "far"})
    visit.assign(worker)  # the same worker, anew
    town.let_pass(timedelta(minutes=15), timedelta(minutes=5))
    assert visit.stage() == "awaiting_acceptance"
    town.let_pass(timedelta(minutes=20), timedelta(minutes=5))
    assert visit.stage() == "awaiting_assignment"


def test_a_refusal_is_an_exception_until_somebody_else_has_the_order(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    visit.office.do(f"{visit.path}/refusal", {"reason_code": "far", "note": "路太远"})
    (found,) = visit.exceptions()
    assert (found["kind"], found["note"]) == ("refused", "路太远")
    assert found["details"]["reason_code"] == "far"
    visit.assigned()
    (found,) = visit.exceptions()
    assert (found["resolution_code"], found["resolved_at"] is None) == ("assigned", False)


def test_nobody_there_ten_minutes_after_the_start_is_late(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    visit.accept()
    visit.report("departed")
    start = visit.starts_at - town.clock.now()
    town.let_pass(start + timedelta(minutes=9), timedelta(hours=4))
    assert visit.kinds() == []
    town.let_pass(timedelta(minutes=2))
    assert visit.kinds() == ["late"]


def test_who_arrived_in_time_is_not_late(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    visit.accept()
    visit.report("departed", "arrived")
    town.let_pass(visit.starts_at - town.clock.now() + timedelta(minutes=11), timedelta(hours=4))
    assert visit.kinds() == []


def test_an_old_date_makes_nobody_late(town: Town) -> None:
    visit = Visit(town, 9)
    visit.assigned()
    later = visit.starts_at + timedelta(days=2)
    body = {"starts_at": later.isoformat(), "reason_code": "company"}
    visit.office.do(f"{visit.path}/rescheduling", body)
    town.let_pass(visit.starts_at - town.clock.now() + timedelta(minutes=11), timedelta(hours=4))
    assert visit.kinds() == []


# -- what people report


def test_an_exception_is_reported_listed_and_resolved(town: Town) -> None:
    visit = Visit(town)
    body = {"kind": "damage", "note": "花瓶打碎"}
    reported = visit.office.do(f"{visit.path}/exceptions", body)
    assert reported == {"order_id": visit.id, "exception_number": 1}
    (found,) = visit.exceptions()
    assert (found["kind_label"], found["note"], found["resolved_at"]) == ("损坏", "花瓶打碎", None)
    town.catch_up()
    steps = visit.office.read(visit.path)["timeline"]
    assert (steps[-1]["event"], steps[-1]["note"]) == ("ExceptionReported", "花瓶打碎")
    door = f"{visit.path}/exceptions/1/resolution"
    resolution = {"resolution_code": "compensated", "note": "赔偿 200 元"}
    visit.office.do(door, resolution)
    (found,) = visit.exceptions()
    assert (found["resolution_code"], found["resolution_note"]) == ("compensated", "赔偿 200 元")
    refused = visit.office.post(door, resolution)
    assert_refused(refused, 404, "exception_not_open", "没有找到待处理的异常。")


def test_the_customer_does_not_read_what_the_office_notes_of_an_exception(town: Town) -> None:
    visit = Visit(town)
    visit.office.do(f"{visit.path}/exceptions", {"kind": "complaint"})
    town.catch_up()
    before = visit.customer.read(f"{ORDERS}/{visit.id}")["timeline"]
    visit.office.do(f"{visit.path}/exceptions/1/resolution", {"resolution_code": "apologised"})
    town.catch_up()
    assert visit.customer.read(f"{ORDERS}/{visit.id}")["timeline"] == before


def test_open_exceptions_come_first_and_the_oldest_of_them_first(town: Town) -> None:
    first, second = Visit(town), Visit(town)
    for visit in (first, second, first):
        visit.office.do(f"{visit.path}/exceptions", {"kind": "no_show"})
    first.office.do(f"{first.path}/exceptions/1/resolution", {"resolution_code": "sent_another"})
    town.catch_up()
    mine = {first.id, second.id}
    rows = [row for row in all_exceptions(first.office, kind="no_show") if row["order_id"] in mine]
    told = [(row["order_id"], row["exception_number"]) for row in rows]
    assert told == [(second.id, 1), (first.id, 2), (first.id, 1)]
    everything = all_exceptions(first.office)
    states = [row["resolved_at"] is not None for row in everything]
    assert states == sorted(states)
    counted = first.office.read(EXCEPTIONS)["open"]
    assert counted["no_show"] == sum(row["resolved_at"] is None for row in rows)


@pytest.mark.parametrize(
    "body", [{"kind": "ghost"}, {}, {"kind": "late", "note": 1}, {"kind": "late", "extra": ""}]
)
def test_a_malformed_report_is_refused(town: Town, body: dict[str, Any]) -> None:
    visit = Visit(town)
    assert visit.office.post(f"{visit.path}/exceptions", body).status_code == 422
    assert visit.exceptions() == []


def test_an_exception_of_the_future_or_of_no_order_is_refused(town: Town) -> None:
    visit = Visit(town)
    later = (town.clock.now() + timedelta(hours=1)).isoformat()
    answer = visit.office.post(f"{visit.path}/exceptions", {"kind": "late", "happened_at": later})
    assert_refused(answer, 422, "happened_in_future", "发生时间不能晚于当前时间。")
    nowhere = visit.office.post(f"{OFFICE}/{uuid4()}/exceptions", {"kind": "late"})
    assert nowhere.status_code == 404


def test_an_interruption_is_an_exception_until_the_work_goes_on(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    visit.accept()
    visit.report("departed", "arrived", "in_service", "interrupted")
    assert visit.kinds() == ["interrupted"]
    visit.report("in_service")
    (found,) = visit.exceptions()
    assert (found["resolution_code"], visit.stage()) == ("resumed", "in_service")


def test_accepted_work_is_done_again_within_two_days(town: Town) -> None:
    visit = Visit(town)
    visit.assigned()
    visit.accept()
    visit.report("departed", "arrived", "in_service", "awaiting_inspection")
    visit.office.do(f"{visit.path}/completion")
    visit.report("reworking", "completed")
    assert visit.facts().count("completed") == 1
    town.clock.advance(timedelta(hours=48, seconds=1))
    refused = town.dispatcher().post(f"{visit.path}/progress", {"stage": "reworking"})
    assert_refused(refused, 409, "rework_too_late", "订单完成已超过 48 小时，不能再返工。")
