"""The merchant's signatures: SHA256withRSA over lines that each end in a line feed."""

import secrets
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from requests import PreparedRequest
from requests.auth import AuthBase

from application.clock import Clock

SCHEME = "WECHATPAY2-SHA256-RSA2048"


class MerchantSigner:
    """Signs with the merchant's private key; safe to share between threads."""

    def __init__(self, private_key: RSAPrivateKey, clock: Clock) -> None:
        self._private_key = private_key
        self._clock = clock

    def sign(self, *lines: bytes) -> str:
        """Base64 of the signature over the lines."""
        message = b"".join(line + b"\n" for line in lines)
        return b64encode(self._private_key.sign(message, PKCS1v15(), SHA256())).decode()

    def timestamp(self) -> str:
        """The present second since 1970, in digits."""
        return str(int(self._clock.now().timestamp()))

    def nonce(self) -> str:
        """32 unpredictable characters, the most WeChat allows."""
        return secrets.token_hex(16)


class RequestSignature(AuthBase):
    """Signs what really goes over the wire: the built path and the exact body bytes."""

    def __init__(self, signer: MerchantSigner, mchid: str, serial: str) -> None:
        self._signer = signer
        self._mchid = mchid
        self._serial = serial

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header; called by requests last of all."""
        timestamp, nonce = self._signer.timestamp(), self._signer.nonce()
        target = f"{request.method}\n{request.path_url}\n{timestamp}\n{nonce}".encode()
        signature = self._signer.sign(target, _body(request))
        request.headers["Authorization"] = (
            f'{SCHEME} mchid="{self._mchid}",nonce_str="{nonce}",signature="{signature}",'
            f'timestamp="{timestamp}",serial_no="{self._serial}"'
        )
        return request


def _body(request: PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body
