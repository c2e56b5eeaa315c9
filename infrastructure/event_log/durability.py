"""Whether what is committed also reached the synchronous standby.

A COMMIT whose wait for the standby was cancelled answers with success and a
warning, and its rows can be seen although a failover may lose them (reliability
fact sheet 0.2). So a warned commit, and whatever is told from rows that some
other transaction wrote, is confirmed by a commit that waits in its turn.
"""

from sqlalchemy import Connection

from application.commands import CommitUnknownError

# A commit of its own that writes WAL: when it is confirmed, all before it is.
CONFIRM = "select pg_logical_emit_message(true, 'jiawu', 'confirm')"
_STANDBY_WAIT_CANCELLED = "canceling wait for synchronous replication"


def wait_was_cancelled(notices: str) -> bool:
    """Whether the server warned that a commit may not have reached the standby."""
    return _STANDBY_WAIT_CANCELLED in notices


def commit(connection: Connection) -> None:
    """Commit; raises CommitUnknownError where the standby may not have it."""
    connection.commit()
    if wait_was_cancelled(_take_notices(connection)):
        confirm(connection)


def confirm(connection: Connection) -> None:
    """Return when all that is committed is as safe as a fresh commit.

    Raises CommitUnknownError where this commit's wait is cancelled too.
    """
    connection.exec_driver_sql(CONFIRM)
    connection.commit()
    if wait_was_cancelled(_take_notices(connection)):
        raise CommitUnknownError


def _take_notices(connection: Connection) -> str:
    notices: list[str] = connection.connection.driver_connection.notices  # type: ignore[union-attr]
    taken = "".join(notices)
    notices.clear()
    return taken
