"""The wrapping key is changed while the product runs; afterwards the old one opens nothing."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from application.installation import DataKeys
from application.vault import ERASED, BrokenSealError, KeyClass
from infrastructure.clock import SettableClock
from infrastructure.installation import NetworkSurroundings
from infrastructure.vault import KEYS, PostgresVault, VaultSecrets
from infrastructure.vault_rotation import Rotated, Rotation
from tests.conftest import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TEXT = "王女士 13800138000"

Opened = Callable[[VaultSecrets], PostgresVault]


def a_key() -> bytes:
    return secrets.token_bytes(32)


OLD = VaultSecrets(a_key(), a_key())
BOTH = VaultSecrets(a_key(), OLD.digest, previous=OLD.wrapping)
NEW = replace(BOTH, previous=None)


@pytest.fixture
def opened(application_engine: Engine) -> Opened:
    return lambda given: PostgresVault(application_engine, SettableClock(NOON), given)


def sealed_by(vault: PostgresVault, count: int) -> list[str]:
    return [vault.seal(uuid4(), KeyClass.CONTACT, TEXT) for _ in range(count)]


def silent(_: int, __: int) -> None:
    """Nobody listens."""


def test_after_the_rotation_the_previous_key_is_not_needed(
    opened: Opened, application_engine: Engine
) -> None:
    sealed = sealed_by(opened(OLD), 25)
    with pytest.raises(BrokenSealError):
        opened(NEW).open(sealed[0])
    assert opened(BOTH).open(sealed[0]) == TEXT

    assert Rotation(application_engine, BOTH, batch=10).run(silent) == Rotated(25, 25)

    assert set(opened(NEW).open_many(sealed).values()) == {TEXT}
    with pytest.raises(BrokenSealError):
        opened(OLD).open(sealed[0])


def test_a_rotation_tells_how_far_it_is(opened: Opened, application_engine: Engine) -> None:
    sealed_by(opened(OLD), 25)
    told: list[tuple[int, int]] = []
    Rotation(application_engine, BOTH, batch=10).run(lambda done, keys: told.append((done, keys)))
    assert told == [(0, 25), (10, 25), (20, 25), (25, 25)]


def test_a_rotation_that_was_killed_goes_on_where_it_was(
    opened: Opened, application_engine: Engine
) -> None:
    sealed = sealed_by(opened(OLD), 25)

    def die(done: int, _: int) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Rotation(application_engine, BOTH, batch=10).run(die)
    assert set(opened(BOTH).open_many(sealed).values()) == {TEXT}

    assert Rotation(application_engine, BOTH, batch=10).run(silent) == Rotated(15, 25)
    assert Rotation(application_engine, BOTH).run(silent) == Rotated(0, 25)


def test_new_keys_lie_under_the_present_key_at_once(
    opened: Opened, application_engine: Engine
) -> None:
    sealed = sealed_by(opened(BOTH), 3)
    assert set(opened(NEW).open_many(sealed).values()) == {TEXT}
    assert Rotation(application_engine, BOTH).run(silent) == Rotated(0, 3)


def test_keys_of_a_time_with_one_wrapping_key_are_wrapped_anew(
    opened: Opened, application_engine: Engine, owner_engine: Engine
) -> None:
    sealed = sealed_by(opened(OLD), 2)
    with owner_engine.begin() as connection:
        connection.execute(sa.update(KEYS).values(wrapped_by=""))
    assert Rotation(application_engine, OLD).run(silent) == Rotated(2, 2)
    assert set(opened(OLD).open_many(sealed).values()) == {TEXT}


def test_destroyed_keys_stay_destroyed(opened: Opened, application_engine: Engine) -> None:
    owner = UUID(int=7)
    erased = opened(OLD).seal(owner, KeyClass.CONTACT, TEXT)
    opened(OLD).erase(owner)
    sealed_by(opened(OLD), 1)
    assert Rotation(application_engine, BOTH).run(silent) == Rotated(1, 1)
    assert opened(NEW).open(erased) == ERASED


def test_a_key_under_neither_wrapping_key_stops_the_rotation(
    opened: Opened, application_engine: Engine
) -> None:
    sealed_by(opened(VaultSecrets(a_key(), OLD.digest)), 1)
    with pytest.raises(BrokenSealError):
        Rotation(application_engine, BOTH).run(silent)


def test_the_product_reads_writes_and_erases_meanwhile(
    opened: Opened, application_engine: Engine
) -> None:
    """Processes that know both keys go on, whichever of the two is theirs to write with."""
    sealed = sealed_by(opened(OLD), 60)
    swapped = VaultSecrets(OLD.wrapping, OLD.digest, previous=BOTH.wrapping)
    vaults, stop, read = [opened(BOTH), opened(swapped)], Event(), list[str]()

    def live() -> None:
        while not stop.is_set():
            for vault in vaults:
                gone = uuid4()
                fresh = vault.seal(uuid4(), KeyClass.NOTE, TEXT)
                erased = vault.seal(gone, KeyClass.NOTE, TEXT)
                vault.erase(gone)
                read.extend(vaults[0].open_many([*sealed, fresh]).values())
                read.append(TEXT if vaults[1].open(erased) == ERASED else erased)

    living = Thread(target=live)
    living.start()
    Rotation(application_engine, BOTH, batch=3).run(silent)
    stop.set()
    living.join(30)
    Rotation(application_engine, BOTH).run(silent)
    assert set(read) == {TEXT}
    assert set(opened(NEW).open_many(sealed).values()) == {TEXT}


def told(database: Database, given: VaultSecrets) -> DataKeys:
    """What `jiawu doctor` is told with these settings."""
    url = database.application_url
    return NetworkSurroundings().data_keys(url, given.wrapping, given.previous)


def test_the_doctor_is_told_which_wrapping_keys_are_still_needed(
    opened: Opened, application_engine: Engine, database: Database
) -> None:
    assert told(database, OLD) == DataKeys()
    sealed_by(opened(OLD), 3)
    gone = uuid4()
    opened(OLD).seal(gone, KeyClass.CONTACT, TEXT)
    opened(OLD).erase(gone)
    assert told(database, OLD) == DataKeys(present=3)
    assert told(database, NEW) == DataKeys(neither=3)
    assert told(database, BOTH) == DataKeys(previous=3)
    sealed_by(opened(BOTH), 2)
    assert told(database, BOTH) == DataKeys(present=2, previous=3)
    Rotation(application_engine, BOTH).run(silent)
    assert told(database, BOTH) == told(database, NEW) == DataKeys(present=5)


def test_keys_of_a_time_with_one_wrapping_key_are_told_too(
    opened: Opened, owner_engine: Engine, database: Database
) -> None:
    sealed_by(opened(OLD), 2)
    with owner_engine.begin() as connection:
        connection.execute(sa.update(KEYS).values(wrapped_by=""))
    assert told(database, OLD) == DataKeys(present=2)
    assert told(database, NEW) == DataKeys(neither=2)


def test_a_process_with_the_old_settings_spoils_nothing(
    opened: Opened, application_engine: Engine, database: Database
) -> None:
    """It cannot read what was wrapped anew, and what it writes is wrapped later."""
    owner = uuid4()
    sealed = opened(OLD).seal(owner, KeyClass.CONTACT, TEXT)
    Rotation(application_engine, BOTH).run(silent)
    left_behind = opened(OLD)
    for refused in (
        lambda: left_behind.open(sealed),
        lambda: left_behind.seal(owner, KeyClass.CONTACT, TEXT),
        lambda: Rotation(application_engine, OLD).run(silent),
    ):
        with pytest.raises(BrokenSealError):
            refused()
    late = left_behind.seal(owner, KeyClass.NOTE, TEXT)
    assert told(database, BOTH) == DataKeys(present=1, previous=1)
    assert Rotation(application_engine, BOTH).run(silent) == Rotated(1, 2)
    assert set(opened(NEW).open_many([sealed, late]).values()) == {TEXT}


def test_no_key_is_told_to_the_log(
    opened: Opened, application_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sealed_by(opened(OLD), 3)
    with application_engine.connect() as connection:
        rows = connection.execute(sa.select(KEYS.c.key_id, KEYS.c.wrapped)).all()
    Rotation(application_engine, BOTH).run(silent)
    plain = [OLD.unwrap(bytes(row.wrapped), row.key_id) for row in rows]
    for secret in (*plain, OLD.wrapping, BOTH.wrapping):
        assert secret.hex() not in caplog.text
        assert repr(secret) not in caplog.text
    assert OLD.wrapping_id != BOTH.wrapping_id
    assert "www" not in repr(VaultSecrets(b"d" * 32, b"d" * 32, previous=b"w" * 32))


def test_a_previous_key_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        VaultSecrets(a_key(), a_key(), previous=b"x" * 31)
