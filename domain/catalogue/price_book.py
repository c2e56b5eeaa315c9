"""Price books (价目表): versioned prices and surcharge rules, effective from an instant.

The prices are defaults taken from published price lists of the trade; an
administrator verifies them. A published version is never edited: orders name
it, and their quotes are computed again from it years later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from domain.errors import NotFoundError
from domain.money import Fen
from domain.time import SHANGHAI, require_aware


class PriceBookNotFoundError(NotFoundError):
    """No price book was in force, or none has this version."""

    code = "price_book_not_found"
    sentence = "没有对应的价目表。"


class PriceNotFoundError(NotFoundError):
    """The price book has no price for a service of the catalogue."""

    code = "price_not_found"
    sentence = "价目表没有“{service_code}”的价格。"


@dataclass(frozen=True, slots=True)
class Surcharges:
    """Rules on top of the labour price (人工费), rates in basis points of it.

    Night is [night_from, night_until) of Asia/Shanghai, over midnight;
    `remote_districts` maps GB/T 2260 codes to names (远郊); urgent (加急) is a start
    less than `urgent_before` after the quote. `holiday_years` are the years
    whose statutory holidays this version knows.
    """

    labour_kinds: frozenset[str]
    holiday_basis_points: int
    holiday_years: frozenset[int]
    night_basis_points: int
    night_from: time
    night_until: time
    remote_fen: Fen
    remote_districts: Mapping[str, str]
    urgent_fen: Fen
    urgent_before: timedelta


@dataclass(frozen=True, slots=True)
class PriceBook:
    """One version of all prices, in fen per price unit of the service.

    `option_prices` maps (service, option, choice) to what the choice adds per
    price unit; a choice that is not there adds nothing.
    """

    version: int
    effective_from: datetime
    prices: Mapping[str, Fen]
    option_prices: Mapping[tuple[str, str, str], Fen]
    surcharges: Surcharges

    def price(self, service_code: str) -> Fen:
        """Fen per price unit of the service.

        Raises:
            PriceNotFoundError: This version has no price for it.
        """
        price = self.prices.get(service_code)
        if price is None:
            raise PriceNotFoundError(service_code=service_code)
        return price

    def option_price(self, service_code: str, option: str, choice: str) -> Fen:
        """Fen that the choice adds per price unit, zero if nothing."""
        return self.option_prices.get((service_code, option, choice), 0)


PRICE_BOOKS: Final = (
    PriceBook(
        version=1,
        effective_from=datetime(2026, 1, 1, tzinfo=SHANGHAI),
        prices=MappingProxyType({"BJ-01": 5000, "BJ-02": 800, "BJ-03": 800}),
        # Both sides of a window cost 12 yuan a square metre, the inner one 8.
        option_prices=MappingProxyType({("BJ-03", "sides", "both"): 400}),
        surcharges=Surcharges(
            labour_kinds=frozenset({"cleaning"}),
            holiday_basis_points=10_000,
            holiday_years=frozenset({2026, 2027}),
            night_basis_points=3_000,
            night_from=time(20),
            night_until=time(8),
            remote_fen=2000,
            remote_districts=MappingProxyType(
                {"110116": "怀柔区", "110117": "平谷区", "110118": "密云区", "110119": "延庆区"}
            ),
            urgent_fen=2000,
            urgent_before=timedelta(hours=4),
        ),
    ),
)


def price_book_at(at: datetime, books: tuple[PriceBook, ...] = PRICE_BOOKS) -> PriceBook:
    """The version of `books` in force at `at`: the latest that is already effective.

    Raises:
        NaiveTimeError: `at` has no offset.
        PriceBookNotFoundError: It lies before the first version.
    """
    instant = require_aware(at)
    in_force = [book for book in books if book.effective_from <= instant]
    if not in_force:
        raise PriceBookNotFoundError
    return max(in_force, key=lambda book: book.effective_from)


def price_book(version: int) -> PriceBook:
    """The price book with this version, however old.

    Raises:
        PriceBookNotFoundError: There is none.
    """
    for book in PRICE_BOOKS:
        if book.version == version:
            return book
    raise PriceBookNotFoundError
