"""Who has an outer identity (外部身份): the office finds a customer by the digest of a phone."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    MetaData,
    Table,
    Text,
    Uuid,
    select,
)

from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.customer_closing import ClosingCustomer
from domain.customers import IdentityKept

metadata = MetaData(schema="customer_identities")
projection = Projection("customer_identities", metadata)

identities = Table(
    "identities",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("identity_digest", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
)


@projection.handles
def keep(rows: Rows, recorded: Recorded) -> None:
    """An identity belongs to the customer from now on; its claim says to nobody else."""
    event: IdentityKept = recorded.event
    rows.insert(
        identities,
        channel=event.channel,
        app_id=event.app_id,
        identity_digest=event.identity_digest,
        position=recorded.position,
        customer_id=event.originator_id,
        kept_at=event.timestamp,
    )


@projection.handles
def forget(rows: Rows, recorded: Recorded) -> None:
    """The customer was erased; whoever comes by their identities is somebody new."""
    event: ClosingCustomer.Erased = recorded.event
    for key in event.identities:
        channel, app_id, digest = key.split(":", 2)
        rows.remove(identities, channel=channel, app_id=app_id, identity_digest=digest)


def find(
    connection: Connection, channel: str, app_id: str, identity_digest: str
) -> dict[str, Any] | None:
    """The row of an identity; None where nobody has it."""
    query = select(identities).where(
        identities.c.channel == channel,
        identities.c.app_id == app_id,
        identities.c.identity_digest == identity_digest,
    )
    found = connection.execute(query).mappings().first()
    return dict(found) if found else None
