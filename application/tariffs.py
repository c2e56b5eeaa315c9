"""Tariffs (资费): the catalogue and the prices in force, and those of any old order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.log import Log
from domain.catalogue.catalogue import CATALOGUE_ID, Catalogue
from domain.catalogue.price_books import PRICE_BOOKS_ID, PriceBooks
from domain.catalogue.seed import PRICE_BOOK
from domain.catalogue.tariff import Tariff

_STREAMS: Final = (CATALOGUE_ID, PRICE_BOOKS_ID)
_BEFORE_ALL: Final = PRICE_BOOK.effective_from


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of the two streams."""

    catalogue: Catalogue
    books: PriceBooks

    @property
    def versions(self) -> tuple[int, int]:
        return self.catalogue.version, self.books.version


class Tariffs:
    """Finds tariffs; safe to share between threads.

    A revision and a version never change, so a tariff once built is kept. What is
    in force is asked of the log each time: two streams whose last events are looked at.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._built: dict[tuple[int, int], Tariff] = {}
        self._known: _Known | None = None

    def at(self, at: datetime) -> Tariff:
        """What is in force at `at`.

        Raises:
            PriceBookNotFoundError: No price book is.
            NaiveTimeError: `at` has no offset.
        """
        known = self._current()
        return self._tariff(known, known.catalogue.revision_at(at), known.books.version_at(at))

    def of(self, catalogue_revision: int, price_book_version: int) -> Tariff:
        """The tariff an order names, however old.

        Raises:
            RevisionNotFoundError: There is no such revision of the catalogue.
            PriceBookNotFoundError: There is no such version of the prices.
        """
        built = self._built.get((catalogue_revision, price_book_version))
        return built or self._tariff(self._current(), catalogue_revision, price_book_version)

    def _tariff(self, known: _Known, revision: int, version: int) -> Tariff:
        built = self._built.get((revision, version))
        if built is None:
            offer, book = known.catalogue.offer(revision), known.books.book(version)
            built = Tariff(revision, offer.kinds, offer.on_sale, book)
            self._built[revision, version] = built
        return built

    def _current(self) -> _Known:
        catalogue, books = map(self._log.version_of, _STREAMS)
        known = self._known
        if known and catalogue <= known.versions[0] and books <= known.versions[1]:
            return known
        # Two threads may load at once, and the older one may remain: the next caller
        # sees that the log is longer, and loads again.
        self._known = known = _Known(catalogue_of(self._log), price_books_of(self._log))
        return known


def catalogue_of(log: Log) -> Catalogue:
    """The catalogue; where nothing was ever changed, a new one that is not saved."""
    found = log.find(Catalogue, CATALOGUE_ID)
    return found or Catalogue.establish(by="system", at=_BEFORE_ALL)


def price_books_of(log: Log) -> PriceBooks:
    """The price books; where none was ever published, new ones that are not saved."""
    found = log.find(PriceBooks, PRICE_BOOKS_ID)
    return found or PriceBooks.establish(by="system", at=_BEFORE_ALL)
