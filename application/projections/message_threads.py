"""Threads of messages (用户留言) for both sides: whose turn it is, and what was written.

Texts stay sealed; a query's caller opens a page of them. A message that a moderator
took out of sight keeps its row, with the reason. Who has read how far is kept
elsewhere (application.messages.ReadMarks), so a rebuild knows nothing of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    column,
    func,
    select,
    text,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB

from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.messages import MessageThread, ThreadState, state_after

metadata = MetaData(schema="message_threads")
projection = Projection("message_threads", metadata)

threads = Table(
    "threads",
    metadata,
    Column("thread_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("order_id", Uuid),
    Column("subject_code", Text, nullable=False),
    Column("volume", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("last_number", Integer, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False),
    Column("answer_by", DateTime(timezone=True)),
    Index("threads_by_position", "position"),
    Index("threads_by_state", "state", "position"),
    Index("threads_of_a_customer", "customer_id", "position"),
    Index("threads_of_an_order", "order_id", "position"),
    Index("threads_owed", "answer_by", postgresql_where=text("answer_by is not null")),
)

messages = Table(
    "messages",
    metadata,
    Column("thread_id", Uuid, primary_key=True),
    Column("message_number", Integer, primary_key=True),
    Column("author_kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("photos", JSONB, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("removal_reason", Text, nullable=False),
    Column("removed_by", Text, nullable=False),
    Column("removed_at", DateTime(timezone=True)),
)

counts = Table(
    "counts",
    metadata,
    Column("state", Text, primary_key=True),
    Column("threads", BigInteger, nullable=False),
)

_SEEN: Final = messages.c.removal_reason == ""
# A page of the log may end between a thread's start and its first message.
_WRITTEN: Final = threads.c.last_number > 0


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """What the office looks at: threads of one state, of one order, or all."""

    state: str | None = None
    order_id: UUID | None = None


@projection.handles
def start(rows: Rows, recorded: Recorded) -> None:
    """A new thread; its first message follows at once."""
    event: MessageThread.Started = recorded.event
    rows.insert(
        threads,
        thread_id=event.originator_id,
        position=recorded.position,
        customer_id=event.customer_id,
        order_id=event.order_id,
        subject_code=event.subject_code,
        volume=event.volume,
        state=ThreadState.HANDLED.value,
        last_number=0,
        written_at=event.timestamp,
        answer_by=None,
    )
    rows.tally(counts, {"state": ThreadState.HANDLED.value}, threads=1)


@projection.handles
def post(rows: Rows, recorded: Recorded) -> None:
    """A message; its thread is the newest now."""
    event: MessageThread.MessagePosted = recorded.event
    rows.insert(
        messages,
        thread_id=event.originator_id,
        message_number=event.message_number,
        author_kind=event.author_kind,
        by=event.by,
        text=event.text,
        photos=event.photos,
        posted_at=event.timestamp,
        removal_reason="",
        removed_by="",
        removed_at=None,
    )
    newest = {"position": recorded.position, "last_number": event.message_number}
    _change(rows, event.originator_id, written_at=event.timestamp, **newest)
    state = state_after(event.author_kind)
    _turn(rows, event.originator_id, state, event.answer_by)


@projection.handles
def handle(rows: Rows, recorded: Recorded) -> None:
    """Nothing is to be done about it."""
    _turn(rows, recorded.event.originator_id, ThreadState.HANDLED, None)


@projection.handles
def reopen(rows: Rows, recorded: Recorded) -> None:
    """Something is to be done after all."""
    _turn(rows, recorded.event.originator_id, ThreadState.UNANSWERED, None)


@projection.handles
def remove(rows: Rows, recorded: Recorded) -> None:
    """A message is out of sight, for a reason."""
    event: MessageThread.MessageRemoved = recorded.event
    told = {"removed_by": event.by, "removed_at": event.timestamp}
    rows.change(messages, _key(event), removal_reason=event.reason_code, **told)


@projection.handles
def restore(rows: Rows, recorded: Recorded) -> None:
    """It is in sight again."""
    event: MessageThread.MessageRestored = recorded.event
    rows.change(messages, _key(event), removal_reason="", removed_by="", removed_at=None)


def list_of_customer(
    connection: Connection, customer_id: UUID, *, limit: int, after: str = ""
) -> Page:
    """A customer's threads, the last written first. Raises CursorError or PageLimitError."""
    query = select(threads).where(threads.c.customer_id == customer_id, _WRITTEN)
    return newest_first(connection, query, threads.c.position, limit=limit, after=after)


def list_inbox(connection: Connection, inbox: Inbox, *, limit: int, after: str = "") -> Page:
    """The office's threads, the last written first. Raises CursorError or PageLimitError."""
    query = select(threads).where(_WRITTEN)
    if inbox.state is not None:
        query = query.where(threads.c.state == inbox.state)
    if inbox.order_id is not None:
        query = query.where(threads.c.order_id == inbox.order_id)
    return newest_first(connection, query, threads.c.position, limit=limit, after=after)


def find(connection: Connection, thread_id: UUID) -> dict[str, Any] | None:
    """One thread."""
    query = select(threads).where(threads.c.thread_id == thread_id)
    found = connection.execute(query).mappings().first()
    return dict(found) if found else None


def owner_of_photo(
    connection: Connection, thread_id: UUID, photo_id: str, *, to_moderator: bool
) -> UUID | None:
    """The customer of the thread, where a message names the photo; one in sight, or any."""
    names = messages.c.photos.contains([photo_id])
    query = (
        select(threads.c.customer_id)
        .join(messages, messages.c.thread_id == threads.c.thread_id)
        .where(threads.c.thread_id == thread_id, names)
        .limit(1)
    )
    if not to_moderator:
        query = query.where(_SEEN)
    return connection.execute(query).scalar()


def page_of_messages(
    connection: Connection, thread_id: UUID, *, limit: int, after: str = ""
) -> Page:
    """A thread's messages, the newest first. Raises CursorError or PageLimitError."""
    number = messages.c.message_number
    query = select(messages, number.label("position")).where(messages.c.thread_id == thread_id)
    return newest_first(connection, query, number, limit=limit, after=after)


def last_messages(connection: Connection, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The last message of each of these threads, by thread."""
    last = (threads.c.thread_id == messages.c.thread_id) & (
        threads.c.last_number == messages.c.message_number
    )
    query = select(messages).join(threads, last).where(threads.c.thread_id.in_(ids))
    return {row["thread_id"]: dict(row) for row in connection.execute(query).mappings()}


def unread(connection: Connection, author_kind: str, marks: Mapping[UUID, int]) -> dict[UUID, int]:
    """How many messages in sight of this kind's stand behind each thread's mark."""
    if not marks:
        return {}
    marked = values(column("thread_id", Uuid), column("read_up_to", Integer), name="marked").data(
        [*marks.items()]
    )
    behind = messages.c.message_number > marked.c.read_up_to
    query = (
        select(messages.c.thread_id, func.count().label("number"))
        .join(marked, (marked.c.thread_id == messages.c.thread_id) & behind)
        .where(messages.c.author_kind == author_kind, _SEEN)
        .group_by(messages.c.thread_id)
    )
    return {row.thread_id: row.number for row in connection.execute(query)}


def counts_by_state(connection: Connection) -> dict[str, int]:
    """How many threads stand in each state."""
    rows = connection.execute(select(counts).where(counts.c.threads > 0).order_by(counts.c.state))
    return {row.state: row.threads for row in rows}


def count_overdue(connection: Connection, now: datetime) -> int:
    """How many answers are owed since before now; costs as much as there are of them."""
    late = select(func.count()).select_from(threads).where(threads.c.answer_by < now)
    return int(connection.execute(late).scalar_one())


def _turn(rows: Rows, thread_id: UUID, state: ThreadState, answer_by: datetime | None) -> None:
    """The thread is in this state now; an answer owed before stays owed while it waits."""
    before = rows.get(threads, thread_id=thread_id)
    if before is None:
        return
    waits = state == ThreadState.UNANSWERED
    owed = (answer_by or before["answer_by"]) if waits else None
    _change(rows, thread_id, state=state.value, answer_by=owed)
    if before["state"] != state.value:
        rows.tally(counts, {"state": before["state"]}, threads=-1)
        rows.tally(counts, {"state": state.value}, threads=1)


def _change(rows: Rows, thread_id: UUID, **changed: object) -> None:
    rows.change(threads, {"thread_id": thread_id}, **changed)


def _key(event: MessageThread.MessageRemoved | MessageThread.MessageRestored) -> dict[str, Any]:
    return {"thread_id": event.originator_id, "message_number": event.message_number}
