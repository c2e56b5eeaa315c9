"""Lines of a quote (报价明细): an amount with its reason and how it was computed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.catalogue.units import Unit
from domain.money import Fen, divide_half_up

BASIS: Final = 10_000


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One charge: `amount_fen` because of `reason`, a Chinese sentence.

    `quantity` is in base units named by `unit` (minute, tenth_sqm) while
    `unit_price_fen` is per price unit (hour, ㎡); what is not charged by unit is
    1 `order`. `item` names the item of a service sold by item, else it is empty.
    Only a discount is negative.
    """

    code: str
    reason: str
    quantity: int
    unit: str
    unit_price_fen: Fen
    amount_fen: Fen
    item: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """The line as it is stored in the order's Booked event; `item` only where it has one."""
        stored: dict[str, str | int] = {
            "code": self.code,
            "reason": self.reason,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price_fen": self.unit_price_fen,
            "amount_fen": self.amount_fen,
        }
        return stored | {"item": self.item} if self.item else stored


def amount(quantity: int, unit: Unit, unit_price_fen: Fen) -> Fen:
    """What so many base units cost, rounded half up."""
    return divide_half_up(quantity * unit_price_fen, unit.per_price_unit)


def once(code: str, reason: str, amount_fen: Fen, item: str = "") -> Iterator[QuoteLine]:
    """A line that is not charged by unit; none where it charges nothing."""
    if amount_fen:
        yield QuoteLine(code, reason, 1, "order", amount_fen, amount_fen, item)


def total(lines: tuple[QuoteLine, ...]) -> Fen:
    """The sum of the lines."""
    return sum(line.amount_fen for line in lines)


def percent(basis_points: int) -> str:
    """A rate for people: `30%`, `2.5%`."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}%".replace("0%", "%") if rest else f"{whole}%"
