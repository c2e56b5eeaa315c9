"""Platform certificates as WeChat tells them, and a place in memory to keep them."""

from base64 import b64encode
from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.wechat.pay.certificates import PlatformCertificate
from tests.infrastructure.wechat.fake_pay import APIV3_KEY, certificate_pem, certificate_serial


def entry(issued: x509.Certificate, **changes: object) -> dict[str, object]:
    """One certificate as /v3/certificates tells it; `changes` replace members."""
    told: dict[str, object] = {
        "serial_no": certificate_serial(issued),
        "effective_time": issued.not_valid_before_utc.isoformat(),
        "expire_time": issued.not_valid_after_utc.isoformat(),
        "encrypt_certificate": sealed(certificate_pem(issued).encode()),
    }
    return told | changes


def sealed(plaintext: bytes, key: str = APIV3_KEY, **changes: object) -> dict[str, object]:
    ciphertext = AESGCM(key.encode()).encrypt(b"abcdefghijkl", plaintext, b"certificate")
    resource: dict[str, object] = {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": "abcdefghijkl",
        "associated_data": "certificate",
        "ciphertext": b64encode(ciphertext).decode(),
    }
    return resource | changes


class Shelf:
    """A store in memory that counts how often it is looked into."""

    def __init__(self) -> None:
        self.kept: dict[str, PlatformCertificate] = {}
        self.looks = 0

    def all(self) -> Sequence[PlatformCertificate]:
        self.looks += 1
        return list(self.kept.values())

    def keep(self, many: Iterable[PlatformCertificate]) -> None:
        self.kept |= {each.serial: each for each in many}
