"""Correspondents (留言人): by which order, name and phone the office knows who writes.

A query alone, over the customers' orders: a thread about an order has that order's
contact, a free thread the one of the customer's newest order, so nothing is kept twice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, select

from application.projections.customer_orders import orders

_COLUMNS: Final = (orders.c.order_id, orders.c.customer_id, orders.c.order_number, orders.c.contact)


@dataclass(frozen=True, kw_only=True)
class Correspondent:
    """Name and phone sealed, "" where nothing was booked yet; the number of the thread's order."""

    name: str = ""
    phone: str = ""
    order_number: str = ""


def correspondents(
    connection: Connection, threads: Collection[Mapping[str, Any]]
) -> dict[UUID, Correspondent]:
    """Who writes in each of these threads, by thread."""
    about = {row["order_id"] for row in threads if row["order_id"]}
    free = {row["customer_id"] for row in threads if not row["order_id"]}
    orders_named = _rows(connection, select(*_COLUMNS), orders.c.order_id, about)
    newest = _rows(connection, _newest(), orders.c.customer_id, free)
    by_order = {row["order_id"]: _of(row, row["order_number"]) for row in orders_named}
    by_customer = {row["customer_id"]: _of(row, "") for row in newest}
    nobody = Correspondent()
    return {
        row["thread_id"]: by_order.get(row["order_id"], nobody)
        if row["order_id"]
        else by_customer.get(row["customer_id"], nobody)
        for row in threads
    }


def _newest() -> Select[Any]:
    """The newest order of each customer."""
    by = (orders.c.customer_id, orders.c.position.desc())
    return select(*_COLUMNS).distinct(orders.c.customer_id).order_by(*by)


def _rows(
    connection: Connection, query: Select[Any], by: ColumnElement[UUID], ids: Collection[UUID]
) -> list[dict[str, Any]]:
    if not ids:
        return []
    return [dict(row) for row in connection.execute(query.where(by.in_(ids))).mappings()]


def _of(row: Mapping[str, Any], order_number: str) -> Correspondent:
    contact = row["contact"]
    return Correspondent(name=contact["name"], phone=contact["phone"], order_number=order_number)
