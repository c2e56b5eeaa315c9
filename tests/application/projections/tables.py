"""Read models as plain text, so that two of them can be compared byte for byte."""

from typing import Any

from sqlalchemy import Connection, Engine, Table, select, text

from application.projections.projection import Projection, Recorded
from application.projections.rows import Opening
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader, decode
from infrastructure.feed.routing import Routes

Contents = dict[str, list[str]]


def contents(engine: Engine, projection: Projection) -> Contents:
    """Every row of every table, its position included, in an order that rows alone decide."""
    with engine.connect() as connection:
        tables = [*projection.metadata.sorted_tables]
        names = [f'"{projection.name}"."{table.name}"' for table in tables]
        return {name: _rows(connection, name) for name in [*names, f"{projection.name}.progress"]}


def rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    """The rows of one table in order of its key."""
    with engine.connect() as connection:
        query = select(table).order_by(*table.primary_key)
        return [dict(row) for row in connection.execute(query).mappings()]


def log_of(engine: Engine) -> list[Recorded]:
    """Every event of the log, in order."""
    return [decode(row) for row in LogReader(engine).read(0)]


def start_over(
    engine: Engine, projection: Projection, table: Routes[Any], vault: Opening
) -> Projector:
    """Drop the projection's schema; what is returned reads from zero."""
    with engine.begin() as connection:
        connection.execute(text(f'drop schema "{projection.name}" cascade'))
    projector = Projector(engine, projection, table, vault)
    projector.install()
    return projector


def _rows(connection: Connection, name: str) -> list[str]:
    query = f"select whole::text from {name} as whole order by 1"  # noqa: S608 - our own names
    return [row[0] for row in connection.execute(text(query))]
