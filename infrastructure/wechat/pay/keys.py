"""The keys of both sides, read from PEM and checked once."""

from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from infrastructure.wechat.pay.config import InvalidPaymentSetupError

PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"
_MIN_BITS = 2048
_APIV3_KEY_BYTES = 32


class PlatformKeys:
    """WeChat's keys by what it sends as Wechatpay-Serial.

    Looked up anew for every message, so that keys can come and go later. An
    unknown serial is just unknown: it never causes a download, which anybody
    could provoke.
    """

    def __init__(self, pems: Mapping[str, str]) -> None:
        if not pems:
            raise InvalidPaymentSetupError(what="没有微信支付公钥或平台证书")
        self._keys = {key_id: _platform_key(key_id, pem) for key_id, pem in pems.items()}

    def get(self, key_id: str) -> RSAPublicKey | None:
        """The key that signs under this id, if it is known."""
        return self._keys.get(key_id)

    @property
    def public_key_id(self) -> str:
        """The id to ask for in requests (公钥模式); empty in certificate mode.

        The first listed counts. WeChat then signs its answers with that key.
        """
        return next((key_id for key_id in self._keys if key_id.startswith(PUBLIC_KEY_PREFIX)), "")


def load_private_key(pem: str) -> RSAPrivateKey:
    """The merchant's private key; raises InvalidPaymentSetupError, never quoting the PEM."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidPaymentSetupError(what="商户私钥无法读取") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _MIN_BITS:
        raise InvalidPaymentSetupError(what="商户私钥不是 2048 位以上的 RSA 私钥")
    return key


def load_apiv3_key(text: str) -> bytes:
    """The 32 bytes of the APIv3 key (APIv3密钥); raises InvalidPaymentSetupError."""
    key = text.encode()
    if len(key) != _APIV3_KEY_BYTES:
        raise InvalidPaymentSetupError(what="APIv3 密钥必须是 32 个字节")
    return key


def _platform_key(key_id: str, pem: str) -> RSAPublicKey:
    try:
        key = _certificate_key(key_id, pem) if "CERTIFICATE" in pem else _public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPaymentSetupError(what=f"公钥或平台证书 {key_id} 无法读取") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _MIN_BITS:
        raise InvalidPaymentSetupError(what=f"{key_id} 不是 2048 位以上的 RSA 公钥")
    return key


def _public_key(pem: str) -> object:
    return load_pem_public_key(pem.encode())


def _certificate_key(key_id: str, pem: str) -> object:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    if certificate.serial_number != int(key_id, 16):
        raise InvalidPaymentSetupError(what=f"平台证书的序列号不是 {key_id}")
    return certificate.public_key()
