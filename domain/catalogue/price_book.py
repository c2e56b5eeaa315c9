"""Price books (价目表): versioned prices and surcharge rules, effective from an instant.

The prices are defaults taken from published price lists of the trade; an
administrator publishes others. A published version is never edited: orders name
it, and their quotes are computed again from it years later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from domain.errors import NotFoundError
from domain.money import Fen

# The name of the only price of a service that is sold by quantity.
EACH: Final = "each"


class PriceBookNotFoundError(NotFoundError):
    """No price book was in force, or none has this version."""

    code = "price_book_not_found"
    sentence = "没有对应的价目表。"


class PriceNotFoundError(NotFoundError):
    """The price book has no price for a service of the catalogue, or for an item."""

    code = "price_not_found"
    sentence = "价目表没有“{service_code}”的价格。"


@dataclass(frozen=True, slots=True)
class Addition:
    """What a choice or an extra adds: fen per price unit, or a share of the base price."""

    fen: Fen = 0
    basis_points: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many visits prepaid at once, the share of the list price that is paid."""

    visits: int
    basis_points: int


@dataclass(frozen=True, slots=True)
class DeliveryRule:
    """What fetching and bringing back costs (取送费) below an amount, by service line."""

    lines: frozenset[str]
    fee_fen: Fen
    free_from_fen: Fen


@dataclass(frozen=True, slots=True)
class Surcharges:
    """Rules on top of the labour price (人工费), rates in basis points of it.

    Attributes:
        labour_lines: service lines whose labour costs more at night and on
            holidays.
        visit_lines: service lines whose visits pay for distance and haste.
        holidays: the statutory days of each year that this version knows.
        night_from: night is [night_from, night_until) of Asia/Shanghai, over
            midnight.
        remote_districts: GB/T 2260 codes and names (远郊); each visit costs
            `remote_fen`.
        urgent_before: a first visit that starts sooner is urgent (加急).
    """

    labour_lines: frozenset[str]
    holiday_basis_points: int
    holidays: Mapping[int, Mapping[date, str]]
    night_basis_points: int
    night_from: time
    night_until: time
    visit_lines: frozenset[str]
    remote_fen: Fen
    remote_districts: Mapping[str, str]
    urgent_fen: Fen
    urgent_before: timedelta


@dataclass(frozen=True, slots=True)
class PriceBook:
    """One version of all prices.

    Attributes:
        effective_from: the first instant at which it is in force.
        prices: service → item → fen per price unit; EACH stands for the item of
            a service sold by quantity.
        additions: service → `option.choice` or `item.extra` → what it adds;
            what is not there adds nothing.
        minimum_amounts: service → the least that a booking of it costs.
        discounts: service → tiers by visits prepaid in one period, ascending.
    """

    version: int
    effective_from: datetime
    prices: Mapping[str, Mapping[str, Fen]]
    additions: Mapping[str, Mapping[str, Addition]]
    minimum_amounts: Mapping[str, Fen]
    discounts: Mapping[str, tuple[Tier, ...]]
    delivery: DeliveryRule
    surcharges: Surcharges

    def price(self, service_code: str, item: str = EACH) -> Fen:
        """Fen per price unit.

        Raises:
            PriceNotFoundError: This version has no price for it.
        """
        price = self.prices.get(service_code, {}).get(item)
        if price is None:
            raise PriceNotFoundError(service_code=service_code)
        return price

    def addition(self, service_code: str, part: str, choice: str) -> Addition:
        """What the choice of an option, or the extra of an item, adds."""
        return self.additions.get(service_code, {}).get(f"{part}.{choice}", Addition())

    def tier(self, service_code: str, visits: int) -> Tier | None:
        """The best tier that so many visits reach; None if none."""
        tiers = self.discounts.get(service_code, ())
        return next((each for each in reversed(tiers) if each.visits <= visits), None)
