"""The event log: events, commands, claims, and the append function."""

from infrastructure.migrations.sql_files import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create schema `log`."""
    run("log_tables.sql", "log_claims.sql", "log_append.sql", "log_grants.sql")
