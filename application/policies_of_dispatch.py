"""Policies of dispatch (派单规则): who was given work has to answer, and to be there."""

from application.exception_desk import arrival_deadline, unanswered_deadline
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import bounds


def _assignment_is_watched(services: Services, desk: Desk, recorded: Recorded) -> None:
    event: OrderFacts.Assigned | OrderFacts.Reassigned | OrderFacts.Rescheduled = recorded.event
    if event.worker_id is None:  # another date, and nobody kept
        return
    order = services.log.load(ServiceOrder, event.originator_id)
    starts_at, _ = bounds(order.windows[0])
    version, assigned_at = event.originator_version, event.timestamp
    desk.remind(unanswered_deadline(order.id, version, assigned_at, starts_at))
    desk.remind(arrival_deadline(order))


assignment_is_watched = Policy("assignment_is_watched", Start.BEGINNING, _assignment_is_watched)
