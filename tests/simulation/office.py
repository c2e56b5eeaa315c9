"""The office: dispatchers who assign, change their minds and cancel, and who plan seats."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from application.capacity import SeatPlan
from application.commands import Command, Outcome
from application.dispatching import FieldReport
from application.personnel import NewWorker
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.time import shanghai_day
from interface.household import Household
from tests.simulation.customers import DISTRICT, HOURS
from tests.simulation.world import Script, World

_DAYS: Final = 4
_WORKERS: Final = 3
_ORDERS = text(
    "select stream_id from log.events where version = 1 and name = :name order by position"
)
Work = Callable[[Household, Command], Outcome]


class Office:
    """What dispatchers share."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance
        self._workers: list[UUID] = []
        self._asked = 0

    def open(self) -> None:
        """Engage workers and plan few seats, before anybody comes."""
        seats = self._chance.random.randint(1, 3)
        for ahead in range(_DAYS):
            self._plan(ahead, seats)
        for _ in range(_WORKERS):
            new = NewWorker(
                name="赵师傅", phone="13700000000", skills=["BJ-01"], districts=[DISTRICT]
            )
            told = self._ask("engage", lambda h, c, new=new: h.personnel.register_worker(new, c))  # type: ignore[misc]
            if told is not None:
                self._workers.append(UUID(str(told["worker_id"])))

    def dispatch(self, name: str) -> Script:
        """A dispatcher's day."""
        while True:
            yield self._chance.pause(900, 7200)
            orders = self._orders()
            for order_id in self._chance.random.sample(orders, min(3, len(orders))):
                self._go_on(name, order_id)
                yield self._chance.pause(1, 60)

    def plan_more(self) -> Script:
        """More seats are found; fewer would only refuse later customers."""
        yield self._chance.pause(3600, 8 * 3600)
        self._plan(self._chance.random.randint(1, 2), self._chance.random.randint(4, 6))

    def _orders(self) -> list[UUID]:
        with self._world.nodes[0].house.engine.connect() as connection:
            return list(connection.execute(_ORDERS, {"name": "cleaning_order.booked"}).scalars())

    def _go_on(self, name: str, order_id: UUID) -> None:
        order = self._world.nodes[0].house.log.load(ServiceOrder, order_id)
        work = self._work(order)
        if work is not None:
            self._ask(name, work)

    def _work(self, order: ServiceOrder) -> Work | None:
        """What somebody might do with it, fitting or not."""
        number, chance = order.id, self._chance.random
        crew = chance.sample(self._workers, 1)
        following = sorted(order.transitions().get(order.stage, ()))
        later = datetime.fromisoformat(order.windows[0]["starts_at"]) + timedelta(
            hours=chance.choice([1, 24])
        )
        works: dict[str, list[Work]] = {
            Stage.AWAITING_PAYMENT: [
                lambda h, c: h.dispatching.cancel(number, "company", c),
                lambda h, c: h.dispatching.assign(number, crew, ["nearest"], c),
            ],
            Stage.AWAITING_ASSIGNMENT: [
                *[lambda h, c: h.dispatching.assign(number, crew, ["nearest"], c)] * 3,
                lambda h, c: h.dispatching.cancel(number, "company", c),
                lambda h, c: h.dispatching.reschedule(number, later, "customer", c),
            ],
            Stage.AWAITING_ACCEPTANCE: [
                *[lambda h, c: h.dispatching.accept(number, _report(c), c)] * 2,
                lambda h, c: h.dispatching.reassign(number, crew, "ill", c),
                lambda h, c: h.dispatching.decline(number, "far", _report(c), c),
            ],
            Stage.AWAITING_INSPECTION: [lambda h, c: h.dispatching.complete(number, _report(c), c)],
        }
        if following:
            return lambda h, c: h.dispatching.progress(number, following[0], _report(c), c)
        return chance.choice(works[order.stage]) if order.stage in works else None

    def _plan(self, ahead: int, seats: int) -> None:
        plan = SeatPlan(
            pool="cleaning",
            area=DISTRICT,
            day=shanghai_day(self._world.clock.now()) + timedelta(days=ahead),
            starts=time(HOURS[0]),
            ends=time(20),
            seats=seats,
        )
        self._ask("plan", lambda h, c: h.capacity.set_seats(plan, c))

    def _ask(self, who: str, do: Work) -> Mapping[str, Any] | None:
        self._asked += 1
        return self._world.ask("staff:office", who, str(self._asked), do).answer


def _report(command: Command) -> FieldReport:
    """It has just happened."""
    return FieldReport(happened_at=command.at)
