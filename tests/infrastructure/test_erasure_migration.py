"""An installation from before people could be erased keeps what it holds, and erases them."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from application.commands import ClaimRefusedError
from application.vault import ERASED, KeyClass
from domain.claims import ReleaseUnique, TakeUnique
from domain.customers import Customer, ExternalIdentity
from infrastructure.clock import SettableClock
from infrastructure.embedded_postgres import APPLICATION_ROLE
from infrastructure.installation import NetworkSurroundings
from infrastructure.migrations import upgrade
from infrastructure.notices import KEPT_FOR, PostgresNotices
from infrastructure.vault import PostgresVault, VaultSecrets
from infrastructure.vault_rotation import Rotated, Rotation
from tests.conftest import Database
from tests.infrastructure.event_log.racing import OFFICE, opened_log
from tests.infrastructure.event_log.test_capacity_races import save

BEFORE_ERASURE = "0007"
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
OWNER = UUID(int=7)
SECRETS = VaultSecrets(secrets.token_bytes(32), secrets.token_bytes(32))
DATA_KEY = secrets.token_bytes(32)
IDENTITY = ExternalIdentity(channel="phone", app_id="", identity_digest="ab" * 32, openid="")
KEY = f"phone::{'ab' * 32}"
OLD_ROWS = """
insert into vault.keys (key_id, owner, class, wrapped, created_at)
    values ('the-key-of-contact', :owner, 'contact', :wrapped, :at);
insert into vault.keys (key_id, owner, class, created_at, destroyed_at)
    values ('a-destroyed-key', :owner, 'note', :at, :at);
insert into callbacks.notices (id, received_at, headers, body)
    values (:owner, :at, '{}', 'ciphertext');
insert into log.unique_claims values ('external_identity', :identity), ('order_number', 'old');
"""
KEPT = (
    "select key_id, owner, class, wrapped, created_at, destroyed_at from vault.keys order by 1",
    "select id, received_at, headers, body from callbacks.notices",
    "select * from log.unique_claims order by 1",
)


@pytest.fixture
def owner(empty_database: Database) -> Iterator[Engine]:
    """The owner's engine on an installation with content."""
    upgrade(empty_database.owner_url, APPLICATION_ROLE, BEFORE_ERASURE)
    engine = sa.create_engine(empty_database.owner_url, poolclass=sa.pool.NullPool)
    rows = {"owner": OWNER, "at": NOON, "identity": KEY}
    wrapped = SECRETS.wrap(DATA_KEY, "the-key-of-contact")
    with engine.begin() as connection:
        connection.execute(sa.text(OLD_ROWS), {**rows, "wrapped": wrapped})
    yield engine
    engine.dispose()


@pytest.fixture
def application(empty_database: Database, owner: Engine) -> Iterator[Engine]:
    """The application's engine once the installation is brought up to date."""
    before = content(owner)
    for _ in range(2):
        upgrade(empty_database.owner_url, APPLICATION_ROLE)
    assert content(owner) == before
    engine = sa.create_engine(empty_database.application_url, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


def content(owner: Engine) -> list[list[tuple[object, ...]]]:
    with owner.connect() as connection:
        found = [connection.execute(sa.text(query)).all() for query in KEPT]
    assert [len(rows) for rows in found] == [2, 1, 2]
    return [[tuple(row) for row in rows] for rows in found]


def test_an_old_key_is_used_wrapped_anew_and_destroyed(
    application: Engine, empty_database: Database
) -> None:
    vault = PostgresVault(application, SettableClock(NOON), SECRETS)
    sealed = vault.seal(OWNER, KeyClass.CONTACT, "王女士")
    assert "the-key-of-contact" in sealed
    url = empty_database.application_url
    assert NetworkSurroundings().data_keys(url, SECRETS.wrapping, None).present == 1
    assert Rotation(application, SECRETS).run(lambda _, __: None) == Rotated(1, 1)
    assert vault.open(sealed) == "王女士"
    assert vault.erase(OWNER) == 1
    assert vault.open(sealed) == ERASED
    assert vault.erased_at(OWNER) == NOON


def test_an_old_identity_can_be_released_and_an_old_number_cannot(
    application: Engine, empty_database: Database
) -> None:
    del application

    def register(customer_id: int) -> Customer:
        return Customer.register(UUID(int=customer_id), IDENTITY, **OFFICE)

    with opened_log(empty_database.application_url) as (log, recorder):
        with pytest.raises(ClaimRefusedError):
            save(log, register(1))
        recorder.insert_events([], claims=(ReleaseUnique("external_identity", KEY),))
        save(log, register(2))
        with pytest.raises(Exception, match="taken for ever"):
            recorder.insert_events([], claims=(ReleaseUnique("order_number", "old"),))
        with pytest.raises(ClaimRefusedError):
            recorder.insert_events([], claims=(TakeUnique("order_number", "old"),))


def test_an_old_notice_is_of_nobody_and_goes_after_its_term(application: Engine) -> None:
    clock = SettableClock(NOON)
    notices = PostgresNotices(application, clock)
    assert notices.forget(["BJ2611220001701"]) == 0
    assert notices.purge() == 0
    clock.advance(KEPT_FOR)
    assert notices.purge() == 1
