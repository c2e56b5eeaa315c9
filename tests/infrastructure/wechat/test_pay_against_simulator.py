"""The adapter and the simulated pay service over a real socket: neither knows the other's code."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from application.payment_gateway import (
    BadNoticeError,
    CloseAccepted,
    ForeignNoticeError,
    Prepared,
    Prepayment,
    Rejected,
    Transaction,
    Unknown,
)
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    H5_PREPAYMENT,
    NATIVE_PREPAYMENT,
    NOW,
    NUMBER,
    OPENID,
    PREPAYMENT,
    Reply,
)
from tests.infrastructure.wechat.fake_pay_world import World, public_key_world


@pytest.fixture(name="world")
def running_world() -> Iterator[World]:
    with public_key_world() as world:
        yield world


def test_an_order_is_prepared_paid_noticed_and_queried(world: World) -> None:
    prepared = world.prepare()
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
    world.prepare()
    world.prepare()
    altered = fake_pay.prepare(world.gateway, replace(PREPAYMENT, amount_fen=1))
    assert isinstance(altered, Rejected)
    assert altered.code == "INVALIDREQUEST"


def test_an_order_wechat_never_saw_is_rejected(world: World) -> None:
    rejected = world.gateway.query(NUMBER)
    assert isinstance(rejected, Rejected)
    assert rejected.code == "ORDERNOTEXIST"


def test_a_lost_answer_is_unknown_and_the_repetition_succeeds(world: World) -> None:
    world.control("fail_next", drop_response=True)
    assert isinstance(fake_pay.prepare(world.gateway), Unknown)
    world.prepare()


def test_a_probe_in_an_answer_is_unknown(world: World) -> None:
    world.prepare()
    world.control("fail_next", probe_signature=True)
    assert isinstance(world.gateway.query(NUMBER), Unknown)
    assert isinstance(world.gateway.query(NUMBER), Transaction)


@pytest.mark.parametrize(
    "kind", ["bad_signature", "altered_body", "old_timestamp", "wrong_mchid", "probe"]
)
def test_a_forged_notice_is_refused(world: World, kind: str) -> None:
    world.prepare()
    world.control("notices/forge", kind=kind)
    with pytest.raises(BadNoticeError):
        world.read_newest_notice()


def test_a_notice_repeated_later_is_signed_anew_and_read(world: World) -> None:
    prepared = world.prepare()
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


@pytest.mark.parametrize(
    ("prepayment", "scheme", "trade_type"),
    [(H5_PREPAYMENT, "http://127.0.0.1:", "MWEB"), (NATIVE_PREPAYMENT, "weixin://", "NATIVE")],
)
def test_an_order_outside_wechat_is_prepared_paid_noticed_and_queried(
    world: World, prepayment: Prepayment, scheme: str, trade_type: str
) -> None:
    assert world.prepare(prepayment).pay_url.startswith(scheme)
    world.control("pay", out_trade_no=NUMBER, openid=OPENID)
    assert world.notifier.deliver_due() == 1
    told = world.read_newest_notice().transaction
    assert (told.trade_type, told.total_fen, told.openid) == (trade_type, 12_900, OPENID)
    assert world.gateway.query(NUMBER) == told


@pytest.mark.parametrize("prepayment", [PREPAYMENT, H5_PREPAYMENT, NATIVE_PREPAYMENT])
def test_the_kept_bytes_may_be_repeated_for_a_fresh_way_to_pay(
    world: World, prepayment: Prepayment
) -> None:
    body = world.gateway.compose(prepayment)
    answers = [world.gateway.prepare(prepayment.trade_type, body) for _ in range(2)]
    assert all(isinstance(answer, Prepared) for answer in answers)


def test_a_number_cannot_change_its_trade_type(world: World) -> None:
    world.prepare(PREPAYMENT)
    rejected = fake_pay.prepare(world.gateway, NATIVE_PREPAYMENT)
    assert isinstance(rejected, Rejected)
    assert rejected.code == "INVALIDREQUEST"


def test_a_closed_order_is_told_as_closed_and_can_be_closed_again(world: World) -> None:
    world.prepare()
    assert [world.gateway.close_order(NUMBER) for _ in range(2)] == [CloseAccepted()] * 2
    closed = world.gateway.query(NUMBER)
    assert isinstance(closed, Transaction)
    assert closed.trade_state == "CLOSED"


def test_closing_a_number_wechat_never_saw_proves_nothing(world: World) -> None:
    assert world.gateway.close_order(NUMBER) == CloseAccepted()
    assert isinstance(world.gateway.query(NUMBER), Rejected)


def test_closing_while_the_password_is_typed_is_unknown(world: World) -> None:
    world.prepare()
    world.control(f"orders/{NUMBER}/password", entering=True)
    assert world.gateway.close_order(NUMBER) == Unknown("HTTP 429")
    world.control(f"orders/{NUMBER}/password", entering=False)
    assert world.gateway.close_order(NUMBER) == CloseAccepted()


@pytest.mark.parametrize("old_error_spellings", [True, False])
def test_a_paid_order_is_not_closed_and_errors_have_one_spelling(
    old_error_spellings: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    with public_key_world(old_error_spellings=old_error_spellings) as world:
        world.prepare()
        world.control("pay", out_trade_no=NUMBER)
        rejected = world.gateway.close_order(NUMBER)
        unseen = world.gateway.query(f"{NUMBER}-9")
    assert isinstance(rejected, Rejected)
    assert isinstance(unseen, Rejected)
    assert (rejected.code, unseen.code) == ("ORDERPAID", "ORDERNOTEXIST")


@pytest.mark.parametrize("fault", [{"drop_response": True}, {"probe_signature": True}])
def test_a_close_with_a_lost_or_wrongly_signed_answer_is_unknown(
    world: World, fault: dict[str, object]
) -> None:
    world.prepare()
    world.control("fail_next", path_contains="/close", **fault)
    assert isinstance(world.gateway.close_order(NUMBER), Unknown)
    closed = world.gateway.query(NUMBER)
    assert isinstance(closed, Transaction)
    assert closed.trade_state == "CLOSED"


def test_a_notice_for_another_merchant_is_foreign(world: World) -> None:
    world.prepare()
    world.control("notices/forge", kind="wrong_mchid")
    with pytest.raises(ForeignNoticeError):
        world.read_newest_notice()


def test_with_a_public_key_there_are_no_certificates_to_fetch(world: World) -> None:
    world.gateway.refresh_keys()
    world.prepare()
    assert isinstance(world.gateway.query(NUMBER), Transaction)
