"""The vault on PostgreSQL: AES-256-GCM with one wrapped data key per owner and class.

A sealed text is `s1.<key id>.<nonce, ciphertext, tag>`, sealed bytes are the same
without base64; the key id is random and says nothing of its owner. Data keys are
read per call and never cached, so that destruction works at once, everywhere.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
    exists,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from application.clock import Clock
from application.vault import ERASED, BrokenSealError, KeyClass, OwnerErasedError
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
    Column("wrapped_by", Text, nullable=False),
)

_ERASED_OWNERS = Table(
    "erased_owners",
    KEYS.metadata,
    Column("owner", Uuid, primary_key=True),
    Column("erased_at", DateTime(timezone=True), nullable=False),
)
# Makes of an owner's first seal and their erasure one after the other.
_ONE_BY_ONE = text("select pg_advisory_xact_lock(hashtextextended(:owner, 20813))")

_SEALED = re.compile(r"s1\.([0-9A-Za-z_-]{8,64})\.([0-9A-Za-z_-]{38,})")
_SEALED_BYTES = re.compile(rb"s1\.([0-9A-Za-z_-]{8,64})\.(.{29,})", re.DOTALL)
_KEY_BYTES = 32
_NONCE_BYTES = 12  # the length GCM is specified for; random, 2^32 values a key are safe


@dataclass(frozen=True, slots=True)
class VaultSecrets:
    """The vault's secrets, 32 bytes each, kept outside the database.

    `wrapping` wraps the data keys; `previous` opens those that are not wrapped anew
    yet, and is None where there is no other. `digest` keys the digests; it is apart
    because stored digests must stay equal even when the wrapping key is changed.
    """

    wrapping: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        given = (self.wrapping, self.digest, self.previous or self.wrapping)
        if any(len(each) != _KEY_BYTES for each in given):
            message = "a vault secret has exactly 32 bytes"
            raise ValueError(message)

    @property
    def wrapping_id(self) -> str:
        """Which wrapping key this is, without telling it."""
        return hashlib.sha256(b"jiawu wrapping key" + self.wrapping).hexdigest()[:16]

    def wrap(self, data_key: bytes, key_id: str) -> bytes:
        """A data key as it is stored, bound to its id."""
        return _encrypted(self.wrapping, data_key, key_id.encode())

    def unwrap(self, wrapped: bytes, key_id: str) -> bytes:
        """The data key, whichever of our wrapping keys it lies under. Raises BrokenSealError."""
        try:
            return _decrypted(self.wrapping, wrapped, key_id.encode())
        except BrokenSealError:
            if self.previous is None:
                raise
        return _decrypted(self.previous, wrapped, key_id.encode())


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

    @property
    def context_of_bytes(self) -> bytes:
        """A context of their own, so that no text passes for an upload or the reverse."""
        return self.context + b".bytes"


class PostgresVault:
    """Implements application.vault.Vault on the table vault.keys."""

    def __init__(self, engine: Engine, clock: Clock, vault_secrets: VaultSecrets) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._clock = clock
        self._secrets = vault_secrets

    def seal(self, owner: UUID, key_class: str, text: str) -> str:
        """Seal a text; makes the owner's key on first use."""
        return self.seal_many(owner, key_class, [text])[0]

    def seal_many(self, owner: UUID, key_class: str, texts: Sequence[str]) -> list[str]:
        """Seal texts of one owner and class."""
        _check_class(key_class)
        if not any(texts):
            return ["" for _ in texts]
        key = self._key_of(owner, key_class)
        return [_sealed(key, text) if text else "" for text in texts]

    def open(self, sealed: str) -> str:
        """Open one sealed text."""
        return self.open_many([sealed])[sealed]

    def open_many(self, sealed: Iterable[str]) -> dict[str, str]:
        """Open a page of sealed texts with one query."""
        parts = {value: _split(value) for value in sealed}
        keys = self._keys({part.key_id for part in parts.values() if part})
        return {value: _opened(part, keys) if part else "" for value, part in parts.items()}

    def seal_bytes(self, owner: UUID, key_class: str, data: bytes) -> bytes:
        """Seal bytes; makes the owner's key on first use."""
        _check_class(key_class)
        return _sealed_bytes(self._key_of(owner, key_class), data) if data else b""

    def open_bytes(self, sealed: bytes) -> bytes | None:
        """Open sealed bytes."""
        if not sealed:
            return b""
        match = _SEALED_BYTES.fullmatch(sealed)
        key_id = match[1].decode() if match else ""
        key = self._keys({key_id}).get(key_id)
        if match is None or key is None:
            raise BrokenSealError
        return _decrypted(key.secret, match[2], key.context_of_bytes) if key.secret else None

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

    def erase(self, owner: UUID) -> int:
        """Destroy all keys, and remember the owner."""
        row = {"owner": owner, "erased_at": self._clock.now()}
        with self._engine.begin() as connection:
            connection.execute(_ONE_BY_ONE, {"owner": str(owner)})
            connection.execute(insert(_ERASED_OWNERS).values(row).on_conflict_do_nothing())
        return self.destroy(owner)

    def erased_at(self, owner: UUID) -> datetime | None:
        """When the owner was erased, all keys included."""
        left = exists().where(KEYS.c.owner == owner, KEYS.c.destroyed_at.is_(None))
        query = select(_ERASED_OWNERS.c.erased_at).where(_ERASED_OWNERS.c.owner == owner, ~left)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

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
        with self._reading.connect() as connection:
            row = connection.execute(statement).one_or_none()
        return self._unwrapped(*row) if row else None

    def _create(self, owner: UUID, key_class: str) -> None:
        """Store a new key, unless another thread or process was first."""
        key_id = secrets.token_urlsafe(16)
        statement = insert(KEYS).values(
            key_id=key_id,
            owner=owner,
            key_class=key_class,
            wrapped=self._secrets.wrap(secrets.token_bytes(_KEY_BYTES), key_id),
            created_at=self._clock.now(),
            wrapped_by=self._secrets.wrapping_id,
        )
        known = select(_ERASED_OWNERS.c.owner).where(_ERASED_OWNERS.c.owner == owner)
        with self._engine.begin() as connection:
            connection.execute(_ONE_BY_ONE, {"owner": str(owner)})
            if connection.execute(known).first() is not None:
                raise OwnerErasedError
            connection.execute(statement.on_conflict_do_nothing())

    def _keys(self, key_ids: set[str]) -> dict[str, _DataKey]:
        if not key_ids:
            return {}
        statement = select(KEYS.c.key_id, KEYS.c.key_class, KEYS.c.wrapped).where(
            KEYS.c.key_id.in_(sorted(key_ids))
        )
        with self._reading.connect() as connection:
            rows = connection.execute(statement).all()
        return {row.key_id: self._unwrapped(*row) for row in rows}

    def _unwrapped(self, key_id: str, key_class: str, wrapped: bytes | None) -> _DataKey:
        secret = None
        if wrapped is not None:
            secret = self._secrets.unwrap(bytes(wrapped), key_id)
        return _DataKey(key_id, key_class, secret)


def lies_under(wrapping: bytes | None, wrapped: bytes, key_id: str) -> bool:
    """Whether this wrapping key opens the data key; none opens nothing."""
    try:
        return wrapping is not None and bool(_decrypted(wrapping, wrapped, key_id.encode()))
    except BrokenSealError:
        return False


def _check_class(key_class: str) -> None:
    if key_class not in frozenset(KeyClass):
        raise InvalidInputError(field="key_class")


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


def _sealed_bytes(key: _DataKey, data: bytes) -> bytes:
    if key.secret is None:
        raise BrokenSealError
    body = _encrypted(key.secret, data, key.context_of_bytes)
    return b"s1." + key.key_id.encode() + b"." + body


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
