"""The adapter and the simulated pay service over a real socket: neither knows the other's code."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import requests
from pydantic import SecretStr

from application.payment_gateway import (
    BadNoticeError,
    Notice,
    Prepared,
    Prepayment,
    Rejected,
    Transaction,
    Unknown,
)
from infrastructure.clock import SettableClock
from infrastructure.simulators.wechat_pay import (
    Credentials,
    Notifier,
    SimulatorSettings,
    create_app,
    generate_credentials,
)
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat.fake_pay import (
    APPID,
    MCHID,
    NOW,
    NUMBER,
    OPENID,
    PREPAYMENT,
    FakeWeChat,
    Reply,
)
from tests.loopback import serving


@dataclass
class World:
    """Both sides of one merchant account, and where the notices arrive."""

    config: WeChatPayConfig
    gateway: WeChatPayGateway
    clock: SettableClock
    notifier: Notifier
    simulator_url: str
    mailbox: FakeWeChat

    def control(self, command: str, **body: object) -> None:
        answer = requests.post(f"{self.simulator_url}/_sim/{command}", json=body, timeout=5)
        answer.raise_for_status()

    def read_newest_notice(self) -> Notice:
        arrived = self.mailbox.requests[-1]
        return self.gateway.read_notice(arrived.headers, arrived.body)


def settings_for(credentials: Credentials) -> SimulatorSettings:
    return SimulatorSettings(
        appid=APPID,
        mchid=MCHID,
        merchant_serial=credentials.merchant_serial,
        merchant_public_key_pem=credentials.merchant_public_key_pem,
        apiv3_key=credentials.apiv3_key,
        platform_private_key_pem=credentials.platform_private_key_pem,
        platform_key_id=credentials.platform_key_id,
        allow_loopback_http_notify=True,
        refuse_repeated_nonces=True,
        deliver_in_background=False,
    )


def config_for(credentials: Credentials, simulator_url: str, mailbox_url: str) -> WeChatPayConfig:
    return WeChatPayConfig(
        base_url=simulator_url,
        appid=APPID,
        mchid=MCHID,
        merchant_serial=credentials.merchant_serial,
        merchant_private_key=SecretStr(credentials.merchant_private_key_pem),
        apiv3_key=SecretStr(credentials.apiv3_key),
        platform_keys={credentials.platform_key_id: credentials.platform_public_key_pem},
        notify_url=f"{mailbox_url}/callbacks/wechat-pay",
    )


@pytest.fixture(scope="module", name="credentials")
def generated_credentials() -> Credentials:
    return generate_credentials()


@pytest.fixture(name="world")
def running_world(credentials: Credentials) -> Iterator[World]:
    clock, settings = SettableClock(NOW), settings_for(credentials)
    notifier = Notifier(settings, clock)
    app = create_app(settings, clock, notifier)
    with FakeWeChat() as mailbox, serving(app) as simulator_url:
        mailbox.reply = Reply(204)
        config = config_for(credentials, simulator_url, mailbox.url)
        gateway = WeChatPayGateway(config, clock)
        yield World(config, gateway, clock, notifier, simulator_url, mailbox)
        gateway.close()
        notifier.stop()


def prepare(world: World, prepayment: Prepayment = PREPAYMENT) -> Prepared:
    prepared = world.gateway.prepare(prepayment)
    assert isinstance(prepared, Prepared)
    return prepared


def test_an_order_is_prepared_paid_noticed_and_queried(world: World) -> None:
    prepared = prepare(world)
    unpaid = world.gateway.query(NUMBER)
    assert isinstance(unpaid, Transaction)
    assert (unpaid.trade_state, unpaid.succeeded_at) == ("NOTPAY", None)
    world.control("pay", prepay_id=prepared.prepay_id, coupon_fen=500)
    assert world.notifier.deliver_due() == 1
    told = world.read_newest_notice().transaction
    assert (told.out_trade_no, told.openid) == (NUMBER, OPENID)
    assert (told.total_fen, told.payer_total_fen) == (12_900, 12_400)
    assert told.succeeded_at == NOW
    assert world.gateway.query(NUMBER) == told


def test_the_same_prepayment_may_be_repeated_but_not_altered(world: World) -> None:
    prepare(world)
    prepare(world)
    altered = world.gateway.prepare(replace(PREPAYMENT, amount_fen=1))
    assert isinstance(altered, Rejected)
    assert altered.code == "INVALIDREQUEST"


def test_an_order_wechat_never_saw_is_rejected(world: World) -> None:
    rejected = world.gateway.query(NUMBER)
    assert isinstance(rejected, Rejected)
    assert rejected.code == "ORDERNOTEXIST"


def test_a_lost_answer_is_unknown_and_the_repetition_succeeds(world: World) -> None:
    world.control("fail_next", drop_response=True)
    assert isinstance(world.gateway.prepare(PREPAYMENT), Unknown)
    prepare(world)


def test_a_probe_in_an_answer_is_unknown(world: World) -> None:
    prepare(world)
    world.control("fail_next", probe_signature=True)
    assert isinstance(world.gateway.query(NUMBER), Unknown)
    assert isinstance(world.gateway.query(NUMBER), Transaction)


@pytest.mark.parametrize(
    "kind", ["bad_signature", "altered_body", "old_timestamp", "wrong_mchid", "probe"]
)
def test_a_forged_notice_is_refused(world: World, kind: str) -> None:
    prepare(world)
    world.control("notices/forge", kind=kind)
    with pytest.raises(BadNoticeError):
        world.read_newest_notice()


def test_a_notice_repeated_later_is_signed_anew_and_read(world: World) -> None:
    prepared = prepare(world)
    world.mailbox.reply = Reply(500)
    world.control("pay", prepay_id=prepared.prepay_id)
    world.notifier.deliver_due()
    first = world.read_newest_notice()
    world.clock.advance(timedelta(hours=3))
    world.notifier.deliver_due()
    assert len(world.mailbox.requests) == 2
    assert world.read_newest_notice().transaction == first.transaction
    stale = world.mailbox.requests[0]
    with pytest.raises(BadNoticeError):
        world.gateway.read_notice(stale.headers, stale.body)


def test_a_clock_gone_wrong_is_told_as_a_refused_signature(world: World) -> None:
    fast = SettableClock(NOW + timedelta(seconds=301))
    gateway = WeChatPayGateway(world.config, fast)
    rejected = gateway.query(NUMBER)
    gateway.close()
    assert isinstance(rejected, Rejected)
    assert rejected.code == "SIGNERROR"
