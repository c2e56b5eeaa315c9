"""Parts of an order as customers and the office see them: garments, visits, machines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Connection

from application.projections import order_parts
from domain.orders.stages import STAGE_LABELS
from interface.household import Household


class PartView(BaseModel):
    """A part of an order with a stage of its own."""

    part: str
    kind: str
    label: str
    stage: str
    stage_label: str
    starts_at: datetime | None
    ends_at: datetime | None
    worker_number: int | None
    facts: dict[str, Any]


def parts_view(house: Household, connection: Connection, order_id: UUID) -> list[PartView]:
    """The parts of an order, sealed texts opened."""
    rows = order_parts.parts_of(connection, order_id)
    clear = house.vault.open_many(_sealed(rows))
    return [_view(row, clear) for row in rows]


def _sealed(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [fact for row in rows for fact in row["facts"].values() if _is_sealed(fact)]


def _is_sealed(fact: object) -> bool:
    return isinstance(fact, str) and fact.startswith("s1.")


def _view(row: dict[str, Any], clear: dict[str, str]) -> PartView:
    facts = {name: clear[fact] if _is_sealed(fact) else fact for name, fact in row["facts"].items()}
    return PartView(**row | {"facts": facts}, stage_label=STAGE_LABELS[row["stage"]])
