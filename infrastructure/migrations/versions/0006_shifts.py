"""Shifts give seats: a column beside the planned ones, and the append that knows it."""

from infrastructure.migrations.sql_files import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add `log.seat_capacity.shifts`; teach the append to add and remove seats."""
    run("shift_seats.sql", "log_claims.sql")
