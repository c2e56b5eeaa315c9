"""The log's tables as SQLAlchemy Core sees them; migrations/sql defines them."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData(schema="log")

events = Table(
    "events",
    metadata,
    Column("position", BigInteger, primary_key=True),
    Column("stream_id", Uuid),
    Column("version", Integer),
    Column("name", Text),
    Column("state", Text),
    Column("recorded_at", DateTime(timezone=True)),
    Column("command_id", Uuid),
    Column("actor", Text),
)

tracking = Table(
    "tracking",
    metadata,
    Column("application_name", Text, primary_key=True),
    Column("notification_id", BigInteger),
)
