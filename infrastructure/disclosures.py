"""Records of disclosures on PostgreSQL; the database refuses to change them."""

from dataclasses import asdict, fields

from sqlalchemy import BigInteger, Column, DateTime, Engine, MetaData, Table, Text, Uuid, select
from sqlalchemy.dialects.postgresql import insert

from application.disclosures import Disclosure
from application.projections.paging import Page, newest_first
from infrastructure.event_log import durability

DISCLOSURES = Table(
    "disclosures",
    MetaData(schema="access"),
    Column("position", BigInteger, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("order_id", Uuid),
    Column("customer_id", Uuid),
    Column("worker_id", Uuid),
    Column("reason", Text, nullable=False),
)
_KEPT = select(*(DISCLOSURES.c[each.name] for each in fields(Disclosure)))


class PostgresDisclosures:
    """Implements application.disclosures.DisclosureRecords on access.disclosures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, disclosure: Disclosure) -> Disclosure:
        """Keep the first of an id; it is with the standby too before this returns."""
        adding = (
            insert(DISCLOSURES)
            .values(asdict(disclosure))
            .on_conflict_do_nothing(index_elements=["id"])
        )
        with self._engine.connect() as connection:
            added = connection.execute(adding).rowcount
            durability.commit(connection)
            if not added:  # another transaction's row, whose own wait may have been cancelled
                durability.confirm(connection)
            kept = connection.execute(_KEPT.where(DISCLOSURES.c.id == disclosure.id))
            return Disclosure(**kept.mappings().one())

    def page(self, *, limit: int, after: str = "") -> Page:
        """Records with their positions, newest first."""
        with self._engine.connect() as connection:
            by = DISCLOSURES.c.position
            return newest_first(connection, select(DISCLOSURES), by, limit=limit, after=after)
