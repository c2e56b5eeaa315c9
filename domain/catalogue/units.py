"""Units (计量单位): integers of a base unit, and what people say instead.

Prices are per price unit (hour, ㎡, 件), quantities in base units (minute, tenth
of ㎡, 件), so that a quantity is never a fraction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.money import divide_half_up


@dataclass(frozen=True, slots=True)
class Unit:
    """How something is measured: `per_price_unit` base units make one price unit.

    `counted` is what people count in where that is not the price unit: care is
    priced by the month of 26 days and counted in days.
    """

    code: str
    price_unit: str
    per_price_unit: int = 1
    counted: str = ""

    def describe(self, quantity: int) -> str:
        """`quantity` base units, for people: `2.5 小时`, `26 天`."""
        if self.counted:
            return f"{quantity} {self.counted}"
        tenths = divide_half_up(quantity * 10, self.per_price_unit)
        whole, rest = divmod(tenths, 10)
        return f"{whole}.{rest} {self.price_unit}" if rest else f"{whole} {self.price_unit}"


HOURS: Final = Unit("minute", "小时", 60)
SQUARE_METRES: Final = Unit("tenth_sqm", "㎡", 10)
METRES: Final = Unit("tenth_metre", "米", 10)
PIECES: Final = Unit("piece", "件")
PAIRS: Final = Unit("pair", "双")
MACHINES: Final = Unit("machine", "台")
OUTLETS: Final = Unit("outlet", "个")
SEATS: Final = Unit("seat", "座")
MATTRESSES: Final = Unit("mattress", "张")
SETS: Final = Unit("set", "套")
LAMPS: Final = Unit("lamp", "盏")
VISITS: Final = Unit("visit", "次")
DAYS: Final = Unit("day", "天")
# A month of care is 26 days of work, the trade's custom; a day is a 26th of it.
CARE_DAYS: Final = Unit("care_day", "月（26 天）", 26, "天")

UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        unit.code: unit
        for unit in (
            *(HOURS, SQUARE_METRES, METRES, PIECES, PAIRS, MACHINES, OUTLETS),
            *(SEATS, MATTRESSES, SETS, LAMPS, VISITS, DAYS, CARE_DAYS),
        )
    }
)
