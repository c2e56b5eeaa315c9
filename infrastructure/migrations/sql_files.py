"""SQL that stands in files of its own, run with the application role filled in."""

from pathlib import Path

from alembic import context, op

_SQL = Path(__file__).parent / "sql"


def run(*names: str) -> None:
    """Run the files in order; APPLICATION stands for the application role's name."""
    role: str = context.config.attributes["application_role"]
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in names:
        sql = (_SQL / name).read_text(encoding="utf-8")
        sql = sql.replace("'APPLICATION_NAME'", "'" + role.replace("'", "''") + "'")
        connection.exec_driver_sql(sql.replace("APPLICATION", f'"{role}"'))
