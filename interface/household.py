"""The composition root: settings in, one wired household out; tests call the same."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from eventsourcing.application import Application
from sqlalchemy import Engine

from application.booking import Bookings
from application.clock import Clock
from application.dispatching import Dispatching
from application.event_map import ALL_PROJECTIONS, ERRANDS, POLICIES, PROJECTIONS
from application.log import Log
from application.logging_in import CustomerLogin, StaffLogin
from application.paying import Paying
from application.personnel import Personnel
from infrastructure.clock import SystemClock
from infrastructure.credentials import PostgresCredentials
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
from infrastructure.wechat.official_account.login import WeChatOAuthLogin
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
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
    bookings: Bookings
    dispatching: Dispatching
    paying: Paying
    personnel: Personnel
    customer_login: CustomerLogin
    staff_login: StaffLogin
    sessions: PostgresSessions
    logins: PostgresOAuthLogins
    feed: Feed
    failures: Failures
    progress: PostgresProgress
    outbox: Outbox
    close: Callable[[], None]

    @property
    def secure(self) -> bool:
        """Whether cookies travel over TLS only: always but on plain loopback."""
        return self.settings.base_url.startswith("https:")

    def listening(self) -> Listener:
        """Wakes the feed when another process has appended; to be entered."""
        return Listener(self.engine, CHANNEL, lambda _: self.feed.wake.set())


def build(settings: Settings, clock: Clock | None = None) -> Household:
    """Wire everything; the database is migrated before.

    Raises SettingsError where a key or address is missing or malformed.
    """
    clock = clock or SystemClock()
    application = _application(settings)
    event_log: EventLog = application.recorder  # type: ignore[assignment] # our factory makes it
    engine = event_log.engine
    log = Log(application, _key(settings, "command_mac_key"), jittered_pause)
    vault = PostgresVault(engine, clock, _vault_secrets(settings))
    gateway = WeChatPayGateway(_pay_config(settings), clock)
    paying = Paying(
        log, vault, gateway, PostgresNotices(engine), clock, appid=settings.wechat_appid
    )
    numbers = PostgresNumbers(engine)
    credentials = PostgresCredentials(engine, clock)
    sessions = PostgresSessions(engine, clock)
    logins = PostgresOAuthLogins(engine, clock)
    failures = Failures(engine, clock)
    services = PolicyServices(log)
    feed = _feed(engine, services, failures, clock)
    event_log.doorbell.on_ring(feed.wake.set)
    progress = PostgresProgress(engine)

    def close() -> None:
        progress.close()
        gateway.close()
        application.factory.close()

    return Household(
        settings=settings,
        clock=clock,
        engine=engine,
        event_log=event_log,
        log=log,
        vault=vault,
        bookings=Bookings(log, vault, numbers),
        dispatching=Dispatching(log, vault),
        paying=paying,
        personnel=Personnel(log, vault, numbers, credentials, sessions),
        customer_login=_customer_login(settings, log, vault, logins, sessions, clock),
        staff_login=StaffLogin(log, credentials, sessions, clock),
        sessions=sessions,
        logins=logins,
        feed=feed,
        failures=failures,
        progress=progress,
        outbox=Outbox(engine, clock, {name: partial(run, paying) for name, run in ERRANDS.items()}),
        close=close,
    )


@dataclass(frozen=True)
class PolicyServices:
    """What policies work with."""

    log: Log


def _application(settings: Settings) -> Application[UUID]:
    if settings.database_url is None:
        raise SettingsError(what="缺少 DATABASE_URL。")
    return Application(
        env={
            "PERSISTENCE_MODULE": "infrastructure.event_log.factory:EventLogFactory",
            "DATABASE_URL": settings.database_url.get_secret_value(),
        }
    )


def _feed(engine: Engine, services: PolicyServices, failures: Failures, clock: Clock) -> Feed:
    projecting = routes(PROJECTIONS)
    reacting = routes(POLICIES)
    policies = dict.fromkeys(policy for line in POLICIES.values() for policy in line)
    followers: list[Follower] = [
        *(Projector(engine, projection, projecting) for projection in ALL_PROJECTIONS),
        *(PolicyRunner(engine, policy, reacting, services, clock) for policy in policies),
    ]
    return Feed(LogReader(engine), followers, failures)


def _customer_login(  # noqa: PLR0913, PLR0917 - the parts that logging in stands on
    settings: Settings,
    log: Log,
    vault: PostgresVault,
    logins: PostgresOAuthLogins,
    sessions: PostgresSessions,
    clock: Clock,
) -> CustomerLogin:
    wechat = WeChatOAuthLogin(
        OfficialAccountSettings(
            appid=settings.wechat_appid,
            secret=settings.wechat_secret.get_secret_value(),
            api_base_url=settings.wechat_api_base_url,
            open_base_url=settings.wechat_open_base_url,
        )
    )
    callback = f"{settings.base_url}{LOGIN_CALLBACK}"
    return CustomerLogin(
        log,
        vault,
        wechat,
        logins,
        sessions,
        clock,
        appid=settings.wechat_appid,
        callback_url=callback,
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
