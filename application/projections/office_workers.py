"""The office's workers (服务人员): who can be given what, where. Names stay sealed."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from domain.workers import ACTIVE, LEFT, SUSPENDED, Worker

metadata = MetaData(schema="office_workers")
projection = Projection("office_workers", metadata)

workers = Table(
    "workers",
    metadata,
    Column("worker_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("skills", JSONB, nullable=False),
    Column("districts", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Index("workers_by_position", "position"),
)


@projection.handles
def register(connection: Connection, recorded: Recorded) -> None:
    """A new worker."""
    event: Worker.Registered = recorded.event
    connection.execute(
        insert(workers).values(
            worker_id=event.originator_id,
            position=recorded.position,
            number=event.number,
            name=event.name,
            phone=event.phone,
            skills=event.skills,
            districts=event.districts,
            status=ACTIVE,
        )
    )


@projection.handles
def change_skills(connection: Connection, recorded: Recorded) -> None:
    """What the worker can do, and where."""
    event: Worker.SkillsChanged = recorded.event
    _change(connection, event, skills=event.skills, districts=event.districts)


@projection.handles
def suspend(connection: Connection, recorded: Recorded) -> None:
    """No new work."""
    _change(connection, recorded.event, status=SUSPENDED)


@projection.handles
def reinstate(connection: Connection, recorded: Recorded) -> None:
    """New work again."""
    _change(connection, recorded.event, status=ACTIVE)


@projection.handles
def leave(connection: Connection, recorded: Recorded) -> None:
    """Gone for good."""
    _change(connection, recorded.event, status=LEFT)


def list_page(connection: Connection, *, limit: int, after: str = "") -> Page:
    """Workers, newest first. Raises CursorError or PageLimitError."""
    return newest_first(connection, select(workers), workers.c.position, limit=limit, after=after)


def _change(connection: Connection, event: Worker.Event, **values: Any) -> None:  # noqa: ANN401 - column values
    changed = update(workers).where(workers.c.worker_id == event.originator_id)
    connection.execute(changed.values(values))
