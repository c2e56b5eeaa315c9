"""What stopped a projection or policy: kept, shown by readiness, tried again with pauses."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from application.clock import Clock

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)

_failures = Table(
    "failures",
    MetaData(schema="feed"),
    Column("name", Text, primary_key=True),
    Column("position", BigInteger),
    Column("event", Text),
    Column("error", Text),
    Column("traceback", Text),
    Column("attempts", Integer),
    Column("failed_at", DateTime(timezone=True)),
    Column("next_try_at", DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a projection stands still, and why."""

    name: str
    position: int
    event: str
    error: str
    traceback: str
    attempts: int
    failed_at: datetime
    next_try_at: datetime


class Failures:
    """The failures on record."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> Sequence[Failure]:
        """Every standing failure, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(_failures).order_by(_failures.c.name)).all()
        return [Failure(*row) for row in rows]

    def paused(self, name: str) -> bool:
        """Whether the next try is still ahead."""
        query = select(_failures.c.next_try_at).where(_failures.c.name == name)
        with self._engine.connect() as connection:
            due: datetime | None = connection.execute(query).scalar()
        return due is not None and due > self._clock.now()

    def record(self, name: str, position: int, event: str, error: Exception) -> None:
        """Keep the failure; every further one doubles the pause up to five minutes."""
        attempts = self._attempts(name) + 1
        pause = min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)
        now = self._clock.now()
        row = {
            "name": name,
            "position": position,
            "event": event,
            "error": f"{type(error).__name__}: {error}",
            "traceback": "".join(traceback.format_exception(error)),
            "attempts": attempts,
            "failed_at": now,
            "next_try_at": now + pause,
        }
        keep = insert(_failures).values(row)
        with self._engine.begin() as connection:
            connection.execute(keep.on_conflict_do_update(index_elements=["name"], set_=row))

    def clear(self, name: str) -> None:
        """It goes on."""
        with self._engine.begin() as connection:
            connection.execute(delete(_failures).where(_failures.c.name == name))

    def _attempts(self, name: str) -> int:
        query = select(_failures.c.attempts).where(_failures.c.name == name)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 0
