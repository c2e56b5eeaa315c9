"""What collected garments cost (取件计价): the tariff of the booking, by the real count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.catalogue.quotes import quote
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.orders.dry_cleaning.garments import shares
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.windows import bounds
from domain.time import Interval

# What follows the count; surcharges of the agreed time and place stay as booked.
_BY_COUNT: Final = frozenset({"base", "minimum", "options", "discount", "delivery"})
_COUNTY: Final = 6  # digits of a county in GB/T 2260


@dataclass(frozen=True)
class TakenGarment:
    """A garment as the driver sees it; `units` as in the catalogue, `remark` in clear."""

    label: str
    item: str
    units: int = 1
    remark: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Priced:
    """The price of what was taken: its lines, and each garment's share of them."""

    lines: list[dict[str, Any]]
    garments_fen: list[int]
    names: list[str]

    @property
    def total_fen(self) -> int:
        """The sum of the lines."""
        return sum(line["amount_fen"] for line in self.lines)


def price(order: DryCleaningOrder, taken: Sequence[TakenGarment], tariff: Tariff) -> Priced:
    """What the order costs with these garments, by the tariff it was booked at.

    Raises InvalidItemError where the service has no such item.
    """
    counts = counted(taken)
    items = [line.as_dict() for line in quote(_wish(order, counts), tariff, order.created_on).lines]
    lines = [line for line in items if line["code"] in _BY_COUNT]
    lines += [line for line in order.lines if line["code"] not in _BY_COUNT]
    sold = tariff.service(order.service_code)
    labels = {piece.name: piece.label for piece in sold.pieces(counts)}
    spread = {item: iter(_spread(item, taken, lines)) for item in counts}
    return Priced(
        lines=lines,
        garments_fen=[next(spread[each.item]) for each in taken],
        names=[labels[each.item] for each in taken],
    )


def counted(taken: Sequence[TakenGarment]) -> dict[str, int]:
    """Base units by item."""
    counts: dict[str, int] = {}
    for each in taken:
        counts[each.item] = counts.get(each.item, 0) + each.units
    return counts


def _wish(order: DryCleaningOrder, items: Mapping[str, int]) -> Wish:
    return Wish(
        service_code=order.service_code,
        district=order.contact["district"][:_COUNTY],
        windows=tuple(Interval(*bounds(each)) for each in order.priced_windows),
        items=items,
        options=order.details.get("options", {}),
    )


def _spread(
    item: str, taken: Sequence[TakenGarment], lines: Sequence[Mapping[str, Any]]
) -> list[int]:
    """The item's lines over its garments."""
    total_fen = sum(line["amount_fen"] for line in lines if line.get("item") == item)
    return shares(total_fen, [each.units for each in taken if each.item == item])
