"""Customers: impatient people with two devices, a bad line and a mind that changes."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID, uuid5

from application.booking import CleaningRequest, Contact, Wish
from application.commands import Command, Decision, Outcome
from application.paying import PayRequest
from application.payment_errands import prepay_errand
from application.vault import KeyClass
from domain.customers import Customer, ExternalIdentity
from domain.payment_attempts import H5, JSAPI, NATIVE
from domain.payments import SUCCEEDED
from domain.time import SHANGHAI
from interface.household import Household
from tests.simulation.broken import fail
from tests.simulation.wechat import WeChat
from tests.simulation.world import DIED, Deed, Script, Told, World

DISTRICT: Final = "110105"
HOURS: Final = (9, 10, 11, 14)
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
    pay_by: datetime
    total_fen: int


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

    def book(self, starts_at: datetime) -> Saying["Booked | None"]:
        """Book a cleaning, and tap twice at times."""
        request = self._request(starts_at)
        key = self.new_key("book")
        told = yield from self.insist(
            "book", lambda h, c: h.bookings.book_cleaning(request, c), key
        )
        if self.chance.random.random() < 0.2:
            again = self.new_key("book") if self.chance.random.random() < 0.5 else key
            self.ask("book", lambda h, c: h.bookings.book_cleaning(request, c), again)
        return _booked(told)

    def start_paying(self, order: Booked, trade_type: str) -> Saying[str]:
        """Start an attempt; its 商户订单号, "" where the product gives none."""
        request = PayRequest(
            order_id=order.id,
            customer_id=self.id,
            charge_number=1,
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

    def _request(self, starts_at: datetime) -> CleaningRequest:
        wish = Wish(service_code="BJ-01", quantity=120, starts_at=starts_at, district=DISTRICT)
        contact = Contact(
            name="陈女士", phone="13912345678", address="望京街 1 号院", district=DISTRICT
        )
        return CleaningRequest(customer_id=self.id, wish=wish, contact=contact, source="wechat")


def wanted_start(world: World) -> datetime:
    """A popular hour of tomorrow or the day after."""
    day = world.clock.now().astimezone(SHANGHAI) + timedelta(
        days=world.chance.random.choice([1, 1, 2])
    )
    hour = world.chance.random.choice(HOURS)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _booked(told: Told) -> Booked | None:
    if told.answer is None:
        return None
    answer: Any = told.answer
    pay_by = datetime.fromisoformat(answer["pay_by"])
    return Booked(UUID(answer["order_id"]), pay_by, answer["total_fen"])


def _start(house: Household, request: PayRequest, command: Command) -> Outcome:
    """As the interface does it: the prepay is made while the customer waits."""
    outcome = house.paying.start(request, command)
    number = str(outcome.answer["out_trade_no"])
    if outcome.position and not outcome.repeated:
        house.outbox.run_now(outcome.position, prepay_errand(number))
    house.paying.handover(number)
    return outcome


WAYS: Final = (JSAPI, JSAPI, H5, NATIVE)
