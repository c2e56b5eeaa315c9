"""What the log says at the end, sorted by what it is about."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from application.projections.projection import Recorded
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.payments import MoneyArrived, Payment
from infrastructure.feed.reader import LogReader, decode
from interface.household import Household
from tests.simulation.wechat import WeChat
from tests.simulation.world import World


@dataclass
class Facts:
    """The log, the aggregates and WeChat's books."""

    world: World
    house: Household
    wechat: WeChat
    recorded: list[Recorded] = field(default_factory=list)
    arrivals: list[MoneyArrived] = field(default_factory=list)
    of_order: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[UUID, ServiceOrder] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)

    def of(self, order_id: UUID, kind: type[Any]) -> list[Any]:
        """An order's facts of one kind."""
        return [event for event in self.of_order[order_id] if isinstance(event, kind)]


def facts_of(world: World, wechat: WeChat) -> Facts:
    """Read everything."""
    house = world.nodes[0].house
    facts = Facts(world, house, wechat)
    facts.recorded = [decode(row) for row in LogReader(house.engine, page=100_000).read(0)]
    for each in facts.recorded:
        _sort(facts, each.event)
    return facts


def _sort(facts: Facts, event: Any) -> None:  # noqa: ANN401 - any event of the log
    match event:
        case OrderFacts.Event():
            facts.of_order[event.originator_id].append(event)
            if isinstance(event, OrderFacts.Booked):
                order = facts.house.log.load(ServiceOrder, event.originator_id)
                facts.orders[order.id] = order
        case MoneyArrived():
            facts.arrivals.append(event)
        case Payment.Started():
            payment = facts.house.log.load(Payment, event.originator_id)
            facts.payments[payment.out_trade_no] = payment
