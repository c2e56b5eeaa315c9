"""The districts (服务区域) about which something was said, and the trades that serve them.

A district without a row is served as `domain.areas.DISTRICTS` says: by all.
"""

from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.areas import DISTRICTS, TRADES, ServiceArea

metadata = MetaData(schema="service_areas")
projection = Projection("service_areas", metadata)

districts = Table(
    "districts",
    metadata,
    Column("district", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

served = Table(
    "served",
    metadata,
    Column("district", Text, primary_key=True),
    Column("trade", Text, primary_key=True),
)


@projection.handles
def establish(rows: Rows, recorded: Recorded) -> None:
    """A district and its trades."""
    event: ServiceArea.Established = recorded.event
    rows.insert(districts, district=event.district, name=event.name)
    for trade in event.trades:
        rows.insert(served, district=event.district, trade=trade)


@projection.handles
def open_trade(rows: Rows, recorded: Recorded) -> None:
    """One trade more."""
    event: ServiceArea.TradeOpened = recorded.event
    rows.insert(served, district=event.district, trade=event.trade)


@projection.handles
def close_trade(rows: Rows, recorded: Recorded) -> None:
    """One trade less."""
    event: ServiceArea.TradeClosed = recorded.event
    rows.remove(served, district=event.district, trade=event.trade)


def all_served(connection: Connection) -> list[dict[str, Any]]:
    """Every district by code: district, name, pools in the order of TRADES."""
    told = {code: (known.name, frozenset(TRADES)) for code, known in DISTRICTS.items()}
    trades: dict[str, set[str]] = {}
    for row in connection.execute(select(served)):
        trades.setdefault(row.district, set()).add(row.trade)
    for row in connection.execute(select(districts)):
        told[row.district] = (row.name, frozenset(trades.get(row.district, ())))
    return [
        {"district": code, "name": name, "pools": [each for each in TRADES if each in pools]}
        for code, (name, pools) in sorted(told.items())
    ]
