"""Read marks: how far customer and office have read each thread of messages."""

from infrastructure.migrations.sql_files import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create `messages.read_marks`."""
    run("read_marks.sql")
