"""The customer's messages (我的留言): write to the office, read its answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel

from application.projections import message_threads
from domain.errors import NotFoundError
from domain.messages import CUSTOMER
from interface.api.access import CustomerId, House
from interface.api.fields import Cursor, Limit, Position
from interface.api.idempotency import Commands
from interface.api.message_views import (
    MessageBody,
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
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1", tags=["我的留言"], responses=PROBLEM_ANSWERS)


class MyThreadView(ThreadView):
    """A thread in my list, with its last message."""

    last_message: MessageView


class MyThreadsView(BaseModel):
    """A page of threads, the last written first; an empty cursor ends the list."""

    threads: list[MyThreadView]
    next_cursor: str


class MyThreadPageView(BaseModel):
    """A thread and a page of its messages, the newest first."""

    thread: ThreadView
    messages: list[MessageView]
    next_cursor: str


@router.get("/messages")
def list_threads(
    house: House,
    who: CustomerId,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> MyThreadsView:
    """My threads (我的留言), one for each order and one that is about none."""
    house.progress.wait_for(message_threads.projection.name, at_least)
    with house.engine.connect() as connection:
        page = message_threads.list_of_customer(connection, who, limit=limit, after=cursor)
        read = read_threads(house, connection, page.rows, CUSTOMER)
    clear = opened(house, (each["text"] for each in read.last.values()))
    threads = [_thread(read, row, clear) for row in page.rows]
    return MyThreadsView(threads=threads, next_cursor=page.next_cursor)


@router.post("/messages", status_code=status.HTTP_201_CREATED, response_model=WrittenView)
def write(
    house: House, who: CustomerId, body: MessageBody, commands: Commands
) -> dict[str, object]:
    """Write to the office about anything (留言)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.messages.write(who, None, body.words(), command))


@router.post(
    "/orders/{order_id}/messages", status_code=status.HTTP_201_CREATED, response_model=WrittenView
)
def write_about_order(
    house: House, who: CustomerId, order_id: UUID, body: MessageBody, commands: Commands
) -> dict[str, object]:
    """Write to the office about one of my orders (订单留言)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.messages.write(who, order_id, body.words(), command))


@router.get("/messages/{thread_id}")
def show_thread(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: CustomerId,
    thread_id: UUID,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> MyThreadPageView:
    """One of my threads with its messages, page by page; reading it marks nothing."""
    house.progress.wait_for(message_threads.projection.name, at_least)
    with house.engine.connect() as connection:
        row = message_threads.find(connection, thread_id)
        if row is None or row["customer_id"] != who:
            raise NotFoundError
        page = message_threads.page_of_messages(connection, thread_id, limit=limit, after=cursor)
        read = read_threads(house, connection, [row], CUSTOMER)
    clear = opened(house, (each["text"] for each in page.rows))
    return MyThreadPageView(
        thread=ThreadView(**read.shown(row)),
        messages=[MessageView(**message_fields(each, clear)) for each in page.rows],
        next_cursor=page.next_cursor,
    )


@router.post("/messages/{thread_id}/read")
def mark_read(
    house: House, who: CustomerId, thread_id: UUID, body: ReadBody, commands: Commands
) -> ReadView:
    """I have read up to this message (已读)."""
    command = commands.command(f"customer:{who}")
    read = house.messages.read_by_customer(thread_id, who, body.message_number, command)
    return ReadView(thread_id=thread_id, read_up_to=read)


def _thread(read: ThreadReading, row: dict[str, Any], clear: dict[str, str]) -> MyThreadView:
    last = message_fields(read.last[row["thread_id"]], clear)
    return MyThreadView(**read.shown(row), last_message=MessageView(**last))
