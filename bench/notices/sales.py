"""Orders whose payment WeChat has taken, and the notices that tell so.

The commands are given half an hour ahead of the clock: so the holds outlast the
run and no query of an attempt falls due in it; in life an attempt is told
within seconds and waits for no 1,500 others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import requests
import sqlalchemy as sa

from application.capacity import SeatPlan
from application.commands import Command, Decision
from application.lines import Asked, Contact, OrderRequest
from application.paying import PayRequest
from application.vault import KeyClass
from bench.notices.client import Posting
from domain.capacity import MOST_SEATS
from domain.customers import Customer, ExternalIdentity
from domain.payment_attempts import JSAPI
from domain.payments import payment_id
from domain.time import SHANGHAI, shanghai_day
from infrastructure.clock import SystemClock
from infrastructure.simulators.wechat_pay.notices import Notice, envelope
from infrastructure.simulators.wechat_pay.seal import PlatformSeal
from interface.cli.simulating import pay_app
from interface.household import Household
from interface.settings import Settings

DISTRICT = "110105"
_CONTACT = Contact(
    name="陈女士", phone="13912345678", address="朝阳区望京街 1 号院 2 单元 301", district=DISTRICT
)
_DAYS = 7
_HOLDS = 3  # a customer may have so many unpaid orders
_AHEAD = timedelta(minutes=30)
_THREADS = 4
_TIMEOUT = 30
_FACTS = sa.text("select stream_id, name from log.events where stream_id = any(:streams)")
_PAID_ORDER = {"cleaning_order.booked": 1, "cleaning_order.paid": 1}
_PAID = "payment.succeeded"
_BEFORE = frozenset({"payment.started", "payment.prepared"})


@dataclass(frozen=True)
class Sale:
    """An order and the number of its one attempt."""

    order_id: UUID
    out_trade_no: str


def open_seats(house: Household) -> None:
    """As many seats as there may be, for the days that are sold."""
    for day in days_sold(house):
        plan = SeatPlan(
            pool="cleaning",
            area=DISTRICT,
            day=day,
            starts=time(8),
            ends=time(20),
            seats=MOST_SEATS,
        )
        house.capacity.set_seats(plan, _command(house, "system:bench"))


def days_sold(house: Household) -> list[date]:
    """The days that are sold, from tomorrow on."""
    today = shanghai_day(house.clock.now() + _AHEAD)
    return [today + timedelta(days=ahead) for ahead in range(1, _DAYS + 1)]


def sell(house: Household, count: int) -> list[Sale]:
    """Book so many orders and start an attempt to pay for each inside WeChat."""
    with ThreadPoolExecutor(_THREADS) as threads:
        sold = threads.map(lambda first: _sell(house, first, count), range(0, count, _HOLDS))
        return [sale for sales in sold for sale in sales]


def _sell(house: Household, first: int, count: int) -> list[Sale]:
    customer_id = new_customer(house)
    numbers = range(first, min(first + _HOLDS, count))
    return [_started(house, customer_id, number) for number in numbers]


def new_customer(house: Household) -> UUID:
    """A customer who came through WeChat."""
    customer_id, openid = uuid4(), f"o{uuid4().hex[:27]}"
    appid = house.settings.wechat_appid
    command = _command(house, f"customer:{customer_id}")
    identity = ExternalIdentity(
        channel="wechat",
        app_id=appid,
        identity_digest=house.vault.digest("wechat_openid", f"{appid}:{openid}"),
        openid=house.vault.seal(customer_id, KeyClass.IDENTITY, openid),
    )

    def decide() -> Decision:
        return Decision([Customer.register(customer_id, identity, by=command.actor, at=command.at)])

    house.log.run(command, decide)
    return customer_id


def _started(house: Household, customer_id: UUID, number: int) -> Sale:
    actor = f"customer:{customer_id}"
    command = _command(house, actor)
    wanted = Asked(
        service_code="BJ-01",
        quantity=120,
        starts_at=_nine_o_clock(command.at + timedelta(days=1 + number % _DAYS)),
        district=DISTRICT,
    )
    request = OrderRequest(customer_id=customer_id, asked=wanted, contact=_CONTACT, source="wechat")
    order_id = UUID(house.bookings.book(request, command).answer["order_id"])
    asked = PayRequest(
        order_id=order_id, customer_id=customer_id, charge_number=1, trade_type=JSAPI
    )
    outcome = house.paying.start(asked, _command(house, actor))
    return Sale(order_id, outcome.answer["out_trade_no"])


def _nine_o_clock(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI).replace(hour=9, minute=0, second=0, microsecond=0)


def _command(house: Household, actor: str) -> Command:
    return Command(uuid4(), actor, "", house.clock.now() + _AHEAD)


# -- what WeChat does


class WeChat:
    """The simulated WeChat Pay: its process takes the money, its keys seal the notices."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.pay_base_url
        self._clock = SystemClock()
        self._seal: PlatformSeal = pay_app(settings, self._clock).state.desk.seal
        self._session = requests.Session()
        self._session.trust_env = False

    def keep_silent(self) -> None:
        """Its own notices are not sent: the measuring client posts them."""
        self._tell("/_sim/notice_rules", {"drop": True})

    def take_money(self, sales: Sequence[Sale]) -> list[Mapping[str, Any]]:
        """Every customer pays; returns the transactions."""
        return [
            self._tell("/_sim/pay", {"out_trade_no": sale.out_trade_no}).json() for sale in sales
        ]

    def notices(self, transactions: Sequence[Mapping[str, Any]]) -> list[Posting]:
        """Encrypted and signed now; they are believed for five minutes."""
        return [self._notice(each) for each in transactions]

    def _notice(self, transaction: Mapping[str, Any]) -> Posting:
        notice = Notice(
            id=f"EV-{uuid4()}",
            url="",
            transaction=transaction,
            created_at=self._clock.now(),
            state="waiting",
        )
        body = envelope(notice, self._seal)
        return Posting(body, {"Content-Type": "application/json", **self._seal.headers(body)})

    def _tell(self, path: str, body: object) -> requests.Response:
        answer = self._session.post(self._url + path, json=body, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer


# -- what the log holds


def payments_stated_once(house: Household, sales: Sequence[Sale]) -> int:
    """How many attempts have exactly one success, and no other fact about money."""
    facts = _facts(house, [payment_id(sale.out_trade_no) for sale in sales])
    return sum(
        {name: n for name, n in names.items() if name not in _BEFORE} == {_PAID: 1}
        for names in facts.values()
    )


def orders_paid_once(house: Household, sales: Sequence[Sale]) -> int:
    """How many orders are booked once, paid once, and nothing else."""
    facts = _facts(house, [sale.order_id for sale in sales])
    return sum(names == _PAID_ORDER for names in facts.values())


def _facts(house: Household, streams: Sequence[UUID]) -> dict[UUID, Counter[str]]:
    facts: dict[UUID, Counter[str]] = {stream: Counter() for stream in streams}
    with house.engine.connect() as connection:
        for stream, name in connection.execute(_FACTS, {"streams": list(streams)}):
            facts[stream][name] += 1
    return facts
