"""What garments wait for too long (期限): the customer's signature, or the laundry's next step."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision
from application.log import Log
from application.policy import Deadline, TryLaterError
from domain.orders.dry_cleaning.garments import SETTLED, Garment
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.stages import Stage

UNSIGNED: Final = "garment.unsigned"
STALLED: Final = "garment.stalled"
# Who does not object for so long has accepted (catalogue sheet d2).
SIGNED_AFTER: Final = timedelta(hours=24)
# A garment that stands still for so long is an exception (干洗停滞; catalogue sheet d4).
STALLED_AFTER: Final = timedelta(hours=48)
# What is delivered waits for the customer.
_MAY_STAND: Final = SETTLED | {Stage.DELIVERED}
# How soon a refused garment is looked at again that waits for the others.
_AGAIN: Final = timedelta(days=1)
_COMMANDS: Final = UUID("51f0a1de-5c1c-5b0d-8a61-97d8a3d2b6f4")


def deadline_of(order_id: UUID, garment: int, stage: str, at: datetime) -> Deadline | None:
    """What falls due for a garment that came to a stage; None where it may stand there."""
    if stage == Stage.DELIVERED:
        name, after = UNSIGNED, SIGNED_AFTER
    elif stage in _MAY_STAND:
        return None
    else:
        name, after = STALLED, STALLED_AFTER
    payload = {"garment": garment}
    return Deadline(name=name, subject=str(order_id), due_at=at + after, payload=payload)


class GarmentDeadlines:
    """What is done when a garment's time is over; once for each time it came to a stage."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def unsigned(self, deadline: Deadline) -> None:
        """The deadline `garment.unsigned`: nobody objected for a day, so it is signed for."""
        command = self._command(deadline)

        def decide() -> Decision:
            order, number = self._order(deadline), int(deadline.payload["garment"])
            if order.garments[number].stage != Stage.DELIVERED:
                return Decision([])
            order.sign_for([number], happened_at=command.at, by=command.actor, at=command.at)
            return Decision([order])

        self._log.run(command, decide)

    def stalled(self, deadline: Deadline) -> None:
        """The deadline `garment.stalled`: report it, unless the garment went on.

        Raises TryLaterError while a refused garment waits to go home with the others.
        """
        command = self._command(deadline)

        def decide() -> Decision:
            order, number = self._order(deadline), int(deadline.payload["garment"])
            garment = order.garments[number]
            went_on = garment.moved_at + STALLED_AFTER > deadline.due_at
            if went_on or garment.stage in _MAY_STAND:
                return Decision([])
            if _waits_for_others(order, garment, command.at):
                reason = "it goes home with the others"
                raise TryLaterError(reason, after=_AGAIN)
            seen = ExceptionReport(
                kind=ExceptionKind.STALLED,
                happened_at=command.at,
                details={"garment": number, "stage": garment.stage},
            )
            order.report_exception(seen, by=command.actor, at=command.at)
            return Decision([order])

        self._log.run(command, decide)

    def _order(self, deadline: Deadline) -> DryCleaningOrder:
        return self._log.load(DryCleaningOrder, UUID(deadline.subject))

    def _command(self, deadline: Deadline) -> Command:
        garment, due = deadline.payload["garment"], deadline.due_at.isoformat()
        key = f"{deadline.name}:{deadline.subject}:{garment}:{due}"
        return Command(uuid5(_COMMANDS, key), "system:garment_deadlines", "", self._clock.now())


def _waits_for_others(order: DryCleaningOrder, garment: Garment, at: datetime) -> bool:
    if garment.stage != Stage.WASH_REFUSED:
        return False
    moved_at = max(each.moved_at for each in order.garments.values())
    return order.stage != Stage.WASH_REFUSED or at < moved_at + STALLED_AFTER
