"""A projection's tables in a schema beside the live one (影子), and how the two change places."""

import logging
from typing import ClassVar, Final

from psycopg2 import sql
from psycopg2.errors import LockNotAvailable
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    select,
    text,
    update,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import DropSchema

from application.projections.projection import Projection
from domain.errors import RuleViolationError

# What the position row of a schema says once another has taken its name. Whoever
# found the schema by its name a moment before, and only now reads or locks the
# row, takes nothing in, and finds the new one by its name at the next try.
SWITCHED_AWAY: Final = -1

_INSTALLING: Final = text("select pg_advisory_xact_lock(20811, 2)")
_PATIENCE: Final = text("set local lock_timeout = '2s'")
_GRANTS: Final = text("""
select format('grant %s on schema %I to %s', privilege_type, cast(:shadow as text),
              case grantee when 0 then 'public' else grantee::regrole::text end)
  from pg_namespace, aclexplode(nspacl)
 where nspname = :live and grantee <> nspowner
union all
select format('grant %s on table %I.%I to %s', privilege_type, cast(:shadow as text), relname,
              case grantee when 0 then 'public' else grantee::regrole::text end)
  from pg_class join pg_namespace on relnamespace = pg_namespace.oid, aclexplode(relacl)
 where nspname = :live and relkind = 'r' and grantee <> relowner
   and to_regclass(format('%I.%I', cast(:shadow as text), relname)) is not null
""")

_logger = logging.getLogger("jiawu.rebuilding")


class StillReadError(RuleViolationError):
    """What an earlier rebuild left cannot be dropped, as somebody reads it for long."""

    code: ClassVar[str] = "still_read"
    sentence: ClassVar[str] = "上次重建留下的 {schema} 仍被长时间查询占用，请等它结束后再试。"


class Shadow:
    """The schema in which one projection is built anew, beside the live one.

    `install` of the projector that fills it has to make the tables first.
    """

    def __init__(self, engine: Engine, projection: Projection) -> None:
        self.live = projection.name
        self.name = shadow_of(projection)
        self._old = f"{projection.name}__old"
        self._engine = engine
        self._tables = projection.metadata.sorted_tables

    def clear(self) -> None:
        """Drop what a killed rebuild may have left. Raises StillReadError."""
        for name in (self.name, self._old):
            if not self._drop(name):
                raise StillReadError(schema=name)

    def complete(self) -> None:
        """Count for the planner what was loaded, and grant what is granted on the live one."""
        with self._engine.begin() as connection:
            for table in self._tables:
                _run(connection, "analyze {}.{}", self.name, table.name)
            granted = connection.execute(_GRANTS, {"live": self.live, "shadow": self.name})
            for grant in granted.scalars().all():
                connection.exec_driver_sql(grant)

    def lock_live(self, connection: Connection) -> int:
        """The live one's position, which stands until the transaction ends; reads go on."""
        query = select(_progress(self.live).c.position).with_for_update()
        return int(connection.execute(query).scalar_one())

    def switch(self, connection: Connection) -> None:
        """Let the shadow take the live one's name; the transaction holds its lock.

        Statements that found the live tables before go on with them.
        """
        connection.execute(_INSTALLING)
        connection.execute(update(_progress(self.live)).values(position=SWITCHED_AWAY))
        _run(connection, "alter schema {} rename to {}", self.live, self._old)
        _run(connection, "alter schema {} rename to {}", self.name, self.live)

    def drop(self) -> None:
        """Drop the shadow; without effect once it has switched."""
        self._drop(self.name)

    def drop_old(self) -> None:
        """Drop what was live; where somebody reads it for long, the next rebuild does."""
        if not self._drop(self._old):
            _logger.warning("%s is still read and stays until the next rebuild", self._old)

    def _drop(self, schema: str) -> bool:
        """Whether it is gone."""
        try:
            with self._engine.begin() as connection:
                connection.execute(_PATIENCE)
                connection.execute(DropSchema(schema, cascade=True, if_exists=True))
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                return False
            raise
        return True


def shadow_of(projection: Projection) -> str:
    """The schema in which the projection is built anew."""
    return f"{projection.name}__shadow"


def _progress(schema: str) -> Table:
    single = Column("single", Boolean, primary_key=True)
    position = Column("position", BigInteger, nullable=False)
    return Table("progress", MetaData(schema=schema), single, position)


def _run(connection: Connection, statement: str, *names: str) -> None:
    """Run a statement that takes names, not values."""
    composed = sql.SQL(statement).format(*map(sql.Identifier, names))
    connection.exec_driver_sql(composed.as_string(connection.connection.driver_connection))
