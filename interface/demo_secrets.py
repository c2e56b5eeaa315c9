"""Secrets of a demo: made once, kept beside its data, worth nothing elsewhere."""

import json
import os
import secrets
import string
from base64 import b64encode
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

FILE = "demo-secrets.json"
_APIV3_CHARACTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSecrets:
    """Both ends' keys of the simulated WeChat, and the product's own keys."""

    wechat_secret: str = field(repr=False)
    merchant_serial: str
    merchant_private_key: str = field(repr=False)
    merchant_public_key: str = field(repr=False)
    apiv3_key: str = field(repr=False)
    platform_key_id: str
    platform_private_key: str = field(repr=False)
    platform_public_key: str = field(repr=False)
    vault_wrapping_key: str = field(repr=False)
    vault_digest_key: str = field(repr=False)
    command_mac_key: str = field(repr=False)


def demo_secrets(directory: Path) -> DemoSecrets:
    """The demo's secrets in `directory`; made there (mode 0600) the first time.

    Processes that start at the same time all get the same ones.
    """
    path = directory / FILE
    if not path.exists():
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        _publish(json.dumps(asdict(_made())), path)
    return DemoSecrets(**json.loads(path.read_text(encoding="utf-8")))


def _publish(text: str, path: Path) -> None:
    """Write aside and link: readers see the whole file, and the first one wins."""
    with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as file:  # mode 0600
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        try:
            path.hardlink_to(file.name)
        except FileExistsError:
            return


def _made() -> DemoSecrets:
    merchant_private, merchant_public = _rsa_pair()
    platform_private, platform_public = _rsa_pair()
    return DemoSecrets(
        wechat_secret=secrets.token_hex(16),
        merchant_serial=secrets.token_hex(20).upper(),
        merchant_private_key=merchant_private,
        merchant_public_key=merchant_public,
        apiv3_key="".join(secrets.choice(_APIV3_CHARACTERS) for _ in range(32)),
        platform_key_id="PUB_KEY_ID_" + "".join(secrets.choice(string.digits) for _ in range(34)),
        platform_private_key=platform_private,
        platform_public_key=platform_public,
        vault_wrapping_key=_key(),
        vault_digest_key=_key(),
        command_mac_key=_key(),
    )


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


def _rsa_pair() -> tuple[str, str]:
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = private.public_key()
    return (
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
    )
