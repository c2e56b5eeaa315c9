"""Key material for one demo or test run; nothing of it is ever stored."""

import secrets
import string
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_APIV3_KEY_CHARACTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Credentials:
    """Both sides' keys, PEM text (PKCS#8 and SubjectPublicKeyInfo).

    The product is configured with `merchant_private_key_pem`,
    `merchant_serial`, `platform_public_key_pem`, `platform_key_id` and
    `apiv3_key`; the simulator with the other half of each pair.
    """

    merchant_private_key_pem: str = field(repr=False)
    merchant_public_key_pem: str
    merchant_serial: str
    platform_private_key_pem: str = field(repr=False)
    platform_public_key_pem: str
    platform_key_id: str
    apiv3_key: str = field(repr=False)


def generate_credentials() -> Credentials:
    """A full, matching, random set: two RSA 2048 pairs, serial, key id, APIv3 key."""
    merchant_private, merchant_public = _rsa_pair()
    platform_private, platform_public = _rsa_pair()
    return Credentials(
        merchant_private_key_pem=merchant_private,
        merchant_public_key_pem=merchant_public,
        merchant_serial=secrets.token_hex(20).upper(),
        platform_private_key_pem=platform_private,
        platform_public_key_pem=platform_public,
        platform_key_id="PUB_KEY_ID_" + _random_text(string.digits, 34),
        apiv3_key=_random_text(_APIV3_KEY_CHARACTERS, 32),
    )


def _random_text(characters: str, length: int) -> str:
    return "".join(secrets.choice(characters) for _ in range(length))


def _rsa_pair() -> tuple[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private_pem.decode(), public_pem.decode()
