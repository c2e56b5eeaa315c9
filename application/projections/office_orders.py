"""The office's orders (统一后台订单): one row an order, its timeline, counts by stage.

Handling time and progress derive from events (R19, R20). Names, phones and
addresses stay sealed; a query's caller opens a page of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

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
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.orders.order_facts import OrderFacts
from domain.orders.windows import bounds

metadata = MetaData(schema="office_orders")
projection = Projection("office_orders", metadata)

orders = Table(
    "orders",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("order_number", Text, nullable=False, unique=True),
    Column("customer_id", Uuid, nullable=False),
    Column("service_code", Text, nullable=False),
    Column("kind_path", JSONB, nullable=False),
    Column("source", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("contact", JSONB, nullable=False),
    Column("remark", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    Column("handled_at", DateTime(timezone=True)),
    Column("total_fen", BigInteger, nullable=False),
    Column("paid_fen", BigInteger, nullable=False),
    Column("refund_due_fen", BigInteger, nullable=False),
    Column("worker_id", Uuid),
    Column("worker_number", Integer),
    Index("orders_by_position", "position"),
    Index("orders_by_stage", "stage", "position"),
    Index("orders_by_source", "source", "position"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("event", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
)

counts = Table(
    "counts",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("orders", BigInteger, nullable=False),
)


@projection.handles
def book(rows: Rows, recorded: Recorded) -> None:
    """A new order."""
    event: OrderFacts.Booked = recorded.event
    starts_at, ends_at = bounds(event.windows[0])
    rows.insert(
        orders,
        order_id=event.originator_id,
        position=recorded.position,
        order_number=event.order_number,
        customer_id=event.customer_id,
        service_code=event.service_code,
        kind_path=event.kind_path,
        source=event.source,
        stage=event.stage,
        contact=event.contact,
        remark=event.remark,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=event.timestamp,
        total_fen=event.total_fen,
        paid_fen=0,
        refund_due_fen=0,
    )
    _count(rows, event.stage, 1)


@projection.handles
def follow(rows: Rows, recorded: Recorded) -> None:
    """The timeline, and the stage the fact left the order in."""
    event: OrderFacts.Event = recorded.event
    rows.insert(
        timeline,
        order_id=event.originator_id,
        position=recorded.position,
        event=_name(event),
        stage=event.stage,
        by=event.by,
        recorded_at=event.timestamp,
        happened_at=getattr(event, "happened_at", event.timestamp),
        note=getattr(event, "note", ""),
    )
    before = _order(rows, event)
    if before["stage"] != event.stage:
        _count(rows, before["stage"], -1)
        _count(rows, event.stage, 1)
        _change(rows, event, stage=event.stage)


@projection.handles
def handle(rows: Rows, recorded: Recorded) -> None:
    """When the office first dealt with the order (处理时间)."""
    event: OrderFacts.Event = recorded.event
    if _order(rows, event)["handled_at"] is None:
        _change(rows, event, handled_at=event.timestamp)


@projection.handles
def put_in_charge(rows: Rows, recorded: Recorded) -> None:
    """Who has the order now (负责人)."""
    event: OrderFacts.Assigned | OrderFacts.Reassigned = recorded.event
    _change(rows, event, worker_id=event.worker_id, worker_number=event.worker_number)


@projection.handles
def give_back(rows: Rows, recorded: Recorded) -> None:
    """Nobody has the order."""
    event: OrderFacts.Declined | OrderFacts.Cancelled = recorded.event
    _change(rows, event, worker_id=None, worker_number=None)


@projection.handles
def move(rows: Rows, recorded: Recorded) -> None:
    """Another window, and whoever keeps the work in it."""
    event: OrderFacts.Rescheduled = recorded.event
    starts_at, ends_at = bounds(event.windows[0])
    _change(
        rows,
        event,
        starts_at=starts_at,
        ends_at=ends_at,
        worker_id=event.worker_id,
        worker_number=event.worker_number or None,
    )


@projection.handles
def charge(rows: Rows, recorded: Recorded) -> None:
    """More is to be paid."""
    event: OrderFacts.ChargeAdded = recorded.event
    _add(rows, event, total_fen=event.amount_fen)


@projection.handles
def withdraw_charge(rows: Rows, recorded: Recorded) -> None:
    """A further charge was given up."""
    event: OrderFacts.ChargeWithdrawn = recorded.event
    _add(rows, event, total_fen=-event.amount_fen)


@projection.handles
def pay(rows: Rows, recorded: Recorded) -> None:
    """A charge was paid."""
    event: OrderFacts.Paid = recorded.event
    _add(rows, event, paid_fen=event.amount_fen)


@projection.handles
def owe_back(rows: Rows, recorded: Recorded) -> None:
    """Money is to go back."""
    event: OrderFacts.RefundDue = recorded.event
    _add(rows, event, refund_due_fen=event.amount_fen)


def list_page(
    connection: Connection,
    *,
    limit: int,
    after: str = "",
    filters: Mapping[str, str],
) -> Page:
    """Orders, newest booking first; filters by stage, source, service_code.

    Raises CursorError or PageLimitError.
    """
    query = select(orders)
    for name, value in filters.items():
        query = query.where(orders.c[name] == value)
    return newest_first(connection, query, orders.c.position, limit=limit, after=after)


def find(connection: Connection, order_id: UUID) -> dict[str, Any] | None:
    """One order's row."""
    row = connection.execute(select(orders).where(orders.c.order_id == order_id)).mappings()
    found = row.first()
    return dict(found) if found else None


def timeline_of(connection: Connection, order_id: UUID) -> Sequence[dict[str, Any]]:
    """The order's history, oldest first."""
    query = select(timeline).where(timeline.c.order_id == order_id)
    rows = connection.execute(query.order_by(timeline.c.position)).mappings()
    return [dict(row) for row in rows]


def counts_by_stage(connection: Connection) -> dict[str, int]:
    """How many orders stand in each stage."""
    rows = connection.execute(select(counts.c.stage, counts.c.orders).order_by(counts.c.stage))
    return {stage: number for stage, number in rows if number}


def _order(rows: Rows, event: OrderFacts.Event) -> Mapping[str, Any]:
    """The order's row; raises LookupError where it was never booked."""
    found = rows.get(orders, order_id=event.originator_id)
    if found is None:
        raise LookupError(event.originator_id)
    return found


def _change(rows: Rows, event: OrderFacts.Event, **values: object) -> None:
    rows.change(orders, {"order_id": event.originator_id}, **values)


def _add(rows: Rows, event: OrderFacts.Event, **amounts: int) -> None:
    rows.add(orders, {"order_id": event.originator_id}, **amounts)


def _count(rows: Rows, stage: str, by: int) -> None:
    rows.tally(counts, {"stage": stage}, orders=by)


def _name(event: OrderFacts.Event) -> str:
    return type(event).__name__
