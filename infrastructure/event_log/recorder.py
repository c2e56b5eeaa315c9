"""Our recorder behind the library's interfaces, on SQLAlchemy Core and psycopg2."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import (
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.dialects.postgresql import insert

from application.clock import Clock
from application.commands import (
    ClaimRefusedError,
    Command,
    CommandKnownError,
    StoredCommand,
)
from application.crash_points import CrashPoint, reached
from domain.claims import Claim
from infrastructure.event_log import durability
from infrastructure.event_log.append import APPEND, AppendConnection
from infrastructure.event_log.doorbell import Doorbell
from infrastructure.event_log.group import GroupAppend
from infrastructure.event_log.member import (
    Appended,
    Conflict,
    Known,
    Member,
    Refused,
    Result,
    batch_json,
    results_of,
)
from infrastructure.event_log.pinned import Reads
from infrastructure.event_log.tables import events, tracking
from infrastructure.event_log.troubles import library_errors

_SELECT_EVENTS = (
    "select version, name, state from log.events"
    " where stream_id = %s and version > %s and version <= %s order by version {} limit %s"
)
_FIND_COMMAND = "select body_mac, position, answer from log.commands where id = %s"
_READERS = 20
_ALL = 2**31 - 1
_LOOK_SECONDS = 1.0


class EventLog(ProcessRecorder):
    """Appends to and reads from the log.

    Safe to share between threads: appends of one process are grouped.
    """

    def __init__(self, engine: Engine, clock: Clock, doorbell: Doorbell) -> None:
        self.engine = engine
        self.doorbell = doorbell
        self._clock = clock
        self._connection = AppendConnection(engine)
        self._group = GroupAppend(self._connection.append)
        self._reads = Reads(engine, _READERS)

    # -- appending

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ANN401 - the library's
    ) -> Sequence[int] | None:
        """Append and return the positions.

        Keywords: command, answer (a mapping), claims, tracking. Raises
        IntegrityError where a version or a tracking position exists already,
        CommandKnownError, ClaimRefusedError, CommitUnknownError, and the
        library's DatabaseError kinds for data that the log cannot hold.
        """
        member = self._member(stored_events, **kwargs)
        tracked: Tracking | None = kwargs.get("tracking")
        with library_errors():
            result = self._append_tracked(member, tracked) if tracked else self._group(member)
        positions = _positions(result)
        if positions:
            self.doorbell.ring(positions[-1])
        return positions

    def append_in(self, connection: Connection, member: Member) -> Sequence[int]:
        """Append inside the caller's own transaction, as its first statement.

        Raises as insert_events does; also SQLAlchemy's DatabaseError, SQLSTATE
        JW003, where rows were locked before or the isolation is not READ
        COMMITTED. The doorbell is the caller's to ring, after its commit.
        """
        return _positions(_append_one(connection, member))

    def find_command(self, command_id: UUID) -> StoredCommand | None:
        """What the log kept of a command.

        Raises CommitUnknownError where the standby may not have it.
        """
        rows = self._reads.query(_FIND_COMMAND, (str(command_id),))
        if not rows:
            return None
        with self.engine.connect() as connection:
            durability.confirm(connection)
        return StoredCommand(*rows[0])

    @property
    def queued(self) -> int:
        """How many appends of this process wait for the next batch."""
        return self._group.queued

    def close(self) -> None:
        """Give up the log's own connections and stop ringing."""
        self._connection.close()
        self._reads.close()
        self.doorbell.close()

    def _member(
        self,
        stored_events: Sequence[StoredEvent],
        command: Command | None = None,
        answer: Mapping[str, Any] | None = None,
        claims: Sequence[Claim] = (),
        **_: object,
    ) -> Member:
        at = command.at if command else self._clock.now()
        text_answer = orjson.dumps(answer or {}, option=orjson.OPT_UTC_Z).decode()
        return Member(stored_events, at, command, text_answer, claims)

    def _append_tracked(self, member: Member, tracked: Tracking) -> Result:
        """Append and move a policy's position in one transaction."""
        reached(CrashPoint.LOG_APPENDING)
        with self.engine.connect() as connection:
            result = _append_one(connection, member)
            if isinstance(result, Appended):
                _track(connection, tracked)
                durability.commit(connection)
        reached(CrashPoint.LOG_APPENDED)
        return result

    # -- reading

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The stream's events in order of version."""
        statement = _SELECT_EVENTS.format("desc" if desc else "asc")
        bounds = (str(originator_id), _or(gt, -1), _or(lte, _ALL), _or(limit, _ALL))
        with library_errors():
            rows = self._reads.query(statement, bounds)
        return [StoredEvent(originator_id, row[0], row[1], row[2].encode()) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position; dense and in commit order, so none can be missed."""
        query = select(
            events.c.stream_id, events.c.version, events.c.name, events.c.state, events.c.position
        )
        if start is not None:
            first = start if inclusive_of_start else start + 1
            query = query.where(events.c.position >= first)
        if stop is not None:
            query = query.where(events.c.position <= stop)
        if topics:
            query = query.where(events.c.name.in_(topics))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(events.c.position).limit(limit)).all()
        return [Notification(r[0], r[1], r[2], r[3].encode(), r[4]) for r in rows]

    def max_notification_id(self) -> int | None:
        """The last position, None while the log is empty."""
        return self._scalar("select max(position) from log.events")

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LogSubscription":
        """Notifications as they come; woken by the doorbell."""
        return LogSubscription(recorder=self, gt=gt, topics=topics)

    # -- tracking (positions of policies)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move a position forward; IntegrityError where it is there already."""
        with self.engine.connect() as connection:
            _track(connection, tracking)
            durability.commit(connection)

    def max_tracking_id(self, application_name: str) -> int | None:
        """The position of a policy, None before its first event."""
        query = select(tracking.c.notification_id)
        with self.engine.connect() as connection:
            found = query.where(tracking.c.application_name == application_name)
            return connection.execute(found).scalar()

    def _scalar(self, statement: str) -> int | None:
        with self.engine.connect() as connection:
            return connection.execute(text(statement)).scalar()


class LogSubscription(ListenNotifySubscription[EventLog]):
    """A subscription that the doorbell wakes and that looks once a second by itself."""

    def __init__(self, recorder: EventLog, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._unhook: Callable[[], None] = recorder.doorbell.on_ring(self._has_been_notified.set)

    def stop(self) -> None:
        """Stop, and stop being woken."""
        super().stop()
        self._unhook()

    def _pull(self) -> None:
        """As the library's, and again each second: other processes do not ring here."""
        super()._pull()
        while not self._has_been_stopped and not self._has_been_notified.wait(_LOOK_SECONDS):
            super()._pull()


def _append_one(connection: Connection, member: Member) -> Result:
    told = connection.exec_driver_sql(APPEND, batch_json([member])).scalar_one()
    return results_of([member], told)[0]


def _track(connection: Connection, tracked: Tracking) -> None:
    values = {
        "application_name": tracked.application_name,
        "notification_id": tracked.notification_id,
    }
    forward = insert(tracking).values(values)
    moved = connection.execute(
        forward.on_conflict_do_update(
            index_elements=["application_name"],
            set_={"notification_id": tracked.notification_id},
            where=tracking.c.notification_id < tracked.notification_id,
        )
    )
    if moved.rowcount == 0:
        raise IntegrityError(str(tracked))


def _positions(result: Result) -> list[int]:
    match result:
        case Appended():
            return list(range(result.first, result.last + 1))
        case Known():
            raise CommandKnownError(StoredCommand(result.body_mac, result.position, result.answer))
        case Conflict():
            raise IntegrityError
        case Refused():
            raise ClaimRefusedError(result.claim)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
