"""The whole product on a database of the test's own, built as in production."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from application.vault import KeyClass
from infrastructure.clock import SettableClock
from infrastructure.vault import KEYS
from interface.demo_secrets import DemoSecrets, demo_secrets
from interface.household import Household, build
from interface.settings import Settings, in_demo
from tests.conftest import Database
from tests.domain.histories import CUSTOMER, INVENTED_KEY

# 12:00 in Shanghai, a Sunday.
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
# A closed port: whoever asks WeChat by mistake is refused at once.
_NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def clock() -> SettableClock:
    """Stands at noon of 22 November 2026 in Shanghai until it is moved."""
    return SettableClock(NOON)


@pytest.fixture(scope="session")
def secrets() -> DemoSecrets:
    """Keys of both ends, made once a run."""
    with tempfile.TemporaryDirectory() as directory:
        return demo_secrets(Path(directory))


@pytest.fixture
def settings(database: Database, secrets: DemoSecrets) -> Settings:
    """Settings of a demo on the test's database; WeChat is nowhere."""
    return settings_on(database, secrets)


@pytest.fixture
def house(settings: Settings, clock: SettableClock) -> Iterator[Household]:
    """The wired household, its feed installed and nothing running."""
    with household_on(settings, clock) as household:
        yield household


def settings_on(database: Database, secrets: DemoSecrets) -> Settings:
    """Settings of a demo on any database; WeChat is nowhere."""
    nowhere = {
        "pay_base_url": _NOWHERE,
        "wechat_api_base_url": _NOWHERE,
        "wechat_open_base_url": _NOWHERE,
    }
    plain = Settings(
        demo=True,
        database_url=SecretStr(database.application_url),
        database_owner_url=SecretStr(database.owner_url),
    )
    return in_demo(plain, secrets).model_copy(update=nowhere)


@contextmanager
def household_on(settings: Settings, clock: SettableClock) -> Iterator[Household]:
    """The wired household on the settings' database, its feed installed, nothing running."""
    household = build(settings, clock)
    _lose_invented_key(household)
    household.feed.install()
    household.deadlines.install()
    yield household
    household.close()


def _lose_invented_key(house: Household) -> None:
    """What `histories.sealed` invents opens as erased: its key was destroyed."""
    lost = insert(KEYS).values(
        key_id=INVENTED_KEY,
        owner=CUSTOMER,
        key_class=KeyClass.CONTACT,
        created_at=NOON,
        destroyed_at=NOON,
    )
    with house.engine.begin() as connection:
        connection.execute(lost.on_conflict_do_nothing())
