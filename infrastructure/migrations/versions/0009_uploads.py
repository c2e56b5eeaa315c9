"""Uploads: pictures of faults, garments and work, sealed under their customer's key."""

from infrastructure.migrations.sql_files import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create `uploads.pictures`, to which rows are only ever added."""
    run("uploads.sql")
