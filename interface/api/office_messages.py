"""The office's inbox (用户留言): who waits for an answer, replies, what was dealt with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response, status
from pydantic import BaseModel, Field

from application.access import Permission, Subject, permissions_of
from application.projections import message_threads
from application.projections.message_threads import Inbox
from application.vault import masked_phone
from domain.errors import NotFoundError
from domain.messages import STAFF, RemovalReason
from interface.api import uploads
from interface.api.access import House, may
from interface.api.fields import Body, Cursor, Limit, Position
from interface.api.idempotency import Commands
from interface.api.message_views import (
    MessageBody,
    MessageNumber,
    MessageView,
    ReadBody,
    ReadView,
    ThreadReading,
    ThreadView,
    WrittenView,
    message_fields,
    opened,
    read_threads,
)
from interface.api.office_orders import actor_of
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(prefix="/api/v1/office", tags=["后台·留言"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.MESSAGES_READ))]
Writer = Annotated[Subject, Depends(may(Permission.MESSAGES_WRITE))]
Moderator = Annotated[Subject, Depends(may(Permission.MESSAGES_MODERATE))]
Number = Annotated[MessageNumber, Path()]
InboxState = Literal["all", "unanswered", "answered", "handled"]


class OfficeMessageView(MessageView):
    """A message as the office sees it; a moderator sees what was removed too."""

    by: str
    removed_by: str
    removed_at: datetime | None


class OfficeThreadView(ThreadView):
    """A thread and who writes; the phone is masked.

    `answer_by` is until when an answer is owed, null where none is.
    """

    customer_id: UUID
    name: str
    phone: str
    answer_by: datetime | None


class InboxThreadView(OfficeThreadView):
    """A row of the inbox, with its last message."""

    last_message: OfficeMessageView


class InboxView(BaseModel):
    """A page of threads, the last written first; how many wait, and how many for too long."""

    threads: list[InboxThreadView]
    next_cursor: str
    counts: dict[str, int]
    unanswered_count: int
    overdue_count: int


class OfficeThreadPageView(BaseModel):
    """A thread and a page of its messages, the newest first."""

    thread: OfficeThreadView
    messages: list[OfficeMessageView]
    next_cursor: str


class ThreadStateView(BaseModel):
    """What a command on a thread answers."""

    thread_id: UUID
    state: str


class RemovalBody(Body):
    """Why the message is shown no more."""

    reason_code: Annotated[RemovalReason, Field(strict=False)]


@router.get("/messages")
def list_inbox(  # noqa: PLR0913, PLR0917 - a list's filters
    house: House,
    who: Reader,
    state: Annotated[InboxState, Query()] = "all",
    order_id: Annotated[UUID | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> InboxView:
    """The inbox (留言列表), of one state or order, page by page."""
    house.progress.wait_for(message_threads.projection.name, at_least)
    inbox = Inbox(state=None if state == "all" else state, order_id=order_id)
    with house.engine.connect() as connection:
        page = message_threads.list_inbox(connection, inbox, limit=limit, after=cursor)
        read = read_threads(house, connection, page.rows, STAFF)
        counts = message_threads.counts_by_state(connection)
        overdue = message_threads.count_overdue(connection, house.clock.now())
    clear = opened(house, [*_names(read), *(each["text"] for each in read.last.values())])
    moderates = _moderates(house, who)
    return InboxView(
        threads=[_inbox_thread(read, row, clear, moderates=moderates) for row in page.rows],
        next_cursor=page.next_cursor,
        counts=counts,
        unanswered_count=counts.get("unanswered", 0),
        overdue_count=overdue,
    )


@router.get("/messages/{thread_id}")
def show_thread(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Reader,
    thread_id: UUID,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> OfficeThreadPageView:
    """One thread with its messages, page by page; reading it marks nothing."""
    house.progress.wait_for(message_threads.projection.name, at_least)
    with house.engine.connect() as connection:
        row = message_threads.find(connection, thread_id)
        if row is None:
            raise NotFoundError
        page = message_threads.page_of_messages(connection, thread_id, limit=limit, after=cursor)
        read = read_threads(house, connection, [row], STAFF)
    clear = opened(house, [*_names(read), *(each["text"] for each in page.rows)])
    moderates = _moderates(house, who)
    return OfficeThreadPageView(
        thread=OfficeThreadView(**_thread(read, row, clear)),
        messages=[_message(each, clear, moderates=moderates) for each in page.rows],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/messages/{thread_id}/photos/{photo_id}", response_class=Response, responses=uploads.SHOWS
)
def show_photo(house: House, who: Reader, thread_id: UUID, photo_id: uploads.PhotoId) -> Response:
    """A picture that a message of the thread names (查看照片); of a removed one, to moderators."""
    moderates = _moderates(house, who)
    with house.engine.connect() as connection:
        owner = message_threads.owner_of_photo(
            connection, thread_id, photo_id, to_moderator=moderates
        )
    if owner is None:
        raise NotFoundError
    return uploads.shown(house.uploads.show(owner, photo_id))


@router.post(
    "/messages/{thread_id}/replies", status_code=status.HTTP_201_CREATED, response_model=WrittenView
)
def reply(
    house: House, who: Writer, thread_id: UUID, body: MessageBody, commands: Commands
) -> dict[str, object]:
    """Answer the customer (回复)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.messages.reply(thread_id, body.words(), command))


@router.post(
    "/orders/{order_id}/messages", status_code=status.HTTP_201_CREATED, response_model=WrittenView
)
def write_about_order(
    house: House, who: Writer, order_id: UUID, body: MessageBody, commands: Commands
) -> dict[str, object]:
    """Write to an order's customer (给顾客留言), who need not have written before."""
    command = commands.command(actor_of(who))
    return commands.answer(house.messages.write_first(order_id, body.words(), command))


@router.post("/messages/{thread_id}/read")
def mark_read(
    house: House, who: Writer, thread_id: UUID, body: ReadBody, commands: Commands
) -> ReadView:
    """The office has read up to this message (已读), one mark for the whole desk."""
    command = commands.command(actor_of(who))
    read = house.messages.read_by_office(thread_id, body.message_number, command)
    return ReadView(thread_id=thread_id, read_up_to=read)


@router.post("/messages/{thread_id}/handling", response_model=ThreadStateView)
def handle(house: House, who: Writer, thread_id: UUID, commands: Commands) -> dict[str, object]:
    """No more is to be done about it (已处理); the customer's next message brings it back."""
    command = commands.command(actor_of(who))
    return commands.answer(house.messages.handle(thread_id, command))


@router.post("/messages/{thread_id}/reopening", response_model=ThreadStateView)
def reopen(house: House, who: Writer, thread_id: UUID, commands: Commands) -> dict[str, object]:
    """More is to be done after all (重新打开)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.messages.reopen(thread_id, command))


@router.post("/messages/{thread_id}/messages/{number}/removal", response_model=ThreadStateView)
def remove(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Moderator,
    thread_id: UUID,
    number: Number,
    body: RemovalBody,
    commands: Commands,
) -> dict[str, object]:
    """Take a message out of sight (删除); its author is told why, and it can be restored."""
    command = commands.command(actor_of(who))
    return commands.answer(house.messages.remove(thread_id, number, body.reason_code, command))


@router.post("/messages/{thread_id}/messages/{number}/restoration", response_model=ThreadStateView)
def restore(
    house: House, who: Moderator, thread_id: UUID, number: Number, commands: Commands
) -> dict[str, object]:
    """Put a removed message in sight again (恢复)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.messages.restore(thread_id, number, command))


def _moderates(house: Household, who: Subject) -> bool:
    return Permission.MESSAGES_MODERATE in permissions_of(house.staff_login.roles(who))


def _names(read: ThreadReading) -> list[str]:
    return [text for each in read.who.values() for text in (each.name, each.phone)]


def _inbox_thread(
    read: ThreadReading, row: dict[str, Any], clear: dict[str, str], *, moderates: bool
) -> InboxThreadView:
    last = _message(read.last[row["thread_id"]], clear, moderates=moderates)
    return InboxThreadView(**_thread(read, row, clear), last_message=last)


def _thread(read: ThreadReading, row: dict[str, Any], clear: dict[str, str]) -> dict[str, Any]:
    who = read.who[row["thread_id"]]
    return {
        **read.shown(row),
        "customer_id": row["customer_id"],
        "answer_by": row["answer_by"],
        "name": clear.get(who.name, ""),
        "phone": masked_phone(clear.get(who.phone, "")),
    }


def _message(
    row: Mapping[str, Any], clear: dict[str, str], *, moderates: bool
) -> OfficeMessageView:
    told = {name: row[name] for name in ("by", "removed_by", "removed_at")}
    return OfficeMessageView(**message_fields(row, clear, to_moderator=moderates), **told)
