"""Staff passwords: argon2id, lock-out and the same work for unknown names."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from application.access import CredentialStore, Verification, WeakPasswordError
from infrastructure.clock import SettableClock
from infrastructure.credentials import CREDENTIALS, HASHER, PostgresCredentials

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PASSWORD = "correct horse 电池"
WRONG_PASSWORD = "incorrect horse 电池"
QUARTER = timedelta(minutes=15)
INSTANT = timedelta(microseconds=1)


def _nothing() -> None:
    """Nothing happens during the check."""


class CountingHasher(PasswordHasher):
    """A cheap argon2id that notes its checks, the costly part of a log-in."""

    def __init__(self, time_cost: int = 1, meanwhile: Callable[[], None] = _nothing) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.checked: list[str | bytes] = []
        self.meanwhile = meanwhile

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        self.checked.append(hash)
        self.meanwhile()
        return super().verify(hash, password)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def credentials(
    application_engine: Engine, clock: SettableClock, hasher: CountingHasher
) -> PostgresCredentials:
    return PostgresCredentials(application_engine, clock, hasher)


@pytest.fixture
def li(credentials: PostgresCredentials) -> UUID:
    staff_id = uuid4()
    credentials.set_password(staff_id, PASSWORD)
    return staff_id


def _fail(credentials: PostgresCredentials, staff_id: UUID, times: int) -> list[Verification]:
    return [credentials.verify(staff_id, WRONG_PASSWORD) for _ in range(times)]


def _stored_hash(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(sa.select(CREDENTIALS.c.password_hash)))


def test_the_right_password_is_accepted_and_a_wrong_one_is_not(
    credentials: PostgresCredentials, li: UUID
) -> None:
    store: CredentialStore = credentials
    assert store.verify(li, PASSWORD) is Verification.OK
    assert store.verify(li, WRONG_PASSWORD) is Verification.WRONG
    assert store.verify(li, "") is Verification.WRONG


def test_the_product_stores_argon2id_with_the_documented_cost(
    application_engine: Engine, clock: SettableClock
) -> None:
    credentials = PostgresCredentials(application_engine, clock)
    staff_id = uuid4()
    credentials.set_password(staff_id, PASSWORD)
    parameters = extract_parameters(_stored_hash(application_engine))
    assert (parameters.type, parameters.memory_cost) == (Type.ID, 19 * 1024)
    assert (parameters.time_cost, parameters.parallelism) == (2, 1)
    assert credentials.verify(staff_id, PASSWORD) is Verification.OK
    assert not HASHER.check_needs_rehash(_stored_hash(application_engine))


def test_full_width_digits_of_a_chinese_keyboard_are_the_same_password(
    credentials: PostgresCredentials,
) -> None:
    staff_id = uuid4()
    credentials.set_password(staff_id, "jiawu1234567890")
    assert credentials.verify(staff_id, "jiawu１２３４５６７８９０") is Verification.OK


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 129])
def test_a_password_of_unfit_length_is_refused(
    credentials: PostgresCredentials, password: str
) -> None:
    with pytest.raises(WeakPasswordError):
        credentials.set_password(uuid4(), password)


@pytest.mark.parametrize("length", [12, 128])
def test_the_shortest_and_the_longest_password_are_accepted(
    credentials: PostgresCredentials, length: int
) -> None:
    staff_id = uuid4()
    credentials.set_password(staff_id, "x" * length)
    assert credentials.verify(staff_id, "x" * length) is Verification.OK


def test_the_fifth_failure_in_a_row_locks(credentials: PostgresCredentials, li: UUID) -> None:
    assert _fail(credentials, li, 5) == [Verification.WRONG] * 4 + [Verification.LOCKED]
    assert credentials.verify(li, PASSWORD) is Verification.LOCKED


def test_four_failures_do_not_lock_and_a_success_forgives_them(
    credentials: PostgresCredentials, li: UUID
) -> None:
    for _ in range(3):
        assert _fail(credentials, li, 4) == [Verification.WRONG] * 4
        assert credentials.verify(li, PASSWORD) is Verification.OK


def test_the_lock_ends_at_the_exact_instant(
    credentials: PostgresCredentials, clock: SettableClock, li: UUID
) -> None:
    _fail(credentials, li, 5)
    clock.set(NOON + QUARTER - INSTANT)
    assert credentials.verify(li, PASSWORD) is Verification.LOCKED
    clock.set(NOON + QUARTER)
    assert credentials.verify(li, PASSWORD) is Verification.OK


def test_attempts_during_the_lock_do_not_prolong_it(
    credentials: PostgresCredentials, clock: SettableClock, li: UUID
) -> None:
    _fail(credentials, li, 5)
    clock.set(NOON + QUARTER - INSTANT)
    assert _fail(credentials, li, 9) == [Verification.LOCKED] * 9
    clock.set(NOON + QUARTER)
    assert credentials.verify(li, PASSWORD) is Verification.OK


def test_after_a_lock_five_more_failures_lock_again(
    credentials: PostgresCredentials, clock: SettableClock, li: UUID
) -> None:
    _fail(credentials, li, 5)
    clock.set(NOON + QUARTER)
    assert _fail(credentials, li, 5) == [Verification.WRONG] * 4 + [Verification.LOCKED]
    clock.set(NOON + 2 * QUARTER - INSTANT)
    assert credentials.verify(li, PASSWORD) is Verification.LOCKED


def test_one_lock_does_not_touch_a_colleague(credentials: PostgresCredentials, li: UUID) -> None:
    colleague = uuid4()
    credentials.set_password(colleague, PASSWORD)
    _fail(credentials, li, 5)
    assert credentials.verify(colleague, PASSWORD) is Verification.OK


def test_a_new_password_lifts_the_lock_and_ends_the_old_one(
    credentials: PostgresCredentials, li: UUID
) -> None:
    _fail(credentials, li, 5)
    credentials.set_password(li, "a new passphrase")
    assert credentials.verify(li, "a new passphrase") is Verification.OK
    assert credentials.verify(li, PASSWORD) is Verification.WRONG


def test_many_guesses_at_once_get_no_more_than_five_checks(
    credentials: PostgresCredentials, hasher: CountingHasher, application_engine: Engine, li: UUID
) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: credentials.verify(li, WRONG_PASSWORD), range(24)))
    assert answers.count(Verification.WRONG) == 4
    assert answers.count(Verification.LOCKED) == 20
    assert len(hasher.checked) == 24
    assert hasher.checked.count(_stored_hash(application_engine)) == 5


@pytest.mark.parametrize("staff_id", [None, UUID(int=5)])
def test_an_unknown_login_is_wrong_for_ever_and_costs_a_check_too(
    credentials: PostgresCredentials, hasher: CountingHasher, staff_id: UUID | None
) -> None:
    answers = [credentials.verify(staff_id, PASSWORD) for _ in range(7)]
    assert answers == [Verification.WRONG] * 7
    assert len(hasher.checked) == 7


def test_a_locked_login_costs_a_check_too(
    credentials: PostgresCredentials, hasher: CountingHasher, li: UUID
) -> None:
    _fail(credentials, li, 5)
    credentials.verify(li, PASSWORD)
    assert len(hasher.checked) == 6


def test_the_words_behind_the_dummy_hash_open_nothing(credentials: PostgresCredentials) -> None:
    assert credentials.verify(None, "nobody has this password") is Verification.WRONG


def test_a_password_replaced_while_it_is_checked_is_wrong(
    credentials: PostgresCredentials, hasher: CountingHasher, clock: SettableClock, li: UUID
) -> None:
    def replace() -> None:
        clock.advance(INSTANT)
        credentials.set_password(li, "a new passphrase")

    hasher.meanwhile = replace
    assert credentials.verify(li, PASSWORD) is Verification.WRONG


def test_raised_parameters_reach_a_stored_hash_at_the_next_success(
    credentials: PostgresCredentials, clock: SettableClock, application_engine: Engine, li: UUID
) -> None:
    stronger = PostgresCredentials(application_engine, clock, CountingHasher(time_cost=2))
    assert stronger.verify(li, PASSWORD) is Verification.OK
    assert extract_parameters(_stored_hash(application_engine)).time_cost == 2
    assert credentials.verify(li, PASSWORD) is Verification.OK


def test_a_stored_hash_that_is_none_accepts_nothing(
    credentials: PostgresCredentials, owner_engine: Engine, li: UUID
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(sa.update(CREDENTIALS).values(password_hash="!"))
    assert credentials.verify(li, "!") is Verification.WRONG


@pytest.mark.parametrize("verb", ["DELETE FROM", "TRUNCATE"])
def test_the_application_role_cannot_remove_credentials(
    application_engine: Engine, verb: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        application_engine.begin() as connection,
    ):
        connection.execute(sa.text(f"{verb} access.credentials"))
