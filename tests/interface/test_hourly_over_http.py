"""Hourly work over HTTP: a single visit, and plans that go on, pause, renew and end."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest

from application.plan_upkeep import PlanUpkeep, go_on_deadline
from domain.money import apportion, yuan
from domain.time import SHANGHAI, shanghai_day
from tests.conftest import Database
from tests.interface.plans import (
    A_DAY,
    FIELD,
    OFFICE,
    ORDERS,
    Plan,
    active,
    booked,
    close_day,
    maid,
    open_hourly_seats,
    pay,
    stages,
)
from tests.interface.town import Json, Town, town_of

JOURNAL = "/api/v1/office/ledger/entries"


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    """A town with seats for hourly work."""
    with town_of(module_database) as running:
        open_hourly_seats(running)
        yield running


def entries_of(plan: Plan) -> list[Json]:
    listed = plan.town.finance().read(JOURNAL, limit=100)["entries"]
    return [each for each in reversed(listed) if each["order_number"] == plan.number]


# No holiday of that winter makes these dearer. Those that last for weeks come first, as
# whatever other tests leave running is looked after daily.


def test_the_price_is_that_of_all_visits_of_the_first_period(town: Town) -> None:
    plan = booked(town, weekdays=[1, 3, 5])
    shown = plan.view()
    assert shown["total_fen"] == 12 * 2 * 4_200 * 95 // 100  # from ten visits on, 95 %
    assert plan.terms()["facts"]["weekdays"] == [1, 3, 5]
    assert shown["stage"] == "awaiting_payment"


def test_with_two_visits_left_the_next_period_is_asked_for_and_paid(town: Town) -> None:
    plan, worker = active(town), maid(town)
    for number in (1, 2):
        plan.do_visit(number, worker)
    renewal = plan.terms()["facts"]["renewal"]
    assert (renewal["charge_number"], renewal["visits"], renewal["amount_fen"]) == (2, 4, 33_600)
    assert plan.view()["stage"] == "plan_active"
    pay(plan, 2)
    assert plan.terms()["facts"]["period"] == 2
    assert plan.tell("visits/5/assignment", {"worker_id": worker})["visit"] == 5


def test_an_unpaid_renewal_pauses_the_plan_and_then_ends_it(town: Town) -> None:
    plan, worker = active(town), maid(town)
    for number in range(1, 5):
        plan.do_visit(number, worker)
    plan.wait_until(town.clock.now() + timedelta(days=7))
    assert plan.view()["stage"] == "plan_paused"
    plan.wait_until(town.clock.now() + timedelta(days=18))
    shown = plan.view()
    assert (shown["stage"], shown["refund_due_fen"]) == ("completed", 0)
    assert plan.terms()["facts"]["settlement"]["used_fen"] == shown["paid_fen"]


def test_a_single_visit_goes_its_whole_way(town: Town) -> None:
    customer = town.customer()
    order = town.paid(customer, service_code="XS-01", quantity=120)
    assert order["total_fen"] == 9_000
    office, path = town.dispatcher(), f"{OFFICE}/{order['order_id']}"
    office.do(f"{path}/assignment", {"crew": [maid(town)]})
    office.do(f"{path}/acceptance")
    for stage in FIELD:
        office.do(f"{path}/progress", {"stage": stage})
    assert office.do(f"{path}/completion")["stage"] == "completed"
    town.settle()
    shown = customer.read(f"{ORDERS}/{order['order_id']}")
    assert (shown["stage"], shown["parts"]) == ("completed", [])


@pytest.mark.requirement("R04")
def test_a_plan_of_four_weeks_has_four_visits_each_of_which_can_be_assigned(town: Town) -> None:
    plan = active(town, periods=1)
    first = town.tomorrow(9)
    starts = [each["starts_at"] for each in plan.visits().values()]
    assert [datetime.fromisoformat(each) for each in starts] == [
        first + timedelta(weeks=week) for week in range(4)
    ]
    worker = maid(town)
    told = plan.tell("visits/1/assignment", {"worker_id": worker, "scope": "this_and_later"})
    assert told["visit_stage"] == "awaiting_acceptance"
    assert stages(plan) == ["awaiting_acceptance"] * 4
    assert len({each["worker_number"] for each in plan.visits().values()}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": {"weeks": 3}},
        {"plan": {"weekdays": [8]}},
        {"plan": {"weekdays": []}},
        {"plan": {"colour": "red"}},
        {"plan": {"until": "2026-11-30"}},
        {"plan": None},
        {"service_code": "XS-01", "plan": {}},
        {"service_code": "BJ-01", "plan": {}},
        {"starts_at": "2026-12-01T23:00:00+08:00", "plan": {}},
    ],
    ids=str,
)
def test_a_malformed_plan_is_refused(town: Town, wrong: dict[str, Json]) -> None:
    wish = town.wish(**{"service_code": "XS-02", "quantity": 120, **wrong})
    answer = town.customer().post(ORDERS, wish)
    assert answer.status_code == 422, answer.text


def test_a_plan_goes_to_its_end_and_every_visit_earns_its_share(town: Town) -> None:
    plan = active(town, periods=1)
    worker = maid(town)
    for number in range(1, 5):
        plan.do_visit(number, worker)
    assert stages(plan) == ["visit_completed"] * 4
    plan.wait_until(town.clock.now() + timedelta(days=8))
    shown = plan.view()
    assert shown["stage"] == "completed"
    assert "长期计划已到期" in shown["timeline"][-2]["sentence"]
    rules = [(each["rule"], each["lines"][0]["debit_fen"]) for each in entries_of(plan)]
    total = shown["total_fen"]
    assert rules == [("P1", total), *(("P10", fen) for fen in apportion(total, 4))]


def test_a_visit_beyond_what_is_paid_is_scheduled_but_not_assigned(town: Town) -> None:
    plan = active(town)
    assert len(plan.visits()) == 6
    answer = plan.office.post(f"{OFFICE}/{plan.id}/visits/5/assignment", {"worker_id": maid(town)})
    assert (answer.status_code, answer.json()["code"]) == (409, "visit_not_paid")


def test_a_worker_is_at_one_visit_at_a_time(town: Town) -> None:
    worker = maid(town)
    one, other = active(town), active(town)
    one.tell("visits/1/assignment", {"worker_id": worker})
    path = f"{OFFICE}/{other.id}/visits/1/assignment"
    answer = other.office.post(path, {"worker_id": worker})
    assert (answer.status_code, answer.json()["code"]) == (409, "worker_busy")
    one.tell("visits/1/refusal", {"reason_code": "ill"})
    assert other.tell("visits/1/assignment", {"worker_id": worker})["visit"] == 1


def test_the_preferred_worker_is_taken_where_nobody_is_named(town: Town) -> None:
    worker = maid(town)
    plan = active(town, preferred_worker_id=worker)
    assert plan.tell("visits/1/assignment")["visit_stage"] == "awaiting_acceptance"
    plain = active(town)
    answer = plain.office.post(f"{OFFICE}/{plain.id}/visits/1/assignment")
    assert answer.status_code == 422


def test_a_customer_skips_and_moves_single_visits(town: Town) -> None:
    plan = active(town, periods=1)
    plan.ask("visits/2/skip", {"reason_code": "away"})
    assert stages(plan) == ["scheduled", "skipped", "scheduled", "scheduled", "scheduled"]
    later = datetime.fromisoformat(plan.visits()["visit-0003"]["starts_at"]) + A_DAY
    plan.ask("visits/3/move", {"reason_code": "busy", "starts_at": later.isoformat()})
    moved = plan.visits()["visit-0003"]
    assert datetime.fromisoformat(moved["starts_at"]) == later
    assert moved["facts"]["moved"]
    said = [each["sentence"] for each in plan.view()["timeline"]]
    assert "第 2 次服务已跳过，次数顺延" in said
    assert any(each.startswith("第 3 次服务改为 ") for each in said)


def test_less_than_a_day_before_a_customer_has_to_call(town: Town) -> None:
    plan = active(town)
    plan.wait_until(town.tomorrow(9) - timedelta(hours=2))
    answer = plan.customer.post(f"{ORDERS}/{plan.id}/visits/1/skip", {"reason_code": "away"})
    assert (answer.status_code, answer.json()["code"]) == (409, "notice_too_short")
    assert plan.tell("visits/1/skip", {"reason_code": "called"})["visit_stage"] == "skipped"


def test_a_customer_pauses_and_comes_back_earlier(town: Town) -> None:
    plan = active(town)
    today = shanghai_day(town.clock.now())
    days = {"first_day": str(today + 7 * A_DAY), "last_day": str(today + 16 * A_DAY)}
    assert plan.ask("plan/pause", {"reason_code": "away", **days})["stage"] == "plan_paused"
    assert stages(plan)[1:3] == ["cancelled", "cancelled"]
    back = {"reason_code": "back", "first_day": str(today + 10 * A_DAY)}
    assert plan.ask("plan/resumption", back)["stage"] == "plan_active"
    assert len(plan.visits()) == 7
    assert sum(stage == "scheduled" for stage in stages(plan)) == 5


def test_a_pause_is_over_by_itself(town: Town) -> None:
    plan = active(town)
    today = shanghai_day(town.clock.now())
    days = {"first_day": str(today + 2 * A_DAY), "last_day": str(today + 4 * A_DAY)}
    plan.ask("plan/pause", {"reason_code": "away", **days})
    plan.wait_until(town.clock.now() + 6 * A_DAY)
    assert plan.view()["stage"] == "plan_active"


def test_from_a_day_on_the_plan_has_another_pattern(town: Town) -> None:
    plan = active(town)
    first = shanghai_day(town.clock.now()) + 7 * A_DAY
    asked = {"first_day": str(first), "weekdays": [first.isoweekday()], "start": "14:00"}
    plan.ask("plan/pattern", {"reason_code": "customer", **asked})
    later = [each for each in plan.visits().values() if each["stage"] == "scheduled"][1:]
    moments = [datetime.fromisoformat(each["starts_at"]).astimezone(SHANGHAI) for each in later]
    assert {moment.time() for moment in moments} == {time(14)}
    assert {moment.isoweekday() for moment in moments} == {first.isoweekday()}
    answer = plan.customer.post(
        f"{ORDERS}/{plan.id}/plan/pattern",
        {"reason_code": "customer", "first_day": str(first), "minutes": 45},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2099-12-31"])
def test_a_day_that_no_plan_reaches_is_refused(town: Town, day: str) -> None:
    plan = active(town)
    pause = {"reason_code": "x", "first_day": day, "last_day": day}
    answers = [plan.customer.post(f"{ORDERS}/{plan.id}/plan/pause", pause)]
    day_after = str(shanghai_day(town.clock.now()) + A_DAY)
    plan.tell("plan/pause", {"reason_code": "x", "first_day": day_after, "last_day": day_after})
    resume = {"reason_code": "x", "first_day": day}
    answers.append(plan.customer.post(f"{ORDERS}/{plan.id}/plan/resumption", resume))
    assert [answer.status_code for answer in answers] == [422, 422]


def test_another_worker_comes_from_a_day_on(town: Town) -> None:
    plan, old, new = active(town), maid(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": old, "scope": "this_and_later"})
    first = shanghai_day(town.clock.now()) + 7 * A_DAY
    swap = {"worker_id": new, "first_day": str(first), "reason_code": "customer"}
    plan.tell("plan/worker", swap)
    numbers = [each["worker_number"] for each in plan.visits().values()]
    assert numbers[0] != numbers[1] == numbers[2] == numbers[3]
    assert numbers[4:] == [None, None]


def test_the_customer_sees_first_what_goes_back_and_then_gets_it(town: Town) -> None:
    plan = active(town)
    plan.do_visit(1, maid(town))
    asked = plan.customer.read(f"{ORDERS}/{plan.id}/plan/settlement")
    total = plan.view()["total_fen"]
    back = total - max(9_000, total // 4)  # a holiday may have been dearer than the list price
    assert (asked["paid_fen"], asked["refund_fen"]) == (total, back)
    assert asked["reasons"][-1] == f"应退 {yuan(back)}"
    office = plan.office.read(f"{OFFICE}/{plan.id}/plan/settlement", reason_code="company")
    assert office["refund_fen"] == total - total // 4
    assert plan.ask("plan/end")["stage"] == "completed"
    shown = plan.view()
    assert shown["refund_due_fen"] == back
    assert plan.terms()["facts"]["settlement"]["refund_fen"] == back
    assert [each["rule"] for each in entries_of(plan)][:2] == ["P1", "P10"]


def test_an_unused_plan_is_given_back_whole(town: Town) -> None:
    plan = active(town)
    assert plan.ask("plan/end")["stage"] == "cancelled"
    shown = plan.view()
    assert shown["refund_due_fen"] == shown["paid_fen"] == shown["total_fen"]
    assert plan.terms()["stage"] == "cancelled"


def test_a_plan_that_nobody_pays_expires(town: Town) -> None:
    plan = booked(town)
    town.let_pass(timedelta(minutes=16), step=timedelta(minutes=1))
    assert plan.view()["stage"] == "expired"


def test_a_visit_to_which_nobody_went_is_made_up_for(town: Town) -> None:
    plan = active(town, periods=1)
    plan.wait_until(town.clock.now() + timedelta(days=3))
    assert stages(plan) == ["cancelled", *["scheduled"] * 4]


def test_a_visit_that_nobody_inspects_counts_as_accepted_after_a_day(town: Town) -> None:
    plan, worker = active(town), maid(town)
    plan.tell("visits/1/assignment", {"worker_id": worker})
    plan.tell("visits/1/acceptance")
    for stage in FIELD:
        plan.tell("visits/1/progress", {"stage": stage})
    plan.wait_until(town.clock.now() + timedelta(days=3))
    assert stages(plan)[0] == "visit_completed"


def test_a_plan_that_is_looked_after_twice_is_what_it_was(town: Town) -> None:
    plan, house = active(town), town.house
    upkeep = PlanUpkeep(house.log, house.tariffs, house.clock)
    stated = town.facts_of(UUID(plan.id))
    for _ in range(2):
        upkeep.go_on(go_on_deadline(UUID(plan.id), town.clock.now()))
    assert town.facts_of(UUID(plan.id)) == stated
    assert stated.count("hourly_order.visits_scheduled") == 3


def test_where_the_pool_is_full_the_visit_waits_for_the_dispatcher(town: Town) -> None:
    today = shanghai_day(town.clock.now())
    far = [today + timedelta(days=1, weeks=week) for week in (4, 5)]
    for day in far:
        close_day(town, day)
    plan = active(town)
    confirm = [each["facts"]["to_confirm"] for each in plan.visits().values()]
    assert confirm == [False] * 4 + [True] * 2


def test_another_customer_finds_no_plan(town: Town) -> None:
    plan, stranger = active(town), town.customer()
    today = str(shanghai_day(town.clock.now()) + 7 * A_DAY)
    bodies: dict[str, Json] = {
        "visits/1/skip": {"reason_code": "away"},
        "visits/1/move": {"reason_code": "away", "starts_at": town.tomorrow(11).isoformat()},
        "plan/pattern": {"reason_code": "x", "first_day": today},
        "plan/pause": {"reason_code": "x", "first_day": today, "last_day": today},
        "plan/resumption": {"reason_code": "x", "first_day": today},
        "plan/end": None,
    }
    answers = [stranger.post(f"{ORDERS}/{plan.id}/{path}", body) for path, body in bodies.items()]
    answers.append(stranger.get(f"{ORDERS}/{plan.id}/plan/settlement"))
    assert [answer.status_code for answer in answers] == [404] * 7


def test_a_single_visit_is_no_plan(town: Town) -> None:
    customer = town.customer()
    order = town.paid(customer, service_code="XS-01", quantity=120)
    answer = customer.get(f"{ORDERS}/{order['order_id']}/plan/settlement")
    assert answer.status_code == 404
