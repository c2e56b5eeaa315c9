"""Parts of an order (明细进度): garments, visits, machines, candidates, segments.

One table for all kinds of order: a part has a name within its order, a stage of
its own and whatever facts its kind has. Customer and office read the same rows.
Each kind of order has its handlers in a module `parts_of_…`; the event map says
which event they follow.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Integer, MetaData, Table, Text, Uuid, select
from sqlalchemy.dialects.postgresql import JSONB

from application.projections.projection import Projection
from application.projections.rows import Rows
from domain.orders.order_facts import OrderFacts

metadata = MetaData(schema="order_parts")
projection = Projection("order_parts", metadata)

parts = Table(
    "parts",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("worker_number", Integer),
    Column("facts", JSONB, nullable=False),
)


def put(rows: Rows, event: OrderFacts.Event, part: str, **values: Any) -> None:  # noqa: ANN401 - columns
    """Write a part of the event's order, or change the named columns of it.

    A new part needs `kind`, `label` and `stage`; `facts` (JSON, no personal data
    in clear) are added to those it has. Parts are listed in the order of their
    names, so a number in a name has leading zeros: `visit-0003`.
    """
    key = {"order_id": event.originator_id, "part": part}
    facts = values.pop("facts", {})
    before = rows.get(parts, **key)
    if before is None:
        rows.insert(parts, **key, **values, facts=facts)
    elif facts:
        rows.change(parts, key, **values, facts={**before["facts"], **facts})
    else:
        rows.change(parts, key, **values)


def parts_of(connection: Connection, order_id: UUID) -> Sequence[dict[str, Any]]:
    """The parts of one order, by name."""
    query = select(parts).where(parts.c.order_id == order_id).order_by(parts.c.part)
    return [dict(row) for row in connection.execute(query).mappings()]
