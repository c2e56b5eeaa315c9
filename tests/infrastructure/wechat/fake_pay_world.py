"""Both sides of one merchant account: the adapter, and the simulated pay service it talks to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import requests
from pydantic import SecretStr

from application.payment_gateway import Notice, Prepared, Prepayment
from infrastructure.clock import SettableClock
from infrastructure.simulators.wechat_pay import (
    Credentials,
    Notifier,
    PlatformCertificate,
    SimulatorSettings,
    create_app,
    generate_credentials,
    issue_certificate,
)
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import APPID, MCHID, NOW, PREPAYMENT, FakeWeChat, Reply
from tests.loopback import serving


@dataclass
class World:
    """Both sides, and where the notices arrive."""

    config: WeChatPayConfig
    gateway: WeChatPayGateway
    clock: SettableClock
    notifier: Notifier
    simulator_url: str
    mailbox: FakeWeChat

    def control(self, command: str, **body: object) -> None:
        answer = requests.post(f"{self.simulator_url}/_sim/{command}", json=body, timeout=5)
        answer.raise_for_status()

    def prepare(self, prepayment: Prepayment = PREPAYMENT) -> Prepared:
        prepared = fake_pay.prepare(self.gateway, prepayment)
        assert isinstance(prepared, Prepared)
        return prepared

    def read_newest_notice(self) -> Notice:
        arrived = self.mailbox.requests[-1]
        return self.gateway.read_notice(arrived.headers, arrived.body)


@cache
def credentials() -> Credentials:
    """One set for each run, as making keys takes long."""
    return generate_credentials()


@cache
def first_certificate() -> PlatformCertificate:
    """The platform's oldest certificate of the run."""
    return issue_certificate(NOW)


def settings_for(keys: Credentials) -> SimulatorSettings:
    return SimulatorSettings(
        appid=APPID,
        mchid=MCHID,
        merchant_serial=keys.merchant_serial,
        merchant_public_key_pem=keys.merchant_public_key_pem,
        apiv3_key=keys.apiv3_key,
        platform_private_key_pem=keys.platform_private_key_pem,
        platform_key_id=keys.platform_key_id,
        allow_loopback_http_notify=True,
        refuse_repeated_nonces=True,
        deliver_in_background=False,
    )


def public_key() -> dict[str, str]:
    """What the product is configured with in public-key mode."""
    return {credentials().platform_key_id: credentials().platform_public_key_pem}


def certified() -> dict[str, str]:
    """What the product is configured with in certificate mode."""
    return {first_certificate().serial: first_certificate().certificate_pem}


def config_for(
    simulator_url: str, mailbox_url: str, platform_keys: Mapping[str, str]
) -> WeChatPayConfig:
    keys = credentials()
    return WeChatPayConfig(
        base_url=simulator_url,
        appid=APPID,
        mchid=MCHID,
        merchant_serial=keys.merchant_serial,
        merchant_private_key=SecretStr(keys.merchant_private_key_pem),
        apiv3_key=SecretStr(keys.apiv3_key),
        platform_keys=platform_keys,
        notify_url=f"{mailbox_url}/callbacks/wechat-pay",
    )


@contextmanager
def public_key_world(*, old_error_spellings: bool = False) -> Iterator[World]:
    """A new merchant's world: 微信支付公钥 only."""
    settings = replace(settings_for(credentials()), old_error_spellings=old_error_spellings)
    with _world(settings, public_key()) as world:
        yield world


@contextmanager
def certificate_world(platform_keys: Mapping[str, str]) -> Iterator[World]:
    """An old merchant's world: 平台证书, and what the product was configured with."""
    settings = replace(
        settings_for(credentials()),
        key_mode="certificate",
        platform_certificates=(first_certificate(),),
    )
    with _world(settings, platform_keys) as world:
        yield world


@contextmanager
def _world(settings: SimulatorSettings, platform_keys: Mapping[str, str]) -> Iterator[World]:
    clock = SettableClock(NOW)
    notifier = Notifier(settings, clock)
    app = create_app(settings, clock, notifier)
    with FakeWeChat() as mailbox, serving(app) as simulator_url:
        mailbox.reply = Reply(204)
        config = config_for(simulator_url, mailbox.url, platform_keys)
        gateway = WeChatPayGateway(config, clock)
        yield World(config, gateway, clock, notifier, simulator_url, mailbox)
        gateway.close()
        notifier.stop()
