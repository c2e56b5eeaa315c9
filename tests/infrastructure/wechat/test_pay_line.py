"""A simulation may carry the requests itself; all else stays as over a socket."""

import threading

import pytest
import requests
from requests.adapters import BaseAdapter

from application.payment_gateway import CloseAccepted, Prepared, Unknown
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import KEY_ID, NOW, NUMBER, Reply, signed_reply
from tests.infrastructure.wechat.fake_pay_line import Line

BASE_URL = "https://wechat.invalid"


def gateway_on(line: BaseAdapter) -> WeChatPayGateway:
    return WeChatPayGateway(fake_pay.config_for(BASE_URL), SettableClock(NOW), line)


def test_requests_on_a_line_are_signed_and_named_as_ever() -> None:
    line = Line(signed_reply({"prepay_id": "wx22"}))
    gateway = gateway_on(line)
    assert fake_pay.prepare(gateway) == Prepared("wx22")
    (request,) = line.requests
    assert request.is_signed_by_merchant()
    assert request.body == gateway.compose(fake_pay.PREPAYMENT)
    assert request.headers["wechatpay-serial"] == KEY_ID


def test_answers_on_a_line_are_verified_as_ever() -> None:
    line = Line(signed_reply(b"", 204))
    gateway = gateway_on(line)
    assert gateway.close_order(NUMBER) == CloseAccepted()
    line.reply = Reply(204)
    assert isinstance(gateway.close_order(NUMBER), Unknown)


@pytest.mark.parametrize("error", [requests.ConnectionError, requests.ReadTimeout])
def test_a_broken_line_is_unknown(error: type[requests.RequestException]) -> None:
    class Broken(Line):
        def send(self, *_: object, **__: object) -> requests.Response:
            raise error

    assert gateway_on(Broken(Reply())).query(NUMBER) == Unknown(error.__name__)


def test_every_thread_is_on_the_line() -> None:
    line = Line(signed_reply({"prepay_id": "wx22"}))
    gateway = gateway_on(line)
    threads = [threading.Thread(target=fake_pay.prepare, args=(gateway,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(line.requests) == 3


def test_closing_hangs_up() -> None:
    line = Line(signed_reply({"prepay_id": "wx22"}))
    gateway = gateway_on(line)
    fake_pay.prepare(gateway)
    gateway.close()
    assert line.closed == 1
