"""The composition root: settings in, one wired household out; tests call the same."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from requests.adapters import BaseAdapter

from application.clock import Clock
from application.event_map import (
    ALL_PROJECTIONS,
    DEADLINES,
    ERRANDS,
    POLICIES,
    PROJECTIONS,
    ROUTINES,
)
from application.log import Log
from application.logging_in import CustomerLogin, StaffLogin
from application.paying import Paying
from application.payment_errands import PaymentErrands
from application.payment_facts import PaymentFacts
from application.payment_notices import PaymentNotices
from application.projections.projection import Projection
from application.unpaid import Unpaid
from application.wechat_js_sdk import JsSdk
from infrastructure.clock import SystemClock
from infrastructure.customers_orders import ProjectedOrders
from infrastructure.deadlines import Deadlines, Upkeep
from infrastructure.event_log.doorbell import CHANNEL
from infrastructure.feed.failures import Failures
from infrastructure.feed.feed import Feed, Follower
from infrastructure.feed.policies import PolicyRunner
from infrastructure.feed.progress import PostgresProgress
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader
from infrastructure.feed.rebuilding import Rebuilding
from infrastructure.feed.routing import routes
from infrastructure.listening import Listener
from infrastructure.outbox import Outbox
from infrastructure.pause import jittered_pause
from infrastructure.wechat.official_account.client import OfficialAccountClient
from infrastructure.wechat.official_account.js_sdk import WeChatJsSdkSigner
from infrastructure.wechat.official_account.login import WeChatOAuthLogin
from infrastructure.wechat.official_account.tokens import PostgresTokens
from infrastructure.wechat.prepay_bodies import PostgresPrepayBodies
from interface.ground import Ground, account_settings, lay_ground
from interface.personal_data import PersonalDataServices, personal_data_services
from interface.services import HouseServices, OrderServices, house_services, order_services
from interface.settings import Settings

LOGIN_CALLBACK = "/callbacks/wechat-login"


@dataclass(frozen=True, kw_only=True)
class MoneyServices:
    """The use cases of payment."""

    paying: Paying
    payment_notices: PaymentNotices
    payment_errands: PaymentErrands
    unpaid: Unpaid


@dataclass(frozen=True, kw_only=True)
class Household(Ground, OrderServices, HouseServices, MoneyServices, PersonalDataServices):
    """Everything the interface works with."""

    customer_login: CustomerLogin
    staff_login: StaffLogin
    js_sdk: JsSdk
    feed: Feed
    failures: Failures
    progress: PostgresProgress
    rebuilding: Rebuilding
    outbox: Outbox
    deadlines: Deadlines
    close: Callable[[], None]

    @property
    def secure(self) -> bool:
        """Whether cookies travel over TLS only: always but on plain loopback."""
        return self.settings.base_url.startswith("https:")

    def listening(self) -> Listener:
        """Wakes the feed when another process has appended; to be entered."""
        return Listener(self.engine, CHANNEL, lambda _: self.feed.wake.set())


def build(
    settings: Settings, clock: Clock | None = None, pay_line: BaseAdapter | None = None
) -> Household:
    """Wire everything; the database is migrated before.

    `pay_line` carries the signed requests to WeChat Pay in place of a socket,
    for a simulation in one thread. Raises SettingsError where a key or address
    is missing or malformed.
    """
    ground = lay_ground(settings, clock or SystemClock(), pay_line)
    money, orders, house = _money(ground), order_services(ground), house_services(ground)
    failures = Failures(ground.engine, ground.clock)
    progress = PostgresProgress(ground.engine)
    personal = personal_data_services(ground, ProjectedOrders(ground.engine, progress))
    return Household(
        **vars(ground),
        **vars(money),
        **vars(orders),
        **vars(house),
        **vars(personal),
        customer_login=_customer_login(ground),
        staff_login=StaffLogin(ground.log, ground.credentials, ground.sessions, ground.clock),
        js_sdk=_js_sdk(ground),
        feed=_feed(ground, money, failures),
        failures=failures,
        progress=progress,
        rebuilding=_rebuilding(ground, failures),
        outbox=_outbox(ground, money),
        deadlines=_deadlines(ground, (money.unpaid, *vars(orders).values(), personal.erasures)),
        close=partial(_close, ground, progress),
    )


@dataclass(frozen=True)
class PolicyServices:
    """What policies work with."""

    log: Log
    unpaid: Unpaid


def _close(ground: Ground, progress: PostgresProgress) -> None:
    progress.close()
    ground.gateway.close()
    ground.application.factory.close()


# -- the parts that need more than a line


def _money(ground: Ground) -> MoneyServices:
    log, vault, gateway, clock = ground.log, ground.vault, ground.gateway, ground.clock
    facts = PaymentFacts(log, vault, ground.alerts, clock)
    bodies = PostgresPrepayBodies(ground.engine, clock)
    errands = PaymentErrands(vault, gateway, facts, bodies, clock)
    return MoneyServices(
        paying=Paying(log, vault, gateway, facts, errands, ground.settings.wechat_appid),
        payment_notices=PaymentNotices(gateway, facts, ground.raw_notices, ground.alerts, clock),
        payment_errands=errands,
        unpaid=Unpaid(log, facts, clock),
    )


def _outbox(ground: Ground, money: MoneyServices) -> Outbox:
    runners = {name: partial(run, money.payment_errands) for name, run in ERRANDS.items()}
    return Outbox(ground.engine, ground.clock, runners)


def _deadlines(ground: Ground, dutiful: Iterable[object]) -> Deadlines:
    """Each duty of the event map finds its service by the class."""
    services = {type(each): each for each in dutiful}
    runs = {name: partial(duty.run, services[duty.service]) for name, duty in DEADLINES.items()}
    upkeep = {
        name: Upkeep(each.every, partial(each.run, ground)) for name, each in ROUTINES.items()
    }
    return Deadlines(ground.engine, ground.clock, runs, upkeep)


def _feed(ground: Ground, money: MoneyServices, failures: Failures) -> Feed:
    """Every projection and policy of the event map; woken when this process appends."""
    engine, services = ground.engine, PolicyServices(ground.log, money.unpaid)
    projecting, reacting = routes(PROJECTIONS), routes(POLICIES)
    policies = dict.fromkeys(policy for line in POLICIES.values() for policy in line)
    followers: list[Follower] = [
        *(Projector(engine, each, projecting, ground.vault) for each in ALL_PROJECTIONS),
        *(PolicyRunner(engine, policy, reacting, services, ground.clock) for policy in policies),
    ]
    feed = Feed(LogReader(engine), followers, failures)
    ground.event_log.doorbell.on_ring(feed.wake.set)
    return feed


def _rebuilding(ground: Ground, failures: Failures) -> Rebuilding:
    engine, vault, table = ground.engine, ground.vault, routes(PROJECTIONS)

    def projecting(projection: Projection, schema: str | None) -> Projector:
        return Projector(engine, projection, table, vault, schema=schema)

    return Rebuilding(engine, LogReader(engine), ALL_PROJECTIONS, projecting, failures)


def _customer_login(ground: Ground) -> CustomerLogin:
    settings = ground.settings
    return CustomerLogin(
        ground.log,
        ground.vault,
        WeChatOAuthLogin(account_settings(settings)),
        ground.logins,
        ground.sessions,
        ground.clock,
        appid=settings.wechat_appid,
        callback_url=f"{settings.base_url}{LOGIN_CALLBACK}",
        pause=jittered_pause,
    )


def _js_sdk(ground: Ground) -> JsSdk:
    settings = ground.settings
    tokens = PostgresTokens(ground.engine, ground.clock)
    client = OfficialAccountClient(account_settings(settings), tokens)
    signer = WeChatJsSdkSigner(client)
    appid, base_url = settings.wechat_appid, settings.base_url
    return JsSdk(signer, ground.clock, appid=appid, base_url=base_url)
