"""The office's workers (服务人员): who can be given what, where, and whom they served.

Names stay sealed.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

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
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.orders.order_facts import OrderFacts
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

# Who has or had the work of an order, and how the customer rated it.
services = Table(
    "services",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("worker_id", Uuid),
    Column("rating", Integer, nullable=False),
    Index("services_by_customer", "customer_id"),
)


@projection.handles
def register(rows: Rows, recorded: Recorded) -> None:
    """A new worker."""
    event: Worker.Registered = recorded.event
    rows.insert(
        workers,
        worker_id=event.originator_id,
        position=recorded.position,
        number=event.number,
        name=event.name,
        phone=event.phone,
        skills=event.skills,
        districts=event.districts,
        status=ACTIVE,
    )


@projection.handles
def change_skills(rows: Rows, recorded: Recorded) -> None:
    """What the worker can do, and where."""
    event: Worker.SkillsChanged = recorded.event
    _change(rows, event, skills=event.skills, districts=event.districts)


@projection.handles
def suspend(rows: Rows, recorded: Recorded) -> None:
    """No new work."""
    _change(rows, recorded.event, status=SUSPENDED)


@projection.handles
def reinstate(rows: Rows, recorded: Recorded) -> None:
    """New work again."""
    _change(rows, recorded.event, status=ACTIVE)


@projection.handles
def leave(rows: Rows, recorded: Recorded) -> None:
    """Gone for good."""
    _change(rows, recorded.event, status=LEFT)


@projection.handles
def note_order(rows: Rows, recorded: Recorded) -> None:
    """A new order, which nobody has."""
    event: OrderFacts.Booked = recorded.event
    order = {"order_id": event.originator_id, "customer_id": event.customer_id}
    rows.insert(services, **order, rating=0)


@projection.handles
def put_in_charge(rows: Rows, recorded: Recorded) -> None:
    """Who has the order now; None where another date left it to nobody."""
    event: OrderFacts.Assigned | OrderFacts.Reassigned | OrderFacts.Rescheduled = recorded.event
    _note(rows, event, worker_id=event.worker_id)


@projection.handles
def give_back(rows: Rows, recorded: Recorded) -> None:
    """Nobody has the order."""
    _note(rows, recorded.event, worker_id=None)


@projection.handles
def rate(rows: Rows, recorded: Recorded) -> None:
    """What the customer thinks of who had it."""
    event: OrderFacts.Reviewed = recorded.event
    _note(rows, event, rating=event.rating)


def list_page(connection: Connection, *, limit: int, after: str = "") -> Page:
    """Workers, newest first. Raises CursorError or PageLimitError."""
    return newest_first(connection, select(workers), workers.c.position, limit=limit, after=after)


def find_all(connection: Connection, number: int | None = None) -> Sequence[dict[str, Any]]:
    """All workers who have not left, by number; or the one of a number (工号)."""
    query = select(workers).where(workers.c.status != LEFT).order_by(workers.c.number)
    if number is not None:
        query = query.where(workers.c.number == number)
    return [dict(row) for row in connection.execute(query).mappings()]


def best_ratings(connection: Connection, customer_id: UUID) -> Mapping[UUID, int]:
    """The best rating that a customer gave each worker; 0 where none was given."""
    served = select(services.c.worker_id, func.max(services.c.rating).label("best"))
    own = served.where(services.c.customer_id == customer_id, services.c.worker_id.is_not(None))
    rows = connection.execute(own.group_by(services.c.worker_id))
    return {row.worker_id: row.best for row in rows}


def _note(rows: Rows, event: OrderFacts.Event, **values: Any) -> None:  # noqa: ANN401 - column values
    rows.change(services, {"order_id": event.originator_id}, **values)


def _change(rows: Rows, event: Worker.Event, **values: Any) -> None:  # noqa: ANN401 - column values
    rows.change(workers, {"worker_id": event.originator_id}, **values)
