"""Keys come and go at the simulated pay service, and the adapter keeps up."""

from dataclasses import replace

import pytest

from application.payment_gateway import BadNoticeError, Transaction, Unknown
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat.fake_pay import NOW, NUMBER
from tests.infrastructure.wechat.fake_pay_world import (
    World,
    certificate_world,
    certified,
    first_certificate,
    public_key,
)


def pay(world: World) -> None:
    world.prepare()
    world.control("pay", out_trade_no=NUMBER)
    assert world.notifier.deliver_due() == 1


def test_in_certificate_mode_answers_and_notices_are_believed() -> None:
    with certificate_world(certified()) as world:
        pay(world)
        assert isinstance(world.gateway.query(NUMBER), Transaction)
        assert world.read_newest_notice().transaction.succeeded_at == NOW


def test_the_next_certificate_is_fetched_before_it_signs() -> None:
    with certificate_world(certified()) as world:
        world.control("keys/rotate")
        world.gateway.refresh_keys()
        world.control("keys/switch")
        pay(world)
        assert isinstance(world.gateway.query(NUMBER), Transaction)
        assert world.read_newest_notice().transaction.succeeded_at == NOW


def test_a_certificate_that_was_not_fetched_is_not_believed() -> None:
    with certificate_world(certified()) as world:
        pay(world)
        world.control("keys/rotate")
        world.control("keys/switch")
        assert world.gateway.query(NUMBER) == Unknown("unknown serial")
        world.control("notices/forge", kind="wrong_amount")
        with pytest.raises(BadNoticeError):
            world.read_newest_notice()


def test_on_the_way_to_the_public_key_both_are_believed() -> None:
    with certificate_world(certified() | public_key()) as world:
        world.control("keys/mode", mode="grey")
        pay(world)
        for percent in (0, 100):
            world.control("keys/mode", mode="grey", grey_notice_percent=percent)
            world.control("notices/forge", kind="wrong_amount")
            assert isinstance(world.gateway.query(NUMBER), Transaction)
            assert world.read_newest_notice().notice_id
            world.gateway.refresh_keys()
        told = [request.headers["wechatpay-serial"] for request in world.mailbox.requests]
        assert set(told) == {*certified(), *public_key()}


def test_after_the_certificates_end_the_public_key_goes_on() -> None:
    with certificate_world(certified() | public_key()) as world:
        world.control("keys/mode", mode="grey")
        pay(world)
        world.control("keys/mode", mode="public_key")
        world.gateway.refresh_keys()
        assert isinstance(world.gateway.query(NUMBER), Transaction)
        config = replace(world.config, platform_keys=public_key())
        only_public = WeChatPayGateway(config, world.clock)
        assert isinstance(only_public.query(NUMBER), Transaction)
        only_public.close()


def test_an_expired_certificate_is_believed_no_more() -> None:
    with certificate_world(certified()) as world:
        pay(world)
        world.clock.set(first_certificate().expires_at)
        assert world.gateway.query(NUMBER) == Unknown("unknown serial")
