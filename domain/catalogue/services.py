"""Services (服务): kinds, groups and leaves, and how each is measured and worked.

A leaf is sold either by quantity (hours, ㎡) or by item (garments, machines).
Which leaves there are is data: seed and events, see `domain.catalogue.catalogue`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.catalogue.items import InvalidItemError, Item, Piece, pieces
from domain.catalogue.options import Choices, Option, chosen
from domain.catalogue.units import Unit
from domain.errors import InvalidInputError, NotFoundError

PaymentMode = Literal["online", "reservation"]


class ServiceNotFoundError(NotFoundError):
    """No service has this code."""

    code = "service_not_found"
    sentence = "没有代码为“{service_code}”的服务。"


class InvalidQuantityError(InvalidInputError):
    """A quantity is no whole number, off the step, or outside the limits."""

    code = "invalid_quantity"
    sentence = "数量不正确：{rule}。"


@dataclass(frozen=True, slots=True)
class Group:
    """Leaves of a kind that belong together and stand on the home page as one."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the eight top kinds (服务种类) of the brief, in its order."""

    code: str
    name: str
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """How long the visit lasts, in minutes, and how many people come."""

    duration_minutes: int
    crew: int


@dataclass(frozen=True, slots=True)
class Workload:
    """How long a crew needs: `pace` of the work a person-hour, people by the work.

    The work is the quantity in base units, or the minutes of all items. One
    person joins for each started `per_person` of it, between `least_crew` and
    `most_crew`. `slow_choices` (option, choice) do the work twice. No visit is
    shorter than `least_minutes`.
    """

    pace: int
    per_person: int
    least_crew: int = 1
    most_crew: int = 1
    least_minutes: int = 30
    slow_choices: frozenset[tuple[str, str]] = frozenset()

    def effort(self, amount: int, choices: frozenset[tuple[str, str]]) -> Effort:
        """The people and the minutes, rounded up to half hours, for so much work."""
        crew = min(max(-(-amount // self.per_person), self.least_crew), self.most_crew)
        work = amount * (2 if choices & self.slow_choices else 1)
        half_hours = -(-work * 2 // (self.pace * crew))
        return Effort(max(half_hours * 30, self.least_minutes), crew)


@dataclass(frozen=True, slots=True)
class Measure:
    """How a service sold by quantity is measured, in base units of `unit`.

    Below `minimum` a booking is refused if `minimum_is_charged` is false, else
    the minimum is charged.
    """

    unit: Unit
    step: int
    minimum: int
    maximum: int
    minimum_is_charged: bool = False

    def check_quantity(self, quantity: int) -> int:
        """`quantity` itself.

        Raises:
            InvalidQuantityError: It is not whole, not positive, off the step or
                outside the limits.
        """
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity <= 0:
            raise _invalid_quantity(rule="必须是大于零的整数")
        if quantity % self.step:
            raise _invalid_quantity(rule=f"须为 {self.unit.describe(self.step)}的整数倍")
        if quantity > self.maximum:
            raise _invalid_quantity(rule=f"单次最多 {self.unit.describe(self.maximum)}")
        if quantity < self.minimum and not self.minimum_is_charged:
            raise _invalid_quantity(rule=f"至少 {self.unit.describe(self.minimum)}")
        return quantity

    def charged(self, quantity: int) -> int:
        """The quantity paid and worked for: at least the minimum."""
        return max(quantity, self.minimum)


@dataclass(frozen=True, slots=True)
class Service:
    """A leaf of the catalogue: what a customer books.

    Attributes:
        group: of the kind; None for a leaf directly under it.
        payment_mode: "online" (在线支付) or "reservation" (预约); frozen into the
            order at booking (R12), as is the tax class.
        tax_class: a key of `domain.ledger.tax.TAX_CLASSES`.
        measure: how it is measured, None where it is sold by item.
        items: what it is sold by, empty where it is sold by quantity.
        one_item: whether a booking names exactly one of the items, as the
            grades of a nanny are.
        per_visit: whether the quantity is that of each visit of a plan.
        turnaround_days: least and most days until the things come back.
        note: what the price leaves open, a sentence for people; may be empty.
    """

    code: str
    kind: Kind
    group: Group | None
    name: str
    payment_mode: PaymentMode
    tax_class: str
    workload: Workload
    measure: Measure | None = None
    items: tuple[Item, ...] = ()
    one_item: bool = False
    per_visit: bool = False
    turnaround_days: tuple[int, int] = (0, 0)
    options: tuple[Option, ...] = ()
    note: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The names from kind to leaf, for people: (保洁, 日常保洁)."""
        group = self.group.name if self.group else ""
        return tuple(name for name in (self.kind.name, group, self.name) if name)

    @property
    def line(self) -> str:
        """The service line (业务线), two letters: `BJ`."""
        return self.code[:2]

    def pieces(self, items: Mapping[str, int]) -> tuple[Piece, ...]:
        """The pieces of a wish; none where the service is sold by quantity.

        Raises:
            InvalidItemError: An item is refused or missing, or there are items
                and the service has none.
        """
        found = pieces(self.items, items)
        if self.items and not found:
            raise InvalidItemError(field="items", item=self.name, rule="请至少选择一个项目")
        if self.one_item and len(found) > 1:
            raise InvalidItemError(field="items", item=self.name, rule="只能选择一个项目")
        return found

    def check_quantity(self, quantity: int) -> int:
        """`quantity` itself; zero where the service is sold by item.

        Raises:
            InvalidQuantityError: It is refused.
        """
        if self.measure is None and quantity:
            raise _invalid_quantity(rule=f"{self.name}按项目计价，请填写各项目的数量")
        return self.measure.check_quantity(quantity) if self.measure else 0

    def choose(self, options: Mapping[str, str]) -> Choices:
        """The choice of each option, in the order of the service, defaults filled in.

        Raises:
            InvalidOptionError: An option is unknown, missing or has an unknown value.
            RefusedChoiceError: A choice is one the company does not do.
        """
        return chosen(self.options, options)


def _invalid_quantity(*, rule: str) -> InvalidQuantityError:
    return InvalidQuantityError(field="quantity", rule=rule)
