"""Policies of nanny services: no lead is forgotten by whoever keeps it."""

from typing import Final

from application.care_leads import forgotten_deadline
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from domain.orders.care.order import CareOrder


def _lead_is_watched(services: Services, desk: Desk, recorded: Recorded) -> None:
    del services
    event: CareOrder.Event = recorded.event
    desk.remind(forgotten_deadline(event.originator_id, event.timestamp))


lead_is_watched: Final = Policy("lead_is_watched", Start.BEGINNING, _lead_is_watched)
