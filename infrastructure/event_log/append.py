"""Sends a batch to log.append and makes sure what became of it.

A connection that dies around COMMIT leaves the outcome unknown, and so does a
cancelled wait for the synchronous standby (reliability fact sheet 0.2, 0.3).
Sending the same batch again settles it: under the log's lock the function
finds a command that was carried out, and a member without a command finds its
own rows standing.
"""

from collections.abc import Sequence

from sqlalchemy import Engine

from application.commands import CommitUnknownError
from application.crash_points import CrashPoint, reached
from infrastructure.event_log.durability import CONFIRM, wait_was_cancelled
from infrastructure.event_log.member import (
    Appended,
    Conflict,
    Known,
    Member,
    Result,
    batch_json,
    results_of,
)
from infrastructure.event_log.pinned import CONNECTION_LOST, PinnedConnection

APPEND = "select log.append(%s, %s, %s)"
_MINE = (
    "select position, name, state, recorded_at, command_id::text, actor from log.events"
    " where stream_id = %s and version = %s"
)


class AppendConnection:
    """One autocommit connection for appends; not shared between threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._pinned = PinnedConnection(engine)

    def append(self, members: Sequence[Member]) -> list[Result]:
        """One result per member.

        Raises CommitUnknownError where the outcome cannot be settled, and
        psycopg2's errors of other kinds where the batch holds bad data.
        """
        parameters = batch_json(members)
        reached(CrashPoint.LOG_APPENDING)
        results = self._make_sure(members, parameters)
        reached(CrashPoint.LOG_APPENDED)
        return results

    def close(self) -> None:
        """Give the connection up."""
        self._pinned.drop()

    def _make_sure(
        self, members: Sequence[Member], parameters: tuple[str | None, ...]
    ) -> list[Result]:
        try:
            return self._send(members, parameters)
        except CONNECTION_LOST:
            self._pinned.drop()
        try:
            return self._settle(members, parameters)
        except CONNECTION_LOST as lost:
            self._pinned.drop()
            raise CommitUnknownError from lost

    def _send(self, members: Sequence[Member], parameters: tuple[str | None, ...]) -> list[Result]:
        ((told,),) = self._pinned.query(APPEND, parameters)
        results = results_of(members, told)
        # A stored answer was committed by somebody else, so it is confirmed first.
        unsafe = any(isinstance(result, Known) for result in results)
        if wait_was_cancelled(self._pinned.take_notices()) or unsafe:
            self._confirm()
        return results

    def _confirm(self) -> None:
        """See durability.confirm."""
        self._pinned.query(CONFIRM, ())
        if wait_was_cancelled(self._pinned.take_notices()):
            raise CommitUnknownError

    def _settle(
        self, members: Sequence[Member], parameters: tuple[str | None, ...]
    ) -> list[Result]:
        results = self._send(members, parameters)
        own = [self._own(m, r) for m, r in zip(members, results, strict=True)]
        self._confirm()
        return own

    def _own(self, member: Member, result: Result) -> Result:
        """The member's own effect, where the first sending had succeeded."""
        match result:
            case Known() if not member.events and result.answer == member.answer:
                return Appended(result.position + 1, result.position)
            case Known() if member.asks_the_same(result.body_mac):
                return self._standing(member) or result
            case Conflict():
                return self._standing(member) or result
            case _:
                return result

    def _standing(self, member: Member) -> Appended | None:
        """The member's positions, if exactly its rows stand in the log."""
        command_id = str(member.command.id) if member.command else None
        actor = member.command.actor if member.command else ""
        positions = []
        for event in member.events:
            key = (str(event.originator_id), event.originator_version)
            wanted = (event.topic, event.state.decode(), member.recorded_at, command_id, actor)
            rows = self._pinned.query(_MINE, key)
            if not rows or rows[0][1:] != wanted:
                return None
            positions.append(rows[0][0])
        return Appended(positions[0], positions[-1]) if positions else None
