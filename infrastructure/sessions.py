"""Log-in sessions and OAuth round trips on PostgreSQL.

Only SHA-256 digests of tokens, states and codes are stored: they carry 128 bits of
chance or more, so a plain digest cannot be guessed, and a stolen table logs nobody in.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from application.access import Subject, SubjectKind, check_return_path
from application.clock import Clock
from domain.errors import InvalidInputError

_METADATA = MetaData(schema="access")

SESSIONS = Table(
    "sessions",
    _METADATA,
    Column("token_digest", LargeBinary, primary_key=True),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)
LOGIN_STATES = Table(
    "login_states",
    _METADATA,
    Column("state_digest", LargeBinary, primary_key=True),
    Column("return_path", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
)
CODE_EXCHANGES = Table(
    "code_exchanges",
    _METADATA,
    Column("code_digest", LargeBinary, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

STATE_LIFETIME = timedelta(minutes=10)
CODE_MEMORY = timedelta(minutes=5)
# Activity is written down once a second: an idle session may end so much early.
_SEEN_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts: without activity, and at all."""

    idle: timedelta
    absolute: timedelta


STAFF_LIFETIME = Lifetime(idle=timedelta(minutes=30), absolute=timedelta(hours=12))
CUSTOMER_LIFETIME = Lifetime(idle=timedelta(days=30), absolute=timedelta(days=30))


class PostgresSessions:
    """Implements application.access.Sessions on access.sessions."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        staff: Lifetime = STAFF_LIFETIME,
        customer: Lifetime = CUSTOMER_LIFETIME,
    ) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._clock = clock
        self._lifetimes: dict[str, Lifetime] = {
            SubjectKind.STAFF: staff,
            SubjectKind.CUSTOMER: customer,
        }

    def open_session(self, kind: str, subject_id: UUID) -> str:
        """Store a new session's digest and return its token."""
        if kind not in frozenset(SubjectKind):
            raise InvalidInputError(field="kind")
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        statement = insert(SESSIONS).values(
            token_digest=_digest(token),
            subject_kind=kind,
            subject_id=subject_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._lifetimes[SubjectKind(kind)].absolute,
        )
        with self._engine.begin() as connection:
            connection.execute(statement)
        return token

    def subject_of(self, token: str) -> Subject | None:
        """Look a session up; it is over at the exact instant of either limit."""
        now = self._clock.now()
        statement = (
            select(SESSIONS.c.subject_kind, SESSIONS.c.subject_id, SESSIONS.c.last_seen_at)
            .where(SESSIONS.c.token_digest == _digest(token))
            .where(SESSIONS.c.revoked_at.is_(None), SESSIONS.c.expires_at > now)
        )
        with self._reading.connect() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None or now >= row.last_seen_at + self._lifetimes[row.subject_kind].idle:
            return None
        if now >= row.last_seen_at + _SEEN_AGAIN:
            self._touch(token, row.subject_kind)
        return Subject(SubjectKind(row.subject_kind), row.subject_id)

    def revoke(self, token: str) -> None:
        """End one session."""
        statement = (
            update(SESSIONS)
            .where(SESSIONS.c.token_digest == _digest(token), SESSIONS.c.revoked_at.is_(None))
            .values(revoked_at=self._clock.now())
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def revoke_all(self, subject: Subject) -> int:
        """End all sessions of a subject."""
        statement = (
            update(SESSIONS)
            .where(SESSIONS.c.subject_kind == subject.kind, SESSIONS.c.subject_id == subject.id)
            .where(SESSIONS.c.revoked_at.is_(None))
            .values(revoked_at=self._clock.now())
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def purge(self) -> int:
        """Delete sessions past their absolute end."""
        statement = delete(SESSIONS).where(SESSIONS.c.expires_at <= self._clock.now())
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def _touch(self, token: str, kind: str) -> None:
        """Move last_seen_at, never back: requests may overtake each other.

        Committed without waiting for the disk: what a crash takes is a little activity.
        """
        if self._lifetimes[kind].idle >= self._lifetimes[kind].absolute:
            return  # activity changes nothing: spare the write
        seen = func.greatest(SESSIONS.c.last_seen_at, self._clock.now())
        statement = (
            update(SESSIONS)
            .where(SESSIONS.c.token_digest == _digest(token))
            .values(last_seen_at=seen)
        )
        with self._engine.begin() as connection:
            connection.execute(text("set local synchronous_commit = off"))
            connection.execute(statement)


class PostgresOAuthLogins:
    """Implements application.access.OAuthLogins on login_states and code_exchanges."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def issue(self, return_path: str) -> str:
        """Store a new state; hexadecimal because WeChat allows only [0-9a-zA-Z]."""
        check_return_path(return_path)
        state = secrets.token_hex(16)
        statement = insert(LOGIN_STATES).values(
            state_digest=_digest(state), return_path=return_path, created_at=self._clock.now()
        )
        with self._engine.begin() as connection:
            connection.execute(statement)
        return state

    def redeem(self, state: str) -> str | None:
        """Use a state up in one statement, so that of many callers one succeeds."""
        now = self._clock.now()
        statement = (
            update(LOGIN_STATES)
            .where(LOGIN_STATES.c.state_digest == _digest(state))
            .where(LOGIN_STATES.c.used_at.is_(None))
            .where(LOGIN_STATES.c.created_at > now - STATE_LIFETIME)
            .values(used_at=now)
            .returning(LOGIN_STATES.c.return_path)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).scalar_one_or_none()

    def return_path_of(self, state: str) -> str | None:
        """Read a state's path without using it up."""
        statement = (
            select(LOGIN_STATES.c.return_path)
            .where(LOGIN_STATES.c.state_digest == _digest(state))
            .where(LOGIN_STATES.c.created_at > self._clock.now() - STATE_LIFETIME)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one_or_none()

    def remember(self, code: str, customer_id: UUID) -> None:
        """Keep a code's customer; WeChat gives every code out once, so the first stays."""
        statement = insert(CODE_EXCHANGES).values(
            code_digest=_digest(code), customer_id=customer_id, created_at=self._clock.now()
        )
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def recall(self, code: str) -> UUID | None:
        """Find a code's customer within the term."""
        statement = (
            select(CODE_EXCHANGES.c.customer_id)
            .where(CODE_EXCHANGES.c.code_digest == _digest(code))
            .where(CODE_EXCHANGES.c.created_at > self._clock.now() - CODE_MEMORY)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one_or_none()

    def purge(self) -> int:
        """Delete states and codes past their term."""
        now = self._clock.now()
        states = delete(LOGIN_STATES).where(LOGIN_STATES.c.created_at <= now - STATE_LIFETIME)
        codes = delete(CODE_EXCHANGES).where(CODE_EXCHANGES.c.created_at <= now - CODE_MEMORY)
        with self._engine.begin() as connection:
            return connection.execute(states).rowcount + connection.execute(codes).rowcount


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
