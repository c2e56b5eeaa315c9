"""Policies of plans (小时工长期): a plan that begins is looked after day by day."""

from application.plan_upkeep import go_on_deadline, upkeep_deadline
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from domain.orders.hourly.order import HourlyWorkOrder


def _plan_is_looked_after(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: HourlyWorkOrder.VisitsScheduled = recorded.event
    if event.visits[0]["visit"] == 1:
        desk.remind(upkeep_deadline(event.originator_id, event.timestamp))


def _plan_goes_on(_: Services, desk: Desk, recorded: Recorded) -> None:
    desk.remind(go_on_deadline(recorded.event.originator_id, recorded.event.timestamp))


plan_is_looked_after = Policy("plan_is_looked_after", Start.BEGINNING, _plan_is_looked_after)
plan_goes_on = Policy("plan_goes_on", Start.BEGINNING, _plan_goes_on)
