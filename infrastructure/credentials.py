"""Staff passwords on PostgreSQL, hashed with argon2id, with lock-out."""

from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    case,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from application.access import Verification, check_password, plain_password
from application.clock import Clock

CREDENTIALS = Table(
    "credentials",
    MetaData(schema="access"),
    Column("staff_id", Uuid, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("failed_attempts", Integer, nullable=False),
    Column("locked_until", DateTime(timezone=True)),
)

FAILURES_TO_LOCK = 5
LOCK_TIME = timedelta(minutes=15)

# OWASP's password storage cheat sheet: argon2id with 19 MiB, two passes, one lane.
# About 25 ms here. More memory would let forty log-ins at once exhaust a small server.
HASHER = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1, type=Type.ID)

_NOBODY = UUID(int=0)

# password_hash, changed_at, locked_until
_Attempt = Row[tuple[str, datetime, datetime | None]]


class PostgresCredentials:
    """Implements application.access.CredentialStore on access.credentials."""

    def __init__(self, engine: Engine, clock: Clock, hasher: PasswordHasher = HASHER) -> None:
        self._engine = engine
        self._clock = clock
        self._hasher = hasher

    @cached_property
    def _dummy_hash(self) -> str:
        """What an unknown name is checked against; made late, as it takes 25 ms at every start."""
        return self._hasher.hash("nobody has this password")

    def has_password(self, staff_id: UUID) -> bool:
        """Whether a password was ever set."""
        query = select(CREDENTIALS.c.staff_id).where(CREDENTIALS.c.staff_id == staff_id)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def set_password(self, staff_id: UUID, password: str) -> None:
        """Hash and store the password; lifts a lock."""
        check_password(password)
        values = {
            "password_hash": self._hasher.hash(plain_password(password)),
            "changed_at": self._clock.now(),
            "failed_attempts": 0,
            "locked_until": None,
        }
        statement = insert(CREDENTIALS).values(staff_id=staff_id, **values)
        with self._engine.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["staff_id"], set_=values)
            )

    def verify(self, staff_id: UUID | None, password: str) -> Verification:
        """Check the password; the attempt is counted before, and forgiven after, the check.

        Counting first lets no more than five guesses through, however many arrive at
        once.
        """
        staff_id = staff_id or _NOBODY
        password = plain_password(password)
        attempt = self._count_attempt(staff_id)
        if attempt is None:
            self._matches(self._dummy_hash, password)
            return self._refusal(staff_id)
        if self._matches(attempt.password_hash, password):
            return self._forgive(staff_id, attempt, password)
        return Verification.LOCKED if attempt.locked_until else Verification.WRONG

    def _count_attempt(self, staff_id: UUID) -> _Attempt | None:
        """Count one attempt as failed; None if there is no credential or it is locked."""
        now = self._clock.now()
        columns = CREDENTIALS.c
        failures = case((columns.locked_until.is_(None), columns.failed_attempts + 1), else_=1)
        statement = (
            update(CREDENTIALS)
            .where(columns.staff_id == staff_id)
            .where(or_(columns.locked_until.is_(None), columns.locked_until <= now))
            .values(
                failed_attempts=failures,
                locked_until=case((failures >= FAILURES_TO_LOCK, now + LOCK_TIME), else_=null()),
            )
            .returning(columns.password_hash, columns.changed_at, columns.locked_until)
        )
        with self._engine.begin() as connection:
            # Without the wait for the disk, which would tell known names from unknown
            # ones; a crash may lose a few counts, and nobody can bring one about.
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            return connection.execute(statement).one_or_none()

    def _refusal(self, staff_id: UUID) -> Verification:
        statement = select(CREDENTIALS.c.staff_id).where(CREDENTIALS.c.staff_id == staff_id)
        with self._engine.connect() as connection:
            known = connection.execute(statement).one_or_none()
        return Verification.LOCKED if known else Verification.WRONG

    def _forgive(self, staff_id: UUID, attempt: _Attempt, password: str) -> Verification:
        """Reset the count; WRONG if the password was replaced while it was checked."""
        stored = attempt.password_hash
        if self._hasher.check_needs_rehash(stored):  # the parameters were raised since
            stored = self._hasher.hash(password)
        statement = (
            update(CREDENTIALS)
            .where(CREDENTIALS.c.staff_id == staff_id)
            .where(CREDENTIALS.c.changed_at == attempt.changed_at)
            .values(password_hash=stored, failed_attempts=0, locked_until=None)
        )
        with self._engine.begin() as connection:
            current = connection.execute(statement).rowcount
        return Verification.OK if current else Verification.WRONG

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
