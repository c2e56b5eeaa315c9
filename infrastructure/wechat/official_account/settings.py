"""Which Official Account we are and where its servers stand."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
TENCENT_API = "https://api.weixin.qq.com"
TENCENT_MP = "https://mp.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class OfficialAccountSettings:
    """Credentials, base addresses (without path) and limits in seconds and bytes.

    Raises ValueError for a base address that would carry the secret in clear
    over a network: plain http is for a simulator on the loopback only.
    """

    appid: str
    secret: str = field(repr=False)
    api_base_url: str = TENCENT_API
    open_base_url: str = "https://open.weixin.qq.com"
    connect_timeout_seconds: float = 2.0
    read_timeout_seconds: float = 4.0
    total_timeout_seconds: float = 8.0
    max_body_bytes: int = 64 * 1024

    def __post_init__(self) -> None:
        for base_url in (self.api_base_url, self.open_base_url):
            _check_base_url(base_url)

    @property
    def mp_base_url(self) -> str:
        """Where QR-code pictures come from: Tencent's own host, or the simulator."""
        return TENCENT_MP if self.api_base_url == TENCENT_API else self.api_base_url


def _check_base_url(base_url: str) -> None:
    parts = urlsplit(base_url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if not (safe and parts.hostname) or parts.path or parts.query or parts.fragment:
        message = "a base address is https://host[:port], or http:// on the loopback"
        raise ValueError(message)
