"""Sealing the bytes of uploads, on the real PostgreSQL."""

import secrets
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy.engine import Engine

from application.vault import BrokenSealError, KeyClass
from domain.errors import InvalidInputError
from infrastructure.clock import SettableClock
from infrastructure.vault import PostgresVault, VaultSecrets

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * 40 + b"\n."


@pytest.fixture
def vault(application_engine: Engine) -> PostgresVault:
    vault_secrets = VaultSecrets(secrets.token_bytes(32), secrets.token_bytes(32))
    return PostgresVault(application_engine, SettableClock(NOON), vault_secrets)


@pytest.mark.parametrize("data", [PICTURE, b"\n", b"\x00", "照片".encode()])
def test_sealed_bytes_open_again_and_show_nothing(vault: PostgresVault, data: bytes) -> None:
    sealed = vault.seal_bytes(uuid4(), KeyClass.PHOTO, data)
    assert vault.open_bytes(sealed) == data
    assert len(data) < 8 or data not in sealed
    assert len(sealed) < len(data) + 80


def test_two_seals_of_the_same_bytes_differ(vault: PostgresVault) -> None:
    owner = uuid4()
    first, second = (vault.seal_bytes(owner, KeyClass.PHOTO, PICTURE) for _ in range(2))
    assert first != second
    assert first.split(b".")[1] == second.split(b".")[1]


def test_empty_bytes_stay_empty(vault: PostgresVault) -> None:
    assert vault.seal_bytes(uuid4(), KeyClass.PHOTO, b"") == b""
    assert vault.open_bytes(b"") == b""


def test_bytes_of_a_destroyed_key_are_gone(vault: PostgresVault) -> None:
    owner = uuid4()
    photo = vault.seal_bytes(owner, KeyClass.PHOTO, PICTURE)
    voice = vault.seal_bytes(owner, KeyClass.MESSAGE, PICTURE)
    vault.destroy(owner, [KeyClass.PHOTO])
    assert vault.open_bytes(photo) is None
    assert vault.open_bytes(voice) == PICTURE


def test_an_unknown_class_is_refused(vault: PostgresVault) -> None:
    with pytest.raises(InvalidInputError):
        vault.seal_bytes(uuid4(), "film", PICTURE)


@pytest.mark.parametrize("at", [0, 5, 26, 40, -1])
def test_altered_bytes_are_noticed(vault: PostgresVault, at: int) -> None:
    sealed = bytearray(vault.seal_bytes(uuid4(), KeyClass.PHOTO, PICTURE))
    sealed[at] ^= 1
    with pytest.raises(BrokenSealError):
        vault.open_bytes(bytes(sealed))


@pytest.mark.parametrize("never_sealed", [b"s1.", b"s1.short.x", PICTURE, b"s1." + b"k" * 22])
def test_what_was_never_sealed_is_refused(vault: PostgresVault, never_sealed: bytes) -> None:
    with pytest.raises(BrokenSealError):
        vault.open_bytes(never_sealed)


def test_bytes_moved_under_another_key_or_class_are_refused(vault: PostgresVault) -> None:
    owner = uuid4()
    photo = vault.seal_bytes(owner, KeyClass.PHOTO, PICTURE).split(b".", 2)
    message = vault.seal_bytes(owner, KeyClass.MESSAGE, PICTURE).split(b".", 2)
    with pytest.raises(BrokenSealError):
        vault.open_bytes(b".".join([photo[0], message[1], photo[2]]))


def test_a_text_does_not_pass_for_bytes(vault: PostgresVault) -> None:
    owner = uuid4()
    text = vault.seal(owner, KeyClass.PHOTO, "照片").split(".")
    with pytest.raises(BrokenSealError):
        vault.open_bytes(b".".join(part.encode() for part in text))
