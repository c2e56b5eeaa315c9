"""Policies of dry-cleaning: no garment is forgotten, in the laundry or at the door."""

from typing import Final

from application.garment_deadlines import deadline_of
from application.policies import Services
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from domain.orders.dry_cleaning.order import DryCleaningOrder


def _garment_is_watched(services: Services, desk: Desk, recorded: Recorded) -> None:
    del services
    event: DryCleaningOrder.GarmentProgressed = recorded.event
    deadline = deadline_of(event.originator_id, event.garment, event.garment_stage, event.timestamp)
    if deadline:
        desk.remind(deadline)


garment_is_watched: Final = Policy("garment_is_watched", Start.BEGINNING, _garment_is_watched)
