"""Log-in sessions and OAuth round trips, to the exact instant."""

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from application.access import OAuthLogins, Sessions, Subject, SubjectKind
from domain.errors import InvalidInputError
from infrastructure.clock import SettableClock
from infrastructure.sessions import (
    CODE_EXCHANGES,
    LOGIN_STATES,
    SESSIONS,
    Lifetime,
    PostgresOAuthLogins,
    PostgresSessions,
)

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
HALF_HOUR = timedelta(minutes=30)
LI = Subject(SubjectKind.STAFF, UUID(int=1))
WANG = Subject(SubjectKind.CUSTOMER, UUID(int=2))


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def sessions(application_engine: Engine, clock: SettableClock) -> PostgresSessions:
    return PostgresSessions(application_engine, clock)


@pytest.fixture
def logins(application_engine: Engine, clock: SettableClock) -> PostgresOAuthLogins:
    return PostgresOAuthLogins(application_engine, clock)


def _opened(sessions: PostgresSessions, subject: Subject) -> str:
    return sessions.open_session(subject.kind, subject.id)


def _work_until(
    sessions: PostgresSessions, clock: SettableClock, token: str, end: datetime
) -> None:
    while clock.now() + HALF_HOUR - INSTANT < end:
        clock.advance(HALF_HOUR - INSTANT)
        assert sessions.subject_of(token) == LI


def _at_once(count: int, call: Callable[[], str | None]) -> list[str | None]:
    barrier = Barrier(count)

    def run(_: int) -> str | None:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@pytest.mark.parametrize("subject", [LI, WANG])
def test_a_token_leads_to_its_subject(sessions: PostgresSessions, subject: Subject) -> None:
    port: Sessions = sessions
    token = port.open_session(subject.kind, subject.id)
    assert port.subject_of(token) == subject


def test_a_session_of_an_unknown_kind_is_refused(sessions: PostgresSessions) -> None:
    with pytest.raises(InvalidInputError):
        sessions.open_session("merchant", uuid4())


def test_tokens_are_random_and_only_their_digest_is_stored(
    sessions: PostgresSessions, application_engine: Engine
) -> None:
    tokens = {_opened(sessions, LI) for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"[0-9A-Za-z_-]{43}", token) for token in tokens)
    with application_engine.connect() as connection:
        rows = connection.execute(sa.select(SESSIONS)).all()
    digests = {hashlib.sha256(token.encode()).digest() for token in tokens}
    assert {bytes(row.token_digest) for row in rows} == digests
    assert not any(token in str(row) for row in rows for token in tokens)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "令牌", "' OR 1=1 --"])
def test_an_unknown_token_leads_to_nobody(sessions: PostgresSessions, token: str) -> None:
    _opened(sessions, LI)
    assert sessions.subject_of(token) is None


def test_a_staff_session_ends_after_exactly_half_an_hour_of_idleness(
    sessions: PostgresSessions, clock: SettableClock
) -> None:
    used, unused = _opened(sessions, LI), _opened(sessions, LI)
    clock.set(NOON + HALF_HOUR - INSTANT)
    assert sessions.subject_of(used) == LI
    clock.set(NOON + HALF_HOUR)
    assert sessions.subject_of(unused) is None
    assert sessions.subject_of(used) == LI


def test_every_use_of_a_staff_session_renews_its_half_hour(
    sessions: PostgresSessions, clock: SettableClock
) -> None:
    token = _opened(sessions, LI)
    _work_until(sessions, clock, token, NOON + timedelta(hours=3))
    last_use = clock.now()
    clock.set(last_use + HALF_HOUR)
    assert sessions.subject_of(token) is None


def test_a_busy_staff_session_ends_after_exactly_twelve_hours(
    sessions: PostgresSessions, clock: SettableClock
) -> None:
    token = _opened(sessions, LI)
    end = NOON + timedelta(hours=12)
    _work_until(sessions, clock, token, end)
    clock.set(end - INSTANT)
    assert sessions.subject_of(token) == LI
    clock.set(end)
    assert sessions.subject_of(token) is None


def test_a_customer_session_ends_after_exactly_thirty_days(
    sessions: PostgresSessions, clock: SettableClock
) -> None:
    token = _opened(sessions, WANG)
    clock.set(NOON + timedelta(days=30) - INSTANT)
    assert sessions.subject_of(token) == WANG
    clock.set(NOON + timedelta(days=30))
    assert sessions.subject_of(token) is None


def test_reading_a_customer_session_writes_nothing(
    sessions: PostgresSessions, clock: SettableClock, application_engine: Engine
) -> None:
    token = _opened(sessions, WANG)
    clock.advance(timedelta(days=1))
    sessions.subject_of(token)
    with application_engine.connect() as connection:
        assert connection.scalar(sa.select(SESSIONS.c.last_seen_at)) == NOON


def test_lifetimes_are_settings(application_engine: Engine, clock: SettableClock) -> None:
    short = Lifetime(idle=timedelta(seconds=1), absolute=timedelta(seconds=2))
    sessions = PostgresSessions(application_engine, clock, staff=short, customer=short)
    token = _opened(sessions, WANG)
    clock.advance(timedelta(seconds=1))
    assert sessions.subject_of(token) is None


def test_a_request_that_was_overtaken_does_not_shorten_the_session(
    sessions: PostgresSessions, clock: SettableClock
) -> None:
    token = _opened(sessions, LI)
    clock.set(NOON + timedelta(minutes=20))
    sessions.subject_of(token)
    clock.set(NOON + timedelta(minutes=10))
    sessions.subject_of(token)
    clock.set(NOON + timedelta(minutes=50) - INSTANT)
    assert sessions.subject_of(token) == LI


def test_a_revoked_session_ends_at_once_and_alone(sessions: PostgresSessions) -> None:
    ended, kept = _opened(sessions, LI), _opened(sessions, LI)
    sessions.revoke(ended)
    sessions.revoke(ended)
    sessions.revoke("never opened")
    assert sessions.subject_of(ended) is None
    assert sessions.subject_of(kept) == LI


def test_all_sessions_of_a_subject_end_together(sessions: PostgresSessions) -> None:
    tokens = [_opened(sessions, LI) for _ in range(3)]
    customer_of_same_id = Subject(SubjectKind.CUSTOMER, LI.id)
    others = {_opened(sessions, other): other for other in (WANG, customer_of_same_id)}
    assert sessions.revoke_all(LI) == 3
    assert sessions.revoke_all(LI) == 0
    assert [sessions.subject_of(token) for token in tokens] == [None] * 3
    assert {token: sessions.subject_of(token) for token in others} == others


def test_purging_deletes_only_what_is_past_its_end(
    sessions: PostgresSessions, clock: SettableClock
) -> None:
    _opened(sessions, LI)
    customer = _opened(sessions, WANG)
    clock.set(NOON + timedelta(hours=12) - INSTANT)
    assert sessions.purge() == 0
    clock.set(NOON + timedelta(hours=12))
    assert sessions.purge() == 1
    assert sessions.subject_of(customer) == WANG


def test_a_state_returns_its_path_once(logins: PostgresOAuthLogins) -> None:
    port: OAuthLogins = logins
    state = port.issue("/orders/7?from=notice")
    assert re.fullmatch(r"[0-9a-f]{32}", state)
    assert port.redeem(state) == "/orders/7?from=notice"
    assert port.redeem(state) is None


def test_of_eight_callbacks_at_once_one_redeems_the_state(logins: PostgresOAuthLogins) -> None:
    for _ in range(5):
        state = logins.issue("/orders")
        answers = _at_once(8, partial(logins.redeem, state))
        assert sorted(answers, key=str) == sorted(["/orders", *[None] * 7], key=str)


def test_a_state_is_good_for_ten_minutes_less_an_instant(
    logins: PostgresOAuthLogins, clock: SettableClock
) -> None:
    early, late = logins.issue("/a"), logins.issue("/b")
    clock.set(NOON + timedelta(minutes=10) - INSTANT)
    assert logins.redeem(early) == "/a"
    clock.set(NOON + timedelta(minutes=10))
    assert logins.redeem(late) is None
    assert logins.return_path_of(late) is None


def test_a_doubled_callback_still_finds_the_path_of_a_used_state(
    logins: PostgresOAuthLogins, clock: SettableClock
) -> None:
    state = logins.issue("/orders")
    logins.redeem(state)
    clock.set(NOON + timedelta(minutes=10) - INSTANT)
    assert logins.return_path_of(state) == "/orders"


@pytest.mark.parametrize("state", ["", "0" * 32, "状态"])
def test_an_unknown_state_is_refused(logins: PostgresOAuthLogins, state: str) -> None:
    logins.issue("/orders")
    assert logins.redeem(state) is None
    assert logins.return_path_of(state) is None


def test_no_state_is_issued_for_a_foreign_path(logins: PostgresOAuthLogins) -> None:
    with pytest.raises(InvalidInputError):
        logins.issue("//evil.example/orders")


def test_a_doubled_code_finds_its_customer_for_five_minutes(
    logins: PostgresOAuthLogins, clock: SettableClock
) -> None:
    logins.remember("code-1", WANG.id)
    clock.set(NOON + timedelta(minutes=5) - INSTANT)
    assert logins.recall("code-1") == WANG.id
    assert logins.recall("code-2") is None
    clock.set(NOON + timedelta(minutes=5))
    assert logins.recall("code-1") is None


def test_the_first_customer_of_a_code_stays(logins: PostgresOAuthLogins) -> None:
    logins.remember("code-1", WANG.id)
    logins.remember("code-1", uuid4())
    assert logins.recall("code-1") == WANG.id


def test_states_and_codes_are_stored_as_digests_only(
    logins: PostgresOAuthLogins, application_engine: Engine
) -> None:
    state = logins.issue("/orders")
    logins.remember("code-1", WANG.id)
    with application_engine.connect() as connection:
        stored = connection.scalar(sa.select(LOGIN_STATES.c.state_digest))
        code = connection.scalar(sa.select(CODE_EXCHANGES.c.code_digest))
    assert stored is not None
    assert code is not None
    assert bytes(stored) == hashlib.sha256(state.encode()).digest()
    assert bytes(code) == hashlib.sha256(b"code-1").digest()


def test_purging_deletes_old_states_and_codes(
    logins: PostgresOAuthLogins, clock: SettableClock
) -> None:
    logins.issue("/orders")
    logins.remember("code-1", WANG.id)
    clock.set(NOON + timedelta(minutes=5))
    assert logins.purge() == 1
    clock.set(NOON + timedelta(minutes=10))
    assert logins.purge() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access.sessions SET subject_id = gen_random_uuid()",
        "UPDATE access.sessions SET expires_at = 'infinity'",
        "UPDATE access.login_states SET created_at = 'infinity'",
        "UPDATE access.code_exchanges SET customer_id = gen_random_uuid()",
        "TRUNCATE access.sessions",
    ],
)
def test_the_application_role_cannot_turn_a_session_into_anothers(
    application_engine: Engine, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        application_engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))
