"""Customers: impatient people with two devices, a bad line and a mind that changes."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID, uuid5

from application.commands import Command, Decision, Outcome
from application.lines import Contact, OrderRequest
from application.paying import PayRequest
from application.payment_errands import prepay_errand
from application.vault import KeyClass
from domain.customers import Customer, ExternalIdentity
from domain.orders import charges
from domain.orders.service_order import ServiceOrder
from domain.payment_attempts import H5, JSAPI, NATIVE
from domain.payments import SUCCEEDED
from domain.time import SHANGHAI
from interface.household import Household
from tests.simulation import second_thoughts
from tests.simulation.broken import fail
from tests.simulation.wechat import WeChat
from tests.simulation.wishes import DISTRICT, PLANS, Wish
from tests.simulation.world import DIED, Deed, Script, Told, World

HOURS: Final = (9, 10, 11, 14)
_LATE_HOURS: Final = (12, 14, 16, 18)
_PEOPLE: Final = UUID("00000000-0000-5000-8000-0000000000c0")
# Whoever hears this asks again with the same key.
_AGAIN: Final = {DIED, "commit_unknown", "busy"}
_MOST_REPEATS: Final = 3

Said = TypeVar("Said")
# A script that ends with a result.
Saying: TypeAlias = Generator[timedelta, None, Said]


@dataclass(frozen=True)
class Booked:
    """What the customer knows of an order."""

    id: UUID
    pay_by: datetime | None
    total_fen: int
    wish: Wish


class Shopper:
    """One customer with a telephone."""

    def __init__(self, world: World, wechat: WeChat, number: int) -> None:
        self.world = world
        self.wechat = wechat
        self.chance = world.chance
        self.id = uuid5(_PEOPLE, f"{world.seed}:{number}")
        self.actor = f"customer:{self.id}"
        self.name = f"customer {number}"
        self.openid = f"oSimulated{world.seed:08d}{number:010d}"
        self._asked = 0

    # -- what the product offers

    def register(self) -> Script:
        """Come for the first time."""
        yield from self.insist("register", self._register)

    def book(self, wish: Wish) -> Saying["Booked | None"]:
        """Book something, and tap twice at times."""
        request = self._request(wish)
        key = self.new_key("book")
        told = yield from self.insist("book", lambda h, c: h.bookings.book(request, c), key)
        if self.chance.random.random() < 0.2:
            again = self.new_key("book") if self.chance.random.random() < 0.5 else key
            self.ask("book", lambda h, c: h.bookings.book(request, c), again)
        return _booked(told, wish)

    def start_paying(self, order: Booked, trade_type: str, charge: int = 1) -> Saying[str]:
        """Start an attempt; its 商户订单号, "" where the product gives none."""
        request = PayRequest(
            order_id=order.id,
            customer_id=self.id,
            charge_number=charge,
            trade_type=trade_type,
            payer_ip="127.0.0.1",
        )
        for _ in range(2):
            told = yield from self.insist("pay", lambda h, c: _start(h, request, c))
            if told.answer is not None:
                return str(told.answer["out_trade_no"])
            if told.code != "payment_not_ready":
                return ""
            yield self.chance.pause(3, 40)
        return ""

    def cancel(self, order: Booked) -> Script:
        """Give an unpaid order up."""
        yield from self.insist(
            "cancel", lambda h, c: h.bookings.cancel_unpaid(order.id, self.id, c)
        )

    def look_again(self, order: Booked) -> Script:
        """Pay what is still open, or have second thoughts."""
        seen = self.world.nodes[0].house.log.load(ServiceOrder, order.id)
        further = [each.number for each in seen.charges.values() if each.number > 1]
        unpaid = [number for number in further if seen.charges[number].state == charges.OPEN]
        if unpaid and self.chance.random.random() < 0.85:
            number = yield from self.start_paying(order, self.chance.random.choice(WAYS), unpaid[0])
            yield self.chance.pause(2, 400)
            if number:
                self.pay(number)
            return
        mind = second_thoughts.Mind(self.id, self.world)
        if works := second_thoughts.moves(seen, mind):
            work = self.chance.random.choice(works)
            self.ask("change", work, self.new_key("change"))

    def confirm(self, number: str) -> None:
        """The page asks whether it is paid."""

        def do(house: Household, _: Command) -> Outcome:
            return Outcome(0, {"status": house.paying.confirm(number, self.id)}, repeated=False)

        told = self.world.ask(self.actor, "confirm", self.new_key("confirm"), do, kept=False)
        if told.answer == {"status": SUCCEEDED} and not self.wechat.has_taken(number):
            fail("nobody is told of money that WeChat did not take", number)

    # -- what WeChat offers

    def pay(self, number: str, **how: object) -> bool:
        """Pay at WeChat, at times by a coupon."""
        total = next(
            (each for each in self.wechat.desk.books.orders() if each["out_trade_no"] == number),
            None,
        )
        if total and self.chance.random.random() < 0.15:
            how["coupon_fen"] = self.chance.random.randint(1, int(str(total["total_fen"])))
        return self.wechat.pay(self.name, number, **how)

    # -- how to ask

    def insist(self, route: str, do: Deed, key: str = "") -> Saying[Told]:
        """Ask, and after a broken connection mostly ask again with the same key."""
        key = key or self.new_key(route)
        told = self.ask(route, do, key)
        for _ in range(_MOST_REPEATS):
            if told.code not in _AGAIN or self.chance.random.random() < 0.25:
                break
            yield self.chance.pause(1, 60)
            told = self.ask(route, do, key)
        return told

    def ask(self, route: str, do: Deed, key: str) -> Told:
        return self.world.ask(self.actor, route, key, do)

    def new_key(self, route: str) -> str:
        self._asked += 1
        return f"{route}-{self._asked}"

    def _register(self, house: Household, command: Command) -> Outcome:
        appid = house.settings.wechat_appid
        identity = ExternalIdentity(
            channel="wechat",
            app_id=appid,
            identity_digest=house.vault.digest("wechat_openid", f"{appid}:{self.openid}"),
            openid=house.vault.seal(self.id, KeyClass.IDENTITY, self.openid),
        )

        def decide() -> Decision:
            return Decision([Customer.register(self.id, identity, by=self.actor, at=command.at)])

        return house.log.run(command, decide)

    def _request(self, wish: Wish) -> OrderRequest:
        starts_at = wanted_start(self.world, plan=wish in PLANS)
        others = [starts_at + timedelta(days=1)] * (self.chance.random.random() < 0.3)
        contact = Contact(
            name="陈女士", phone="13912345678", address="望京街 1 号院", district=DISTRICT
        )
        return OrderRequest(
            customer_id=self.id,
            asked=wish.asked(starts_at),
            contact=contact,
            source="wechat",
            alternatives=others,
        )


def wanted_start(world: World, *, plan: bool) -> datetime:
    """A popular hour of today, tomorrow or the day after; a plan begins not before tomorrow."""
    now = world.clock.now().astimezone(SHANGHAI)
    ahead = world.chance.random.choice([1, 1, 2] if plan else [0, 0, 1, 1, 2])
    left = [hour for hour in _LATE_HOURS if hour > now.hour + 1] if not ahead else HOURS
    hour = world.chance.random.choice(left or HOURS)
    day = now + timedelta(days=ahead if left else 1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _booked(told: Told, wish: Wish) -> Booked | None:
    if told.answer is None:
        return None
    answer: Any = told.answer
    pay_by = datetime.fromisoformat(answer["pay_by"]) if answer["pay_by"] else None
    return Booked(UUID(answer["order_id"]), pay_by, answer["total_fen"], wish)


def _start(house: Household, request: PayRequest, command: Command) -> Outcome:
    """As the interface does it: the prepay is made while the customer waits."""
    outcome = house.paying.start(request, command)
    number = str(outcome.answer["out_trade_no"])
    if outcome.position and not outcome.repeated:
        house.outbox.run_now(outcome.position, prepay_errand(number))
    house.paying.handover(number)
    return outcome


WAYS: Final = (JSAPI, JSAPI, H5, NATIVE)
