"""WeChat's signatures (验签) on answers and notices, checked over the raw bytes."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from application.clock import Clock
from domain.errors import JiawuError
from infrastructure.wechat.pay.keys import PlatformKeys
from infrastructure.wechat.pay.signing import SCHEME

MAX_AGE = timedelta(seconds=300)
_TIMESTAMP, _NONCE = "wechatpay-timestamp", "wechatpay-nonce"
_SIGNATURE, _SERIAL = "wechatpay-signature", "wechatpay-serial"
_TYPE = "wechatpay-signature-type"
_REQUIRED = (_TIMESTAMP, _NONCE, _SIGNATURE, _SERIAL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"[0-9]{1,11}")
# A line feed inside a header would let the border of nonce and body be moved.
_VISIBLE_ASCII = re.compile(r"[!-~]{1,1024}")


class UntrustedMessageError(JiawuError):
    """The message is not provably WeChat's, or not from now; `facts["reason"]` says why."""

    code = "untrusted_message"
    status = 401
    sentence = "微信支付验签失败。"


class Verifier:
    """Tells WeChat's messages from all others; makes no call, keeps no state.

    Source: the APIv3 signature rules, with the five-minute window that the Go
    and PHP libraries enforce. WeChat sends a few probes signed wrongly on
    purpose (WECHATPAY/SIGNTEST/...): they fail like any forgery.
    """

    def __init__(self, keys: PlatformKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if the message is WeChat's, else raise UntrustedMessageError."""
        signed = _signature_headers(headers)
        self._require_recent(signed[_TIMESTAMP])
        key = self._keys.get(signed[_SERIAL])
        if key is None:
            raise UntrustedMessageError(reason="unknown serial")
        message = f"{signed[_TIMESTAMP]}\n{signed[_NONCE]}\n".encode() + body + b"\n"
        _require_signature(key, _signature_bytes(signed[_SIGNATURE]), message)

    def _require_recent(self, timestamp: str) -> None:
        if not _SECONDS.fullmatch(timestamp):
            raise UntrustedMessageError(reason="malformed timestamp")
        signed_at = timedelta(seconds=int(timestamp))
        if abs(self._clock.now() - _EPOCH - signed_at) > MAX_AGE:
            raise UntrustedMessageError(reason="timestamp outside five minutes")


def _signature_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The signature's headers by lower-case name, each there once and well-formed."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower in found:
            raise UntrustedMessageError(reason=f"{lower} given twice")
        if lower in _REQUIRED or lower == _TYPE:
            found[lower] = value
    for name in _REQUIRED:
        if not _VISIBLE_ASCII.fullmatch(found.get(name, "")):
            raise UntrustedMessageError(reason=f"{name} missing or malformed")
    if found.get(_TYPE, SCHEME) != SCHEME:
        raise UntrustedMessageError(reason="unknown signature type")
    return found


def _signature_bytes(text: str) -> bytes:
    """Decode strictly: the one canonical spelling of the bytes and no other."""
    try:
        signature = b64decode(text, validate=True)
    except ValueError:
        raise UntrustedMessageError(reason="signature not base64") from None
    if b64encode(signature).decode() != text:
        raise UntrustedMessageError(reason="signature not canonical base64")
    return signature


def _require_signature(key: RSAPublicKey, signature: bytes, message: bytes) -> None:
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise UntrustedMessageError(reason="signature does not match") from None
