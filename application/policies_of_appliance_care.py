"""Policies of appliance and home care: care periods and warranties come to their end."""

from application.appliance_care import care_deadline
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from application.repairs import warranty_deadline
from domain.orders.appliance_care.order import ApplianceCareOrder


def _care_period_ends(services: Services, desk: Desk, recorded: Recorded) -> None:
    order = services.log.load(ApplianceCareOrder, recorded.event.originator_id)
    due_at = order.care_due_at()
    if due_at is not None:
        desk.remind(care_deadline(order.id, due_at))


def _warranty_ends(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: ApplianceCareOrder.WarrantyStarted = recorded.event
    desk.remind(warranty_deadline(event.originator_id, event.until))


care_period_ends = Policy("care_period_ends", Start.BEGINNING, _care_period_ends)
warranty_ends = Policy("warranty_ends", Start.BEGINNING, _warranty_ends)
