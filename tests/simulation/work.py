"""What somebody of the office or the field might do with an order, and with whose hands."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from uuid import UUID

from application.appliance_care import SiteReport
from application.commands import Command, Outcome
from application.dispatching import FieldReport
from application.rescheduling import DateChange
from domain.errors import JiawuError
from domain.orders.service_order import ServiceOrder
from interface.household import Household
from tests.simulation.world import World

Work = Callable[[Household, Command], Outcome]


@dataclass
class Staff:
    """Who works for the company: `workers` do every service, `carers` only care."""

    world: World
    workers: list[UUID] = field(default_factory=list)
    carers: list[UUID] = field(default_factory=list)

    @property
    def random(self) -> Random:
        """Everything that is left to chance."""
        return self.world.chance.random

    def now(self) -> datetime:
        """The world's time."""
        return self.world.clock.now()

    def somebody(self) -> UUID:
        """One of the workers."""
        return self.random.choice(self.workers)

    def is_rare(self, one_in: int) -> bool:
        """Whether what seldom happens happens now."""
        return self.random.randrange(one_in) == 0


def reported(command: Command) -> FieldReport:
    """It has just happened."""
    return FieldReport(happened_at=command.at, note="已联系客户")


def seen(command: Command) -> SiteReport:
    """It was just seen."""
    return SiteReport(happened_at=command.at, note="已查看")


def priced(order: ServiceOrder, change: DateChange, world: World) -> DateChange:
    """The change with what it is told to cost now; minutes later it may be more."""
    try:
        terms = world.nodes[0].house.reschedulings.preview(
            order.id, change.starts_at, change.reason_code, world.clock.now()
        )
    except JiawuError:
        return change
    fee_fen, rise_fen = terms.fee.fee_fen, terms.price.rise_fen
    return replace(change, agreed_fee_fen=fee_fen, agreed_difference_fen=rise_fen)
