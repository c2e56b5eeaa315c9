"""Which of the platform's keys signs what: one public key, certificates, or both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from application.clock import Clock
from infrastructure.simulators.wechat_pay.beijing import rfc3339
from infrastructure.simulators.wechat_pay.certificates import (
    PlatformCertificate,
    issue_certificate,
)
from infrastructure.simulators.wechat_pay.randomness import Randomness
from infrastructure.simulators.wechat_pay.refusals import key_refused
from infrastructure.simulators.wechat_pay.settings import KeyMode, SimulatorSettings
from infrastructure.simulators.wechat_pay.views import JsonObject

_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and what the merchant knows it by."""

    key_id: str
    private: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """SHA256withRSA, PKCS#1 v1.5."""
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True, slots=True)
class _Issued:
    certificate: PlatformCertificate
    key: SigningKey


Issue: TypeAlias = Callable[[], PlatformCertificate]


class Keyring:
    """The platform's keys in the merchant's present mode.

    In `grey` mode (灰度切换) the merchant moves from certificates to the public
    key: answers follow the request's Wechatpay-Serial, and of a hundred notices
    the grey share is signed with the public key, counted and not drawn.
    """

    def __init__(self, settings: SimulatorSettings, clock: Clock, randomness: Randomness) -> None:
        self._lock = Lock()
        self._clock = clock
        self._issue: Issue = lambda: issue_certificate(clock.now(), randomness)
        self._public = SigningKey(
            settings.platform_key_id, _private_key(settings.platform_private_key_pem)
        )
        self._certified = [_issued(each) for each in settings.platform_certificates]
        self._active = 0
        self._mode: KeyMode = "public_key"
        self._grey_percent = 0
        self._notices = 0
        self.set_mode(settings.key_mode, settings.grey_notice_percent)

    def accepts(self, serial: str) -> bool:
        """Whether a request may carry this Wechatpay-Serial; "" is none.

        Only a merchant with certificates may leave it out.
        """
        with self._lock:
            if self._mode == "public_key":
                return serial == self._public.key_id
            known = {"", *(issued.key.key_id for issued in self._certified)}
            if self._mode == "grey":
                known.add(self._public.key_id)
            return serial in known

    def for_reply(self, requested: str) -> SigningKey:
        """The key for the answer to a request with this Wechatpay-Serial."""
        with self._lock:
            asks_for_public = self._mode == "grey" and requested == self._public.key_id
            if self._mode == "public_key" or asks_for_public:
                return self._public
            return self._certified[self._active].key

    def for_notice(self) -> SigningKey:
        """The key for the next notice; each call counts for the grey share."""
        with self._lock:
            if self._mode == "public_key":
                return self._public
            if self._mode == "grey" and self._is_grey_turn():
                return self._public
            return self._certified[self._active].key

    def offered(self) -> list[PlatformCertificate]:
        """What a download gives: none in public-key mode, else all that are valid.

        A rotated certificate is offered beside its forerunner.
        """
        with self._lock:
            if self._mode == "public_key":
                return []
            now = self._clock.now()
            certificates = [issued.certificate for issued in self._certified]
            return [each for each in certificates if each.expires_at > now]

    def set_mode(self, mode: KeyMode, grey_percent: int = 0) -> None:
        """Change the mode; the first mode with certificates issues one if need be.

        Raises:
            RefusalError: 409 for `grey` while a rotation is not finished.
        """
        with self._lock:
            if mode == "grey" and self._is_rotating():
                raise key_refused(message="平台证书更换尚未完成，不能切换到微信支付公钥")
            if mode != "public_key" and not self._certified:
                self._certified.append(_issued(self._issue()))
            self._mode, self._grey_percent, self._notices = mode, grey_percent, 0

    def rotate(self) -> str:
        """Issue the next certificate beside the present one; returns its serial.

        Raises:
            RefusalError: 409 unless in certificate mode with no rotation under way.
        """
        with self._lock:
            if self._mode != "certificate" or self._is_rotating():
                raise key_refused(message="现在不能更换平台证书")
            self._certified.append(_issued(self._issue()))
            return self._certified[-1].key.key_id

    def switch(self) -> str:
        """Let the newest certificate sign from now on; returns its serial.

        Raises:
            RefusalError: 409, there is no certificate.
        """
        with self._lock:
            if not self._certified:
                raise key_refused(message="没有平台证书")
            self._active = len(self._certified) - 1
            return self._certified[-1].key.key_id

    def view(self) -> JsonObject:
        """Mode, key id and certificates for the control API."""
        with self._lock:
            return {
                "mode": self._mode,
                "grey_notice_percent": self._grey_percent,
                "public_key_id": self._public.key_id,
                "certificates": [
                    _certificate_view(issued, active=position == self._active)
                    for position, issued in enumerate(self._certified)
                ],
            }

    def _is_rotating(self) -> bool:
        return bool(self._certified) and self._active != len(self._certified) - 1

    def _is_grey_turn(self) -> bool:
        before = self._notices * self._grey_percent // _WHOLE
        self._notices += 1
        return self._notices * self._grey_percent // _WHOLE > before


def _issued(certificate: PlatformCertificate) -> _Issued:
    key = _private_key(certificate.private_key_pem)
    return _Issued(certificate, SigningKey(certificate.serial, key))


def _certificate_view(issued: _Issued, *, active: bool) -> JsonObject:
    return {
        "serial_no": issued.key.key_id,
        "effective_time": rfc3339(issued.certificate.effective_at),
        "expire_time": rfc3339(issued.certificate.expires_at),
        "active": active,
        "certificate_pem": issued.certificate.certificate_pem,
    }


def _private_key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        message = "the platform's private key must be an RSA key"
        raise TypeError(message)
    return key
