"""Sealing personal data and destroying its keys, on the real PostgreSQL."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, ProgrammingError

from application.vault import ERASED, BrokenSealError, KeyClass, Vault
from domain.errors import InvalidInputError
from domain.sealed import check_sealed
from infrastructure.clock import SettableClock
from infrastructure.vault import KEYS, PostgresVault, VaultSecrets

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PHONE = "13800138000"


@pytest.fixture
def vault_secrets() -> VaultSecrets:
    return VaultSecrets(wrapping=secrets.token_bytes(32), digest=secrets.token_bytes(32))


@pytest.fixture
def vault(application_engine: Engine, vault_secrets: VaultSecrets) -> PostgresVault:
    return PostgresVault(application_engine, SettableClock(NOON), vault_secrets)


def _selects(engine: Engine) -> list[str]:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    return seen


def _with_part(sealed: str, number: int, part: str) -> str:
    parts = sealed.split(".")
    parts[number] = part
    return ".".join(parts)


def _flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def test_the_postgres_vault_is_a_vault(vault: PostgresVault) -> None:
    port: Vault = vault
    assert port.open(port.seal(uuid4(), "contact", PHONE)) == PHONE


@pytest.mark.parametrize("text", ["13800138000", "王", "朝阳区 建国路1号\n3单元", "😀" * 500])
def test_a_sealed_text_opens_again(vault: PostgresVault, text: str) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, text)
    check_sealed(field=sealed)
    assert text not in sealed
    assert vault.open(sealed) == text


def test_the_shortest_sealed_text_passes_the_domain_check(vault: PostgresVault) -> None:
    check_sealed(field=vault.seal(uuid4(), KeyClass.NOTE, "x"))


def test_the_empty_text_stays_empty_and_makes_no_key(
    vault: PostgresVault, application_engine: Engine
) -> None:
    assert vault.seal(uuid4(), KeyClass.NOTE, "") == ""
    assert vault.open("") == ""
    assert vault.open_many([]) == {}
    with application_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(KEYS)) == 0


def test_the_same_text_is_sealed_differently_under_one_key(vault: PostgresVault) -> None:
    owner = uuid4()
    first, second = (vault.seal(owner, KeyClass.CONTACT, PHONE) for _ in range(2))
    assert first != second
    assert first.split(".")[1] == second.split(".")[1]


def test_owners_and_classes_have_keys_of_their_own(vault: PostgresVault) -> None:
    owners = [uuid4(), uuid4()]
    sealed = [vault.seal(owner, kind, PHONE) for owner in owners for kind in KeyClass]
    assert len({text.split(".")[1] for text in sealed}) == 2 * len(KeyClass)


def test_an_unknown_class_is_refused(vault: PostgresVault) -> None:
    with pytest.raises(InvalidInputError):
        vault.seal(uuid4(), "everything", PHONE)


def test_a_page_opens_with_one_query(vault: PostgresVault, application_engine: Engine) -> None:
    texts = {vault.seal(uuid4(), KeyClass.CONTACT, f"客户{n}"): f"客户{n}" for n in range(50)}
    queries = _selects(application_engine)
    assert vault.open_many([*texts, *texts, ""]) == {**texts, "": ""}
    assert len(queries) == 1


def test_threads_that_seal_first_at_once_share_one_key(
    vault: PostgresVault, application_engine: Engine
) -> None:
    owners = [uuid4() for _ in range(10)]
    barrier = Barrier(2)

    def seal_all() -> list[str]:
        sealed = []
        for owner in owners:
            barrier.wait(10)
            sealed.append(vault.seal(owner, KeyClass.CONTACT, PHONE))
        return sealed

    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(seal_all) for _ in range(2)]
        first, second = (run.result(30) for run in runs)
    assert [text.split(".")[1] for text in first] == [text.split(".")[1] for text in second]
    assert set(vault.open_many(first + second).values()) == {PHONE}
    with application_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(KEYS)) == len(owners)


def test_a_destroyed_key_leaves_its_values_erased_and_others_readable(
    vault: PostgresVault,
) -> None:
    owner, other = uuid4(), uuid4()
    phone = vault.seal(owner, KeyClass.CONTACT, PHONE)
    note = vault.seal(owner, KeyClass.NOTE, "门禁坏了")
    stranger = vault.seal(other, KeyClass.CONTACT, PHONE)
    assert vault.destroy(owner, [KeyClass.CONTACT]) == 1
    opened = vault.open_many([phone, note, stranger])
    assert opened == {phone: ERASED, note: "门禁坏了", stranger: PHONE}


def test_destruction_takes_all_classes_and_may_be_repeated(vault: PostgresVault) -> None:
    owner = uuid4()
    sealed = [vault.seal(owner, kind, PHONE) for kind in KeyClass]
    assert vault.destroy(owner) == len(KeyClass)
    assert vault.destroy(owner) == 0
    assert set(vault.open_many(sealed).values()) == {ERASED}


def test_destruction_removes_the_key_bytes_and_keeps_the_date(
    vault: PostgresVault, application_engine: Engine
) -> None:
    owner = uuid4()
    vault.seal(owner, KeyClass.CONTACT, PHONE)
    vault.destroy(owner)
    with application_engine.connect() as connection:
        row = connection.execute(sa.select(KEYS)).one()
    assert (row.owner, row.wrapped, row.destroyed_at) == (owner, None, NOON)


def test_after_destruction_a_new_value_gets_a_new_key(vault: PostgresVault) -> None:
    owner = uuid4()
    old = vault.seal(owner, KeyClass.CONTACT, PHONE)
    vault.destroy(owner)
    new = vault.seal(owner, KeyClass.CONTACT, PHONE)
    assert vault.open_many([old, new]) == {old: ERASED, new: PHONE}


def test_every_altered_character_of_the_body_is_noticed(vault: PostgresVault) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, "王")
    start = sealed.rindex(".") + 1
    for at in range(start, len(sealed)):
        with pytest.raises(BrokenSealError):
            vault.open(_flipped(sealed, at))


@pytest.mark.parametrize("scheme", ["s2", "S1", "", "s1 "])
def test_another_scheme_is_refused(vault: PostgresVault, scheme: str) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, PHONE)
    with pytest.raises(BrokenSealError):
        vault.open(_with_part(sealed, 0, scheme))


def test_an_unknown_key_id_is_refused(vault: PostgresVault) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, PHONE)
    key_id = sealed.split(".")[1]
    with pytest.raises(BrokenSealError):
        vault.open(_with_part(sealed, 1, _flipped(key_id, 0)))


def test_a_value_moved_under_another_key_is_refused(vault: PostgresVault) -> None:
    owner = uuid4()
    phone = vault.seal(owner, KeyClass.CONTACT, PHONE)
    note = vault.seal(owner, KeyClass.NOTE, PHONE)
    with pytest.raises(BrokenSealError):
        vault.open(_with_part(phone, 1, note.split(".")[1]))


@pytest.mark.parametrize("text", [PHONE, "s1.short.x", "s1..", "s1.{}.{}=", "．"])
def test_what_was_never_sealed_does_not_open(vault: PostgresVault, text: str) -> None:
    with pytest.raises(BrokenSealError):
        vault.open(text)


def test_a_value_cut_or_lengthened_is_refused(vault: PostgresVault) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, PHONE)
    for altered in (sealed[:-1], sealed[:-4], sealed + "A", sealed + "AAAA", sealed + "="):
        with pytest.raises(BrokenSealError):
            vault.open(altered)


def test_one_broken_value_fails_the_page(vault: PostgresVault) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, PHONE)
    with pytest.raises(BrokenSealError):
        vault.open_many([sealed, _flipped(sealed, len(sealed) - 8)])


@pytest.mark.parametrize("column", ["wrapped", "class", "key_id"])
def test_an_altered_key_row_is_noticed(
    vault: PostgresVault, owner_engine: Engine, column: str
) -> None:
    owner = uuid4()
    sealed = vault.seal(owner, KeyClass.CONTACT, PHONE)
    other = vault.seal(owner, KeyClass.NOTE, PHONE).split(".")[1]
    key_id = sealed.split(".")[1]
    change = {
        "wrapped": "wrapped = (SELECT wrapped FROM vault.keys WHERE key_id = :other)",
        "class": "class = 'worker'",
        "key_id": "key_id = :other || 'x'",
    }[column]
    moved = sealed if column != "key_id" else _with_part(sealed, 1, other + "x")
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(f"UPDATE vault.keys SET {change} WHERE key_id = :key_id"),  # noqa: S608 - literals above
            {"other": other, "key_id": key_id},
        )
    with pytest.raises(BrokenSealError):
        vault.open(moved)


def test_another_wrapping_key_opens_nothing(
    vault: PostgresVault, application_engine: Engine
) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, PHONE)
    strangers = VaultSecrets(secrets.token_bytes(32), secrets.token_bytes(32))
    stranger = PostgresVault(application_engine, SettableClock(NOON), strangers)
    with pytest.raises(BrokenSealError):
        stranger.open(sealed)


def test_no_key_is_stored_unwrapped(vault: PostgresVault, application_engine: Engine) -> None:
    sealed = vault.seal(uuid4(), KeyClass.CONTACT, PHONE)
    with application_engine.connect() as connection:
        row = connection.execute(sa.select(KEYS)).one()
    assert row.key_id == sealed.split(".")[1]
    assert len(row.key_id) >= 16
    assert len(row.wrapped) == 12 + 32 + 16  # nonce, encrypted key, tag


def test_digests_are_equal_for_equal_texts_of_one_kind_only(vault: PostgresVault) -> None:
    digest = vault.digest("phone", PHONE)
    assert digest == vault.digest("phone", PHONE)
    assert len(digest) == 64
    others = {vault.digest("openid", PHONE), vault.digest("phone", PHONE + "0")}
    assert digest not in others
    assert vault.digest("phone1", "3") != vault.digest("phone", "13")


def test_digests_depend_on_the_digest_key_alone(
    vault: PostgresVault, vault_secrets: VaultSecrets, application_engine: Engine
) -> None:
    clock = SettableClock(NOON)
    rewrapped = VaultSecrets(secrets.token_bytes(32), vault_secrets.digest)
    rekeyed = VaultSecrets(vault_secrets.wrapping, secrets.token_bytes(32))
    digest = vault.digest("phone", PHONE)
    assert PostgresVault(application_engine, clock, rewrapped).digest("phone", PHONE) == digest
    assert PostgresVault(application_engine, clock, rekeyed).digest("phone", PHONE) != digest


def test_no_secret_shows_in_a_repr(vault: PostgresVault) -> None:
    wrapping = b"w" * 32
    shown = repr(VaultSecrets(wrapping, b"d" * 32)) + repr(vault)
    assert "www" not in shown
    assert "ddd" not in shown


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_secrets_of_another_size_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        VaultSecrets(b"x" * size, b"x" * 32)
    with pytest.raises(ValueError, match="32 bytes"):
        VaultSecrets(b"x" * 32, b"x" * size)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vault.keys",
        "TRUNCATE vault.keys",
        "UPDATE vault.keys SET owner = gen_random_uuid()",
        "UPDATE vault.keys SET class = 'note'",
        "UPDATE vault.keys SET key_id = 'x'",
        "UPDATE vault.keys SET created_at = now()",
        "ALTER TABLE vault.keys ADD COLUMN clear text",
        "CREATE TABLE vault.copies (key_id text)",
    ],
)
def test_the_application_role_may_only_add_and_destroy_keys(
    application_engine: Engine, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        application_engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))


def test_a_destroyed_key_cannot_keep_its_bytes(
    vault: PostgresVault, application_engine: Engine
) -> None:
    vault.seal(UUID(int=7), KeyClass.CONTACT, PHONE)
    with pytest.raises(IntegrityError), application_engine.begin() as connection:
        connection.execute(sa.update(KEYS).values(destroyed_at=NOON))
