"""Decides whether a request really comes from the merchant."""

import base64
import binascii
import re
from collections.abc import Mapping
from threading import Lock
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from application.clock import Clock
from infrastructure.simulators.wechat_pay.keyring import Keyring
from infrastructure.simulators.wechat_pay.refusals import (
    RefusalError,
    header_error,
    sign_error,
)
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings
from infrastructure.simulators.wechat_pay.wire import Wire

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE_SECONDS: Final = 300
NONCE_LIMIT: Final = 32
TRUNCATED_LENGTH: Final = 128
_PAIR: Final = r'[a-z_]+="[^"]*"'
_AUTHORIZATION: Final = re.compile(rf"{SCHEME} +({_PAIR}(?: *, *{_PAIR})*)")
_FIELDS: Final = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


class Gate:
    """Checks headers, signature and freshness."""

    def __init__(self, settings: SimulatorSettings, clock: Clock, keys: Keyring) -> None:
        self._settings = settings
        self._clock = clock
        self._platform_keys = keys
        self._key = _public_key(settings.merchant_public_key_pem)
        self._lock = Lock()
        self._seen_nonces: set[str] = set()

    def check(self, wire: Wire) -> None:
        """Let the merchant's request pass.

        Raises:
            RefusalError: 400 for missing headers, 401 SIGN_ERROR otherwise.
        """
        _check_plain_headers(wire)
        proof = _parse_authorization(wire.headers.get("authorization", ""))
        self._check_merchant(proof)
        self._check_time(proof["timestamp"])
        self._check_signature(wire, proof)
        self._check_nonce(proof["nonce_str"])
        self._check_platform_key(wire.headers.get("wechatpay-serial", ""))

    def _check_merchant(self, proof: Mapping[str, str]) -> None:
        if proof["mchid"] != self._settings.mchid:
            raise sign_error(message="商户号有误", field="mchid", issue="mchid not match")
        if proof["serial_no"] != self._settings.merchant_serial:
            raise sign_error(
                message="商户证书序列号有误", field="serial_no", issue="serial_no not match"
            )

    def _check_time(self, timestamp: str) -> None:
        now = int(self._clock.now().timestamp())
        if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
            raise sign_error(
                message="请求时间戳已过期", field="timestamp", issue="timestamp expired"
            )

    def _check_signature(self, wire: Wire, proof: Mapping[str, str]) -> None:
        message = wire.message(proof["timestamp"], proof["nonce_str"])
        try:
            signature = base64.b64decode(proof["signature"], validate=True)
            self._key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except (binascii.Error, InvalidSignature):
            raise _not_matching(wire, message) from None

    def _check_nonce(self, nonce: str) -> None:
        if not self._settings.refuse_repeated_nonces:
            return
        with self._lock:
            repeated = nonce in self._seen_nonces
            self._seen_nonces.add(nonce)
        if repeated:
            raise sign_error(
                message="随机串重复使用", field="nonce_str", issue="nonce_str repeated"
            )

    def _check_platform_key(self, serial: str) -> None:
        if not self._platform_keys.accepts(serial):
            message = "Http头Wechatpay-Serial缺失或与微信支付公钥ID、平台证书序列号不符"
            raise header_error(message)


def _public_key(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        message = "the merchant's public key must be an RSA key"
        raise TypeError(message)
    return key


def _check_plain_headers(wire: Wire) -> None:
    accept = wire.headers.get("accept", "")
    if not ("application/json" in accept or "*/*" in accept) or not wire.headers.get("user-agent"):
        message = "Http头缺少Accept或User-Agent"
        raise header_error(message)


def _parse_authorization(header: str) -> dict[str, str]:
    match = _AUTHORIZATION.fullmatch(header)
    proof = dict(re.findall(r'([a-z_]+)="([^"]*)"', match.group(1))) if match else {}
    well_formed = (
        proof.keys() == _FIELDS
        and _TIMESTAMP.fullmatch(proof["timestamp"])
        and 0 < len(proof["nonce_str"]) <= NONCE_LIMIT
    )
    if not well_formed:
        raise sign_error(
            message="Http头Authorization值格式错误", field="authorization", issue="malformed"
        )
    return proof


def _not_matching(wire: Wire, message: bytes) -> RefusalError:
    return sign_error(
        message="错误的签名，验签失败",
        field="signature",
        issue="sign not match",
        sign_information={
            "method": wire.method,
            "url": wire.target,
            "truncated_sign_message": message.decode(errors="replace")[:TRUNCATED_LENGTH],
            "sign_message_length": len(message),
        },
    )
