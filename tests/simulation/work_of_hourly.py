"""Work on hourly orders: a single visit, or a plan whose visits are worked on one by one."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from application.commands import Command, Outcome
from application.hourly import PatternAsked, PlanName, SwapAsked
from application.hourly_visits import VisitName
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_money import COMPANY, CUSTOMER
from domain.orders.hourly.plan_visits import RUNNING, VisitMove
from domain.orders.hourly.visits import MISSING, TAKEN, Visit, upcoming
from domain.orders.stages import HOME_VISIT, Stage
from domain.time import shanghai_day
from interface.household import Household
from tests.simulation import work_of_visits
from tests.simulation.work import Staff, Work, reported

Moves = Callable[[HourlyWorkOrder, Visit, Staff], list[Work]]


def moves(order: HourlyWorkOrder, office: Staff) -> list[Work]:
    """What somebody might do with it, fitting or not."""
    if not order.is_plan():
        return work_of_visits.moves(order, office)
    if order.stage not in RUNNING:
        return [end(order, CUSTOMER)] if order.stage == Stage.AWAITING_PAYMENT else []
    left = upcoming(order.visits)
    works = _on_visit(order, left[0], office) if left else []
    if left and office.is_rare(5):
        works += _on_visit(order, office.random.choice(left), office) * 3
    if office.is_rare(5):
        works += _on_plan(order, office) * 2
    return works


def end(order: HourlyWorkOrder, reason_code: str) -> Work:
    """The plan ends now, and is settled."""
    return lambda h, c: h.plans.end(PlanName(order_id=order.id), reason_code, c)


def cancel_visit(order: HourlyWorkOrder, number: int) -> Work:
    """Nobody can come."""
    return lambda h, c: h.visits.cancel(_name(order, number), "company", c)


def _on_visit(order: HourlyWorkOrder, visit: Visit, office: Staff) -> list[Work]:
    aside = {Stage.REWORKING} if office.is_rare(6) else {Stage.REWORKING, Stage.INTERRUPTED}
    onwards = sorted(HOME_VISIT.get(visit.stage, frozenset()) - aside)
    works = [_progress(order, visit, stage) for stage in onwards] * 8
    works += _AT[visit.stage](order, visit, office) if visit.stage in _AT else []
    if office.is_rare(4):
        works += [cancel_visit(order, visit.number)] * 4
    return works


def _scheduled(order: HourlyWorkOrder, visit: Visit, office: Staff) -> list[Work]:
    worker, name, later = office.somebody(), _name(order, visit.number), office.is_rare(2)

    def assign(h: Household, c: Command) -> Outcome:
        return h.visits.assign(name, worker, c, later=later)

    return [assign] * 8 + [_skip(order, visit), _move(order, visit, office)]


def _given(order: HourlyWorkOrder, visit: Visit, office: Staff) -> list[Work]:
    worker, name, later = office.somebody(), _name(order, visit.number), office.is_rare(2)

    def accept(h: Household, c: Command) -> Outcome:
        return h.visits.accept(name, reported(c), c, later=later)

    def decline(h: Household, c: Command) -> Outcome:
        return h.visits.decline(name, "far", reported(c), c)

    def reassign(h: Household, c: Command) -> Outcome:
        return h.visits.reassign(name, worker, "ill", c)

    return [accept] * 8 + [decline, reassign, _skip(order, visit)]


def _taken(order: HourlyWorkOrder, visit: Visit, office: Staff) -> list[Work]:
    return [_skip(order, visit), _move(order, visit, office)]


def _finished(order: HourlyWorkOrder, visit: Visit, office: Staff) -> list[Work]:
    del office
    return [_complete(_name(order, visit.number))] * 8


_AT: Final[Mapping[str, Moves]] = {
    Stage.SCHEDULED: _scheduled,
    Stage.AWAITING_ACCEPTANCE: _given,
    Stage.ACCEPTED: _taken,
    Stage.AWAITING_INSPECTION: _finished,
}


def _on_plan(order: HourlyWorkOrder, office: Staff) -> list[Work]:
    first = shanghai_day(office.now()) + timedelta(days=office.random.randint(1, 9))
    if order.stage == Stage.PLAN_PAUSED:
        return [_resume(order, first)]
    ending = end(order, office.random.choice([CUSTOMER, COMPANY]))
    return [
        _pause(order, first),
        _change(order, first, office),
        _swap(order, first, office),
        ending,
    ]


def _name(order: HourlyWorkOrder, number: int) -> VisitName:
    return VisitName(order_id=order.id, number=number)


def _progress(order: HourlyWorkOrder, visit: Visit, stage: str) -> Work:
    name = _name(order, visit.number)
    return lambda h, c: h.visits.progress(name, stage, reported(c), c)


def _complete(name: VisitName) -> Work:
    return lambda h, c: h.visits.complete(name, reported(c), c)


def _skip(order: HourlyWorkOrder, visit: Visit) -> Work:
    return lambda h, c: h.visits.skip(_name(order, visit.number), "away", c)


def _move(order: HourlyWorkOrder, visit: Visit, office: Staff) -> Work:
    later = visit.starts_at + timedelta(hours=office.random.choice([2, 24]))
    seats = office.random.choice([TAKEN, TAKEN, MISSING])
    move = VisitMove(starts_at=later, reason_code="customer", seats=seats, consent="phone")
    return lambda h, c: h.visits.move(_name(order, visit.number), move, c)


def _pause(order: HourlyWorkOrder, first: date) -> Work:
    days = (first, first + timedelta(days=10))
    return lambda h, c: h.plans.pause(PlanName(order_id=order.id), days, "travel", c)


def _resume(order: HourlyWorkOrder, first: date) -> Work:
    return lambda h, c: h.plans.resume(PlanName(order_id=order.id), first, "back", c)


def _change(order: HourlyWorkOrder, first: date, office: Staff) -> Work:
    weekdays = tuple(sorted(office.random.sample(range(1, 8), office.random.randint(1, 2))))
    asked = PatternAsked(first_day=first, reason_code="customer", weekdays=weekdays)
    return lambda h, c: h.plans.change_pattern(PlanName(order_id=order.id), asked, c)


def _swap(order: HourlyWorkOrder, first: date, office: Staff) -> Work:
    asked = SwapAsked(worker_id=office.somebody(), first_day=first, reason_code="customer")
    return lambda h, c: h.plans.swap_worker(PlanName(order_id=order.id), asked, c)
