"""The HTTP session that stands in for wechatpy's own.

wechatpy 1.8.18 hard-codes Tencent's hosts, gives OAuth no time-out, follows
redirects and reads bodies of any size. All its clients send through one
`_http` session, so that is where these are put right.
"""

import io
import logging
import re
import time
from collections.abc import Mapping

import requests
from requests.adapters import HTTPAdapter

from infrastructure.wechat.official_account.settings import (
    TENCENT_API,
    TENCENT_MP,
    OfficialAccountSettings,
)
from infrastructure.wechat.timed_connections import timed_pools

OK = 200
CHUNK_BYTES = 16 * 1024


class UnfitAnswerError(requests.RequestException):
    """The answer cannot be WeChat's: another status, too long, or too slow."""


def _hide_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            re.sub(r"\?.*", "?...", each) if isinstance(each, str) else each for each in record.args
        )
    return True


# At level DEBUG urllib3 writes every address, with secrets and tokens in the query.
logging.getLogger("urllib3.connectionpool").addFilter(_hide_query)


class BoundedSession(requests.Session):
    """Reaches the configured WeChat servers and nothing else.

    Any other address fails with requests.exceptions.InvalidSchema. Proxies and
    .netrc of the environment are ignored: the secret travels in the query.
    """

    def __init__(self, settings: OfficialAccountSettings) -> None:
        super().__init__()
        self.trust_env = False
        # An encoded body could unpack to any size, so none is asked for or unpacked.
        self.headers["Accept-Encoding"] = "identity"
        self.adapters.clear()
        self.mount(f"{TENCENT_API}/", _BoundedAdapter(settings, TENCENT_API, settings.api_base_url))
        self.mount(f"{TENCENT_MP}/", _BoundedAdapter(settings, TENCENT_MP, settings.mp_base_url))


class _BoundedAdapter(HTTPAdapter):
    """Sends to our base address and accepts a whole, short, timely 200 only."""

    def __init__(self, settings: OfficialAccountSettings, host: str, base_url: str) -> None:
        super().__init__()
        self._settings = settings
        self._host = host
        self._base_url = base_url
        pools = timed_pools(settings.total_timeout_seconds)
        self.poolmanager.pool_classes_by_scheme = pools

    def send(  # noqa: PLR0913, PLR0917 - the signature is fixed by requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - the signature is fixed by requests
        timeout: object = None,  # noqa: ARG002 - the configured time-outs are forced
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature is fixed by requests
        cert: str | bytes | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send once; a redirect is no 200 and so is never followed.

        Raises requests.RequestException, urllib3's HTTPError or OSError.
        """
        limits = self._settings
        deadline = time.monotonic() + limits.total_timeout_seconds
        path = (request.url or "").removeprefix(self._host)
        request.url = f"{self._base_url}{path}"
        timeouts = (limits.connect_timeout_seconds, limits.read_timeout_seconds)
        with super().send(
            request, stream=True, timeout=timeouts, verify=verify, cert=cert, proxies=proxies
        ) as response:
            if response.status_code != OK:
                kind = f"status {response.status_code}"
                raise UnfitAnswerError(kind)
            body = _whole_body(response, limits.max_body_bytes, deadline)
        response.raw = io.BytesIO(body)
        return response


def _whole_body(response: requests.Response, max_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    _check_in_time(deadline)  # a head cut off at the deadline looks like one without a body
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            kind = "too long"
            raise UnfitAnswerError(kind)
        _check_in_time(deadline)
    return bytes(body)


def _check_in_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        kind = "too slow"
        raise UnfitAnswerError(kind)
