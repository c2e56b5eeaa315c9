"""Passing by (跳过): a page that holds nothing for a follower moves its position in one statement.

Most events concern few followers, so most of what a follower does is this. What
a crash loses of it is read again, hence synchronous_commit=off.
"""

from sqlalchemy import Engine

from infrastructure.feed.batch import Batch

_SKIP = """
with hasty as (select set_config('synchronous_commit', 'off', true)),
     mine as (select from {table} where {column} between %(first)s - 1 and %(last)s - 1{which}
              for update skip locked)
update {table} set {column} = %(last)s from hasty, mine where true{which}
returning {told}
"""


class PassingBy:
    """The position of one follower, in one column of one row.

    `which` is the condition that names the row, after "and"; `told` is what the
    statement tells besides, e.g. a notification.
    """

    def __init__(
        self, engine: Engine, table: str, column: str, *, which: str = "", told: str = "1"
    ) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._sql = _SKIP.format(table=table, column=column, which=which, told=told)

    def pass_by(self, batch: Batch) -> int | None:
        """How far it has read now; None where another process owns or has moved it."""
        last = batch.rows[-1][0]
        limits = {"first": batch.rows[0][0], "last": last}
        with self._engine.connect() as connection:
            moved = connection.exec_driver_sql(self._sql, limits).first()
        return None if moved is None else last
