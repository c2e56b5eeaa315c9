"""Services (服务): kinds, groups and leaves, and how each is measured.

Pure data: the other kinds of the brief are further rows. Quantities are
integers in the base unit (minutes, tenths of ㎡); prices are per price unit
(hour, ㎡). Source of the leaves and their limits: published price lists of the
trade, collected in the catalogue sheet; an administrator verifies them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from domain.errors import InvalidInputError, NotFoundError
from domain.money import divide_half_up

PaymentMode = Literal["online", "reservation"]


class ServiceNotFoundError(NotFoundError):
    """No service has this code."""

    code = "service_not_found"
    sentence = "没有代码为“{service_code}”的服务。"


class InvalidQuantityError(InvalidInputError):
    """A quantity is no whole number, off the step, or outside the limits."""

    code = "invalid_quantity"
    sentence = "数量不正确：{rule}。"


class InvalidOptionError(InvalidInputError):
    """An option is unknown, missing, or has a value that does not exist."""

    code = "invalid_option"
    sentence = "选项“{option}”不正确：{rule}。"


class RefusedChoiceError(InvalidInputError):
    """The choice exists, but the company does not do such work."""

    code = "refused_choice"


@dataclass(frozen=True, slots=True)
class Unit:
    """How a service is measured: `per_price_unit` base units make one price unit."""

    code: str
    price_unit: str
    per_price_unit: int

    def describe(self, quantity: int) -> str:
        """`quantity` base units in price units, for people: `2.5 小时`."""
        tenths = divide_half_up(quantity * 10, self.per_price_unit)
        whole, rest = divmod(tenths, 10)
        return f"{whole}.{rest} {self.price_unit}" if rest else f"{whole} {self.price_unit}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an option; a `refusal` sentence means: never sold."""

    code: str
    name: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A question of the booking form; without `default` an answer is required."""

    code: str
    name: str
    choices: tuple[Choice, ...]
    default: str = ""

    def choose(self, value: str) -> Choice:
        """The choice with the code `value`.

        Raises:
            InvalidOptionError: There is none.
            RefusedChoiceError: It is one the company does not do.
        """
        for choice in self.choices:
            if choice.code == value:
                return _accepted(choice, self.code)
        rule = "可选 " + "、".join(f"{choice.code}（{choice.name}）" for choice in self.choices)
        raise InvalidOptionError(field=f"options.{self.code}", option=self.name, rule=rule)


@dataclass(frozen=True, slots=True)
class Workload:
    """How long a crew needs: `pace` base units a person-hour, people by quantity.

    One person joins for each started `per_person` base units, between
    `least_crew` and `most_crew`. `slow_choices` (option, choice) do the work twice.
    """

    pace: int
    per_person: int
    least_crew: int = 1
    most_crew: int = 1
    slow_choices: frozenset[tuple[str, str]] = frozenset()

    def effort(self, quantity: int, choices: frozenset[tuple[str, str]]) -> "Effort":
        """The people and the minutes, rounded up to half hours, for `quantity`."""
        crew = min(max(-(-quantity // self.per_person), self.least_crew), self.most_crew)
        work = quantity * (2 if choices & self.slow_choices else 1)
        half_hours = -(-work * 2 // (self.pace * crew))
        return Effort(half_hours * 30, crew)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long the visit lasts, in minutes, and how many people come."""

    duration_minutes: int
    crew: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the eight top kinds (服务种类) of the brief, in its order."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Service:
    """A leaf of the catalogue: what a customer books.

    A sold service keeps its unit and limits for ever: a change is a new code,
    or an old quote could not be computed again. `group` is empty for a leaf
    directly under its kind. Below `minimum` a booking is refused if
    `minimum_is_charged` is false, else the minimum is charged. `tax_class` is a
    key of `domain.ledger.tax.TAX_CLASSES`. It and `payment_mode` are frozen
    into the order at booking.
    """

    code: str
    kind: Kind
    group: str
    name: str
    payment_mode: PaymentMode
    unit: Unit
    step: int
    minimum: int
    maximum: int
    minimum_is_charged: bool
    tax_class: str
    workload: Workload
    options: tuple[Option, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The names from kind to leaf, for people: (保洁, 日常保洁)."""
        return tuple(name for name in (self.kind.name, self.group, self.name) if name)

    def check_quantity(self, quantity: int) -> int:
        """`quantity` itself, in base units.

        Raises:
            InvalidQuantityError: It is not whole, not positive, off the step or
                outside the limits.
        """
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity <= 0:
            raise InvalidQuantityError(field="quantity", rule="必须是大于零的整数")
        if quantity % self.step:
            rule = f"须为 {self.unit.describe(self.step)}的整数倍"
            raise InvalidQuantityError(field="quantity", rule=rule)
        if quantity > self.maximum:
            rule = f"{self.name}单次最多 {self.unit.describe(self.maximum)}"
            raise InvalidQuantityError(field="quantity", rule=rule)
        if quantity < self.minimum and not self.minimum_is_charged:
            rule = f"{self.name}至少 {self.unit.describe(self.minimum)}"
            raise InvalidQuantityError(field="quantity", rule=rule)
        return quantity

    def charged(self, quantity: int) -> int:
        """The quantity paid and worked for: at least the minimum."""
        return max(quantity, self.minimum)

    def choose(self, options: Mapping[str, str]) -> tuple[tuple[Option, Choice], ...]:
        """The choice of each option, in the order of the service, defaults filled in.

        Raises:
            InvalidOptionError: An option is unknown, missing or has an unknown value.
            RefusedChoiceError: A choice is one the company does not do.
        """
        known = {option.code for option in self.options}
        for code in sorted(set(options) - known):
            rule = f"{self.name}没有这个选项"
            raise InvalidOptionError(field=f"options.{code}", option=code, rule=rule)
        return tuple(
            (option, option.choose(options.get(option.code, option.default)))
            for option in self.options
        )


def _accepted(choice: Choice, option_code: str) -> Choice:
    if choice.refusal:
        raise RefusedChoiceError(choice.refusal, field=f"options.{option_code}")
    return choice


HOURS: Final = Unit("minute", "小时", 60)
SQUARE_METRES: Final = Unit("tenth_sqm", "㎡", 10)

CLEANING: Final = Kind("cleaning", "保洁")

KINDS: Final = (CLEANING,)

_SIDES: Final = Option("sides", "擦洗面", (Choice("inner", "仅内侧"), Choice("both", "内外双面")))
# Work at height needs a licence (高处作业证); the company refuses it.
_HEIGHT: Final = Option(
    "height",
    "作业高度",
    (
        Choice("indoor", "室内可安全触及"),
        Choice("high", "高空作业", "擦玻璃不承接高空作业，请选择室内可安全触及的玻璃。"),
    ),
    default="indoor",
)

SERVICES: Final = (
    Service(
        code="BJ-01",
        kind=CLEANING,
        group="",
        name="日常保洁",
        payment_mode="online",
        unit=HOURS,
        step=30,
        minimum=120,
        maximum=720,
        minimum_is_charged=False,
        tax_class="small1",
        workload=Workload(pace=60, per_person=720),
    ),
    Service(
        code="BJ-02",
        kind=CLEANING,
        group="",
        name="新居开荒",
        payment_mode="online",
        unit=SQUARE_METRES,
        step=1,
        minimum=600,
        maximum=10_000,
        minimum_is_charged=True,
        tax_class="small1",
        workload=Workload(pace=250, per_person=600, least_crew=2, most_crew=4),
    ),
    Service(
        code="BJ-03",
        kind=CLEANING,
        group="",
        name="擦玻璃",
        payment_mode="online",
        unit=SQUARE_METRES,
        step=1,
        minimum=100,
        maximum=1_000,
        minimum_is_charged=True,
        tax_class="small1",
        workload=Workload(
            pace=100, per_person=400, most_crew=2, slow_choices=frozenset({("sides", "both")})
        ),
        options=(_SIDES, _HEIGHT),
    ),
)

_BY_CODE: Final[Mapping[str, Service]] = MappingProxyType(
    {service.code: service for service in SERVICES}
)


def service(code: str) -> Service:
    """The service with this code.

    Raises:
        ServiceNotFoundError: There is none.
    """
    found = _BY_CODE.get(code)
    if found is None:
        raise ServiceNotFoundError(service_code=code)
    return found
