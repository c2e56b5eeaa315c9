"""The catalogue and its prices, as the administrator keeps them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from application.commands import Command, Decision, Outcome
from application.log import Log
from application.tariffs import catalogue_of, price_books_of
from domain.catalogue.catalogue import CATALOGUE_ID, Catalogue, Offer
from domain.catalogue.definitions import Definition, kind_of, service_of
from domain.catalogue.price_book import PriceBook
from domain.catalogue.price_books import PRICE_BOOKS_ID, PriceBooks
from domain.catalogue.price_lists import PriceList, price_book_of

CHANGE_LABELS: Final[Mapping[type[Catalogue.Event], str]] = {
    Catalogue.ServiceAdded: "新增服务",
    Catalogue.ServiceChanged: "修改服务",
    Catalogue.ServiceWithdrawn: "下架",
    Catalogue.ServiceRestored: "重新上架",
    Catalogue.KindsArranged: "调整服务种类",
}


@dataclass(frozen=True, kw_only=True)
class CatalogueChange:
    """Who changed what when; `detail` is the whole new definition, where there is one."""

    revision: int
    at: datetime
    by: str
    what: str
    service_code: str
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A version of the prices; the first has no publisher, it came with the program."""

    book: PriceBook
    by: str
    at: datetime | None
    note: str
    withdrawn: bool


class CatalogueKeeping:
    """Use cases of the administrator."""

    def __init__(self, log: Log) -> None:
        self._log = log

    # -- the catalogue

    def offer(self) -> tuple[int, Offer]:
        """The revision now, and what holds."""
        catalogue = catalogue_of(self._log)
        return catalogue.revision, catalogue.offer()

    def history(self) -> list[CatalogueChange]:
        """All changes, the latest first."""
        changes = catalogue_of(self._log).changes
        told = [_told(revision, change) for revision, change in enumerate(changes, 1)]
        return told[::-1]

    def add_service(self, definition: Definition, command: Command) -> Outcome:
        """Put a new service on offer.

        Raises InvalidDefinitionError, ServiceExistsError.
        """

        def change(catalogue: Catalogue) -> None:
            service = service_of(definition, catalogue.offer().kinds)
            catalogue.add_service(service, by=command.actor, at=command.at)

        return self._change(change, command)

    def change_service(self, definition: Definition, command: Command) -> Outcome:
        """Replace what a service is; booked orders stay as they are.

        Raises InvalidDefinitionError, ServiceNotFoundError, UnitChangedError.
        """

        def change(catalogue: Catalogue) -> None:
            service = service_of(definition, catalogue.offer().kinds)
            catalogue.change_service(service, by=command.actor, at=command.at)

        return self._change(change, command)

    def withdraw_service(self, code: str, command: Command) -> Outcome:
        """Take a service off sale (下架). Raises ServiceNotFoundError."""

        def change(catalogue: Catalogue) -> None:
            catalogue.withdraw_service(code, by=command.actor, at=command.at)

        return self._change(change, command)

    def restore_service(self, code: str, command: Command) -> Outcome:
        """Put a withdrawn service on sale again (上架). Raises ServiceNotFoundError."""

        def change(catalogue: Catalogue) -> None:
            catalogue.restore_service(code, by=command.actor, at=command.at)

        return self._change(change, command)

    def arrange_kinds(self, kinds: Sequence[Definition], command: Command) -> Outcome:
        """Order and name the kinds and groups anew. Raises InvalidDefinitionError."""

        def change(catalogue: Catalogue) -> None:
            arranged = [kind_of(kind) for kind in kinds]
            catalogue.arrange_kinds(arranged, by=command.actor, at=command.at)

        return self._change(change, command)

    # -- the prices

    def publications(self) -> list[Publication]:
        """All versions of the prices, the latest first."""
        books = price_books_of(self._log)
        return list(_publications(books))[::-1]

    def publication(self, version: int) -> Publication:
        """One version. Raises PriceBookNotFoundError."""
        books = price_books_of(self._log)
        book = books.book(version)
        return next(each for each in _publications(books) if each.book.version == book.version)

    def publish(
        self, prices: PriceList, effective_from: datetime, note: str, command: Command
    ) -> Outcome:
        """Publish a whole price book under the next version; the answer holds `version`.

        Raises InvalidDefinitionError where it does not fit the catalogue, and
        BeginsInPastError.
        """

        def decide() -> Decision:
            books, offer = self._books(command), catalogue_of(self._log).offer()
            draft = price_book_of(0, effective_from, prices)
            version = books.publish(draft, offer, note=note, by=command.actor, at=command.at)
            return Decision([books], {"version": version})

        return self._log.run(command, decide)

    def withdraw_prices(self, version: int, command: Command) -> Outcome:
        """Take a version back that has not begun.

        Raises PriceBookNotFoundError, AlreadyInForceError.
        """

        def decide() -> Decision:
            books = self._books(command)
            books.withdraw(version, by=command.actor, at=command.at)
            return Decision([books], {"version": version})

        return self._log.run(command, decide)

    def _books(self, command: Command) -> PriceBooks:
        """What is to be changed: the stream's first event is that of its first command."""
        found = self._log.find(PriceBooks, PRICE_BOOKS_ID)
        return found or PriceBooks.establish(by=command.actor, at=command.at)

    def _change(self, change: Callable[[Catalogue], None], command: Command) -> Outcome:
        def decide() -> Decision:
            found = self._log.find(Catalogue, CATALOGUE_ID)
            catalogue = found or Catalogue.establish(by=command.actor, at=command.at)
            change(catalogue)
            return Decision([catalogue], {"revision": catalogue.revision})

        return self._log.run(command, decide)


def _told(revision: int, change: Any) -> CatalogueChange:  # noqa: ANN401 - an event of Catalogue
    kinds = getattr(change, "kinds", None)
    return CatalogueChange(
        revision=revision,
        at=change.timestamp,
        by=change.by,
        what=CHANGE_LABELS[type(change)],
        service_code=getattr(change, "service_code", ""),
        detail={"kinds": kinds} if kinds else getattr(change, "definition", None),
    )


def _publications(books: PriceBooks) -> Iterator[Publication]:
    facts = {each.version: each for each in books.publications}
    for book in books.versions:
        fact = facts.get(book.version)
        yield Publication(
            book=book,
            by=fact.by if fact else "",
            at=fact.timestamp if fact else None,
            note=fact.note if fact else "",
            withdrawn=book.version in books.withdrawn,
        )
