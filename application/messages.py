"""Messages (用户留言): what customer and office write to each other, and how far they have read.

What is written is a fact of the log. How far somebody has read is none: it changes
nothing that anybody decides, so it is kept beside the log (decision record 0044).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Protocol
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.log import Log
from application.uploads import Uploads
from application.vault import KeyClass, Vault
from domain.customers import Customer
from domain.errors import InvalidInputError, NotFoundError
from domain.messages import CUSTOMER, STAFF, Content, MessageThread, thread_id, tidy_text
from domain.orders.service_order import ServiceOrder


@dataclass(frozen=True, kw_only=True)
class Words:
    """What somebody writes: `text` in clear, photos by their ids."""

    text: str
    photos: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ReadMark:
    """One side has read a thread up to this message; `by` is who did."""

    thread_id: UUID
    side: str
    message_number: int
    by: str
    at: datetime


class ReadMarks(Protocol):
    """How far each side has read; marks go forward only."""

    def advance(self, mark: ReadMark) -> int:
        """Keep the mark unless a further one is there; returns the one that holds."""
        ...

    def of_side(self, side: str, thread_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        """How far the side has read each thread; those it never opened are missing."""
        ...


class Messages:
    """The use cases of both sides.

    Every method raises NotFoundError where there is no such thread or order, or not
    for this customer. What is written answers with thread_id, message_number and state,
    and raises InvalidInputError where the text is empty or too long, PhotoUnknownError,
    and AccountErasedError.
    """

    def __init__(self, log: Log, vault: Vault, marks: ReadMarks, uploads: Uploads) -> None:
        self._log = log
        self._vault = vault
        self._marks = marks
        self._uploads = uploads

    # -- the customer

    def write(
        self, customer_id: UUID, order_id: UUID | None, words: Words, command: Command
    ) -> Outcome:
        """The customer writes about an order of theirs, or about none."""

        def decide() -> Decision:
            customer = self._reachable(customer_id)
            thread = self._open_thread(customer, order_id, command)
            number = thread.write(self._content(customer, words), **_by(command))
            return _told(thread, number, customer)

        return self._log.run(command, decide)

    def read_by_customer(
        self, thread: UUID, customer_id: UUID, number: int, command: Command
    ) -> int:
        """The customer has read up to this message; returns how far they have read now."""
        found = self._log.load(MessageThread, thread)
        if found.customer_id != customer_id:
            raise NotFoundError
        return self._read(found, CUSTOMER, number, command)

    # -- the office

    def write_first(self, order_id: UUID, words: Words, command: Command) -> Outcome:
        """The office writes about an order, whether or not its customer has."""

        def decide() -> Decision:
            customer_id = self._log.load(ServiceOrder, order_id).customer_id
            return self._reply(customer_id, order_id, words, command)

        return self._log.run(command, decide)

    def reply(self, thread: UUID, words: Words, command: Command) -> Outcome:
        """The office answers (回复); where the thread is full, in the next volume of it."""

        def decide() -> Decision:
            found = self._log.load(MessageThread, thread)
            return self._reply(found.customer_id, found.order_id, words, command)

        return self._log.run(command, decide)

    def read_by_office(self, thread: UUID, number: int, command: Command) -> int:
        """The office has read up to this message; returns how far it has read now."""
        return self._read(self._log.load(MessageThread, thread), STAFF, number, command)

    def handle(self, thread: UUID, command: Command) -> Outcome:
        """No more is to be done about it (已处理); once more changes nothing."""
        return self._on(thread, command, lambda found: found.handle(**_by(command)))

    def reopen(self, thread: UUID, command: Command) -> Outcome:
        """More is to be done after all (重新打开); without effect unless it was handled."""
        return self._on(thread, command, lambda found: found.reopen(**_by(command)))

    def remove(self, thread: UUID, number: int, reason_code: str, command: Command) -> Outcome:
        """Take a message out of sight, for a RemovalReason (删除)."""
        return self._on(
            thread, command, lambda found: found.remove_message(number, reason_code, **_by(command))
        )

    def restore(self, thread: UUID, number: int, command: Command) -> Outcome:
        """Put a message in sight again (恢复)."""
        return self._on(
            thread, command, lambda found: found.restore_message(number, **_by(command))
        )

    def _on(self, thread: UUID, command: Command, do: Callable[[MessageThread], object]) -> Outcome:
        def decide() -> Decision:
            found = self._log.load(MessageThread, thread)
            do(found)
            return Decision([found], _answer(found))

        return self._log.run(command, decide)

    def _reply(
        self, customer_id: UUID, order_id: UUID | None, words: Words, command: Command
    ) -> Decision:
        customer = self._reachable(customer_id)
        thread = self._open_thread(customer, order_id, command)
        number = thread.reply(self._content(customer, words), **_by(command))
        return _told(thread, number, customer)

    def _open_thread(
        self, customer: Customer, order_id: UUID | None, command: Command
    ) -> MessageThread:
        """The volume that still takes messages; a new one where all are full."""
        owner = order_id or customer.id
        volume = self._last_volume(owner)
        thread = self._log.find(MessageThread, thread_id(owner, volume))
        if thread is not None and thread.customer_id != customer.id:
            raise NotFoundError
        if thread is not None and not thread.is_full:
            return thread
        self._check_whose(order_id, customer.id)
        first = volume if thread is None else volume + 1
        return MessageThread.start(customer.id, order_id, first, **_by(command))

    def _last_volume(self, owner: UUID) -> int:
        """Asked row by row: to fold full volumes would cost a thousand events each."""
        return next(n for n in count(1) if not self._log.version_of(thread_id(owner, n + 1)))

    def _check_whose(self, order_id: UUID | None, customer_id: UUID) -> None:
        if order_id and self._log.load(ServiceOrder, order_id).customer_id != customer_id:
            raise NotFoundError

    def _reachable(self, customer_id: UUID) -> Customer:
        """Somebody whose account is closing may still be answered; nobody who is erased."""
        customer = self._log.load(Customer, customer_id)
        customer.check_not_erased()
        return customer

    def _content(self, customer: Customer, words: Words) -> Content:
        text = "" if words.photos and not words.text else tidy_text(words.text)
        self._uploads.check_known(customer.id, words.photos)
        sealed = self._vault.seal(customer.id, KeyClass.MESSAGE, text)
        return Content(text=sealed, photos=words.photos)

    def _read(self, thread: MessageThread, side: str, number: int, command: Command) -> int:
        if not 1 <= number <= thread.last_number:
            raise InvalidInputError(field="message_number")
        by, at = command.actor, command.at
        return self._marks.advance(
            ReadMark(thread_id=thread.id, side=side, message_number=number, by=by, at=at)
        )


def _by(command: Command) -> dict[str, Any]:
    return {"by": command.actor, "at": command.at}


def _answer(thread: MessageThread) -> dict[str, Any]:
    return {"thread_id": str(thread.id), "state": thread.state}


def _told(thread: MessageThread, number: int, customer: Customer) -> Decision:
    """Rests on the customer: no key is made anew for somebody erased meanwhile."""
    answer = {**_answer(thread), "message_number": number}
    return Decision([thread], answer, unchanged=[customer])
