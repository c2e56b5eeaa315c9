"""Policies of plans (小时工长期): a plan is looked after day by day, its visits like other work."""

from application.plan_upkeep import go_on_deadline, upkeep_deadline
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from application.visit_watch import visit_deadlines
from domain.orders.hourly.order import HourlyWorkOrder


def _plan_is_looked_after(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: HourlyWorkOrder.VisitsScheduled = recorded.event
    if event.visits[0]["visit"] == 1:
        desk.remind(upkeep_deadline(event.originator_id, event.timestamp))


def _plan_goes_on(_: Services, desk: Desk, recorded: Recorded) -> None:
    desk.remind(go_on_deadline(recorded.event.originator_id, recorded.event.timestamp))


def _visits_are_watched(services: Services, desk: Desk, recorded: Recorded) -> None:
    event = recorded.event
    swapped = isinstance(event, HourlyWorkOrder.WorkerSwapped)
    numbers = [each["visit"] for each in event.visits] if swapped else [event.visit]
    order = services.log.load(HourlyWorkOrder, event.originator_id)
    for number in numbers:
        visit = order.visit(number)
        if visit.given_version == event.originator_version:  # else another fact watches it
            for deadline in visit_deadlines(order.id, visit, event.timestamp):
                desk.remind(deadline)


plan_is_looked_after = Policy("plan_is_looked_after", Start.BEGINNING, _plan_is_looked_after)
plan_goes_on = Policy("plan_goes_on", Start.BEGINNING, _plan_goes_on)
visits_are_watched = Policy("visits_are_watched", Start.BEGINNING, _visits_are_watched)
