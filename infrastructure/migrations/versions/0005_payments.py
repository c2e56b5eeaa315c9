"""Deadlines, what is remembered of WeChat, and places: claims of at most so many."""

from infrastructure.migrations.sql_files import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create schemas `deadlines` and `wechat`; teach the append to take places."""
    run("waiting.sql", "wechat.sql", "place_claims.sql", "log_claims.sql")
