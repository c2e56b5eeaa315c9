"""The HTTP session that stands in for wechatpy's own.

wechatpy 1.8.18 hard-codes Tencent's hosts, gives OAuth no time-out, follows
redirects and reads bodies of any size. All its clients send through one
`_http` session, so that is where these are put right.
"""

import io
import time
from collections.abc import Mapping

import requests
from requests.adapters import HTTPAdapter

from infrastructure.wechat.official_account.settings import OfficialAccountSettings

TENCENT_API = "https://api.weixin.qq.com/"
OK = 200
CHUNK_BYTES = 16 * 1024


class UnfitAnswerError(requests.RequestException):
    """The answer cannot be WeChat's: another status, too long, or too slow."""


class BoundedSession(requests.Session):
    """Reaches the configured WeChat server and nothing else.

    Any other address fails with requests.exceptions.InvalidSchema. Proxies and
    .netrc of the environment are ignored: the secret travels in the query.
    """

    def __init__(self, settings: OfficialAccountSettings) -> None:
        super().__init__()
        self.trust_env = False
        # An encoded body could unpack to any size, so none is asked for or unpacked.
        self.headers["Accept-Encoding"] = "identity"
        self.adapters.clear()
        self.mount(TENCENT_API, _BoundedAdapter(settings))


class _BoundedAdapter(HTTPAdapter):
    """Sends to our base address and accepts a whole, short, timely 200 only."""

    def __init__(self, settings: OfficialAccountSettings) -> None:
        super().__init__()
        self._settings = settings

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
        path = (request.url or "").removeprefix(TENCENT_API)
        request.url = f"{limits.api_base_url}/{path}"
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
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            kind = "too long"
            raise UnfitAnswerError(kind)
        if time.monotonic() > deadline:
            kind = "too slow"
            raise UnfitAnswerError(kind)
    return bytes(body)
