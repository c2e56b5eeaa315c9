"""The feed's failures, the outbox, the raw notices, the counters."""

from infrastructure.migrations.sql_files import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create schemas `feed`, `outbox`, `callbacks` and `numbers`."""
    run("feed.sql", "numbers.sql")
