"""The vault on PostgreSQL: AES-256-GCM with one wrapped data key per owner and class.

A sealed text is `s1.<key id>.<nonce, ciphertext, tag>`; the key id is random and
says nothing of its owner. Data keys are read per call and never cached, so that
destruction works at once, everywhere.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from application.clock import Clock
from application.vault import ERASED, BrokenSealError, KeyClass
from domain.errors import InvalidInputError

KEYS = Table(
    "keys",
    MetaData(schema="vault"),
    Column("key_id", Text, primary_key=True),
    Column("owner", Uuid, nullable=False),
    Column("class", Text, nullable=False, key="key_class"),
    Column("wrapped", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("destroyed_at", DateTime(timezone=True)),
)

_SEALED = re.compile(r"s1\.([0-9A-Za-z_-]{8,64})\.([0-9A-Za-z_-]{38,})")
_KEY_BYTES = 32
_NONCE_BYTES = 12  # the length GCM is specified for; random, 2^32 values a key are safe


@dataclass(frozen=True, slots=True)
class VaultSecrets:
    """The vault's two secrets, 32 bytes each, kept outside the database.

    `wrapping` wraps the data keys. `digest` keys the digests; it is apart because
    stored digests must stay equal even when the wrapping key is changed.
    """

    wrapping: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.wrapping) != _KEY_BYTES or len(self.digest) != _KEY_BYTES:
            message = "a vault secret has exactly 32 bytes"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class _DataKey:
    """A key unwrapped for one call; `secret` is None once it was destroyed."""

    key_id: str
    key_class: str
    secret: bytes | None = field(repr=False)

    @property
    def context(self) -> bytes:
        """Bound to every value: moved under another key or class, it fails to open."""
        return f"{self.key_id}.{self.key_class}".encode()


class PostgresVault:
    """Implements application.vault.Vault on the table vault.keys."""

    def __init__(self, engine: Engine, clock: Clock, vault_secrets: VaultSecrets) -> None:
        self._engine = engine
        self._clock = clock
        self._secrets = vault_secrets

    def seal(self, owner: UUID, key_class: str, text: str) -> str:
        """Seal a text; makes the owner's key on first use."""
        if key_class not in frozenset(KeyClass):
            raise InvalidInputError(field="key_class")
        return _sealed(self._key_of(owner, key_class), text) if text else ""

    def open(self, sealed: str) -> str:
        """Open one sealed text."""
        return self.open_many([sealed])[sealed]

    def open_many(self, sealed: Iterable[str]) -> dict[str, str]:
        """Open a page of sealed texts with one query."""
        parts = {value: _split(value) for value in sealed}
        keys = self._keys({part.key_id for part in parts.values() if part})
        return {value: _opened(part, keys) if part else "" for value, part in parts.items()}

    def digest(self, kind: str, text: str) -> str:
        """HMAC-SHA256 under a key of the kind's own, so that kinds cannot collide."""
        of_kind = hmac.digest(self._secrets.digest, kind.encode(), hashlib.sha256)
        return hmac.new(of_kind, text.encode(), hashlib.sha256).hexdigest()

    def destroy(self, owner: UUID, key_classes: Iterable[str] = tuple(KeyClass)) -> int:
        """Overwrite the wrapped keys; the rows stay as the proof of destruction.

        The old row version leaves the disk with the next vacuum of vault.keys, and
        the vault's own backups with their short term.
        """
        statement = (
            update(KEYS)
            .where(KEYS.c.owner == owner, KEYS.c.key_class.in_(list(key_classes)))
            .where(KEYS.c.destroyed_at.is_(None))
            .values(wrapped=None, destroyed_at=self._clock.now())
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def _key_of(self, owner: UUID, key_class: str) -> _DataKey:
        key = self._find(owner, key_class)
        while key is None:  # again only if it is destroyed between the two statements
            self._create(owner, key_class)
            key = self._find(owner, key_class)
        return key

    def _find(self, owner: UUID, key_class: str) -> _DataKey | None:
        statement = select(KEYS.c.key_id, KEYS.c.key_class, KEYS.c.wrapped).where(
            KEYS.c.owner == owner,
            KEYS.c.key_class == key_class,
            KEYS.c.destroyed_at.is_(None),
        )
        with self._engine.connect() as connection:
            row = connection.execute(statement).one_or_none()
        return self._unwrapped(*row) if row else None

    def _create(self, owner: UUID, key_class: str) -> None:
        """Store a new key, unless another thread or process was first."""
        key_id = secrets.token_urlsafe(16)
        statement = insert(KEYS).values(
            key_id=key_id,
            owner=owner,
            key_class=key_class,
            wrapped=_encrypted(self._secrets.wrapping, secrets.token_bytes(32), key_id.encode()),
            created_at=self._clock.now(),
        )
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def _keys(self, key_ids: set[str]) -> dict[str, _DataKey]:
        if not key_ids:
            return {}
        statement = select(KEYS.c.key_id, KEYS.c.key_class, KEYS.c.wrapped).where(
            KEYS.c.key_id.in_(sorted(key_ids))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all()
        return {row.key_id: self._unwrapped(*row) for row in rows}

    def _unwrapped(self, key_id: str, key_class: str, wrapped: bytes | None) -> _DataKey:
        secret = None
        if wrapped is not None:
            secret = _decrypted(self._secrets.wrapping, bytes(wrapped), key_id.encode())
        return _DataKey(key_id, key_class, secret)


@dataclass(frozen=True, slots=True)
class _Parts:
    key_id: str
    body: bytes


def _split(sealed: str) -> _Parts | None:
    if not sealed:
        return None
    match = _SEALED.fullmatch(sealed)
    body = _decoded(match[2]) if match else b""
    if match is None or _encoded(body) != match[2]:  # one spelling a value: no loose bits
        raise BrokenSealError
    return _Parts(match[1], body)


def _opened(part: _Parts, keys: Mapping[str, _DataKey]) -> str:
    key = keys.get(part.key_id)
    if key is None:
        raise BrokenSealError
    if key.secret is None:
        return ERASED
    return _decrypted(key.secret, part.body, key.context).decode()


def _sealed(key: _DataKey, text: str) -> str:
    if key.secret is None:
        raise BrokenSealError
    return f"s1.{key.key_id}.{_encoded(_encrypted(key.secret, text.encode(), key.context))}"


def _encrypted(key: bytes, clear: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, context)


def _decrypted(key: bytes, body: bytes, context: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], context)
    except InvalidTag:
        raise BrokenSealError from None


def _encoded(body: bytes) -> str:
    return urlsafe_b64encode(body).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BrokenSealError from None
