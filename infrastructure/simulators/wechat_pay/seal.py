"""Signs and encrypts what the simulated platform sends."""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.clock import Clock
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings

SIGNATURE_TYPE: Final = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX: Final = "WECHATPAY/SIGNTEST/"
ASSOCIATED_DATA: Final = "transaction"
_SIGNATURE_BYTES: Final = 256


class PlatformSeal:
    """The platform's private key and the merchant's APIv3 key at work."""

    def __init__(self, settings: SimulatorSettings, clock: Clock) -> None:
        self._clock = clock
        self._key = _private_key(settings.platform_private_key_pem)
        self._key_id = settings.platform_key_id
        self._cipher = AESGCM(settings.apiv3_key.encode())

    def headers(self, body: bytes, at: datetime | None = None) -> dict[str, str]:
        """The five signature headers over three lines (time, nonce, body), fresh each time."""
        timestamp = str(int((at or self._clock.now()).timestamp()))
        nonce = secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self._key_id,
            "Wechatpay-Signature-Type": SIGNATURE_TYPE,
        }

    def resource(self, content: Mapping[str, object]) -> dict[str, str]:
        """A notice's `resource`: AES-256-GCM with a fresh 12-character nonce."""
        nonce = secrets.token_hex(6)
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = self._cipher.encrypt(nonce.encode(), plain, ASSOCIATED_DATA.encode())
        return {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": ASSOCIATED_DATA,
            "nonce": nonce,
        }


def foreign_signature() -> str:
    """Well-formed base64 of a signature's length that no key has made."""
    return base64.b64encode(secrets.token_bytes(_SIGNATURE_BYTES)).decode()


def probe_signature() -> str:
    """What the platform sends on purpose to see whether signatures are checked (签名探测)."""
    return PROBE_PREFIX + foreign_signature()


def _private_key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        message = "the platform's private key must be an RSA key"
        raise TypeError(message)
    return key
