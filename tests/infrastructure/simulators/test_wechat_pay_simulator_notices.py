"""The simulated pay service's notices: content, signature, retries, forgeries."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag

from tests.infrastructure.simulators.wechat_pay_world import (
    MCHID,
    NOBODY_ANSWERS,
    NUMBER,
    World,
    running_world,
)

RETRY_SECONDS = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600]
RETRY_SECONDS += [10800, 10800, 10800, 21600, 21600]


@pytest.fixture
def world() -> Iterator[World]:
    with running_world() as running:
        running.prepay()
        yield running


def deliveries(world: World) -> list[int | None]:
    notice = world.merchant.look("/_sim/notices")["notices"][0]
    return [attempt["status"] for attempt in notice["attempts"]]


def state(world: World) -> str:
    text: str = world.merchant.look("/_sim/notices")["notices"][0]["state"]
    return text


def test_a_payment_is_announced_signed_and_encrypted(world: World) -> None:
    world.pay()
    assert world.notifier.deliver_due() == 1
    headers, body = world.receiver.received[0]
    world.merchant.verify(headers, body)
    notice = json.loads(body)
    assert notice["id"].startswith("EV-")
    assert notice["event_type"] == "TRANSACTION.SUCCESS"
    assert notice["resource_type"] == "encrypt-resource"
    assert notice["create_time"] == "2026-11-22T10:00:00+08:00"
    resource = notice["resource"]
    assert (resource["algorithm"], len(resource["nonce"])) == ("AEAD_AES_256_GCM", 12)
    assert resource["original_type"] == resource["associated_data"] == "transaction"
    assert world.merchant.decrypt(body) == world.query().json()


@pytest.mark.parametrize("status", [200, 204])
def test_an_acknowledged_notice_is_not_sent_again(world: World, status: int) -> None:
    world.receiver.answers = [status]
    world.pay()
    world.notifier.deliver_due()
    world.clock.advance(timedelta(days=2))
    assert world.notifier.deliver_due() == 0
    assert (deliveries(world), state(world)) == ([status], "acknowledged")


@pytest.mark.parametrize("status", [201, 302, 401, 500])
def test_any_other_answer_is_a_failure_and_tried_again(world: World, status: int) -> None:
    world.receiver.answers = [status]
    world.pay()
    world.notifier.deliver_due()
    world.clock.advance(timedelta(seconds=14))
    assert world.notifier.deliver_due() == 0
    world.clock.advance(timedelta(seconds=1))
    assert world.notifier.deliver_due() == 1
    assert deliveries(world) == [status, 200]


def test_fifteen_retries_follow_the_table_and_then_none(world: World) -> None:
    world.receiver.answers = [500] * 20
    world.pay()
    world.notifier.deliver_due()
    for pause in RETRY_SECONDS:
        world.clock.advance(timedelta(seconds=pause - 1))
        assert world.notifier.deliver_due() == 0
        world.clock.advance(timedelta(seconds=1))
        assert world.notifier.deliver_due() == 1
    world.clock.advance(timedelta(days=2))
    assert world.notifier.deliver_due() == 0
    assert (len(world.receiver.received), state(world)) == (16, "given_up")


def test_each_attempt_is_signed_and_encrypted_anew(world: World) -> None:
    world.receiver.answers = [500]
    world.pay()
    world.notifier.deliver_due()
    world.clock.advance(timedelta(seconds=15))
    world.notifier.deliver_due()
    (first, first_body), (second, second_body) = world.receiver.received
    world.merchant.verify(second, second_body)
    for name in ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature"):
        assert first[name] != second[name]
    assert world.merchant.decrypt(first_body) == world.merchant.decrypt(second_body)
    assert first_body != second_body


def test_an_answer_that_takes_too_long_is_a_failure() -> None:
    with running_world(acknowledge_within_seconds=0.2) as world:
        world.prepay()
        world.receiver.answers = [NOBODY_ANSWERS]
        world.pay()
        world.notifier.deliver_due()
        assert (deliveries(world), state(world)) == ([None], "waiting")


def test_a_receiver_that_is_down_is_a_failure(world: World) -> None:
    world.prepay(out_trade_no="SECOND-1", notify_url="http://127.0.0.1:9/closed")
    world.pay(out_trade_no="SECOND-1")
    world.notifier.deliver_due()
    attempt = world.merchant.look("/_sim/notices")["notices"][0]["attempts"][0]
    assert (attempt["status"], attempt["error"]) == (None, "ConnectionError")


def test_a_notice_can_be_duplicated(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", duplicate=2)
    world.pay()
    world.notifier.deliver_due()
    assert deliveries(world) == [200, 200, 200]
    ids = {json.loads(body)["id"] for _, body in world.receiver.received}
    assert len(ids) == 1


def test_a_notice_can_be_lost_and_resent(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", drop=True)
    world.pay()
    assert world.notifier.deliver_due() == 0
    notice = world.merchant.look("/_sim/notices")["notices"][0]
    assert notice["state"] == "dropped"
    answer = world.merchant.control(f"/_sim/notices/{notice['id']}/resend")
    assert answer.json()["status"] == 200
    assert world.merchant.decrypt(world.receiver.received[0][1])["out_trade_no"] == NUMBER


def test_a_notice_can_be_late(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", delay_seconds=3600)
    world.pay()
    world.clock.advance(timedelta(seconds=3599))
    assert world.notifier.deliver_due() == 0
    world.clock.advance(timedelta(seconds=1))
    assert world.notifier.deliver_due() == 1


def received_numbers(world: World) -> list[str]:
    return [world.merchant.decrypt(body)["out_trade_no"] for _, body in world.receiver.received]


def pay_in_turn(world: World, *numbers: str) -> None:
    for number in numbers:
        world.prepay(out_trade_no=number)
        world.pay(out_trade_no=number)


def test_a_later_payments_notice_can_come_first(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", reorder=True)
    pay_in_turn(world, "FIRST-01")
    assert world.notifier.deliver_due() == 0
    pay_in_turn(world, "SECOND-1", "THIRD-01", "FOURTH-1")
    assert world.notifier.deliver_due() == 4
    assert received_numbers(world) == ["SECOND-1", "FIRST-01", "FOURTH-1", "THIRD-01"]
    ids = [each["id"] for each in world.merchant.look("/_sim/notices")["notices"]]
    assert ids == sorted(ids)


def test_a_notice_held_back_goes_out_once_the_rule_ends(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", reorder=True)
    world.pay()
    assert state(world) == "held"
    world.merchant.control("/_sim/notice_rules")
    assert world.notifier.deliver_due() == 1
    assert (received_numbers(world), state(world)) == ([NUMBER], "acknowledged")


def test_a_notice_acknowledged_while_held_back_is_not_sent_again(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", reorder=True)
    world.pay()
    notice = world.merchant.look("/_sim/notices")["notices"][0]
    world.merchant.control(f"/_sim/notices/{notice['id']}/resend")
    pay_in_turn(world, "SECOND-1")
    world.notifier.deliver_due()
    assert received_numbers(world) == [NUMBER, "SECOND-1"]


def test_a_probe_may_come_before_the_proper_notice(world: World) -> None:
    world.merchant.control("/_sim/notice_rules", probe_first=True)
    world.receiver.answers = [401]
    world.pay()
    world.notifier.deliver_due()
    world.clock.advance(timedelta(seconds=15))
    world.notifier.deliver_due()
    (probe, _), (proper, body) = world.receiver.received
    assert probe["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    world.merchant.verify(proper, body)
    assert (deliveries(world), state(world)) == ([401, 200], "acknowledged")


def test_an_unknown_notice_cannot_be_resent(world: World) -> None:
    assert world.merchant.control("/_sim/notices/EV-0/resend").status == 404


# Forgeries


def forge(world: World, kind: str) -> tuple[Message, bytes]:
    world.receiver.answers = [401]
    answer = world.merchant.control("/_sim/notices/forge", kind=kind).json()
    assert (answer["forgery"], answer["attempts"][0]["status"]) == (kind, 401)
    world.clock.advance(timedelta(days=1))
    assert world.notifier.deliver_due() == 0
    return world.receiver.received[-1]


@pytest.mark.parametrize("kind", ["bad_signature", "altered_body"])
def test_a_forged_signature_or_body_does_not_verify(world: World, kind: str) -> None:
    headers, body = forge(world, kind)
    with pytest.raises(InvalidSignature):
        world.merchant.verify(headers, body)
    assert world.merchant.decrypt(body)["trade_state"] == "SUCCESS"


def test_a_probe_announces_itself_and_does_not_verify(world: World) -> None:
    headers, body = forge(world, "probe")
    assert headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    with pytest.raises((InvalidSignature, ValueError)):
        world.merchant.verify(headers, body)


def test_an_old_notice_verifies_but_is_more_than_five_minutes_old(world: World) -> None:
    sent_at = int(world.clock.now().timestamp())
    headers, body = forge(world, "old_timestamp")
    world.merchant.verify(headers, body)
    assert sent_at - int(headers["Wechatpay-Timestamp"]) == 301


def test_another_merchants_notice_verifies(world: World) -> None:
    headers, body = forge(world, "wrong_mchid")
    world.merchant.verify(headers, body)
    assert world.merchant.decrypt(body)["mchid"] != MCHID


def test_a_notice_with_a_wrong_amount_verifies(world: World) -> None:
    headers, body = forge(world, "wrong_amount")
    world.merchant.verify(headers, body)
    assert world.merchant.decrypt(body)["amount"]["total"] == 18901


def test_a_notice_for_another_app_verifies(world: World) -> None:
    headers, body = forge(world, "wrong_appid")
    world.merchant.verify(headers, body)
    assert world.merchant.decrypt(body)["appid"] == "wx9999999999999999"


def test_a_notice_about_an_unknown_order_verifies(world: World) -> None:
    headers, body = forge(world, "unknown_number")
    world.merchant.verify(headers, body)
    assert world.query(world.merchant.decrypt(body)["out_trade_no"]).status == 404


def test_an_unknown_event_verifies(world: World) -> None:
    headers, body = forge(world, "unknown_event")
    world.merchant.verify(headers, body)
    assert json.loads(body)["event_type"] == "TRANSACTION.REVIEWED"
    assert world.merchant.decrypt(body)["out_trade_no"] == NUMBER


def test_a_notice_under_another_apiv3_key_verifies_but_cannot_be_read(world: World) -> None:
    headers, body = forge(world, "wrong_apiv3_key")
    world.merchant.verify(headers, body)
    with pytest.raises(InvalidTag):
        world.merchant.decrypt(body)


def test_a_notice_may_name_a_key_that_nobody_knows(world: World) -> None:
    headers, body = forge(world, "unknown_serial")
    assert headers["Wechatpay-Serial"] == "PUB_KEY_ID_" + "9" * 34
    assert world.merchant.decrypt(body)["out_trade_no"] == NUMBER


def test_a_forgery_leaves_the_books_alone(world: World) -> None:
    forge(world, "wrong_amount")
    assert world.merchant.look("/_sim/books")["count"] == 0
    assert world.query().json()["trade_state"] == "NOTPAY"


def test_a_forgery_about_a_paid_order_copies_its_transaction(world: World) -> None:
    world.pay()
    world.notifier.deliver_due()
    _, body = forge(world, "bad_signature")
    assert world.merchant.decrypt(body) == world.query().json()


def test_an_unknown_forgery_is_refused(world: World) -> None:
    assert world.merchant.control("/_sim/notices/forge", kind="magic").status == 422


# In the background


def test_a_running_simulator_delivers_by_itself() -> None:
    with running_world(deliver_in_background=True) as world:
        world.prepay()
        world.pay()
        assert world.receiver.arrived.wait(timeout=10)
