"""The line to WeChat Pay: a signed request becomes a call in this very thread."""

import io
from collections.abc import Callable

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from infrastructure.simulators.wechat_pay.wire import Reply, Wire

# None where WeChat cannot be reached.
Carry = Callable[[Wire], Reply | None]


class PayLine(HTTPAdapter):
    """Carries requests to the simulator, and its answers back."""

    def __init__(self, carry: Carry) -> None:
        super().__init__()
        self._carry = carry

    def send(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> requests.Response:
        """Raises what requests raises where the answer never comes."""
        reply = self._carry(_wire(request))
        if reply is None or reply.lost:
            raise requests.ConnectionError(request=request)
        raw = HTTPResponse(
            body=io.BytesIO(reply.body),
            headers=dict(reply.headers),
            status=reply.status,
            preload_content=False,
        )
        return self.build_response(request, raw)


def _wire(request: requests.PreparedRequest) -> Wire:
    body = request.body or b""
    sent = body if isinstance(body, bytes) else body.encode()
    headers = {name: _text(value) for name, value in request.headers.items()}
    return Wire(request.method or "", request.path_url, headers, sent)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
