"""`jiawu rotate-vault`: the wrapping key is changed, and the previous one given up."""

import secrets
from base64 import b64encode
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from infrastructure.clock import SettableClock
from infrastructure.vault import PostgresVault
from interface.cli.rotating_vault import rotate
from interface.ground import vault_secrets
from interface.settings import Settings, SettingsError
from tests.conftest import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def a_key() -> SecretStr:
    return SecretStr(b64encode(secrets.token_bytes(32)).decode())


OLD, NEW, DIGEST = a_key(), a_key(), a_key()


def settings(
    database: Database, wrapping: SecretStr, previous: SecretStr | None = None
) -> Settings:
    return Settings(
        database_url=SecretStr(database.application_url),
        vault_wrapping_key=wrapping,
        vault_previous_wrapping_key=previous or SecretStr(""),
        vault_digest_key=DIGEST,
    )


def opened(given: Settings, sealed: str = "") -> str:
    """What the product with these settings reads; seals something where nothing is given."""
    assert given.database_url is not None
    engine = create_engine(given.database_url.get_secret_value())
    vault = PostgresVault(engine, SettableClock(NOON), vault_secrets(given))
    told = vault.open(sealed) if sealed else vault.seal(uuid4(), "contact", "王女士")
    engine.dispose()
    return told


def test_the_command_wraps_all_keys_and_says_that_the_previous_one_may_go(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed = [opened(settings(database, OLD)) for _ in range(3)]

    assert rotate(settings(database, NEW, OLD)) == 0

    told = capsys.readouterr().out
    assert told.splitlines()[:2] == ["0 / 3", "3 / 3"]
    assert "已重新包裹 3 个数据密钥" in told
    assert "不再需要 JIAWU_VAULT_PREVIOUS_WRAPPING_KEY" in told
    assert {opened(settings(database, NEW), each) for each in sealed} == {"王女士"}
    for secret in (OLD, NEW, DIGEST):
        assert secret.get_secret_value() not in told


def test_the_command_may_be_repeated(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(settings(database, OLD))
    for _ in range(2):
        assert rotate(settings(database, NEW, OLD)) == 0
    assert capsys.readouterr().out.splitlines()[-2] == "1 / 1"


def test_a_malformed_previous_key_is_told_by_name(database: Database) -> None:
    with pytest.raises(SettingsError, match="JIAWU_VAULT_PREVIOUS_WRAPPING_KEY"):
        rotate(settings(database, NEW, SecretStr("dG9vIHNob3J0")))


def test_without_a_database_nothing_is_done() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        rotate(Settings())
