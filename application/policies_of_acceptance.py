"""Policies of acceptance (验收规则): silence for a day accepts the work, once all is paid."""

from application.acceptances import ACCEPTED_AFTER, uninspected_deadline
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import Stage


def _inspection_is_awaited(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: OrderFacts.Progressed = recorded.event
    if event.stage == Stage.AWAITING_INSPECTION:
        order_id, version = event.originator_id, event.originator_version
        desk.remind(uninspected_deadline(order_id, version, event.timestamp + ACCEPTED_AFTER))


def _settled_work_is_accepted(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: OrderFacts.Paid | OrderFacts.ChargeWithdrawn = recorded.event
    if event.stage == Stage.AWAITING_INSPECTION:
        order_id, version = event.originator_id, event.originator_version
        desk.remind(uninspected_deadline(order_id, version, event.timestamp))


inspection_is_awaited = Policy("inspection_is_awaited", Start.BEGINNING, _inspection_is_awaited)
settled_work_is_accepted = Policy(
    "settled_work_is_accepted", Start.BEGINNING, _settled_work_is_accepted
)
