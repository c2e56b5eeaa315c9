"""The keys of both sides, read from PEM and checked once."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from application.clock import Clock
from infrastructure.wechat.pay.certificates import (
    MIN_BITS,
    CertificateStore,
    PlatformCertificate,
    UnusableCertificateError,
    is_serial,
    load_certificate,
)
from infrastructure.wechat.pay.config import InvalidPaymentSetupError

PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"
LOOK_EVERY = timedelta(minutes=1)
_APIV3_KEY_BYTES = 32


class PlatformKeys:
    """WeChat's keys by what it sends as Wechatpay-Serial; safe to share between threads.

    Known are those configured and, where a certificate is configured, those that
    were downloaded since. Certificates count within their years only. An unknown
    serial never causes a download, which anybody could provoke; at most it
    causes one look into the store a minute, to learn what another process
    downloaded.
    """

    def __init__(
        self, pems: Mapping[str, str], clock: Clock, store: CertificateStore | None = None
    ) -> None:
        if not pems:
            raise InvalidPaymentSetupError(what="没有微信支付公钥或平台证书")
        self._certificates = {
            key_id: _configured_certificate(key_id, pem)
            for key_id, pem in pems.items()
            if "CERTIFICATE" in pem
        }
        self._public_keys = {
            key_id: _configured_public_key(key_id, pem)
            for key_id, pem in pems.items()
            if key_id not in self._certificates
        }
        self.certificate_mode = bool(self._certificates)
        self._clock = clock
        self._store = store if self.certificate_mode else None
        self._looked_at: datetime | None = None
        self._lock = threading.Lock()

    def get(self, key_id: str) -> RSAPublicKey | None:
        """The key that signs under this id now, if it is known."""
        if key := self._public_keys.get(key_id):
            return key
        certificate = self._certificates.get(key_id)
        if certificate is None and is_serial(key_id):
            certificate = self._look_for(key_id)
        now = self._clock.now()
        return certificate.key if certificate and certificate.holds(now) else None

    def learn(self, many: Iterable[PlatformCertificate]) -> None:
        """Take over downloaded certificates, for this process and in the store."""
        fetched = list(many)
        with self._lock:
            self._add(fetched)
        if self._store is not None:
            self._store.keep(fetched)

    @property
    def public_key_id(self) -> str:
        """The id to ask for in requests (公钥模式); empty in certificate mode.

        The first listed counts. WeChat then signs its answers with that key.
        """
        ids = (key_id for key_id in self._public_keys if key_id.startswith(PUBLIC_KEY_PREFIX))
        return next(ids, "")

    def _look_for(self, serial: str) -> PlatformCertificate | None:
        """Those who ask while another looks wait for what that one learns."""
        with self._lock:
            if self._store is not None and self._may_look():
                self._add(self._store.all())
            return self._certificates.get(serial)

    def _may_look(self) -> bool:
        now, before = self._clock.now(), self._looked_at
        # By distance, as a clock that was set back must not forbid looking.
        due = before is None or abs(now - before) >= LOOK_EVERY
        self._looked_at = now if due else before
        return due

    def _add(self, many: Iterable[PlatformCertificate]) -> None:
        """What is configured stays; a new mapping, as others read without the lock."""
        added = {certificate.serial: certificate for certificate in many}
        self._certificates = added | self._certificates


def load_private_key(pem: str) -> RSAPrivateKey:
    """The merchant's private key; raises InvalidPaymentSetupError, never quoting the PEM."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidPaymentSetupError(what="商户私钥无法读取") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
        raise InvalidPaymentSetupError(what="商户私钥不是 2048 位以上的 RSA 私钥")
    return key


def load_apiv3_key(text: str) -> bytes:
    """The 32 bytes of the APIv3 key (APIv3密钥); raises InvalidPaymentSetupError."""
    key = text.encode()
    if len(key) != _APIV3_KEY_BYTES:
        raise InvalidPaymentSetupError(what="APIv3 密钥必须是 32 个字节")
    return key


def _configured_public_key(key_id: str, pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPaymentSetupError(what=f"微信支付公钥 {key_id} 无法读取") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise InvalidPaymentSetupError(what=f"{key_id} 不是 2048 位以上的 RSA 公钥")
    return key


def _configured_certificate(serial: str, pem: str) -> PlatformCertificate:
    try:
        return load_certificate(serial, pem)
    except UnusableCertificateError:
        what = f"平台证书 {serial} 无法读取，或序列号、密钥类型不符"
        raise InvalidPaymentSetupError(what=what) from None
