"""What customers want: mostly a cleaning, else any other of the five order lines."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

from application.lines import Asked

DISTRICT: Final = "110105"


@dataclass(frozen=True)
class Wish:
    """One thing to ask for; `reserved` where people call back and nobody pays online."""

    service_code: str
    quantity: int = 0
    items: dict[str, int] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    reserved: bool = False

    def asked(self, starts_at: datetime) -> Asked:
        """The same for a start."""
        return Asked(
            service_code=self.service_code,
            district=DISTRICT,
            starts_at=starts_at,
            quantity=self.quantity,
            items=self.items,
            form=self.form,
        )


_CLEANING: Final = Wish("BJ-01", 120)
_SHIRTS: Final = Wish("GX-01", items={"shirt": 2, "coat": 1})
_SHOES: Final = Wish("GX-02", items={"sneakers": 1})
_AN_HOUR: Final = Wish("XS-01", 120)
_EVERY_WEEK: Final = Wish("XS-02", 120, form={"weeks": 4, "flexible_days": 1})
_ONE_PERIOD: Final = Wish("XS-02", 120, form={"weeks": 4, "periods": 1})
_AIR_CONDITIONERS: Final = Wish("JD-03", items={"wall": 2}, form={"machines": []})
_SOFA: Final = Wish("YH-02", items={"fabric": 3})
_FLOOR: Final = Wish("YH-01", items={"stone": 300})
_REPAIR: Final = Wish(
    "WX-01", form={"fault": "不制冷", "appliance": "fridge", "photos": []}, reserved=True
)
_ATTENDANT: Final = Wish("HG-01", items={"one_to_one": 3}, reserved=True)
_NURSE: Final = Wish("YS-01", items={"gold": 26}, form={"description": "双胎"}, reserved=True)

PLANS: Final = (_EVERY_WEEK, _ONE_PERIOD)
# How often each is wanted.
WISHES: Final[tuple[tuple[Wish, int], ...]] = (
    (_CLEANING, 46),
    (_SHIRTS, 10),
    (_SHOES, 4),
    (_AN_HOUR, 5),
    (_EVERY_WEEK, 8),
    (_ONE_PERIOD, 3),
    (_AIR_CONDITIONERS, 9),
    (_SOFA, 2),
    (_FLOOR, 1),
    (_REPAIR, 5),
    (_ATTENDANT, 4),
    (_NURSE, 3),
)
SKILLS: Final = tuple(sorted({wish.service_code for wish, _ in WISHES}))


def a_wish(random: Random) -> Wish:
    """What somebody wants."""
    wishes, weights = zip(*WISHES, strict=True)
    chosen: Wish = random.choices(wishes, weights)[0]
    return chosen
