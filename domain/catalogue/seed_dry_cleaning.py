"""What the company began with: clothes, shoes and home textiles (上门干洗); sheet d1."""

from typing import Final

from domain.catalogue.items import Item, ItemExtra
from domain.catalogue.price_book import Addition
from domain.catalogue.seed_kinds import DRY_CLEANING
from domain.catalogue.services import Service, Workload
from domain.catalogue.units import METRES, PAIRS, PIECES, SQUARE_METRES

_MOST: Final = 50
_SILK: Final = (ItemExtra("silk", "真丝"),)
_SUEDE: Final = (ItemExtra("suede", "翻毛"),)
# Fetching takes half an hour, however much it is; the work is done at the plant.
_FETCHING: Final = Workload(pace=60, per_person=60)

SERVICES: Final = (
    Service(
        code="GX-01",
        kind=DRY_CLEANING,
        group=None,
        name="衣物干洗",
        payment_mode="online",
        tax_class="small1",
        workload=_FETCHING,
        turnaround_days=(3, 5),
        items=(
            Item("shirt", "衬衫", PIECES, _MOST, extras=_SILK),
            Item("sweater", "毛衣", PIECES, _MOST, extras=_SILK),
            Item("suit_jacket", "西装上衣", PIECES, _MOST, extras=_SILK),
            Item("coat", "大衣", PIECES, _MOST, extras=_SILK),
            Item("down_jacket", "羽绒服", PIECES, _MOST),
        ),
    ),
    Service(
        code="GX-02",
        kind=DRY_CLEANING,
        group=None,
        name="鞋",
        payment_mode="online",
        tax_class="small1",
        workload=_FETCHING,
        turnaround_days=(3, 5),
        items=(
            Item("sneakers", "运动鞋", PAIRS, _MOST, extras=_SUEDE),
            Item("leather_shoes", "皮鞋", PAIRS, _MOST, extras=_SUEDE),
            Item("boots", "靴子", PAIRS, _MOST, extras=_SUEDE),
        ),
    ),
    Service(
        code="GX-03",
        kind=DRY_CLEANING,
        group=None,
        name="家纺",
        payment_mode="online",
        tax_class="small1",
        workload=_FETCHING,
        turnaround_days=(4, 7),
        items=(
            Item("sheet", "床单", PIECES, _MOST),
            Item("quilt_cover", "被套", PIECES, _MOST),
            Item("cotton_quilt", "棉被", PIECES, _MOST),
            Item("down_quilt", "羽绒被", PIECES, _MOST),
            Item("curtain", "窗帘", METRES, 1_000),
            Item("carpet", "地毯", SQUARE_METRES, 1_000),
        ),
    ),
)

PRICES: Final = {
    "GX-01": {
        "shirt": 15_00,
        "sweater": 25_00,
        "suit_jacket": 35_00,
        "coat": 55_00,
        "down_jacket": 55_00,
    },
    "GX-02": {"sneakers": 35_00, "leather_shoes": 45_00, "boots": 65_00},
    "GX-03": {
        "sheet": 10_00,
        "quilt_cover": 20_00,
        "cotton_quilt": 45_00,
        "down_quilt": 68_00,
        "curtain": 18_00,
        "carpet": 20_00,
    },
}
ADDITIONS: Final = {
    "GX-01": {
        f"{garment}.silk": Addition(basis_points=5_000)
        for garment in ("shirt", "sweater", "suit_jacket", "coat")
    },
    "GX-02": {
        f"{shoes}.suede": Addition(fen=20_00) for shoes in ("sneakers", "leather_shoes", "boots")
    },
}
