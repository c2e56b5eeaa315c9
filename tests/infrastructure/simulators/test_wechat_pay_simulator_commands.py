"""The simulated pay service's control API: outcomes, odd answers, failures, the clock."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import requests

from infrastructure.simulators.wechat_pay import create_app
from tests.infrastructure.simulators.wechat_pay_world import (
    BY_NUMBER,
    MCHID,
    NUMBER,
    START,
    Answer,
    World,
    running_world,
    simulator_settings,
)
from tests.loopback import serving


@pytest.fixture
def world() -> Iterator[World]:
    with running_world() as running:
        running.prepay()
        yield running


def command(world: World, what: str, **body: object) -> Answer:
    return world.merchant.control(f"/_sim/orders/{NUMBER}/{what}", **body)


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


# Outcomes


def test_a_customer_who_cancels_leaves_the_order_unpaid(world: World) -> None:
    command(world, "password", entering=True)
    left = world.merchant.control("/_sim/cancel", out_trade_no=NUMBER)
    assert (left.status, left.json()["trade_state"]) == (200, "NOTPAY")
    assert world.close().status == 204


def test_an_expired_order_is_unpaid_and_payable_only_by_force(world: World) -> None:
    assert command(world, "expire").json()["trade_state"] == "NOTPAY"
    assert code(world.pay()) == (409, "ORDER_EXPIRED")
    world.clock.advance(timedelta(minutes=3))
    assert world.pay(even_if_expired=True).json()["trade_state"] == "SUCCESS"


def test_a_paid_order_may_show_itself_as_refunded(world: World) -> None:
    paid = world.pay().json()
    assert command(world, "refund").status == 200
    told = world.query().json()
    assert (told["trade_state"], told["trade_state_desc"]) == ("REFUND", "转入退款")
    assert told["transaction_id"] == paid["transaction_id"]
    assert code(world.close()) == (400, "ORDERPAID")
    assert code(world.prepay()) == (400, "ORDERPAID")
    assert code(world.pay()) == (409, "ORDERPAID")


def test_an_unpaid_order_cannot_be_refunded(world: World) -> None:
    assert code(command(world, "refund")) == (409, "ORDER_NOT_PAID")


def test_a_close_may_be_answered_without_effect(world: World) -> None:
    command(world, "close_ignored")
    assert world.close().status == 204
    assert world.query().json()["trade_state"] == "NOTPAY"
    assert world.pay().status == 200


def test_a_close_is_heeded_again_on_command(world: World) -> None:
    command(world, "close_ignored")
    command(world, "close_ignored", ignored=False)
    world.close()
    assert world.query().json()["trade_state"] == "CLOSED"


def test_query_and_notice_may_claim_another_amount_but_not_the_books(world: World) -> None:
    command(world, "amount_as", total=1)
    assert world.query().json()["amount"]["total"] == 1
    world.pay()
    world.notifier.deliver_due()
    noticed = world.merchant.decrypt(world.receiver.received[0][1])
    assert noticed["amount"]["total"] == world.query().json()["amount"]["total"] == 1
    books = world.merchant.look("/_sim/books")
    assert books["transactions"][0]["total_fen"] == books["orders"][0]["total_fen"] == 18900


def test_the_truth_about_the_amount_comes_back_on_command(world: World) -> None:
    command(world, "amount_as", total=1)
    command(world, "amount_as", total=None)
    assert world.query().json()["amount"]["total"] == 18900


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("expire", {}),
        ("refund", {}),
        ("close_ignored", {}),
        ("amount_as", {"total": 1}),
        ("password", {"entering": True}),
    ],
)
def test_a_command_about_an_unknown_order_is_not_found(
    world: World, what: str, body: dict[str, object]
) -> None:
    answer = world.merchant.control(f"/_sim/orders/UNKNOWN-1/{what}", **body)
    assert code(answer) == (404, "ORDER_NOT_EXIST")


def test_the_books_show_every_order(world: World) -> None:
    assert world.merchant.look("/_sim/books")["orders"] == [
        {
            "out_trade_no": NUMBER,
            "trade_type": "JSAPI",
            "state": "NOTPAY",
            "total_fen": 18900,
            "expires_at": "2026-11-29T10:00:00+08:00",
            "prepays": 1,
            "transaction_id": None,
        }
    ]


# Failures on order


def test_a_failure_may_hit_several_calls(world: World) -> None:
    world.merchant.control("/_sim/fail_next", status=503, code="SERVICE_UNAVAILABLE", count=2)
    assert [world.query().status for _ in range(3)] == [503, 503, 200]


def test_waiting_failures_can_be_cancelled(world: World) -> None:
    world.merchant.control("/_sim/fail_next", status=500, count=9)
    assert world.merchant.exchange("DELETE", "/_sim/fail_next", b"", {}).status == 204
    assert world.query().status == 200


def test_one_answer_may_spell_its_code_the_old_way(world: World) -> None:
    world.merchant.control("/_sim/fail_next", old_spelling=True)
    assert code(world.query("UNKNOWN-1")) == (404, "ORDERNOTEXIST")
    assert code(world.query("UNKNOWN-1")) == (404, "ORDER_NOT_EXIST")


def test_an_answer_may_take_its_time_after_the_effect(world: World) -> None:
    world.merchant.control("/_sim/fail_next", path_contains="close", latency_ms=600)
    target, body = f"{BY_NUMBER}/{NUMBER}/close", json.dumps({"mchid": MCHID}).encode()
    headers = world.merchant.headers("POST", target, body)
    with pytest.raises(requests.Timeout):
        requests.post(
            f"http://127.0.0.1:{world.merchant.port}{target}",
            data=body,
            headers=headers,
            timeout=0.2,
        )
    assert world.query().json()["trade_state"] == "CLOSED"


# Keys


def test_keys_are_rotated_and_migrated_by_command(world: World) -> None:
    keys = "/_sim/keys"
    assert world.merchant.look(keys)["mode"] == "public_key"
    assert code(world.merchant.control(f"{keys}/rotate")) == (409, "KEYS_NOT_READY")
    assert code(world.merchant.control(f"{keys}/switch")) == (409, "KEYS_NOT_READY")
    world.merchant.control(f"{keys}/mode", mode="certificate")
    new = world.merchant.control(f"{keys}/rotate").json()["serial_no"]
    assert world.merchant.control(f"{keys}/switch").json() == {"serial_no": new}
    grey = world.merchant.control(f"{keys}/mode", mode="grey", grey_notice_percent=10).json()
    assert (grey["mode"], grey["grey_notice_percent"]) == ("grey", 10)
    assert [each["active"] for each in grey["certificates"]] == [False, True]


# The clock


def test_the_shared_clock_is_moved_by_command(world: World) -> None:
    moved = world.merchant.control("/_sim/clock", advance_seconds=90)
    assert moved.json() == {"now": "2026-11-22T10:01:30+08:00"}
    assert world.clock.now() == START + timedelta(seconds=90)


class UnmovableClock:
    def now(self) -> datetime:
        return START


def test_a_clock_that_nobody_sets_is_not_moved() -> None:
    with serving(create_app(simulator_settings(), UnmovableClock())) as url:
        answer = requests.post(f"{url}/_sim/clock", json={"advance_seconds": 1}, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (409, "CLOCK_NOT_SETTABLE")
