"""A line that carries the adapter's requests without a socket."""

import io

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from tests.infrastructure.wechat.fake_pay import Reply, Request


class Line(BaseAdapter):
    """Answers every request with `reply` and keeps it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply
        self.requests: list[Request] = []
        self.closed = 0

    def send(
        self, request: requests.PreparedRequest, *_: object, **options: object
    ) -> requests.Response:
        """As the base class says."""
        assert not options["proxies"]
        self.requests.append(_request(request))
        return _response(request, self.reply)

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def _request(request: requests.PreparedRequest) -> Request:
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    body = request.body or b""
    assert isinstance(body, bytes)
    return Request(str(request.method), request.path_url, headers, body)


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    response = requests.Response()
    response.status_code = reply.status
    response.headers.update(reply.headers)
    response.raw = HTTPResponse(io.BytesIO(reply.body), preload_content=False)
    response.request = request
    return response
