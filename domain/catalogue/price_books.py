"""Price books (价目表) as published: one stream, versions from 2; version 1 is the seed.

A published version is never edited. One that has not begun may be withdrawn;
its number stays taken.
"""

from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.catalogue.catalogue import Offer
from domain.catalogue.price_book import PriceBook, PriceBookNotFoundError
from domain.catalogue.price_lists import price_book_of, price_list
from domain.catalogue.price_rules import check_price_book
from domain.catalogue.seed import PRICE_BOOK
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.time import require_aware

PRICE_BOOKS_ID: Final = UUID("0a8f4f5b-6d0c-5f0e-9a36-1c4f1b7e2d90")
LONGEST_NOTE: Final = 500


class BeginsInPastError(InvalidInputError):
    """A price book would hold for a time that has passed, when others were promised."""

    code = "begins_in_past"
    sentence = "生效时间不能早于现在。"


class AlreadyInForceError(RuleViolationError):
    """The version has begun, so orders may name it."""

    code = "already_in_force"
    sentence = "价目表已经生效，不能撤回。"


@stored_as("price_books")
class PriceBooks(EventSourced):
    """All versions ever published; its id is PRICE_BOOKS_ID."""

    class Event(EventSourced.Event):
        """A fact about the price books; `by` names the administrator."""

        by: str

    class Established(Event, EventSourced.Opened):
        """Publication begins; version 1 holds."""

    class Published(Event):
        """A version that holds from `effective_from` on.

        `price_list` is whole, see domain.catalogue.price_lists; `note` says why,
        in clear.
        """

        version: int
        effective_from: datetime
        price_list: dict[str, Any]
        note: str

    class Withdrawn(Event):
        """A version was taken back before it began."""

        version: int

    @classmethod
    def establish(cls, *, by: str, at: datetime) -> Self:
        """Begin with the seed."""
        return cls._create(cls.Established, id=PRICE_BOOKS_ID, timestamp=at, by=by)

    # -- what holds

    @property
    def versions(self) -> tuple[PriceBook, ...]:
        """All versions ever published, ascending."""
        published = (
            price_book_of(each.version, each.effective_from, each.price_list)
            for each in self.publications
        )
        return (PRICE_BOOK, *published)

    def book(self, version: int) -> PriceBook:
        """The version, however old.

        Raises:
            PriceBookNotFoundError: There is none.
        """
        if version == PRICE_BOOK.version:
            return PRICE_BOOK
        for each in self.publications:
            if each.version == version:
                return price_book_of(version, each.effective_from, each.price_list)
        raise PriceBookNotFoundError

    def version_at(self, at: datetime) -> int:
        """The version in force: the one that began last, of two at once the later published.

        Raises:
            PriceBookNotFoundError: None was in force.
        """
        instant = require_aware(at)
        begun: list[tuple[datetime, int]] = [
            (each.effective_from, each.version)
            for each in (PRICE_BOOK, *self.publications)
            if each.effective_from <= instant and each.version not in self.withdrawn
        ]
        if not begun:
            raise PriceBookNotFoundError
        _, version = max(begun)
        return version

    # -- commands

    def publish(
        self, book: PriceBook, offer: Offer, *, note: str = "", by: str, at: datetime
    ) -> int:
        """Publish what `book` says under the next version; its own number does not matter.

        Returns:
            The version.

        Raises:
            InvalidDefinitionError: The book does not fit the catalogue.
            BeginsInPastError: It would begin before `at`.
            InvalidInputError: The note is longer than LONGEST_NOTE.
        """
        if require_aware(book.effective_from) < at:
            raise BeginsInPastError(field="effective_from")
        if len(note) > LONGEST_NOTE:
            raise InvalidInputError(field="note")
        check_price_book(book, offer)
        version = PRICE_BOOK.version + len(self.publications) + 1
        self.trigger_event(
            self.Published,
            timestamp=at,
            by=by,
            version=version,
            effective_from=require_aware(book.effective_from),
            price_list=price_list(book),
            note=note,
        )
        return version

    def withdraw(self, version: int, *, by: str, at: datetime) -> bool:
        """Take a version back that has not begun.

        Returns:
            False if it is so already.

        Raises:
            PriceBookNotFoundError: There is none.
            AlreadyInForceError: It has begun.
        """
        if self.book(version).effective_from <= at:
            raise AlreadyInForceError
        if version in self.withdrawn:
            return False
        self.trigger_event(self.Withdrawn, timestamp=at, by=by, version=version)
        return True

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case PriceBooks.Established():
                self.publications: tuple[Any, ...] = ()
                self.withdrawn: frozenset[int] = frozenset()
            case PriceBooks.Published():
                self.publications = (*self.publications, event)
            case PriceBooks.Withdrawn():
                self.withdrawn = self.withdrawn | {event.version}
            case _:
                super().evolve(event)
