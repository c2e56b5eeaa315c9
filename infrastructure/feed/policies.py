"""Runs one policy: once per event, never on a rebuild, committed synchronously.

Its position row is the library's tracking record of that name. Whoever locks it
owns the policy. A policy that is killed between its effect and its position
meets the event again; its command ids and outbox keys make that one effect.
"""

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert

from application.clock import Clock
from application.crash_points import CrashPoint, reached
from application.policy import Deadline, Errand, Policy, Start
from application.projections.projection import Recorded
from infrastructure.deadlines import write_deadline
from infrastructure.event_log import durability
from infrastructure.event_log.tables import events, tracking
from infrastructure.feed.batch import Batch, HandlerFailedError, stopping_at
from infrastructure.feed.passing import PassingBy
from infrastructure.feed.reader import Row
from infrastructure.feed.routing import Routes, handlers_of
from infrastructure.outbox import write_errand


class PolicyDesk:
    """Writes a policy's errands and deadlines in the transaction that moves its position."""

    def __init__(self, connection: Connection, clock: Clock, recorded: Recorded) -> None:
        self._connection = connection
        self.clock = clock
        self._recorded = recorded

    def send(self, errand: Errand) -> None:
        """Write an outbox row; a repeat is the same row."""
        write_errand(self._connection, self._recorded.position, errand, self.clock.now())

    def remind(self, deadline: Deadline) -> None:
        """Write a deadline; a repeat is the same row."""
        write_deadline(self._connection, self._recorded.position, deadline, self.clock.now())


class PolicyRunner:
    """One policy, the services it may call, and the database."""

    independent = False

    def __init__(
        self, engine: Engine, policy: Policy, table: Routes[Policy], services: object, clock: Clock
    ) -> None:
        self.name = policy.name
        self._engine = engine
        self._policy = policy
        self._table = table
        self._services = services
        self._clock = clock
        which = f" and application_name = '{policy.name}'"  # our own name
        self._passing = PassingBy(engine, "log.tracking", "notification_id", which=which)

    def install(self) -> None:
        """Set the first position, at the beginning of the log or at its present end.

        Raises CommitUnknownError where the standby may not have it.
        """
        with self._engine.connect() as connection:
            end = select(func.coalesce(func.max(events.c.position), 0))
            start = 0
            if self._policy.starts is Start.INSTALLATION:
                start = connection.execute(end).scalar_one()
            row = {"application_name": self.name, "notification_id": start}
            connection.execute(insert(tracking).values(row).on_conflict_do_nothing())
            durability.commit(connection)

    def position(self) -> int:
        """How far it has read."""
        with self._engine.connect() as connection:
            return self._read(connection, lock=False) or 0

    def advance(self, batch: Batch) -> int | None:
        """React to what of the batch is new to it; returns how far it has read now.

        None where another process owns it. Raises HandlerFailedError after
        having kept everything before the event that failed, and
        CommitUnknownError where the standby may not have the position.
        """
        if not any(row[3] not in self._table or self._meets(row) for row in batch.rows):
            return self._passing.pass_by(batch)
        failure = None
        with self._engine.connect() as connection:
            position = self._read(connection, lock=True)
            if position is None:
                return None
            for row in batch.after(position):
                try:
                    self._react(connection, batch, row)
                except HandlerFailedError as failed:
                    failure = failed
                    break
                position = row[0]
            self._move(connection, position)
            durability.commit(connection)
        if failure:
            raise failure
        return position

    def _react(self, connection: Connection, batch: Batch, row: Row) -> None:
        with stopping_at(row):
            if not self._meets(row):
                return
            recorded = batch.recorded(row)
            desk = PolicyDesk(connection, self._clock, recorded)
            with connection.begin_nested():
                self._policy.react(self._services, desk, recorded)
        reached(CrashPoint.POLICY_REACTED)

    def _meets(self, row: Row) -> bool:
        """Whether it reacts to the row's event. Raises UnknownEventError."""
        return self._policy in handlers_of(self._table, row[3])

    def _read(self, connection: Connection, *, lock: bool) -> int | None:
        query = select(tracking.c.notification_id).where(tracking.c.application_name == self.name)
        if lock:
            query = query.with_for_update(skip_locked=True)
        return connection.execute(query).scalar()

    def _move(self, connection: Connection, position: int) -> None:
        moved = update(tracking).where(tracking.c.application_name == self.name)
        connection.execute(moved.values(notification_id=position))
