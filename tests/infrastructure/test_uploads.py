"""Kept pictures on the real PostgreSQL: once each, sealed, within their quota, never changed."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from application.commands import Command, KeyReusedError
from application.uploads import (
    DailyUploadsError,
    KeptPicture,
    PictureStore,
    Quota,
    UploadsFullError,
)
from application.vault import KeyClass
from infrastructure.clock import SettableClock
from infrastructure.uploads import PICTURES, PostgresPictures
from infrastructure.vault import PostgresVault, VaultSecrets
from tests.conftest import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ROOM = Quota(kept=500, a_day=60)
SEALED = b"s1.sealed"
CHANGES = [
    "update uploads.pictures set owner = gen_random_uuid()",
    "delete from uploads.pictures",
    "truncate uploads.pictures",
]


@dataclass(frozen=True)
class Person:
    """A customer whom no other test knows."""

    id: UUID = field(default_factory=uuid4)

    def picture(self, content: str = "a", **changes: Any) -> KeptPicture:  # noqa: ANN401 - fields of a test's choosing
        return replace(_plain(self.id, content), **changes)

    def rows(self, engine: Engine) -> int:
        query = select(func.count()).where(PICTURES.c.owner == self.id)
        with engine.connect() as connection:
            return int(connection.execute(query).scalar_one())


def _plain(owner: UUID, content: str) -> KeptPicture:
    return KeptPicture(
        id=sha256(f"{owner}:{content}".encode()).hexdigest(),
        owner=owner,
        media_type="image/jpeg",
        width=64,
        height=48,
        byte_size=1_000,
        uploaded_at=NOON,
        uploaded_by=f"customer:{owner}",
        command_id=uuid4(),
        body_mac=f"mac of {content}",
    )


def again(of: KeptPicture, **changes: Any) -> Command:  # noqa: ANN401 - fields of a test's choosing
    """The command that a picture was uploaded with."""
    command = Command(of.command_id, of.uploaded_by, of.body_mac, of.uploaded_at)
    return replace(command, **changes)


@pytest.fixture(scope="module")
def engine(module_database: Database) -> Iterator[Engine]:
    made = create_engine(module_database.application_url)
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> PostgresPictures:
    return PostgresPictures(engine)


@pytest.fixture
def person() -> Person:
    return Person()


def test_a_picture_is_found_by_its_owner_alone(person: Person, store: PostgresPictures) -> None:
    port: PictureStore = store
    kept = port.keep(person.picture(), SEALED, ROOM)

    assert port.find(person.id, kept.id) == (kept, SEALED)
    assert port.find(Person().id, kept.id) is None
    assert port.known(person.id, [kept.id, "b" * 64]) == {kept.id}
    assert port.known(Person().id, [kept.id]) == set()


def test_the_same_picture_again_is_the_first_one(
    person: Person, store: PostgresPictures, engine: Engine
) -> None:
    first = store.keep(person.picture(), SEALED, ROOM)
    later = store.keep(person.picture(body_mac="other metadata", width=9), b"s1.other", ROOM)

    assert (later, person.rows(engine)) == (first, 1)
    assert store.find(person.id, first.id) == (first, SEALED)


def test_a_repeat_is_known_by_its_command_and_by_its_bytes(
    person: Person, store: PostgresPictures
) -> None:
    kept = store.keep(person.picture(), SEALED, ROOM)

    assert store.repeated(person.id, again(kept)) == kept
    assert store.repeated(person.id, again(kept, id=uuid4())) == kept
    assert store.repeated(Person().id, again(kept, id=uuid4())) is None
    with pytest.raises(KeyReusedError):
        store.repeated(person.id, again(kept, body_mac="mac of others"))


def test_one_command_cannot_keep_two_pictures(person: Person, store: PostgresPictures) -> None:
    first = store.keep(person.picture(), SEALED, ROOM)
    with pytest.raises(KeyReusedError):
        store.keep(person.picture("b", command_id=first.command_id), SEALED, ROOM)


def at_once(keep: Callable[[str], object], contents: str) -> list[str]:
    """What came of each: kept, or the refusal's code."""

    def tried(content: str) -> str:
        try:
            keep(content)
        except (DailyUploadsError, UploadsFullError) as refused:
            return refused.code
        return "kept"

    with ThreadPoolExecutor(len(contents)) as pool:
        return sorted(pool.map(tried, contents))


def test_simultaneous_uploads_of_one_picture_are_one_row(
    person: Person, store: PostgresPictures, engine: Engine
) -> None:
    told = at_once(lambda content: store.keep(person.picture(content), SEALED, ROOM), "aaaaaa")
    assert (told, person.rows(engine)) == (["kept"] * 6, 1)


def test_simultaneous_uploads_keep_within_the_quota(
    person: Person, store: PostgresPictures
) -> None:
    told = at_once(
        lambda content: store.keep(person.picture(content), SEALED, Quota(3, 60)), "abcdef"
    )
    assert told == ["kept"] * 3 + ["uploads_full"] * 3


def test_a_days_quota_is_there_again_a_day_later(person: Person, store: PostgresPictures) -> None:
    quota = Quota(kept=9, a_day=2)
    for content in "ab":
        store.keep(person.picture(content), SEALED, quota)
    with pytest.raises(DailyUploadsError):
        store.keep(person.picture("c", uploaded_at=NOON + timedelta(hours=23)), SEALED, quota)

    kept = store.keep(person.picture("c", uploaded_at=NOON + timedelta(hours=24)), SEALED, quota)

    assert store.counts(person.id, kept.uploaded_by, NOON) == (3, 1)


def test_a_quota_is_each_actors_for_each_owner(person: Person, store: PostgresPictures) -> None:
    quota = Quota(kept=1, a_day=1)
    store.keep(person.picture("a"), SEALED, quota)
    store.keep(person.picture("b", uploaded_by="staff:1"), SEALED, quota)
    store.keep(Person().picture("a"), SEALED, quota)

    assert store.counts(person.id, "staff:1", NOON - timedelta(days=1)) == (1, 1)
    with pytest.raises(UploadsFullError):
        store.keep(person.picture("d"), SEALED, quota)


@pytest.mark.parametrize("change", CHANGES)
def test_the_product_may_not_change_what_is_kept(
    person: Person, store: PostgresPictures, engine: Engine, change: str
) -> None:
    kept = store.keep(person.picture(), SEALED, ROOM)
    with pytest.raises(ProgrammingError), engine.begin() as connection:
        connection.execute(text(change))
    assert store.find(person.id, kept.id) == (kept, SEALED)


@pytest.mark.parametrize(
    "wrong",
    [{"id": "../etc"}, {"media_type": "text/html"}, {"width": 4_096}, {"byte_size": 0}],
)
def test_the_database_refuses_what_no_cleaner_makes(
    person: Person, store: PostgresPictures, engine: Engine, wrong: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        store.keep(person.picture(**wrong), SEALED, ROOM)
    assert person.rows(engine) == 0


def test_a_picture_cannot_be_read_once_its_owners_key_is_destroyed(
    person: Person, store: PostgresPictures, engine: Engine
) -> None:
    vault_secrets = VaultSecrets(wrapping=secrets.token_bytes(32), digest=secrets.token_bytes(32))
    vault = PostgresVault(engine, SettableClock(NOON), vault_secrets)
    content = secrets.token_bytes(3_000)
    kept = person.picture()
    store.keep(kept, vault.seal_bytes(person.id, KeyClass.PHOTO, content), ROOM)
    found = store.find(person.id, kept.id)
    assert found is not None
    assert (content in found[1], vault.open_bytes(found[1])) == (False, content)

    vault.destroy(person.id, [KeyClass.PHOTO])

    assert store.find(person.id, kept.id) == found
    assert vault.open_bytes(found[1]) is None
