"""Who was erased has no key, and never gets another."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from application.vault import ERASED, KeyClass, OwnerErasedError
from infrastructure.clock import SettableClock
from infrastructure.vault import KEYS, PostgresVault, VaultSecrets

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture
def vault(application_engine: Engine) -> PostgresVault:
    vault_secrets = VaultSecrets(secrets.token_bytes(32), secrets.token_bytes(32))
    return PostgresVault(application_engine, SettableClock(NOON), vault_secrets)


def test_erasing_destroys_every_key_and_refuses_further_ones(vault: PostgresVault) -> None:
    owner, other = uuid4(), uuid4()
    sealed = [vault.seal(owner, kind, "王女士") for kind in KeyClass]
    photo = vault.seal_bytes(owner, KeyClass.PHOTO, b"jpeg")
    assert vault.erase(owner) == len(KeyClass)

    assert set(vault.open_many(sealed).values()) == {ERASED}
    assert vault.open_bytes(photo) is None
    for kind in KeyClass:
        with pytest.raises(OwnerErasedError):
            vault.seal(owner, kind, "王女士")
    assert vault.seal(owner, KeyClass.NOTE, "") == ""
    assert vault.open(vault.seal(other, KeyClass.NOTE, "李女士")) == "李女士"


def test_erasing_may_be_repeated_and_keeps_its_first_instant(
    application_engine: Engine, vault: PostgresVault
) -> None:
    owner = uuid4()
    assert vault.erased_at(owner) is None
    vault.erase(owner)
    later = SettableClock(datetime(2027, 1, 1, tzinfo=UTC))
    other = VaultSecrets(secrets.token_bytes(32), secrets.token_bytes(32))
    assert PostgresVault(application_engine, later, other).erase(owner) == 0
    assert vault.erased_at(owner) == NOON


def test_an_owner_with_a_key_left_is_not_erased(vault: PostgresVault, owner_engine: Engine) -> None:
    owner = uuid4()
    with owner_engine.begin() as connection:
        row = {"owner": owner, "at": NOON}
        connection.execute(sa.text("insert into vault.erased_owners values (:owner, :at)"), row)
        connection.execute(
            sa.text("insert into vault.keys values ('restored', :owner, 'note', '\\x00', :at)"), row
        )
    assert vault.erased_at(owner) is None

    assert vault.erase(owner) == 1

    assert vault.erased_at(owner) == NOON


def sealed_meanwhile(vault: PostgresVault, owner: UUID) -> str:
    """What a seal that begins with an erasure gives; "" where it is refused."""
    start = Barrier(2)

    def seal() -> str:
        start.wait(10)
        try:
            return vault.seal(owner, KeyClass.NOTE, "门禁 1234")
        except OwnerErasedError:
            return ""

    def erase() -> None:
        start.wait(10)
        vault.erase(owner)

    with ThreadPoolExecutor(2) as threads:
        seal_, erase_ = threads.submit(seal), threads.submit(erase)
        erase_.result(30)
        return seal_.result(30)


def test_no_key_survives_whoever_seals_at_the_same_time(
    vault: PostgresVault, application_engine: Engine
) -> None:
    for _ in range(40):
        owner = uuid4()
        assert vault.open(sealed_meanwhile(vault, owner)) in {"", ERASED}
    live = sa.select(sa.func.count()).select_from(KEYS).where(KEYS.c.destroyed_at.is_(None))
    with application_engine.connect() as connection:
        assert connection.scalar(live) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vault.erased_owners",
        "UPDATE vault.erased_owners SET erased_at = now()",
        "TRUNCATE vault.erased_owners",
    ],
)
def test_nobody_is_forgotten_to_be_erased(
    vault: PostgresVault, application_engine: Engine, statement: str
) -> None:
    vault.erase(uuid4())
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        application_engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))
