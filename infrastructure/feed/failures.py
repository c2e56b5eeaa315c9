"""What stopped a projection or policy: kept, shown by readiness, tried again with pauses."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    select,
    update,
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


@dataclass(frozen=True, slots=True)
class Stop:
    """Who stands still at which position, and whether its next try is still ahead."""

    position: int
    paused: bool


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

    def stops(self) -> Mapping[str, Stop]:
        """Whoever stands still, whichever process found out."""
        query = select(_failures.c.name, _failures.c.position, _failures.c.next_try_at)
        now = self._clock.now()
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return {name: Stop(position, next_try_at > now) for name, position, next_try_at in rows}

    def record(self, name: str, position: int, event: str, error: Exception) -> None:
        """Keep the failure; every further one there doubles the pause up to five minutes."""
        now = self._clock.now()
        with self._engine.begin() as connection:
            attempts = _attempts(connection, name, position) + 1
            row = {
                "name": name,
                "position": position,
                "event": event,
                "error": f"{type(error).__name__}: {error}",
                "traceback": "".join(traceback.format_exception(error)),
                "attempts": attempts,
                "failed_at": now,
                "next_try_at": now + _pause(attempts),
            }
            keep = insert(_failures).values(row)
            connection.execute(keep.on_conflict_do_update(index_elements=["name"], set_=row))

    def clear(self, name: str) -> None:
        """It goes on."""
        with self._engine.begin() as connection:
            connection.execute(delete(_failures).where(_failures.c.name == name))

    def try_now(self) -> None:
        """End every pause."""
        with self._engine.begin() as connection:
            connection.execute(update(_failures).values(next_try_at=self._clock.now()))


def _attempts(connection: Connection, name: str, position: int) -> int:
    query = select(_failures.c.attempts).where(_failures.c.name == name)
    return connection.execute(query.where(_failures.c.position == position)).scalar() or 0


def _pause(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)
