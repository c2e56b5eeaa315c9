"""What goes between the product and WeChat Pay: watched, repeated, or not there at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from application.payment_gateway import Unknown
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.interface.town import Town

_NOBODYS = "NOBODY-ASKED-FOR-THIS"


class Recording(HTTPAdapter):
    """Carries requests over the socket as ever and keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, bytes]] = []

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401 - the base class's
        **options: Any,  # noqa: ANN401 - the base class's
    ) -> requests.Response:
        """As the base class says."""
        body = request.body or b""
        assert isinstance(body, bytes)
        self.sent.append((request.path_url, body))
        return super().send(request, *args, **options)

    def bodies_of(self, number: str) -> list[bytes]:
        """What was sent to prepare an attempt, oldest first."""
        prepays = [body for path, body in self.sent if path.endswith("/jsapi")]
        return [body for body in prepays if number.encode() in body]


@contextmanager
def gateway_of(
    town: Town, *, platform_keys: Mapping[str, str] | None = None, line: BaseAdapter | None = None
) -> Iterator[WeChatPayGateway]:
    """A gateway of the town's merchant, beside the product's own."""
    settings = town.house.settings
    config = WeChatPayConfig(
        base_url=settings.pay_base_url,
        appid=settings.wechat_appid,
        mchid=settings.pay_mchid,
        merchant_serial=settings.pay_serial,
        merchant_private_key=settings.merchant_private_key,
        apiv3_key=settings.pay_apiv3_key,
        platform_keys=platform_keys or settings.platform_keys,
        notify_url=settings.notify_url,
    )
    gateway = WeChatPayGateway(config, town.clock, line)
    yield gateway
    gateway.close()


@contextmanager
def no_call_to_wechat(town: Town) -> Iterator[None]:
    """Fails where the product calls WeChat Pay meanwhile.

    A failure is laid at the simulator for the next call, whatever it is about;
    in the end it must still lie there, and our own call meets it.
    """
    town.simulate("pay", "/_sim/fail_next", {"status": 503})
    yield
    with gateway_of(town) as gateway:
        assert isinstance(gateway.query(_NOBODYS), Unknown), "WeChat was called"
