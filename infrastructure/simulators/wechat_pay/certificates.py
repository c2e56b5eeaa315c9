"""Platform certificates (平台证书): self-made, valid five years, named by their serial."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from infrastructure.simulators.wechat_pay.randomness import Randomness

VALID_FOR: Final = timedelta(days=5 * 365)
_SERIAL_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A certificate with its private key, both PEM; the merchant gets the certificate."""

    private_key_pem: str = field(repr=False)
    certificate_pem: str

    @property
    def serial(self) -> str:
        """40 upper-case hex digits, sent as Wechatpay-Serial."""
        return f"{self._parsed.serial_number:040X}"

    @property
    def effective_at(self) -> datetime:
        """The first instant of its validity."""
        return self._parsed.not_valid_before_utc

    @property
    def expires_at(self) -> datetime:
        """The last instant of its validity."""
        return self._parsed.not_valid_after_utc

    @property
    def _parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate_pem.encode())


def issue_certificate(
    now: datetime, randomness: Randomness = secrets.token_bytes
) -> PlatformCertificate:
    """A new RSA 2048 key with a certificate that is valid from `now` on."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _template(now, randomness).public_key(key.public_key())
    signed = certificate.sign(key, hashes.SHA256())
    private_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = signed.public_bytes(serialization.Encoding.PEM)
    return PlatformCertificate(private_pem.decode(), public_pem.decode())


def _template(now: datetime, randomness: Randomness) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated pay platform")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(_serial(randomness))
        .not_valid_before(now)
        .not_valid_after(now + VALID_FOR)
    )


def _serial(randomness: Randomness) -> int:
    # X.509 wants it positive; a leading 4…7 keeps all 40 digits.
    first, *rest = randomness(_SERIAL_BYTES)
    return int.from_bytes(bytes([first & 0x3F | 0x40, *rest]))
