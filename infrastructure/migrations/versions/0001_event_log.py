"""The event log: events, commands, claims, and the append function."""

from pathlib import Path

from alembic import context, op

revision = "0001"
down_revision = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    """Create schema `log`; the SQL stands in files of its own to be read as SQL."""
    role = context.config.attributes["application_role"]
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in ("log_tables.sql", "log_append.sql", "log_grants.sql"):
        sql = (_SQL / name).read_text(encoding="utf-8")
        connection.exec_driver_sql(sql.replace("APPLICATION", f'"{role}"'))
