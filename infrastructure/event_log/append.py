"""Sends a batch to log.append and makes sure what became of it.

A connection that dies around COMMIT leaves the outcome unknown, and so does a
cancelled wait for the synchronous standby (reliability fact sheet 0.2, 0.3).
Sending the same batch again settles it: under the log's lock the function
finds a command that was carried out, and a member without a command finds its
own rows standing.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine

from application.commands import CommitUnknownError
from infrastructure.event_log.member import (
    Appended,
    Conflict,
    Known,
    Member,
    Result,
    batch_json,
    results_of,
)

APPEND = "select * from log.append(%s)"
_MINE = (
    "select position, name, state, recorded_at, command_id, actor from log.events"
    " where stream_id = %s and version = %s"
)
_STANDBY_WAIT_CANCELLED = "canceling wait for synchronous replication"
# A commit of its own that writes WAL: when it is confirmed, all before it is.
_CONFIRM = "select pg_logical_emit_message(true, 'jiawu', 'confirm')"
_CONNECTION_LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)


class AppendConnection:
    """One autocommit connection for appends; not shared between threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def append(self, members: Sequence[Member]) -> list[Result]:
        """One result per member.

        Raises CommitUnknownError where the outcome cannot be settled, and
        psycopg2's DataError kinds where the batch holds bad data.
        """
        parameter = batch_json(members)
        try:
            return self._send(members, parameter)
        except _CONNECTION_LOST:
            self._drop()
        return self._settle(members, parameter)

    def close(self) -> None:
        """Give the connection up."""
        self._drop()

    def _send(self, members: Sequence[Member], parameter: str) -> list[Result]:
        connection = self._open()
        with connection.cursor() as cursor:
            cursor.execute(APPEND, (parameter,))
            rows = cursor.fetchall()
        if connection.notices:
            self._check_standby(connection)
        return results_of(members, rows)

    def _settle(self, members: Sequence[Member], parameter: str) -> list[Result]:
        try:
            results = self._send(members, parameter)
            return [self._own(m, r) for m, r in zip(members, results, strict=True)]
        except _CONNECTION_LOST as lost:
            self._drop()
            raise CommitUnknownError from lost

    def _own(self, member: Member, result: Result) -> Result:
        """The member's own effect, where the first sending had succeeded."""
        match result:
            case Known() if member.command and result.body_mac == member.command.body_mac:
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
            with self._open().cursor() as cursor:
                cursor.execute(_MINE, (str(event.originator_id), event.originator_version))
                row = cursor.fetchone()
            wanted = (event.topic, event.state.decode(), member.recorded_at, command_id, actor)
            if row is None or tuple(row[1:]) != wanted:
                return None
            positions.append(row[0])
        return Appended(positions[0], positions[-1]) if positions else None

    def _check_standby(self, connection: Any) -> None:  # noqa: ANN401 - psycopg2 has no types
        notices = "".join(connection.notices)
        connection.notices.clear()
        if _STANDBY_WAIT_CANCELLED not in notices:
            return
        with connection.cursor() as cursor:
            cursor.execute(_CONFIRM)
        if _STANDBY_WAIT_CANCELLED in "".join(connection.notices):
            connection.notices.clear()
            raise CommitUnknownError

    def _open(self) -> Any:  # noqa: ANN401 - psycopg2 has no types
        if self._connection is None:
            pooled = self._engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            connection.autocommit = True
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None
