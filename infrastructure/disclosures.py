"""Records of disclosures on PostgreSQL; the database refuses to change them."""

import logging
from dataclasses import asdict, fields
from datetime import datetime, time, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from application.disclosures import MOST_A_DAY, Disclosure, DisclosureQuotaError
from application.projections.paging import Page, newest_first
from domain.time import SHANGHAI, shanghai_day
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


# Two looks of one actor at the same time do not see each other's rows.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('disclosure:' || :actor, 0))")

_logger = logging.getLogger("jiawu.disclosures")


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
            connection.execute(_ONE_AT_A_TIME, {"actor": disclosure.actor})
            added = connection.execute(adding).rowcount
            if added:
                _check_quota(connection, disclosure)
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


def _check_quota(connection: Connection, disclosure: Disclosure) -> None:
    """Raise DisclosureQuotaError where this one is too many; closing takes it back."""
    midnight = datetime.combine(shanghai_day(disclosure.at), time(), SHANGHAI)
    if connection.execute(_looks_since(midnight, disclosure.actor)).scalar_one() > MOST_A_DAY:
        _logger.warning("the day's quota of contacts is used up: %s", disclosure.actor)
        tomorrow = midnight + timedelta(days=1)
        wait = int((tomorrow - disclosure.at).total_seconds()) + 1
        raise DisclosureQuotaError(most=MOST_A_DAY, retry_after=wait)


def _looks_since(midnight: datetime, actor: str) -> Select[tuple[int]]:
    """Counts from the newest row back to midnight's, as there is no index of days."""
    row = DISCLOSURES.c
    before = select(row.position).where(row.at < midnight).order_by(row.position.desc()).limit(1)
    today = row.position > func.coalesce(before.scalar_subquery(), 0)
    return select(func.count()).where(today, row.at >= midnight, row.actor == actor)
