"""The customer's orders (我的订单): state, price with reasons, timeline in plain Chinese."""

from collections.abc import Mapping, Sequence
from datetime import datetime
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

from application.projections.order_sentences import sentence
from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.orders.order_facts import OrderFacts
from domain.orders.windows import bounds

metadata = MetaData(schema="customer_orders")
projection = Projection("customer_orders", metadata)

orders = Table(
    "orders",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("kind_path", JSONB, nullable=False),
    Column("stage", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("contact", JSONB, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    Column("pay_by", DateTime(timezone=True)),
    Column("total_fen", BigInteger, nullable=False),
    Column("paid_fen", BigInteger, nullable=False),
    Column("refund_due_fen", BigInteger, nullable=False),
    Column("worker_number", Integer),
    Index("orders_of_a_customer", "customer_id", "position"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("stage", Text, nullable=False),
    Column("sentence", Text, nullable=False),
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
        customer_id=event.customer_id,
        order_number=event.order_number,
        kind_path=event.kind_path,
        stage=event.stage,
        lines=event.lines,
        contact=event.contact,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=event.timestamp,
        pay_by=event.pay_by,
        total_fen=event.total_fen,
        paid_fen=0,
        refund_due_fen=0,
    )


@projection.handles
def follow(rows: Rows, recorded: Recorded) -> None:
    """The stage, and a sentence for the timeline."""
    event: OrderFacts.Event = recorded.event
    _change(rows, event, stage=event.stage)
    told = sentence(event)
    if not told:
        return
    rows.insert(
        timeline,
        order_id=event.originator_id,
        position=recorded.position,
        at=_when(event),
        stage=event.stage,
        sentence=told,
    )


@projection.handles
def put_in_charge(rows: Rows, recorded: Recorded) -> None:
    """Who comes."""
    _change(rows, recorded.event, worker_number=recorded.event.worker_number)


@projection.handles
def give_back(rows: Rows, recorded: Recorded) -> None:
    """Nobody comes for now."""
    _change(rows, recorded.event, worker_number=None)


@projection.handles
def move(rows: Rows, recorded: Recorded) -> None:
    """Another window."""
    event: OrderFacts.Rescheduled = recorded.event
    starts_at, ends_at = bounds(event.windows[0])
    keeps = event.worker_number or None
    _change(rows, event, starts_at=starts_at, ends_at=ends_at, worker_number=keeps)


@projection.handles
def reprice(rows: Rows, recorded: Recorded) -> None:
    """What the other date costs, where it costs otherwise."""
    event: OrderFacts.Rescheduled = recorded.event
    if event.lines is not None:
        _change(rows, event, lines=event.lines)


@projection.handles
def charge(rows: Rows, recorded: Recorded) -> None:
    """More is to be paid."""
    _add(rows, recorded.event, total_fen=recorded.event.amount_fen)


@projection.handles
def withdraw_charge(rows: Rows, recorded: Recorded) -> None:
    """A further charge was given up."""
    event: OrderFacts.ChargeWithdrawn = recorded.event
    _add(rows, event, total_fen=-event.amount_fen)


@projection.handles
def pay(rows: Rows, recorded: Recorded) -> None:
    """A charge was paid."""
    _add(rows, recorded.event, paid_fen=recorded.event.amount_fen)


@projection.handles
def owe_back(rows: Rows, recorded: Recorded) -> None:
    """Money is to go back."""
    _add(rows, recorded.event, refund_due_fen=recorded.event.amount_fen)


def list_page(connection: Connection, customer_id: UUID, *, limit: int, after: str = "") -> Page:
    """The customer's orders, newest first. Raises CursorError or PageLimitError."""
    query = select(orders).where(orders.c.customer_id == customer_id)
    return newest_first(connection, query, orders.c.position, limit=limit, after=after)


def find(connection: Connection, customer_id: UUID, order_id: UUID) -> dict[str, Any] | None:
    """One order, if it is the customer's."""
    query = select(orders).where(orders.c.order_id == order_id)
    mine = query.where(orders.c.customer_id == customer_id)
    found = connection.execute(mine).mappings().first()
    return dict(found) if found else None


def timeline_of(connection: Connection, order_id: UUID) -> Sequence[Mapping[str, Any]]:
    """What happened, oldest first."""
    query = select(timeline).where(timeline.c.order_id == order_id)
    rows = connection.execute(query.order_by(timeline.c.position)).mappings()
    return [dict(row) for row in rows]


def _when(event: OrderFacts.Event) -> datetime:
    """When it happened outside, where that is known."""
    if isinstance(event, OrderFacts.Paid):
        return event.succeeded_at
    happened_at: datetime = getattr(event, "happened_at", event.timestamp)
    return happened_at


def _change(rows: Rows, event: OrderFacts.Event, **values: object) -> None:
    rows.change(orders, {"order_id": event.originator_id}, **values)


def _add(rows: Rows, event: OrderFacts.Event, **amounts: int) -> None:
    rows.add(orders, {"order_id": event.originator_id}, **amounts)
