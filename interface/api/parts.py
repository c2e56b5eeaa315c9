"""Parts of an order as customers and the office see them: garments, visits, machines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.orders.stages import STAGE_LABELS

Parts = Sequence[Mapping[str, Any]]
"""Rows of application.projections.order_parts."""


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


def sealed_in_parts(rows: Parts) -> list[str]:
    """The sealed texts of an order's parts, to be opened with whatever else is shown."""
    return [fact for row in rows for fact in row["facts"].values() if _is_sealed(fact)]


def parts_view(rows: Parts, clear: Mapping[str, str]) -> list[PartView]:
    """The parts of an order; `clear` are the opened texts by sealed text."""
    return [_view(row, clear) for row in rows]


def _is_sealed(fact: object) -> bool:
    return isinstance(fact, str) and fact.startswith("s1.")


def _view(row: Mapping[str, Any], clear: Mapping[str, str]) -> PartView:
    facts = {name: clear[fact] if _is_sealed(fact) else fact for name, fact in row["facts"].items()}
    return PartView(**{**row, "facts": facts}, stage_label=STAGE_LABELS[row["stage"]])
