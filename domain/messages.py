"""Messages (用户留言): threads between one customer and the office.

A thread is about one order, or about none: a customer has one thread per order
and one free thread. Texts are sealed; whose message it is, when it came and
whether it waits for an answer stand in clear. Who has read how far is no fact of
the log (decision record 0044).
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.errors import InvalidInputError, NotFoundError, RuleViolationError
from domain.names import stored_as
from domain.office_hours import answer_due
from domain.orders.photos import check_photos
from domain.sealed import check_sealed

LONGEST_TEXT: Final = 500
# A stream is folded whole for every command; what is more goes on in a further volume.
MOST_MESSAGES: Final = 1_000

CUSTOMER: Final = "customer"
STAFF: Final = "staff"

ABOUT_ORDER: Final = "order"
ABOUT_NOTHING: Final = "general"

_NAMESPACE: Final = UUID("7b0e5d52-61c8-5a0f-8e1d-2f4ac39b6d17")


class ThreadState(StrEnum):
    """Whether somebody has to do something about the thread."""

    UNANSWERED = "unanswered"  # 待回复: the customer wrote last
    ANSWERED = "answered"  # 已回复: the office wrote last
    HANDLED = "handled"  # 已处理: the office needs to do no more


class RemovalReason(StrEnum):
    """Why a message is shown no more; R40, and the kinds that M33 forbids."""

    UNCIVIL = "uncivil"
    ABUSIVE = "abusive"
    OBSCENE = "obscene"
    UNLAWFUL = "unlawful"
    RUMOUR = "rumour"
    ADVERTISING = "advertising"
    PRIVACY = "privacy"
    MISTAKEN = "mistaken"


REMOVAL_LABELS: Final[Mapping[str, str]] = {
    RemovalReason.UNCIVIL: "不健康、不文明",
    RemovalReason.ABUSIVE: "侮辱、诽谤他人",
    RemovalReason.OBSCENE: "淫秽、色情、赌博、暴力",
    RemovalReason.UNLAWFUL: "违反法律法规",
    RemovalReason.RUMOUR: "散布谣言",
    RemovalReason.ADVERTISING: "广告、骚扰信息",
    RemovalReason.PRIVACY: "泄露他人隐私",
    RemovalReason.MISTAKEN: "误发",
}


class MessageNotFoundError(NotFoundError):
    """The thread has no message of this number."""

    code = "message_not_found"
    sentence = "没有找到该留言。"


class ThreadFullError(RuleViolationError):
    """The thread holds as many messages as one volume may."""

    code = "thread_full"
    sentence = "该留言已满，请新开一条留言。"


def thread_id(owner_id: UUID, volume: int = 1) -> UUID:
    """The stream of a thread: of an order by the order's id, of a free one by the customer's."""
    return uuid5(_NAMESPACE, f"{owner_id}\x1f{volume}")


def tidy_text(text: str) -> str:
    """The text without white space around it: 1 to LONGEST_TEXT characters, one of them visible.

    Joiners inside stay, as emoji are made with them, and are counted.

    Raises:
        InvalidInputError: it is longer, or nothing of it can be seen.
    """
    tidy = text.strip()
    if len(tidy) > LONGEST_TEXT or not any(map(_is_visible, tidy)):
        raise InvalidInputError(field="text")
    return tidy


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is written: `text` sealed, `photos` the ids of uploaded pictures."""

    text: str
    photos: Sequence[str] = ()


@stored_as("message_thread")
class MessageThread(EventSourced):
    """A conversation; its id is `thread_id(order or customer, volume)`."""

    class Event(EventSourced.Event):
        """A fact about the thread; `by` is who stated it."""

        by: str

    class Started(Event, EventSourced.Opened):
        """Somebody wrote the first time (留言).

        `order_id` is None where it is about no order; `volume` counts from 1, the
        next begins where one is full.
        """

        customer_id: UUID
        order_id: UUID | None
        subject_code: str
        volume: int

    class MessagePosted(Event):
        """A message; numbers run from 1 without a gap.

        `text` is sealed under the customer's key, also when the office writes.
        `author_kind` is "customer" or "staff". `answer_by` is until when the office
        owes an answer, where this message is the first that waits for one.
        """

        message_number: int
        author_kind: str
        text: str
        photos: list[str]
        answer_by: datetime | None

    class Handled(Event):
        """The office needs to do no more, whoever wrote last (已处理)."""

    class Reopened(Event):
        """The office has to do more about it after all (重新打开)."""

    class MessageRemoved(Event):
        """A moderator took a message out of sight (删除); it stays in the log."""

        message_number: int
        reason_code: str

    class MessageRestored(Event):
        """It is in sight again (恢复)."""

        message_number: int

    @classmethod
    def start(
        cls, customer_id: UUID, order_id: UUID | None, volume: int, *, by: str, at: datetime
    ) -> Self:
        """Open a thread about the order, or about none; a message follows at once.

        Raises:
            InvalidInputError: volumes count from 1.
        """
        if volume < 1:
            raise InvalidInputError(field="volume")
        return cls._create(
            cls.Started,
            id=thread_id(order_id or customer_id, volume),
            timestamp=at,
            customer_id=customer_id,
            order_id=order_id,
            subject_code=ABOUT_ORDER if order_id else ABOUT_NOTHING,
            volume=volume,
            by=by,
        )

    @property
    def is_full(self) -> bool:
        """Whether what is written next belongs into a further volume."""
        return bool(self.last_number >= MOST_MESSAGES)

    def write(self, content: Content, *, by: str, at: datetime) -> int:
        """The customer writes; returns the message's number.

        Raises:
            InvalidInputError: nothing is written, in clear text, or with photos
                that are none.
            ThreadFullError: MOST_MESSAGES are there.
        """
        promised = None if self.answer_by else answer_due(at)
        return self._post(CUSTOMER, content, promised, by=by, at=at)

    def reply(self, content: Content, *, by: str, at: datetime) -> int:
        """The office writes; returns the message's number. Raises as `write`."""
        return self._post(STAFF, content, None, by=by, at=at)

    def handle(self, *, by: str, at: datetime) -> bool:
        """Need no more to be done; returns False if that was so before."""
        if self.state == ThreadState.HANDLED:
            return False
        self.trigger_event(self.Handled, timestamp=at, by=by)
        return True

    def reopen(self, *, by: str, at: datetime) -> bool:
        """Put a handled thread back among the unanswered; returns False for any other."""
        if self.state != ThreadState.HANDLED:
            return False
        self.trigger_event(self.Reopened, timestamp=at, by=by)
        return True

    def remove_message(self, number: int, reason_code: str, *, by: str, at: datetime) -> bool:
        """Take a message out of sight; returns False if it was before.

        Raises:
            MessageNotFoundError: there is none of this number.
            InvalidInputError: no RemovalReason.
        """
        self._check_number(number)
        if reason_code not in REMOVAL_LABELS:
            raise InvalidInputError(field="reason_code")
        if number in self.removed:
            return False
        facts = {"message_number": number, "reason_code": str(reason_code), "by": by}
        self.trigger_event(self.MessageRemoved, timestamp=at, **facts)
        return True

    def restore_message(self, number: int, *, by: str, at: datetime) -> bool:
        """Put a message in sight again; returns False if it was.

        Raises:
            MessageNotFoundError: there is none of this number.
        """
        self._check_number(number)
        if number not in self.removed:
            return False
        self.trigger_event(self.MessageRestored, timestamp=at, message_number=number, by=by)
        return True

    def _check_number(self, number: int) -> None:
        if not 1 <= number <= self.last_number:
            raise MessageNotFoundError

    def _post(
        self, kind: str, content: Content, answer_by: datetime | None, *, by: str, at: datetime
    ) -> int:
        if not content.text and not content.photos:
            raise InvalidInputError(field="text")
        check_sealed(text=content.text)
        check_photos(content.photos)
        if self.is_full:
            raise ThreadFullError
        facts = {"text": content.text, "photos": [*content.photos], "answer_by": answer_by}
        number: int = self.last_number + 1
        self.trigger_event(
            self.MessagePosted,
            timestamp=at,
            message_number=number,
            author_kind=kind,
            by=by,
            **facts,
        )
        return number

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case MessageThread.Started():
                self.customer_id = event.customer_id
                self.order_id = event.order_id
                self.volume = event.volume
                self.state = ThreadState.HANDLED.value
                self.answer_by: datetime | None = None
                self.last_number = 0
                self.removed: dict[int, str] = {}
            case MessageThread.MessagePosted():
                self._keep_message(event)
            case MessageThread.Handled():
                self.state = ThreadState.HANDLED.value
                self.answer_by = None
            case MessageThread.Reopened():
                self.state = ThreadState.UNANSWERED.value
            case _:
                self._evolve_moderation(event)

    def _keep_message(self, event: "MessageThread.MessagePosted") -> None:
        asked = event.author_kind == CUSTOMER
        self.last_number = event.message_number
        self.state = state_after(event.author_kind).value
        self.answer_by = (event.answer_by or self.answer_by) if asked else None

    def _evolve_moderation(self, event: Aggregate.Event) -> None:
        match event:
            case MessageThread.MessageRemoved():
                self.removed[event.message_number] = event.reason_code
            case MessageThread.MessageRestored():
                del self.removed[event.message_number]
            case _:
                super().evolve(event)


def state_after(author_kind: str) -> ThreadState:
    """The state of a thread in which somebody of this kind wrote last."""
    return ThreadState.UNANSWERED if author_kind == CUSTOMER else ThreadState.ANSWERED
