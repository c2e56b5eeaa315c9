"""Disclosures: who was shown whose contact in clear, when and why."""

from infrastructure.migrations.sql_files import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create `access.disclosures`, to which rows are only ever added."""
    run("disclosures.sql")
