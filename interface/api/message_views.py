"""Threads and messages as both sides see them: what is opened, and what stays out of sight."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import Connection

from application.messages import Words
from application.projections import message_threads
from application.projections.correspondents import Correspondent, correspondents
from domain.messages import (
    CUSTOMER,
    LONGEST_TEXT,
    MOST_MESSAGES,
    REMOVAL_LABELS,
    STAFF,
    ThreadState,
)
from interface.api.fields import Body, Photos, Text
from interface.household import Household

STATE_LABELS: Final[Mapping[str, str]] = {
    ThreadState.UNANSWERED: "待回复",
    ThreadState.ANSWERED: "已回复",
    ThreadState.HANDLED: "已处理",
}
_OTHER_SIDE: Final = {CUSTOMER: STAFF, STAFF: CUSTOMER}


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


MessageText = Annotated[Text, Field(max_length=LONGEST_TEXT), BeforeValidator(_trimmed)]
MessageNumber = Annotated[int, Field(ge=1, le=MOST_MESSAGES)]


class MessageBody(Body):
    """What is written: text, photos, or both; white space around the text is cut."""

    text: MessageText = ""
    photos: Photos = Field(default_factory=list)

    def words(self) -> Words:
        """The same for the use case."""
        return Words(text=self.text, photos=self.photos)


class ReadBody(Body):
    """Up to which message the thread was read."""

    message_number: MessageNumber


class WrittenView(BaseModel):
    """Which message it became, of which thread; and the thread's state now."""

    thread_id: UUID
    message_number: int
    state: str


class ReadView(BaseModel):
    """How far this side has read now; marks go forward only."""

    thread_id: UUID
    read_up_to: int


class MessageView(BaseModel):
    """A message; of one that was removed, the reason is told and nothing of it shown.

    `author_kind` is `customer` or `staff`.
    """

    message_number: int
    author_kind: str
    text: str
    photos: list[str]
    posted_at: datetime
    removed: bool
    removal_reason: str
    removal_label: str


class ThreadView(BaseModel):
    """A thread; `order_id` is null where it is about no order.

    `read_up_to` is how far the reader's own side has read, `other_read_up_to` how far
    the other one; `unread_count` counts the other side's messages behind the former.
    """

    thread_id: UUID
    order_id: UUID | None
    order_number: str
    subject_code: str
    volume: int
    state: str
    state_label: str
    written_at: datetime
    message_count: int
    read_up_to: int
    other_read_up_to: int
    unread_count: int


@dataclass(frozen=True, kw_only=True)
class ThreadReading:
    """What is read about a page of threads, each by thread."""

    last: Mapping[UUID, Mapping[str, Any]]
    unread: Mapping[UUID, int]
    read: Mapping[UUID, int]
    other_read: Mapping[UUID, int]
    who: Mapping[UUID, Correspondent]

    def shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a ThreadView."""
        thread_id = row["thread_id"]
        return {
            **{name: row[name] for name in ThreadView.model_fields if name in row},
            "order_number": self.who[thread_id].order_number,
            "state_label": STATE_LABELS[row["state"]],
            "message_count": row["last_number"],
            "read_up_to": self.read[thread_id],
            "other_read_up_to": self.other_read.get(thread_id, 0),
            "unread_count": self.unread.get(thread_id, 0),
        }


def read_threads(
    house: Household, connection: Connection, rows: Sequence[Mapping[str, Any]], side: str
) -> ThreadReading:
    """All that a page of threads shows to one side; a handful of queries for any page."""
    ids = [row["thread_id"] for row in rows]
    marks = house.read_marks.of_side(side, ids)
    read = {thread_id: marks.get(thread_id, 0) for thread_id in ids}
    other = _OTHER_SIDE[side]
    return ThreadReading(
        last=message_threads.last_messages(connection, ids),
        unread=message_threads.unread(connection, other, read),
        read=read,
        other_read=house.read_marks.of_side(other, ids),
        who=correspondents(connection, rows),
    )


def opened(house: Household, sealed: Iterable[str]) -> dict[str, str]:
    """The clear texts by sealed text, with one query."""
    return house.vault.open_many([text for text in sealed if text])


def message_fields(
    row: Mapping[str, Any], clear: Mapping[str, str], *, to_moderator: bool = False
) -> dict[str, Any]:
    """The fields of a MessageView; a removed message shows itself to a moderator alone."""
    reason = row["removal_reason"]
    hidden = bool(reason) and not to_moderator
    return {
        **{name: row[name] for name in MessageView.model_fields if name in row},
        "text": "" if hidden else clear.get(row["text"], ""),
        "photos": [] if hidden else row["photos"],
        "removed": bool(reason),
        "removal_label": REMOVAL_LABELS.get(reason, ""),
    }
