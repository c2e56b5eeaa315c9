"""A long-term plan of hourly work, as its customer and the office see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5

from application.capacity import SeatPlan
from application.commands import Command
from domain.time import shanghai_day
from tests.interface.town import DISTRICT, Caller, Json, Town, new_openid

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
FIELD = ("departed", "arrived", "in_service", "awaiting_inspection")
A_DAY = timedelta(days=1)
_SEATS = UUID("00000000-0000-5000-8000-0000000000a5")


def open_hourly_seats(town: Town, days: int = 240, seats: int = 50) -> None:
    """So many seats of the pool, day and night, from today on."""
    today = shanghai_day(town.clock.now())
    for ahead in range(days):
        day = today + timedelta(days=ahead)
        plan = SeatPlan(
            pool="hourly", area=DISTRICT, day=day, starts=time(), ends=time(), seats=seats
        )
        command = Command(uuid5(_SEATS, f"{day}:{seats}"), "system:test", "", town.clock.now())
        town.house.capacity.set_seats(plan, command)


def close_day(town: Town, day: Json) -> None:
    plan = SeatPlan(pool="hourly", area=DISTRICT, day=day, starts=time(), ends=time(), seats=0)
    command = Command(uuid5(_SEATS, f"closed:{day}"), "system:test", "", town.clock.now())
    town.house.capacity.set_seats(plan, command)


@dataclass
class Plan:
    """A plan; whoever deals with it logs in anew when time has passed, as sessions end."""

    town: Town
    openid: str
    id: str
    number: str
    sessions: dict[tuple[str, datetime], Caller] = field(default_factory=dict)

    @property
    def customer(self) -> Caller:
        return self._session("customer", lambda: self.town.customer(self.openid))

    @property
    def office(self) -> Caller:
        return self._session("office", self.town.dispatcher)

    def _session(self, who: str, log_in: Callable[[], Caller]) -> Caller:
        key = (who, self.town.clock.now())
        if key not in self.sessions:
            self.sessions[key] = log_in()
        return self.sessions[key]

    def view(self) -> Json:
        self.town.settle()
        return self.customer.read(f"{ORDERS}/{self.id}")

    def visits(self) -> dict[str, Json]:
        """The visits by name, as the customer sees them."""
        parts = self.view()["parts"]
        return {each["part"]: each for each in parts if each["kind"] == "visit"}

    def terms(self) -> Json:
        """What the plan's own part says."""
        return next(each for each in self.view()["parts"] if each["part"] == "plan")

    def ask(self, what: str, body: object = None) -> Json:
        """The customer asks; all that follows is done."""
        told = self.customer.do(f"{ORDERS}/{self.id}/{what}", body)
        self.town.settle()
        return told

    def tell(self, what: str, body: object = None) -> Json:
        """Staff do it; all that follows is done."""
        told = self.office.do(f"{OFFICE}/{self.id}/{what}", body)
        self.town.settle()
        return told

    def wait_until(self, moment: datetime) -> None:
        """Time passes day by day."""
        self.town.let_pass(moment - self.town.clock.now(), step=A_DAY)

    def do_visit(self, number: int, worker: str) -> None:
        """A worker goes there and the customer is content."""
        self.tell(f"visits/{number}/assignment", {"worker_id": worker})
        self.tell(f"visits/{number}/acceptance")
        ends_at = datetime.fromisoformat(self.visits()[f"visit-{number:04d}"]["ends_at"])
        self.wait_until(ends_at)
        for stage in FIELD:
            self.tell(f"visits/{number}/progress", {"stage": stage})
        self.tell(f"visits/{number}/completion")


def booked(town: Town, **plan: Json) -> Plan:
    openid = new_openid()
    wish = {"quantity": 120, "plan": plan, "starts_at": town.tomorrow(9).isoformat()}
    order = town.booked(town.customer(openid), service_code="XS-02", **wish)
    return Plan(town, openid, order["order_id"], order["order_number"])


def pay(plan: Plan, charge_number: int = 1) -> None:
    path = f"{ORDERS}/{plan.id}/payments"
    number = plan.customer.do(path, {"charge_number": charge_number})["out_trade_no"]
    plan.town.pay_at_wechat(number)
    plan.town.courier.deliver_due()
    plan.town.settle()


def active(town: Town, **plan: Json) -> Plan:
    made = booked(town, **plan)
    pay(made)
    return made


def maid(town: Town) -> str:
    return town.worker(town.dispatcher(), "XS-01", "XS-02")


def stages(plan: Plan) -> list[str]:
    return [each["stage"] for each in plan.visits().values()]
