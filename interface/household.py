"""The composition root: settings in, one wired household out; tests call the same."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from eventsourcing.application import Application
from requests.adapters import BaseAdapter
from sqlalchemy import Engine

from application.alerts import Alerts
from application.booking import Bookings
from application.capacity import Capacity
from application.cleaning import CleaningWork
from application.clock import Clock
from application.dispatching import Dispatching
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
from application.personnel import Personnel
from application.unpaid import Unpaid
from application.wechat_js_sdk import JsSdk
from infrastructure.clock import SystemClock
from infrastructure.credentials import PostgresCredentials
from infrastructure.deadlines import Deadlines, Upkeep
from infrastructure.event_log.doorbell import CHANNEL
from infrastructure.event_log.recorder import EventLog
from infrastructure.feed.failures import Failures
from infrastructure.feed.feed import Feed, Follower
from infrastructure.feed.policies import PolicyRunner
from infrastructure.feed.progress import PostgresProgress
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from infrastructure.listening import Listener
from infrastructure.notices import PostgresNotices
from infrastructure.numbers import PostgresNumbers
from infrastructure.outbox import Outbox
from infrastructure.pause import jittered_pause
from infrastructure.sessions import PostgresOAuthLogins, PostgresSessions
from infrastructure.vault import PostgresVault, VaultSecrets
from infrastructure.wechat.official_account.client import OfficialAccountClient
from infrastructure.wechat.official_account.js_sdk import WeChatJsSdkSigner
from infrastructure.wechat.official_account.login import WeChatOAuthLogin
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from infrastructure.wechat.official_account.tokens import PostgresTokens
from infrastructure.wechat.pay.certificate_store import PostgresCertificates
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.wechat.prepay_bodies import PostgresPrepayBodies
from interface.settings import Settings, SettingsError, key_bytes

LOGIN_CALLBACK = "/callbacks/wechat-login"


@dataclass(frozen=True, kw_only=True)
class Household:
    """Everything the interface works with."""

    settings: Settings
    clock: Clock
    engine: Engine
    event_log: EventLog
    log: Log
    vault: PostgresVault
    alerts: Alerts
    bookings: Bookings
    capacity: Capacity
    dispatching: Dispatching
    cleaning: CleaningWork
    paying: Paying
    payment_notices: PaymentNotices
    unpaid: Unpaid
    personnel: Personnel
    customer_login: CustomerLogin
    staff_login: StaffLogin
    js_sdk: JsSdk
    sessions: PostgresSessions
    logins: PostgresOAuthLogins
    feed: Feed
    failures: Failures
    progress: PostgresProgress
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
    ground = _ground(settings, clock or SystemClock(), pay_line)
    money = _money(ground)
    failures = Failures(ground.engine, ground.clock)
    progress = PostgresProgress(ground.engine)
    return Household(
        settings=settings,
        clock=ground.clock,
        engine=ground.engine,
        event_log=ground.event_log,
        log=ground.log,
        vault=ground.vault,
        alerts=ground.alerts,
        bookings=Bookings(ground.log, ground.vault, ground.numbers),
        capacity=Capacity(ground.log),
        dispatching=Dispatching(ground.log, ground.vault),
        cleaning=CleaningWork(ground.log),
        paying=money.paying,
        payment_notices=money.notices,
        unpaid=money.unpaid,
        personnel=_personnel(ground),
        customer_login=_customer_login(ground),
        staff_login=StaffLogin(ground.log, ground.credentials, ground.sessions, ground.clock),
        js_sdk=_js_sdk(ground),
        sessions=ground.sessions,
        logins=ground.logins,
        feed=_feed(ground, money, failures),
        failures=failures,
        progress=progress,
        outbox=_outbox(ground, money),
        deadlines=_deadlines(ground, money),
        close=partial(_close, ground, progress),
    )


@dataclass(frozen=True)
class PolicyServices:
    """What policies work with."""

    log: Log
    unpaid: Unpaid


@dataclass(frozen=True)
class _Money:
    """The use cases of payment."""

    paying: Paying
    notices: PaymentNotices
    errands: PaymentErrands
    unpaid: Unpaid


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """The log and the adapters, on which the use cases stand."""

    settings: Settings
    clock: Clock
    application: Application[UUID]
    event_log: EventLog
    log: Log
    vault: PostgresVault
    alerts: Alerts
    gateway: WeChatPayGateway
    numbers: PostgresNumbers
    credentials: PostgresCredentials
    sessions: PostgresSessions
    logins: PostgresOAuthLogins

    @property
    def engine(self) -> Engine:
        return self.event_log.engine


def _ground(settings: Settings, clock: Clock, pay_line: BaseAdapter | None) -> _Ground:
    application = _application(settings)
    event_log: EventLog = application.recorder  # type: ignore[assignment] # our factory makes it
    engine = event_log.engine
    log = Log(application, _key(settings, "command_mac_key"), jittered_pause)
    return _Ground(
        settings=settings,
        clock=clock,
        application=application,
        event_log=event_log,
        log=log,
        vault=PostgresVault(engine, clock, _vault_secrets(settings)),
        alerts=Alerts(log, clock),
        gateway=WeChatPayGateway(
            _pay_config(settings), clock, pay_line, certificates=PostgresCertificates(engine, clock)
        ),
        numbers=PostgresNumbers(engine),
        credentials=PostgresCredentials(engine, clock),
        sessions=PostgresSessions(engine, clock),
        logins=PostgresOAuthLogins(engine, clock),
    )


def _application(settings: Settings) -> Application[UUID]:
    if settings.database_url is None:
        raise SettingsError(what="缺少 DATABASE_URL。")
    return Application(
        env={
            "PERSISTENCE_MODULE": "infrastructure.event_log.factory:EventLogFactory",
            "DATABASE_URL": settings.database_url.get_secret_value(),
        }
    )


def _close(ground: _Ground, progress: PostgresProgress) -> None:
    progress.close()
    ground.gateway.close()
    ground.application.factory.close()


# -- the parts that need more than a line


def _money(ground: _Ground) -> _Money:
    log, vault, gateway, clock = ground.log, ground.vault, ground.gateway, ground.clock
    facts = PaymentFacts(log, vault, ground.alerts, clock)
    bodies = PostgresPrepayBodies(ground.engine, clock)
    errands = PaymentErrands(vault, gateway, facts, bodies, clock)
    raw = PostgresNotices(ground.engine)
    return _Money(
        paying=Paying(log, vault, gateway, facts, errands, ground.settings.wechat_appid),
        notices=PaymentNotices(gateway, facts, raw, ground.alerts, clock),
        errands=errands,
        unpaid=Unpaid(log, facts, clock),
    )


def _personnel(ground: _Ground) -> Personnel:
    return Personnel(ground.log, ground.vault, ground.numbers, ground.credentials, ground.sessions)


def _outbox(ground: _Ground, money: _Money) -> Outbox:
    runners = {name: partial(run, money.errands) for name, run in ERRANDS.items()}
    return Outbox(ground.engine, ground.clock, runners)


def _deadlines(ground: _Ground, money: _Money) -> Deadlines:
    runs = {name: partial(run, money.unpaid) for name, run in DEADLINES.items()}
    upkeep = {
        name: Upkeep(each.every, partial(each.run, ground)) for name, each in ROUTINES.items()
    }
    return Deadlines(ground.engine, ground.clock, runs, upkeep)


def _feed(ground: _Ground, money: _Money, failures: Failures) -> Feed:
    """Every projection and policy of the event map; woken when this process appends."""
    engine, services = ground.engine, PolicyServices(ground.log, money.unpaid)
    projecting, reacting = routes(PROJECTIONS), routes(POLICIES)
    policies = dict.fromkeys(policy for line in POLICIES.values() for policy in line)
    followers: list[Follower] = [
        *(Projector(engine, projection, projecting) for projection in ALL_PROJECTIONS),
        *(PolicyRunner(engine, policy, reacting, services, ground.clock) for policy in policies),
    ]
    feed = Feed(LogReader(engine), followers, failures)
    ground.event_log.doorbell.on_ring(feed.wake.set)
    return feed


def _customer_login(ground: _Ground) -> CustomerLogin:
    settings = ground.settings
    return CustomerLogin(
        ground.log,
        ground.vault,
        WeChatOAuthLogin(_account_settings(settings)),
        ground.logins,
        ground.sessions,
        ground.clock,
        appid=settings.wechat_appid,
        callback_url=f"{settings.base_url}{LOGIN_CALLBACK}",
        pause=jittered_pause,
    )


def _js_sdk(ground: _Ground) -> JsSdk:
    settings = ground.settings
    tokens = PostgresTokens(ground.engine, ground.clock)
    client = OfficialAccountClient(_account_settings(settings), tokens)
    signer = WeChatJsSdkSigner(client)
    appid, base_url = settings.wechat_appid, settings.base_url
    return JsSdk(signer, ground.clock, appid=appid, base_url=base_url)


# -- settings as the adapters want them


def _account_settings(settings: Settings) -> OfficialAccountSettings:
    return OfficialAccountSettings(
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        api_base_url=settings.wechat_api_base_url,
        open_base_url=settings.wechat_open_base_url,
    )


def _pay_config(settings: Settings) -> WeChatPayConfig:
    return WeChatPayConfig(
        base_url=settings.pay_base_url,
        appid=settings.wechat_appid,
        mchid=settings.pay_mchid,
        merchant_serial=settings.pay_serial,
        merchant_private_key=settings.merchant_private_key,
        apiv3_key=settings.pay_apiv3_key,
        platform_keys=settings.platform_keys,
        notify_url=settings.notify_url,
    )


def _vault_secrets(settings: Settings) -> VaultSecrets:
    return VaultSecrets(
        wrapping=_key(settings, "vault_wrapping_key"), digest=_key(settings, "vault_digest_key")
    )


def _key(settings: Settings, name: str) -> bytes:
    return key_bytes(getattr(settings, name), f"JIAWU_{name.upper()}")
