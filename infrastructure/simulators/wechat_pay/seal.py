"""Signs and encrypts what the simulated platform sends."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.clock import Clock
from infrastructure.simulators.wechat_pay.keyring import Keyring, SigningKey
from infrastructure.simulators.wechat_pay.randomness import Randomness
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings

SIGNATURE_TYPE: Final = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX: Final = "WECHATPAY/SIGNTEST/"
TRANSACTION: Final = "transaction"
_SIGNATURE_BYTES: Final = 256


class PlatformSeal:
    """The platform's keys and the merchant's APIv3 key at work."""

    def __init__(self, settings: SimulatorSettings, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._apiv3_key = settings.apiv3_key.encode()
        self.randomness = randomness
        self.keys = Keyring(settings, clock, randomness)

    def headers(
        self, body: bytes, at: datetime | None = None, key: SigningKey | None = None
    ) -> dict[str, str]:
        """The five signature headers over three lines (time, nonce, body), fresh each time.

        Dated now and signed like the next notice unless told otherwise.
        """
        key = key or self.keys.for_notice()
        timestamp = str(int((at or self._clock.now()).timestamp()))
        nonce = self.randomness(16).hex()
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(key.sign(message)).decode(),
            "Wechatpay-Serial": key.key_id,
            "Wechatpay-Signature-Type": SIGNATURE_TYPE,
        }

    def resource(
        self, content: Mapping[str, object], *, under_another_key: bool = False
    ) -> dict[str, str]:
        """A notice's `resource`; under another APIv3 key the merchant cannot read it."""
        key = self._apiv3_key[::-1] if under_another_key else self._apiv3_key
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return {"original_type": TRANSACTION, **self._encrypted(key, plain, TRANSACTION)}

    def sealed(self, plain: str, associated_data: str) -> dict[str, str]:
        """A text under the merchant's APIv3 key, for example a certificate."""
        return self._encrypted(self._apiv3_key, plain.encode(), associated_data)

    def _encrypted(self, key: bytes, plain: bytes, associated_data: str) -> dict[str, str]:
        nonce = self.randomness(6).hex()  # twelve characters, fresh each time
        ciphertext = AESGCM(key).encrypt(nonce.encode(), plain, associated_data.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "associated_data": associated_data,
            "nonce": nonce,
        }


def foreign_signature(randomness: Randomness) -> str:
    """Well-formed base64 of a signature's length that no key has made."""
    return base64.b64encode(randomness(_SIGNATURE_BYTES)).decode()


def probe_signature(randomness: Randomness) -> str:
    """What the platform sends on purpose to see whether signatures are checked (签名探测)."""
    return PROBE_PREFIX + foreign_signature(randomness)
