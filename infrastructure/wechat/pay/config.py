"""What must be known to talk to WeChat Pay as one merchant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from domain.errors import JiawuError

_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MAX_NOTIFY_URL = 255


class InvalidPaymentSetupError(JiawuError):
    """The configuration cannot work; raised while starting, never while serving."""

    code = "invalid_payment_setup"
    status = 500
    sentence = "微信支付配置有误：{what}。"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatPayConfig:
    """One merchant's (商户号) access to WeChat Pay.

    `merchant_serial` is the serial number of the merchant's API certificate
    (商户API证书), `merchant_private_key` its private key as PEM, `apiv3_key` the
    32 characters that decrypt notices. `platform_keys` maps what WeChat sends as
    Wechatpay-Serial to a PEM: a PUB_KEY_ID_... to a public key (微信支付公钥) or a
    certificate's serial number to the certificate (平台证书); while WeChat moves
    from one to the other, both are listed. `notify_url` becomes part of every
    prepay body, so an order must be repeated with the URL it began with.
    Timeouts are seconds. Raises InvalidPaymentSetupError.
    """

    base_url: str
    appid: str
    mchid: str
    merchant_serial: str
    merchant_private_key: SecretStr = field(repr=False)
    apiv3_key: SecretStr = field(repr=False)
    platform_keys: Mapping[str, str] = field(repr=False)
    notify_url: str
    connect_seconds: float = 3.0
    read_seconds: float = 10.0

    def __post_init__(self) -> None:
        _require_identifiers(self)
        _require_safe_url("base_url", self.base_url)
        _require_safe_url("notify_url", self.notify_url)
        if len(self.notify_url) > _MAX_NOTIFY_URL:
            raise InvalidPaymentSetupError(what="notify_url 过长")


def _require_identifiers(config: WeChatPayConfig) -> None:
    for name in ("appid", "mchid", "merchant_serial"):
        if not _IDENTIFIER.fullmatch(getattr(config, name)):
            raise InvalidPaymentSetupError(what=f"{name} 格式不正确")


def _require_safe_url(name: str, url: str) -> None:
    if not is_safe_url(url) or "?" in url or "#" in url:
        raise InvalidPaymentSetupError(what=f"{name} 必须是不带参数的 https 地址")


def is_safe_url(url: str) -> bool:
    """Whether it is https; only a loopback address, which is a simulator's, may do without TLS."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that enclose no IPv6 address
        return False
    secure = parts.scheme == "https" and bool(parts.hostname)
    return secure or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
