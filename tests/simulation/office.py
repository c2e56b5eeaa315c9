"""The office: dispatchers who see to orders, change their minds, make mistakes, and plan seats."""

from collections.abc import Collection, Mapping
from datetime import time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from application.capacity import SeatPlan
from application.personnel import NewWorker
from domain.capacity import POOLS
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.care.order import CareOrder
from domain.orders.cleaning import CleaningOrder
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_money import COMPANY
from domain.orders.hourly.plan_visits import RUNNING
from domain.orders.hourly.visits import NOT_BEGUN, upcoming
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import CLOSED_UNDONE, Stage
from domain.time import shanghai_day
from tests.simulation import (
    work_of_appliances,
    work_of_care,
    work_of_cleaning,
    work_of_dry_cleaning,
    work_of_hourly,
)
from tests.simulation.customers import HOURS
from tests.simulation.wishes import DISTRICT, SKILLS
from tests.simulation.work import Staff, Work
from tests.simulation.world import Script, World

# On which days from today each pool has seats; a plan needs its weekday four times.
_DAYS: Final[Mapping[str, Collection[int]]] = {
    "cleaning": range(4),
    "laundry": range(7),
    "hourly": (0, 1, 2, 3, 8, 9, 15, 16, 22, 23),
    "appliances": range(4),
}
_WORKERS: Final = 3
_CARERS: Final = 2
_CARE: Final = ("HG-01", "YS-01")
_MOST_STEPS: Final = 14
_ORDERS = text(
    "select stream_id from log.events where version = 1 and name like '%_order.booked'"
    " order by position"
)


class Office:
    """What dispatchers share."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance
        self._staff = Staff(world)
        self._asked = 0

    def open(self, wanted: Collection[str]) -> None:
        """Engage people and plan few seats for the services wanted, before anybody comes."""
        seats = self._chance.random.randint(1, 3)
        pools = sorted({POOLS.get(code[:2], "") for code in wanted} & _DAYS.keys())
        for pool in pools:
            for ahead in _DAYS[pool]:
                self._plan(pool, ahead, seats)
        self._staff.workers = [self._engage(SKILLS) for _ in range(_WORKERS)]
        if set(_CARE) & set(wanted):
            self._staff.carers = [self._engage(_CARE) for _ in range(_CARERS)]

    def dispatch(self, name: str) -> Script:
        """A dispatcher's day."""
        while True:
            yield self._chance.pause(900, 7200)
            orders = self._living()
            for order_id in self._chance.random.sample(orders, min(3, len(orders))):
                yield from self._see_to(name, order_id)

    def plan_more(self) -> Script:
        """More seats are found; fewer would only refuse later customers."""
        yield self._chance.pause(3600, 8 * 3600)
        ahead, seats = self._chance.random.randint(1, 2), self._chance.random.randint(4, 6)
        self._plan("cleaning", ahead, seats)

    def close_up(self) -> bool:
        """End what would go on for ever, plans and claims; whether there was any."""
        works = [work for order in self._all() if (work := _ending(order))]
        for work in works:
            self._ask("closing", work)
        return bool(works)

    def has_plans(self) -> bool:
        """Whether a plan goes on."""
        return any(each.stage in RUNNING for each in self._all())

    def _see_to(self, name: str, order_id: UUID) -> Script:
        """Step by step, until somebody has something else to do."""
        for _ in range(self._chance.random.randint(1, _MOST_STEPS)):
            works = _moves(self._load(order_id), self._staff)
            if not works:
                return
            self._ask(name, self._chance.random.choice(works))
            yield self._chance.pause(1, 12)

    def _living(self) -> list[UUID]:
        """Whom somebody may see to; who waits for money, seldom."""
        unpaid = self._chance.random.random() < 0.3
        left_out = CLOSED_UNDONE if unpaid else CLOSED_UNDONE | {Stage.AWAITING_PAYMENT}
        return [each.id for each in self._all() if each.stage not in left_out]

    def _all(self) -> list[ServiceOrder]:
        with self._world.nodes[0].house.engine.connect() as connection:
            booked = list(connection.execute(_ORDERS).scalars())
        return [self._load(order_id) for order_id in booked]

    def _load(self, order_id: UUID) -> ServiceOrder:
        return self._world.nodes[0].house.log.load(ServiceOrder, order_id)

    def _engage(self, skills: Collection[str]) -> UUID:
        new = NewWorker(
            name="赵师傅", phone="13700000000", skills=list(skills), districts=[DISTRICT]
        )
        told = self._ask("engage", lambda h, c: h.personnel.register_worker(new, c))
        return UUID(str(told["worker_id"])) if told else UUID(int=0)

    def _plan(self, pool: str, ahead: int, seats: int) -> None:
        plan = SeatPlan(
            pool=pool,
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


def _moves(order: ServiceOrder, staff: Staff) -> list[Work]:
    match order:
        case CleaningOrder():
            return work_of_cleaning.moves(order, staff)
        case DryCleaningOrder():
            return work_of_dry_cleaning.moves(order, staff)
        case HourlyWorkOrder():
            return work_of_hourly.moves(order, staff)
        case ApplianceCareOrder():
            return work_of_appliances.moves(order, staff)
        case CareOrder():
            return work_of_care.moves(order, staff)
        case _:
            raise TypeError(order)


def _ending(order: ServiceOrder) -> Work | None:
    """What brings a plan or a claim nearer to its end; None where nothing goes on."""
    match order:
        case HourlyWorkOrder() if order.stage in RUNNING:
            begun = [each.number for each in upcoming(order.visits) if each.stage not in NOT_BEGUN]
            if begun:
                return work_of_hourly.cancel_visit(order, begun[0])
            return work_of_hourly.end(order, COMPANY)
        case ApplianceCareOrder() if order.claim:
            return work_of_appliances.end_claim(order)
        case _:
            return None
