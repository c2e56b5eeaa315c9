"""The simulated pay service without a server: one thread, one seed, one course of events."""

from datetime import timedelta

import pytest

from infrastructure.simulators.wechat_pay import Fault, Reply, Wire, exchange
from tests.infrastructure.simulators.wechat_pay_world import (
    JSAPI,
    NUMBER,
    START,
    Visit,
    told,
    visit,
)


@pytest.fixture
def here() -> Visit:
    return visit()


def test_a_call_in_the_thread_is_answered_and_signed(here: Visit) -> None:
    reply = here.prepay()
    assert (reply.status, reply.lost, reply.latency_ms) == (200, False, 0)
    assert reply.headers["Content-Type"] == "application/json"
    here.merchant.verify(reply.headers, reply.body)


def test_errors_are_signed_replies_too(here: Visit) -> None:
    refused = here.query()
    assert (refused.status, told(refused)["code"]) == (404, "ORDER_NOT_EXIST")
    here.merchant.verify(refused.headers, refused.body)
    unsigned = here.call("GET", "/v3/certificates", headers={"Authorization": ""})
    assert (unsigned.status, told(unsigned)["code"]) == (401, "SIGN_ERROR")
    here.merchant.verify(unsigned.headers, unsigned.body)


def test_an_answer_without_content_is_signed_over_an_empty_line(here: Visit) -> None:
    reply = here.close("UNKNOWN-1")
    assert (reply.status, reply.body) == (204, b"")
    assert "Content-Type" not in reply.headers
    here.merchant.verify(reply.headers, b"")


def test_header_names_have_no_case(here: Visit) -> None:
    signed = here.merchant.headers("GET", "/v3/certificates", b"")
    upper = {name.upper(): value for name, value in signed.items()}
    assert exchange(here.desk, Wire("GET", "/v3/certificates", upper, b"")).status == 404


def test_only_json_is_read(here: Visit) -> None:
    reply = here.call("POST", JSAPI, b"{}", {"Content-Type": "text/plain"})
    assert (reply.status, told(reply)["code"]) == (400, "PARAM_ERROR")


def test_a_lost_answer_and_a_slow_one_are_told_and_not_waited_for(here: Visit) -> None:
    here.desk.faults.order(Fault(drop_response=True, latency_ms=30_000))
    reply = here.prepay()
    assert (reply.lost, reply.latency_ms) == (True, 30_000)
    assert told(here.query())["trade_state"] == "NOTPAY"


def test_a_payment_is_posted_through_the_given_carrier(here: Visit) -> None:
    here.prepay()
    here.pay()
    assert here.desk.notifier.next_due() == START
    assert here.desk.notifier.deliver_due() == 1
    headers, body = here.mailbox.received[0]
    here.merchant.verify(headers, body)
    assert here.merchant.decrypt(body) == told(here.query())
    assert here.desk.notifier.next_due() is None


def test_no_answer_to_a_notice_is_tried_again(here: Visit) -> None:
    here.mailbox.answers = [None]
    here.prepay()
    here.pay()
    here.desk.notifier.deliver_due()
    assert here.desk.notifier.next_due() == START + timedelta(seconds=15)
    here.clock.advance(timedelta(seconds=15))
    here.desk.notifier.deliver_due()
    at, later = "2026-11-22T10:00:00+08:00", "2026-11-22T10:00:15+08:00"
    assert here.desk.notifier.notices()[0]["attempts"] == [
        {"at": at, "status": None, "error": "NoAnswer"},
        {"at": later, "status": 204, "error": ""},
    ]


def test_overdue_notices_go_out_in_the_order_they_fell_due(here: Visit) -> None:
    here.prepay()
    here.pay()
    here.mailbox.answers = [500]
    here.desk.notifier.deliver_due()
    here.clock.advance(timedelta(seconds=10))
    here.prepay(out_trade_no="SECOND-1")
    here.pay(out_trade_no="SECOND-1")
    here.clock.advance(timedelta(hours=1))
    here.desk.notifier.deliver_due()
    order = [here.merchant.decrypt(body)["out_trade_no"] for _, body in here.mailbox.received]
    assert order == [NUMBER, "SECOND-1", NUMBER]


def course(seed: int) -> list[tuple[Reply, bytes]]:
    here = visit(seed)
    first = here.prepay()
    here.desk.faults.order(Fault(probe_signature=True))
    probed = here.prepay()
    here.pay()
    here.desk.notifier.deliver_due()
    here.desk.forge_notice("bad_signature")
    notices = [body for _, body in here.mailbox.received]
    return [(first, notices[0]), (probed, notices[1]), (here.query(), b"")]


def test_one_seed_gives_one_course_of_events() -> None:
    assert course(7) == course(7)
    assert course(7) != course(8)
