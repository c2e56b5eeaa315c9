"""Tables of an earlier release (旧表): found before they are written to."""

from typing import ClassVar, Final

from sqlalchemy import Connection, MetaData, text

from domain.errors import RuleViolationError

_STANDING: Final = text("""
select relname || '.' || attname
  from pg_attribute
  join pg_class on pg_class.oid = attrelid
  join pg_namespace on pg_namespace.oid = relnamespace
 where nspname = :schema and relkind = 'r' and attnum > 0 and not attisdropped
""")


class OutdatedTablesError(RuleViolationError):
    """The live tables lack what this release writes; a rebuild brings it.

    Neither is made in place: it would be there for later events only.
    """

    code: ClassVar[str] = "outdated_tables"
    sentence: ClassVar[str] = "{name} 的表属于旧版本，缺少 {lacking}。请运行 jiawu rebuild {name}。"


def check_tables(connection: Connection, metadata: MetaData, schema: str) -> None:
    """Raise OutdatedTablesError where a column of these tables does not stand in the schema."""
    standing = connection.execute(_STANDING, {"schema": schema}).scalars().all()
    wanted = {f"{table.name}.{each.name}" for table in metadata.sorted_tables for each in table.c}
    if lacking := sorted(wanted.difference(standing)):
        raise OutdatedTablesError(name=schema, lacking="、".join(lacking))
