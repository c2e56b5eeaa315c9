"""A small projection to be rebuilt: it notes every event once, and counts them."""

from sqlalchemy import BigInteger, Column, Engine, Index, MetaData, Table, Text, select, text

from application.projections.projection import Apply, Projection, Recorded
from application.projections.rows import Rows
from domain.aggregate import EventSourced
from infrastructure.clock import SettableClock
from infrastructure.feed.failures import Failures
from infrastructure.feed.feed import Feed
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader
from infrastructure.feed.rebuilding import Rebuilding, Rebuilt, Switching
from infrastructure.feed.routing import routes
from tests.infrastructure.feed.probes import OpenVault, nothing
from tests.product import NOON

Lines = list[tuple[object, ...]]


class Diary:
    """A row for every event, which twice would be an error, and a number of events by kind."""

    def __init__(self, name: str = "diary") -> None:
        self.name = name
        metadata = MetaData(schema=name)
        self.noted = Table(
            "noted",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("event", Text, nullable=False),
            Column("actor", Text, nullable=False),
            Index("noted_by_event", "event", "position"),
        )
        self.counted = Table(
            "counted",
            metadata,
            Column("event", Text, primary_key=True),
            Column("number", BigInteger, nullable=False),
        )
        self.projection = Projection(name, metadata)
        self.besides: Apply = nothing

    def write(self, rows: Rows, recorded: Recorded) -> None:
        event = type(recorded.event).__name__
        rows.insert(self.noted, position=recorded.position, event=event, actor=recorded.actor)
        rows.tally(self.counted, {"event": event}, number=1)
        self.besides(rows, recorded)

    def projector(self, engine: Engine, schema: str | None = None) -> Projector:
        handler = self.projection.handles(self.write)
        table = routes({EventSourced.Event: (handler,)})
        return Projector(engine, self.projection, table, OpenVault(), schema=schema)

    def feed(self, engine: Engine) -> Feed:
        """A feed of its own, as another process has it."""
        feed = Feed(LogReader(engine), [self.projector(engine)], failures_of(engine))
        feed.install()
        return feed

    def rebuilding(self, engine: Engine, *others: "Diary", page: int = 5_000) -> Rebuilding:
        diaries = {each.projection: each for each in (self, *others)}
        return Rebuilding(
            engine,
            LogReader(engine, page),
            [*diaries],
            lambda projection, schema: diaries[projection].projector(engine, schema),
            failures_of(engine),
        )

    def rebuild(self, engine: Engine, switching: Switching = Switching.ALWAYS) -> Rebuilt:
        (rebuilt,) = self.rebuilding(engine).rebuild([self.name], silent, switching)
        return rebuilt

    def rows(self, engine: Engine) -> tuple[Lines, Lines]:
        """All rows of both tables, in order of their keys."""
        with engine.connect() as connection:
            noted, counted = (
                connection.execute(select(table).order_by(*table.primary_key)).all()
                for table in (self.noted, self.counted)
            )
        return [*map(tuple, noted)], [*map(tuple, counted)]

    def spoil(self, engine: Engine, statement: str) -> None:
        """Run a statement on the live rows, as no handler would."""
        with engine.begin() as connection:
            connection.execute(text(statement))


def failures_of(engine: Engine) -> Failures:
    return Failures(engine, SettableClock(NOON))


def silent(_done: int, _all: int) -> None:
    """Nobody looks at the progress."""


def schemas(engine: Engine, name: str) -> list[str]:
    """The projection's own schema and whatever a rebuild has left beside it."""
    query = text("select nspname from pg_namespace where nspname like :like order by 1")
    with engine.connect() as connection:
        return list(connection.execute(query, {"like": f"{name}%"}).scalars())


def definitions(engine: Engine, schema: str) -> list[str]:
    """Columns, indexes, constraints and grants of the schema's tables, as text."""
    query = text("""
        select replace(told, :schema || '.', '') from (
            select indexdef as told from pg_indexes where schemaname = :schema
            union all
            select conname || ' ' || pg_get_constraintdef(c.oid) from pg_constraint c
              join pg_namespace n on n.oid = connamespace where nspname = :schema
            union all
            select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
              from information_schema.columns where table_schema = :schema
            union all
            select relname || ' ' || relacl::text from pg_class
              join pg_namespace n on n.oid = relnamespace where nspname = :schema
            union all
            select 'usage ' || nspacl::text from pg_namespace where nspname = :schema
        ) as all_of_it where told is not null order by 1
    """)
    with engine.connect() as connection:
        return list(connection.execute(query, {"schema": schema}).scalars())
