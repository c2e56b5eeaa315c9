"""A town on the loopback: the product and both simulators over real sockets, on one clock.

Nothing moves by itself: notices are delivered, the feed and the outbox run, and
time passes when a test says so.
"""

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4, uuid5

import requests
from pydantic import SecretStr
from sqlalchemy import text

from application.capacity import SeatPlan
from application.commands import Command
from domain.payments import payment_id
from domain.time import SHANGHAI, shanghai_day
from infrastructure.clock import SettableClock
from infrastructure.simulators.wechat_pay.notifier import Notifier
from interface.api.app import create_app
from interface.cli.demo_data import PASSWORD, seed
from interface.cli.simulating import account_app, pay_app
from interface.demo_secrets import DemoSecrets, demo_secrets
from interface.household import Household, build
from interface.settings import NOTIFY_PATH, Settings, in_demo
from tests.conftest import Database
from tests.interface.snapshots import snapshot
from tests.loopback import stage
from tests.product import NOON

Json: TypeAlias = Any  # whatever a document holds; tests look into it

DISTRICT = "110105"
CONTACT = {
    "name": "陈女士",
    "phone": "13912345678",
    "address": "朝阳区望京街 1 号院 2 单元 301",
    "district": DISTRICT,
}
_TIMEOUT = 20
_SEATS = UUID("00000000-0000-5000-8000-00000000005e")
WECHAT_BROWSER = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50"
PHONE_BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile"
DESKTOP_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0"
_people = itertools.count(1)


class Caller:
    """Somebody's HTTP client: cookies, no proxy, a fresh Idempotency-Key for each command."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["User-Agent"] = WECHAT_BROWSER

    def get(self, path: str, **query: Json) -> requests.Response:
        return self.session.get(
            self.base_url + path, params=query, timeout=_TIMEOUT, allow_redirects=False
        )

    def post(
        self,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> requests.Response:
        sent = {"Idempotency-Key": key or str(uuid4()), **(headers or {})}
        return self.session.post(
            self.base_url + path,
            json={} if body is None else body,
            headers=sent,
            timeout=_TIMEOUT,
        )

    def upload(self, path: str, picture: bytes, *, key: str | None = None) -> requests.Response:
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.send("POST", path, data=picture, headers=headers)

    def send(self, method: str, path: str, **more: Json) -> requests.Response:
        return self.session.request(
            method, self.base_url + path, timeout=_TIMEOUT, allow_redirects=False, **more
        )

    def read(self, path: str, **query: Json) -> Json:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, path: str, body: object = None) -> Json:
        answer = self.post(path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


def new_openid() -> str:
    """An openid that nobody has."""
    return f"oTown{next(_people):023d}"


def logged_in(url: str, account_url: str, openid: str) -> Caller:
    """A customer of the product at `url` who came through the simulated account."""
    tell(account_url, "/_sim/users", {"openid": openid, "nickname": "顾客"})
    caller = Caller(url)
    back = urlsplit(answer_of_wechat(caller, account_url, openid))
    answer = caller.get(f"{back.path}?{back.query}")
    assert answer.status_code == 303, answer.text
    return caller


def answer_of_wechat(
    caller: Caller, account_url: str, openid: str, return_path: str = "/api/v1/me"
) -> str:
    """Where WeChat sends the browser back to."""
    begun = caller.get("/api/v1/wechat/login", return_path=return_path)
    assert begun.status_code == 302, begun.text
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    choice = {name: asked[name][0] for name in ("state", "redirect_uri", "scope")}
    return str(tell(account_url, "/_sim/authorize", {**choice, "openid": openid})["url"])


def tell(base_url: str, path: str, body: object) -> Json:
    """A command to a simulator."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(base_url + path, json=body, timeout=_TIMEOUT)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def wish_at(starts_at: datetime, service_code: str = "BJ-01", quantity: int = 120) -> Json:
    """A body of POST /orders."""
    return {
        "service_code": service_code,
        "quantity": quantity,
        "starts_at": starts_at.isoformat(),
        "contact": dict(CONTACT),
    }


def tomorrow(now: datetime, hour: int = 9) -> datetime:
    """A full hour of tomorrow in Shanghai."""
    day = now.astimezone(SHANGHAI) + timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Town:
    """The product, the simulators and the clock they share."""

    house: Household
    clock: SettableClock
    url: str
    pay_url: str
    account_url: str
    courier: Notifier
    outside: requests.Session = field(default_factory=requests.Session)

    # -- people

    def anybody(self) -> Caller:
        return Caller(self.url)

    def customer(self, openid: str = "") -> Caller:
        """A customer who logged in through WeChat; a new one unless named."""
        openid = openid or new_openid()
        return logged_in(self.url, self.account_url, openid)

    def answer_of_wechat(self, caller: Caller, openid: str, return_path: str = "/api/v1/me") -> str:
        """Where WeChat sends the browser back to."""
        return answer_of_wechat(caller, self.account_url, openid, return_path)

    def staff(self, login_name: str, password: str = PASSWORD) -> Caller:
        caller = self.anybody()
        body = {"login_name": login_name, "password": password}
        answer = caller.post("/api/v1/staff/sessions", body)
        assert answer.status_code == 201, answer.text
        return caller

    def dispatcher(self) -> Caller:
        return self.staff("demo-dispatcher")

    def finance(self) -> Caller:
        return self.staff("demo-finance")

    def administrator(self) -> Caller:
        return self.staff("demo-administrator")

    def worker(self, office: Caller, *skills: str) -> str:
        """A new worker's id; nobody has given this one work yet."""
        body = {
            "name": "赵师傅",
            "phone": "13700000000",
            "skills": list(skills or ("BJ-01", "BJ-02", "BJ-03")),
            "districts": [DISTRICT],
        }
        return str(office.do("/api/v1/office/workers", body)["worker_id"])

    # -- orders and money

    def tomorrow(self, hour: int = 9) -> datetime:
        """A full hour of tomorrow in Shanghai."""
        return tomorrow(self.clock.now(), hour)

    def wish(self, service_code: str = "BJ-01", quantity: int = 120, **changes: Json) -> Json:
        """A body of POST /orders."""
        return {**wish_at(self.tomorrow(), service_code, quantity), **changes}

    def booked(self, customer: Caller, **wish: Json) -> Json:
        """A new order of the customer: order_id, order_number, total_fen, pay_by."""
        return customer.do("/api/v1/orders", self.wish(**wish))

    def photo(self, caller: Caller, order: Json = None, picture: bytes = b"") -> str:
        """The id of an uploaded picture: a customer's own, or by staff for an order's customer."""
        of_order = f"/api/v1/office/orders/{order['order_id']}/uploads" if order else ""
        answer = caller.upload(of_order or "/api/v1/uploads", picture or snapshot())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["photo_id"])

    def prepared(self, customer: Caller, order: Json) -> str:
        """The 商户订单号 of an attempt that WeChat has prepared."""
        return str(customer.do(f"/api/v1/orders/{order['order_id']}/payments")["out_trade_no"])

    def paid(self, customer: Caller, **wish: Json) -> Json:
        """A new order, paid and told."""
        order = self.booked(customer, **wish)
        self.pay_at_wechat(self.prepared(customer, order))
        self.courier.deliver_due()
        self.catch_up()
        return order

    def pay_at_wechat(self, number: str, **how: Json) -> Json:
        """The customer pays in WeChat; its notice waits for the courier."""
        return self.simulate("pay", "/_sim/pay", {"out_trade_no": number, **how})

    def simulate(self, which: str, path: str, body: object) -> Json:
        """A command to a simulator."""
        return tell(self.pay_url if which == "pay" else self.account_url, path, body)

    def notice(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a notice as WeChat does; returns the status of the answer."""
        answer = requests.post(
            self.url + NOTIFY_PATH, data=body, headers=dict(headers), timeout=_TIMEOUT
        )
        return answer.status_code

    # -- what became of it

    def catch_up(self) -> None:
        self.house.feed.catch_up()

    def settle(self) -> None:
        """All that is due by now is done: policies, deadlines, calls to WeChat."""
        self.catch_up()
        while self.house.deadlines.run_due() or self.house.outbox.run_due():
            self.catch_up()

    def let_pass(self, span: timedelta, step: timedelta = timedelta(seconds=30)) -> None:
        """Time passes, and what falls due meanwhile is done."""
        ends_at = self.clock.now() + span
        while self.clock.now() < ends_at:
            self.clock.advance(min(step, ends_at - self.clock.now()))
            self.settle()

    def at_wechat(self, number: str) -> Json:
        """The line of an attempt in WeChat's books; None where WeChat knows none."""
        answer = self.outside.get(f"{self.pay_url}/_sim/books", timeout=_TIMEOUT)
        lines = answer.json()["orders"]
        return next((line for line in lines if line["out_trade_no"] == number), None)

    def position(self) -> int:
        """The log's last position."""
        return self.house.feed.lags()[0]

    def facts_of(self, stream: UUID) -> list[str]:
        """The stored names of a stream's events, in order."""
        query = text("select name from log.events where stream_id = :stream order by version")
        with self.house.engine.connect() as connection:
            return list(connection.execute(query, {"stream": stream}).scalars())

    def facts_of_payment(self, number: str) -> list[str]:
        return self.facts_of(payment_id(number))

    def kept_notices(self) -> int:
        """How many raw notices were kept."""
        with self.house.engine.connect() as connection:
            counted = connection.execute(text("select count(*) from callbacks.notices"))
            return int(counted.scalar_one())


def open_seats(house: Household, area: str = DISTRICT, seats: int = 900) -> None:
    """So many seats, day and night, for a week: tests of other things never find it full."""
    today = shanghai_day(house.clock.now())
    for ahead in range(8):
        day = today + timedelta(days=ahead)
        plan = SeatPlan(
            pool="cleaning", area=area, day=day, starts=time(), ends=time(), seats=seats
        )
        command = Command(uuid5(_SEATS, f"{area}:{day}:{seats}"), "system:test", "", NOON)
        house.capacity.set_seats(plan, command)


@cache
def secrets_of_both_ends() -> DemoSecrets:
    """Keys of both ends, made once a run."""
    with tempfile.TemporaryDirectory() as directory:
        return demo_secrets(Path(directory))


@contextmanager
def town_of(database: Database) -> Iterator[Town]:
    """A running town, with the demo's accounts and workers."""
    with stage() as web, stage() as pay, stage() as account:
        settings = _settings(database, pay.url, account.url, web.url)
        clock = SettableClock(NOON)
        house = build(settings, clock)
        try:
            house.feed.install()
            seed(house)
            open_seats(house)
            web.play = create_app(house)
            simulator = pay_app(settings, clock)
            pay.play, account.play = simulator, account_app(settings, clock)
            courier = simulator.state.desk.notifier
            town = Town(house, clock, web.url, pay.url, account.url, courier)
            town.outside.trust_env = False
            town.catch_up()
            yield town
            courier.stop()
            town.outside.close()
        finally:
            house.close()


def _settings(database: Database, pay_url: str, account_url: str, web_url: str) -> Settings:
    plain = Settings(
        demo=True,
        database_url=SecretStr(database.application_url),
        database_owner_url=SecretStr(database.owner_url),
        public_base_url=web_url,
        rate_limits=0,  # everybody asks from one address, and time stands still
        simulator_pay_port=urlsplit(pay_url).port or 0,
        simulator_account_port=urlsplit(account_url).port or 0,
    )
    return in_demo(plain, secrets_of_both_ends())
