"""What the company began with: maternity nurses, nannies and carers (月嫂, 保姆, 陪护, 护工).

Reservations only: the prices are what an adviser starts from and what the
statements are computed by; sheet d1.
"""

from typing import Final

from domain.catalogue.items import Item, ItemExtra
from domain.catalogue.options import Choice, Option
from domain.catalogue.price_book import Addition
from domain.catalogue.seed_kinds import ELDER_CARE, HOSPITAL_CARE, MATERNITY, NANNY
from domain.catalogue.services import Kind, Service, Workload
from domain.catalogue.units import CARE_DAYS, DAYS

_YEAR: Final = 366
_TWINS: Final = (ItemExtra("twins", "双胎"),)
# An adviser's first visit; the care itself is agreed day by day.
_INTERVIEW: Final = Workload(pace=60, per_person=60, least_minutes=60)
_WARD: Final = Option(
    "ward",
    "病区",
    (
        Choice("general", "普通病区"),
        Choice(
            "special",
            "传染病区或重症监护",
            note="传染病区与重症监护的价格另议，本报价按普通病区估算。",
        ),
    ),
    default="general",
)


def _care(code: str, kind: Kind, *items: Item, **more: str | tuple[Option, ...]) -> Service:
    return Service(
        code=code,
        kind=kind,
        group=None,
        name=kind.name,
        payment_mode="reservation",
        tax_class="small1",
        workload=_INTERVIEW,
        items=items,
        one_item=True,
        **more,  # type: ignore[arg-type] # note and options
    )


SERVICES: Final = (
    _care(
        "YS-01",
        MATERNITY,
        Item("standard", "标准月嫂", CARE_DAYS, _YEAR, extras=_TWINS),
        Item("silver", "银牌月嫂", CARE_DAYS, _YEAR, extras=_TWINS),
        Item("gold", "金牌月嫂", CARE_DAYS, _YEAR, extras=_TWINS),
        Item("diamond", "钻石月嫂", CARE_DAYS, _YEAR, extras=_TWINS),
    ),
    _care(
        "BM-01",
        NANNY,
        Item("live_in", "住家保姆", CARE_DAYS, _YEAR),
        Item("day_shift", "白班保姆", CARE_DAYS, _YEAR),
        note="服务费为首月工资的 20% 或按年收取，签约时另计。",
    ),
    _care(
        "LR-01",
        ELDER_CARE,
        Item("self_reliant", "自理老人陪护", CARE_DAYS, _YEAR),
        Item("semi_dependent", "半自理老人陪护", CARE_DAYS, _YEAR),
        Item("dependent", "不能自理老人陪护", CARE_DAYS, _YEAR),
        Item("by_day", "按天陪护", DAYS, _YEAR),
    ),
    _care(
        "HG-01",
        HOSPITAL_CARE,
        Item("shift_12h", "12 小时护工", DAYS, _YEAR),
        Item("one_to_one", "24 小时一对一护工", DAYS, _YEAR),
        Item("one_to_many", "24 小时一对多护工", DAYS, _YEAR),
        options=(_WARD,),
    ),
)

PRICES: Final = {
    "YS-01": {"standard": 8_800_00, "silver": 10_800_00, "gold": 13_800_00, "diamond": 16_800_00},
    "BM-01": {"live_in": 6_500_00, "day_shift": 5_500_00},
    "LR-01": {
        "self_reliant": 5_500_00,
        "semi_dependent": 6_500_00,
        "dependent": 7_800_00,
        "by_day": 260_00,
    },
    "HG-01": {"shift_12h": 180_00, "one_to_one": 260_00, "one_to_many": 120_00},
}
ADDITIONS: Final = {
    "YS-01": {
        f"{grade}.twins": Addition(basis_points=2_000)
        for grade in ("standard", "silver", "gold", "diamond")
    },
}
