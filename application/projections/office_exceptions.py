"""The office's exceptions (异常台): what went wrong with which order, the open ones first."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from application.projections.paging import MOST_ROWS, Page, PageLimitError, page, position_of
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.orders.order_exceptions import OrderExceptions
from domain.orders.order_facts import OrderFacts

metadata = MetaData(schema="office_exceptions")
projection = Projection("office_exceptions", metadata)

# A resolved exception ranks behind all open ones; no log grows that long.
_RESOLVED: Final = 10**17

orders = Table(
    "orders",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("order_number", Text, nullable=False),
    Column("kind_path", JSONB, nullable=False),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("exception_number", Integer, primary_key=True),
    Column("rank", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("note", Text, nullable=False),
    Column("reported_by", Text, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("reported_at", DateTime(timezone=True), nullable=False),
    Column("resolution_code", Text, nullable=False),
    Column("resolution_note", Text, nullable=False),
    Column("resolved_by", Text, nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Index("exceptions_by_rank", "rank"),
    Index("exceptions_by_kind", "kind", "rank"),
)


@projection.handles
def note_order(rows: Rows, recorded: Recorded) -> None:
    """By which number people call the order."""
    event: OrderFacts.Booked = recorded.event
    rows.insert(
        orders,
        order_id=event.originator_id,
        order_number=event.order_number,
        kind_path=event.kind_path,
    )


@projection.handles
def report(rows: Rows, recorded: Recorded) -> None:
    """Something went wrong."""
    event: OrderExceptions.ExceptionReported = recorded.event
    rows.insert(
        exceptions,
        order_id=event.originator_id,
        exception_number=event.exception_number,
        rank=recorded.position,
        kind=event.kind,
        stage=event.stage,
        details=event.details,
        note=event.note,
        reported_by=event.by,
        happened_at=event.happened_at,
        reported_at=event.timestamp,
        resolution_code="",
        resolution_note="",
        resolved_by="",
    )


@projection.handles
def resolve(rows: Rows, recorded: Recorded) -> None:
    """It was dealt with."""
    event: OrderExceptions.ExceptionResolved = recorded.event
    key = {"order_id": event.originator_id, "exception_number": event.exception_number}
    rows.add(exceptions, key, rank=_RESOLVED)
    rows.change(
        exceptions,
        key,
        resolution_code=event.resolution_code,
        resolution_note=event.note,
        resolved_by=event.by,
        resolved_at=event.timestamp,
    )


def list_page(
    connection: Connection, *, limit: int, after: str = "", kind: str | None = None
) -> Page:
    """Open exceptions, the oldest first, then resolved ones; one kind or all.

    Raises CursorError or PageLimitError.
    """
    if not 1 <= limit <= MOST_ROWS:
        raise PageLimitError
    rank = exceptions.c.rank
    query = select(exceptions, rank.label("position"), orders.c.order_number, orders.c.kind_path)
    query = query.join(orders, orders.c.order_id == exceptions.c.order_id)
    if kind is not None:
        query = query.where(exceptions.c.kind == kind)
    if after:
        query = query.where(rank > position_of(after))
    rows = connection.execute(query.order_by(rank).limit(limit + 1)).mappings()
    return page([dict(row) for row in rows], limit)


def open_by_kind(connection: Connection) -> dict[str, int]:
    """How many are open, of each kind that has any."""
    counted = select(exceptions.c.kind, func.count().label("number"))
    still_open = counted.where(exceptions.c.rank < _RESOLVED).group_by(exceptions.c.kind)
    rows = connection.execute(still_open.order_by(exceptions.c.kind))
    return {row.kind: row.number for row in rows}
