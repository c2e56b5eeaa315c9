"""Read marks on PostgreSQL: one row per thread and side, which only goes forward."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from application.messages import ReadMark

READ_MARKS = Table(
    "read_marks",
    MetaData(schema="messages"),
    Column("thread_id", Uuid, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("message_number", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


class PostgresReadMarks:
    """Implements application.messages.ReadMarks on messages.read_marks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def advance(self, mark: ReadMark) -> int:
        """Keep the furthest; who and when are of whoever got there first."""
        new = insert(READ_MARKS).values(asdict(mark))
        further = new.on_conflict_do_update(
            index_elements=["thread_id", "side"],
            set_={name: new.excluded[name] for name in ("message_number", "by", "at")},
            where=READ_MARKS.c.message_number < new.excluded.message_number,
        )
        with self._engine.begin() as connection:
            connection.execute(further)
            whose = READ_MARKS.c.thread_id == mark.thread_id, READ_MARKS.c.side == mark.side
            held = select(func.max(READ_MARKS.c.message_number)).where(*whose)
            return int(connection.execute(held).scalar_one())

    def of_side(self, side: str, thread_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        """The marks there are, with one query."""
        query = select(READ_MARKS.c.thread_id, READ_MARKS.c.message_number).where(
            READ_MARKS.c.side == side, READ_MARKS.c.thread_id.in_([*thread_ids])
        )
        with self._engine.connect() as connection:
            return {row.thread_id: row.message_number for row in connection.execute(query)}
