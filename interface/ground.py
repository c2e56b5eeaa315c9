"""The ground (地基) of the household: the log and the adapters, on which use cases stand."""

from dataclasses import dataclass
from uuid import UUID

from eventsourcing.application import Application
from requests.adapters import BaseAdapter
from sqlalchemy import Engine

from application.alerts import Alerts
from application.areas import Areas
from application.clock import Clock
from application.log import Log
from application.tariffs import Tariffs
from application.uploads import Uploads
from infrastructure.credentials import PostgresCredentials
from infrastructure.disclosures import PostgresDisclosures
from infrastructure.event_log.recorder import EventLog
from infrastructure.notices import PostgresNotices
from infrastructure.numbers import PostgresNumbers
from infrastructure.pause import jittered_pause
from infrastructure.pictures import PillowCleaner
from infrastructure.read_marks import PostgresReadMarks
from infrastructure.seats import PostgresSeats
from infrastructure.sessions import PostgresOAuthLogins, PostgresSessions
from infrastructure.uploads import PostgresPictures
from infrastructure.vault import PostgresVault, VaultSecrets
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from infrastructure.wechat.pay.certificate_store import PostgresCertificates
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.worker_schedule import PostgresWorkerSchedule
from interface.settings import Settings, SettingsError, key_bytes


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The log, what is read from it everywhere, and the adapters of the ports."""

    settings: Settings
    clock: Clock
    application: Application[UUID]
    event_log: EventLog
    log: Log
    vault: PostgresVault
    alerts: Alerts
    tariffs: Tariffs
    areas: Areas
    uploads: Uploads
    gateway: WeChatPayGateway
    seats: PostgresSeats
    worker_schedule: PostgresWorkerSchedule
    disclosed: PostgresDisclosures
    raw_notices: PostgresNotices
    read_marks: PostgresReadMarks
    numbers: PostgresNumbers
    credentials: PostgresCredentials
    sessions: PostgresSessions
    logins: PostgresOAuthLogins

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.event_log.engine


def lay_ground(settings: Settings, clock: Clock, pay_line: BaseAdapter | None) -> Ground:
    """Open the log and make the adapters. Raises SettingsError where a setting is missing."""
    application = _application(settings)
    event_log: EventLog = application.recorder  # type: ignore[assignment] # our factory makes it
    engine = event_log.engine
    log = Log(application, _key(settings, "command_mac_key"), jittered_pause)
    certificates = PostgresCertificates(engine, clock)
    vault = PostgresVault(engine, clock, vault_secrets(settings))
    return Ground(
        settings=settings,
        clock=clock,
        application=application,
        event_log=event_log,
        log=log,
        vault=vault,
        alerts=Alerts(log, clock),
        tariffs=Tariffs(log),
        areas=Areas(log),
        uploads=Uploads(log, vault, PostgresPictures(engine), PillowCleaner()),
        gateway=WeChatPayGateway(_pay_config(settings), clock, pay_line, certificates=certificates),
        seats=PostgresSeats(engine),
        worker_schedule=PostgresWorkerSchedule(engine),
        disclosed=PostgresDisclosures(engine),
        raw_notices=PostgresNotices(engine, clock),
        read_marks=PostgresReadMarks(engine),
        numbers=PostgresNumbers(engine),
        credentials=PostgresCredentials(engine, clock),
        sessions=PostgresSessions(engine, clock),
        logins=PostgresOAuthLogins(engine, clock),
    )


def account_settings(settings: Settings) -> OfficialAccountSettings:
    """The Official Account's settings as its adapter wants them."""
    return OfficialAccountSettings(
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        api_base_url=settings.wechat_api_base_url,
        open_base_url=settings.wechat_open_base_url,
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


def vault_secrets(settings: Settings) -> VaultSecrets:
    """The vault's secrets. Raises SettingsError where one is missing or malformed."""
    return VaultSecrets(
        wrapping=_key(settings, "vault_wrapping_key"),
        digest=_key(settings, "vault_digest_key"),
        previous=_optional_key(settings, "vault_previous_wrapping_key"),
    )


def _optional_key(settings: Settings, name: str) -> bytes | None:
    return _key(settings, name) if getattr(settings, name).get_secret_value() else None


def _key(settings: Settings, name: str) -> bytes:
    return key_bytes(getattr(settings, name), f"JIAWU_{name.upper()}")
