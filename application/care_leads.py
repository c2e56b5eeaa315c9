"""Leads of nanny services (线索): whoever keeps one follows it up, or it falls to all (公海)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision
from application.log import Log
from application.policy import Deadline
from domain.orders.care.leads import FOLLOW_UP_WITHIN
from domain.orders.care.order import CareOrder

FORGOTTEN: Final = "lead.forgotten"
_COMMANDS: Final = UUID("2c5d1f0a-94be-5e77-a3c8-7b1b0b7f6d21")


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A lead as the office judges it; `keeper` is "" in the public pool."""

    grade: str
    keeper: str
    followed_at: datetime
    falls_at: datetime


def forgotten_deadline(order_id: UUID, followed_at: datetime) -> Deadline:
    """When somebody looks whether the lead was followed up since."""
    return Deadline(FORGOTTEN, str(order_id), followed_at + FOLLOW_UP_WITHIN)


class CareLeads:
    """Reads leads, and takes forgotten ones from their keepers."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def find(self, order_id: UUID) -> Lead:
        """Who keeps the lead. Raises NotFoundError."""
        order = self._log.load(CareOrder, order_id)
        return Lead(
            grade=order.grade,
            keeper=order.keeper,
            followed_at=order.followed_at,
            falls_at=order.followed_at + FOLLOW_UP_WITHIN,
        )

    def release_forgotten(self, deadline: Deadline) -> None:
        """The deadline `lead.forgotten`: nothing where somebody followed it up since."""
        order_id, now = UUID(deadline.subject), self._clock.now()
        name = f"{FORGOTTEN}:{order_id}:{deadline.due_at.isoformat()}"
        command = Command(uuid5(_COMMANDS, name), "system:leads", "", now)
        self._log.run(command, lambda: self._release(order_id, command))

    def _release(self, order_id: UUID, command: Command) -> Decision:
        order = self._log.load(CareOrder, order_id)
        if not order.is_forgotten(command.at):
            return Decision([])
        order.release_lead(by=command.actor, at=command.at)
        return Decision([order])
