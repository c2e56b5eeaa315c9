"""A scripted WeChat Pay for the tests of one module, and an adapter that talks to it."""

from collections.abc import Iterator

import pytest

from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat.fake_pay import FakeWeChat, gateway_to


@pytest.fixture(scope="module", name="server")
def running_server() -> Iterator[FakeWeChat]:
    with FakeWeChat() as server:
        yield server


@pytest.fixture(name="wechat")
def forgetful_wechat(server: FakeWeChat) -> FakeWeChat:
    server.start_anew()
    return server


@pytest.fixture(scope="module", name="gateway")
def connected_gateway(server: FakeWeChat) -> Iterator[WeChatPayGateway]:
    with gateway_to(server) as gateway:
        yield gateway
