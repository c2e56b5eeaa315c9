"""What a page needs to use WeChat's JS-SDK (微信网页开发工具包): a signature of its address."""

import re
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from application.clock import Clock
from domain.errors import InvalidInputError

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# What a browser says of its page: no blanks, controls, backslashes or raw Chinese.
_PAGE: Final = re.compile(r"[!-\[\]-~]{1,2000}")


class ForeignPageError(InvalidInputError):
    """The address is none of our pages: only those are signed, or anybody could sign."""

    code = "foreign_page"
    sentence = "只能为本站的页面签名。"


@dataclass(frozen=True, slots=True)
class JsSdkSignature:
    """The nonce that was drawn, and the signature over it."""

    nonce: str
    signature: str


@dataclass(frozen=True, slots=True)
class JsSdkConfiguration:
    """What the page hands to wx.config; `timestamp` in seconds since 1970."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str


class JsSdkSigner(Protocol):
    """Signs with the account's ticket."""

    def sign(self, url: str, timestamp: int) -> JsSdkSignature:
        """Sign an address without fragment, under a nonce of its own.

        Changes nothing and may be repeated. Raises WeChatUnavailableError.
        """
        ...


class JsSdk:
    """Configurations for pages below our own base address."""

    def __init__(self, signer: JsSdkSigner, clock: Clock, *, appid: str, base_url: str) -> None:
        self._signer = signer
        self._clock = clock
        self._appid = appid
        self._origin = _origin(urlsplit(base_url))

    def configuration(self, url: str) -> JsSdkConfiguration:
        """Sign the page at `url`, its location.href; the fragment is left out.

        Raises ForeignPageError unless scheme, host and port are ours, and
        WeChatUnavailableError.
        """
        page = url.partition("#")[0]
        if not self._is_ours(page):
            raise ForeignPageError(field="url")
        timestamp = int(self._clock.now().timestamp())
        signed = self._signer.sign(page, timestamp)
        return JsSdkConfiguration(self._appid, timestamp, signed.nonce, signed.signature)

    def _is_ours(self, page: str) -> bool:
        if not _PAGE.fullmatch(page):
            return False
        try:
            parts = urlsplit(page)
            return "@" not in parts.netloc and _origin(parts) == self._origin
        except ValueError:  # a port or an IPv6 address that is none
            return False


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port
