"""Acceptance by silence (自动验收): work that nobody objects to for a day is accepted."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision
from application.log import Log
from application.policy import Deadline
from domain.errors import RuleViolationError
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage

# Catalogue sheet, d2: 待验收 is accepted of itself after 24 hours.
ACCEPTED_AFTER: Final = timedelta(hours=24)

_UNINSPECTED: Final = "order.uninspected"
_COMMANDS: Final = UUID("9d1f7f86-0c6e-5b3e-b7c5-4b1a6d8f2e33")


class Acceptances:
    """Completes orders whose customers said nothing."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def order_uninspected(self, deadline: Deadline) -> None:
        """The deadline `order.uninspected`: complete an order that awaited inspection for a day.

        Does nothing before the day is over, where somebody objected (返工), or while
        a charge is open; paying or giving up the charge sets the deadline anew.
        """
        key = f"{deadline.subject}:{deadline.payload['version']}"
        at = self._clock.now()
        command = Command(uuid5(_COMMANDS, key), "system:acceptances", "", at)
        self._log.run(command, lambda: self._accept(UUID(deadline.subject), command))

    def _accept(self, order_id: UUID, command: Command) -> Decision:
        order = self._log.load(ServiceOrder, order_id)
        awaited = order.stage == Stage.AWAITING_INSPECTION
        if not awaited or command.at < order.progressed_at + ACCEPTED_AFTER:
            return Decision([])
        try:
            order.complete(happened_at=command.at, by=command.actor, at=command.at)
        except RuleViolationError:
            return Decision([])
        return Decision([order])


def uninspected_deadline(order_id: UUID, version: int, due_at: datetime) -> Deadline:
    """When an order is looked at that awaits inspection since its event `version`."""
    return Deadline(_UNINSPECTED, str(order_id), due_at, {"version": version})
