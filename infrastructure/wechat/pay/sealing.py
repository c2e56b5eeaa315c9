"""What WeChat encrypts for the merchant with the APIv3 key (APIv3密钥): AES-256-GCM."""

from base64 import b64decode
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import JiawuError
from infrastructure.wechat.pay.fields import MalformedDocumentError, text

_ALGORITHM = "AEAD_AES_256_GCM"
_NONCE_BYTES = 12
_MAX_ASSOCIATED_BYTES = 15


class UndecryptableError(JiawuError):
    """Well-formed, but not encrypted with our APIv3 key."""

    code = "undecryptable"
    status = 500
    sentence = "微信支付的密文无法解密。"


class ResourceCipher:
    """Opens the encrypted part of notices and of lists of certificates."""

    def __init__(self, apiv3_key: bytes) -> None:
        self._cipher = AESGCM(apiv3_key)

    def open(self, resource: Mapping[str, object]) -> bytes:
        """The plaintext; raises MalformedDocumentError or UndecryptableError."""
        if text(resource, "algorithm") != _ALGORITHM:
            raise MalformedDocumentError(reason="unknown algorithm")
        nonce = text(resource, "nonce").encode()
        associated = text(resource, "associated_data").encode()
        if len(nonce) != _NONCE_BYTES or len(associated) > _MAX_ASSOCIATED_BYTES:
            raise MalformedDocumentError(reason="nonce or associated_data of wrong length")
        try:
            return self._cipher.decrypt(nonce, _ciphertext(resource), associated)
        except InvalidTag:
            raise UndecryptableError from None


def _ciphertext(resource: Mapping[str, object]) -> bytes:
    try:
        return b64decode(text(resource, "ciphertext"), validate=True)
    except ValueError:
        raise MalformedDocumentError(reason="ciphertext not base64") from None
