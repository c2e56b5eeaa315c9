"""Erasure: identities are released, owners forgotten, data keys wrapped anew, notices deleted."""

from infrastructure.migrations.sql_files import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Teach the append `release_unique` and `unchanged`; extend `vault` and `callbacks`."""
    run("erasure.sql", "log_claims.sql")
