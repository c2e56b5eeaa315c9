"""Running numbers in a table of counters, each taken in a transaction of its own."""

from sqlalchemy import Engine, text

_NEXT = text(
    "insert into numbers.counters as c (name, last) values (:name, 1)"
    " on conflict (name) do update set last = c.last + 1 returning last"
)


class PostgresNumbers:
    """Counters that never give a number twice; a gap does no harm."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next(self, counter: str) -> int:
        """The next number of the counter, from 1."""
        with self._engine.begin() as connection:
            return int(connection.execute(_NEXT, {"name": counter}).scalar_one())
