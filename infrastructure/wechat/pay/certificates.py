"""Platform certificates (平台证书): WeChat's keys that come and go, each with its years."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from infrastructure.wechat.pay.fields import MalformedDocumentError, member, word
from infrastructure.wechat.pay.sealing import ResourceCipher, UndecryptableError
from infrastructure.wechat.pay.transport import logger

MIN_BITS = 2048
_SERIAL = re.compile(r"[0-9A-Fa-f]{1,64}")
_MOST_CERTIFICATES = 100


class UnusableCertificateError(Exception):
    """The text is no certificate of that serial with an RSA key of 2048 bits or more."""


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A certificate that signs under `serial`, read and checked."""

    serial: str
    pem: str
    effective_at: datetime
    expires_at: datetime
    key: RSAPublicKey = field(repr=False, compare=False)

    def holds(self, at: datetime) -> bool:
        """Whether the moment is within its years."""
        return self.effective_at <= at < self.expires_at


class CertificateStore(Protocol):
    """Where downloaded certificates are kept for the other processes."""

    def all(self) -> Sequence[PlatformCertificate]:
        """All that are kept; none while the store is out of reach."""
        ...

    def keep(self, many: Iterable[PlatformCertificate]) -> None:
        """Keep them; one that is kept already is kept once."""
        ...


def is_serial(text: str) -> bool:
    """Whether a Wechatpay-Serial can be a certificate's: hexadecimal digits."""
    return bool(_SERIAL.fullmatch(text))


def load_certificate(serial: str, pem: str) -> PlatformCertificate:
    """Read a PEM; its own serial and years count. Raises UnusableCertificateError."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        read = _platform_certificate(serial, certificate)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableCertificateError from None
    if not is_serial(serial) or certificate.serial_number != int(serial, 16):
        raise UnusableCertificateError
    return read


def _platform_certificate(serial: str, certificate: x509.Certificate) -> PlatformCertificate:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise UnusableCertificateError
    return PlatformCertificate(
        serial=serial,
        # Written anew, as a PEM may be surrounded by anything.
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        effective_at=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
        key=key,
    )


def read_certificates(
    document: Mapping[str, object], cipher: ResourceCipher, now: datetime
) -> list[PlatformCertificate]:
    """The usable ones of a verified answer of /v3/certificates.

    One that cannot be used (expired, another algorithm, another serial than
    told) is logged and left out. Raises MalformedDocumentError where none is left.
    """
    entries = document.get("data")
    if not isinstance(entries, list) or len(entries) > _MOST_CERTIFICATES:
        raise MalformedDocumentError(reason="data is no list of certificates")
    read = [_read_or_log(entry, cipher) for entry in entries]
    usable = [certificate for certificate in read if certificate and certificate.expires_at > now]
    if not usable:
        raise MalformedDocumentError(reason="no certificate can be used")
    return usable


def _read_or_log(entry: object, cipher: ResourceCipher) -> PlatformCertificate | None:
    try:
        return _read(entry, cipher)
    except (MalformedDocumentError, UndecryptableError, UnusableCertificateError) as error:
        logger.warning("a platform certificate was left out: %s", type(error).__name__)
        return None


def _read(entry: object, cipher: ResourceCipher) -> PlatformCertificate:
    if not isinstance(entry, dict):
        raise MalformedDocumentError(reason="no object")
    serial = word(entry, "serial_no")
    plaintext = cipher.open(member(entry, "encrypt_certificate"))
    # What is no ASCII is no PEM either and fails as such.
    return load_certificate(serial, plaintext.decode("ascii", "replace"))
