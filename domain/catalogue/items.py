"""Items (计价项目): the garments, machines or seats of a service sold by item.

A wish names an item by its code; extras of it follow after points: `shirt` is a
shirt, `shirt.silk` one of silk. Each such name is priced on its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.catalogue.units import Unit
from domain.errors import InvalidInputError

_MOST_NAMES = 50


class InvalidItemError(InvalidInputError):
    """An item is unknown, or its quantity is off the step or outside the limits."""

    code = "invalid_item"
    sentence = "项目“{item}”不正确：{rule}。"


@dataclass(frozen=True, slots=True)
class ItemExtra:
    """What may be special about an item (附加项): of silk, with its outdoor unit."""

    code: str
    name: str
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One type of thing; `minutes` of work for one price unit of it, zero if not at the home."""

    code: str
    name: str
    unit: Unit
    maximum: int
    minutes: int = 0
    step: int = 1
    extras: tuple[ItemExtra, ...] = ()

    def find_extra(self, code: str) -> ItemExtra:
        """The extra with this code.

        Raises:
            InvalidItemError: There is none.
        """
        for extra in self.extras:
            if extra.code == code:
                return extra
        raise InvalidItemError(field=f"items.{self.code}", item=self.name, rule=f"没有“{code}”")

    def check_quantity(self, quantity: int) -> int:
        """`quantity` itself, in base units.

        Raises:
            InvalidItemError: It is not whole, not positive, off the step or too much.
        """
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity <= 0:
            raise self._invalid(rule="数量必须是大于零的整数")
        if quantity % self.step:
            raise self._invalid(rule=f"数量须为 {self.unit.describe(self.step)}的整数倍")
        if quantity > self.maximum:
            raise self._invalid(rule=f"最多 {self.unit.describe(self.maximum)}")
        return quantity

    def _invalid(self, *, rule: str) -> InvalidItemError:
        return InvalidItemError(field=f"items.{self.code}", item=self.name, rule=rule)


@dataclass(frozen=True, slots=True)
class Piece:
    """So much of an item as a wish asks for, with its extras."""

    name: str
    item: Item
    extras: tuple[ItemExtra, ...]
    quantity: int

    @property
    def label(self) -> str:
        """For people: `衬衫（真丝）`."""
        named = "、".join(extra.name for extra in self.extras)
        return f"{self.item.name}（{named}）" if named else self.item.name

    @property
    def minutes(self) -> int:
        """How long one person works on it, rounded up."""
        each = self.item.minutes + sum(extra.minutes for extra in self.extras)
        return -(-self.quantity * each // self.item.unit.per_price_unit)


def pieces(offered: tuple[Item, ...], wished: Mapping[str, int]) -> tuple[Piece, ...]:
    """The wished pieces in the order of the catalogue, however the wish orders them.

    Raises:
        InvalidItemError: An item or extra is unknown, named twice or too many,
            or a quantity is refused.
    """
    if len(wished) > _MOST_NAMES:
        raise InvalidItemError(field="items", item="", rule=f"最多 {_MOST_NAMES} 种")
    places = {item.code: place for place, item in enumerate(offered)}
    found = [_piece(offered, places, name, wished[name]) for name in wished]
    return tuple(sorted(found, key=lambda piece: (places[piece.item.code], piece.name)))


def _piece(offered: tuple[Item, ...], places: Mapping[str, int], name: str, quantity: int) -> Piece:
    code, *extras = name.split(".")
    if code not in places:
        raise InvalidItemError(field="items", item=name, rule="该服务没有这个项目")
    item = offered[places[code]]
    if extras != sorted(set(extras)):
        raise InvalidItemError(field=f"items.{code}", item=name, rule="附加项须按字母排序且不重复")
    chosen = tuple(item.find_extra(extra) for extra in extras)
    return Piece(name, item, chosen, item.check_quantity(quantity))
