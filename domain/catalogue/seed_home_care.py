"""What the company began with: care of floors, sofas, mattresses, lamps (家居养护); sheet d1."""

from typing import Final

from domain.catalogue.items import Item
from domain.catalogue.seed_kinds import APPLIANCES, HOME_CARE
from domain.catalogue.services import Service, Workload
from domain.catalogue.units import LAMPS, MATTRESSES, SEATS, SETS, SQUARE_METRES

_VISIT: Final = Workload(pace=60, per_person=480, most_crew=2)


def _care(code: str, name: str, *items: Item) -> Service:
    return Service(
        code=code,
        kind=APPLIANCES,
        group=HOME_CARE,
        name=name,
        payment_mode="online",
        tax_class="small1",
        workload=_VISIT,
        items=items,
    )


SERVICES: Final = (
    _care(
        "YH-01",
        "地板打蜡",
        Item("solid_wood", "实木地板", SQUARE_METRES, 5_000, minutes=3),
        Item("laminate", "复合地板", SQUARE_METRES, 5_000, minutes=3),
        Item("stone", "石材晶面", SQUARE_METRES, 5_000, minutes=3),
    ),
    _care(
        "YH-02",
        "沙发护理",
        Item("fabric", "布艺沙发清洗", SEATS, 40, minutes=25),
        Item("leather", "真皮沙发保养", SEATS, 40, minutes=25),
    ),
    _care(
        "YH-03",
        "除尘除螨",
        Item("mattress", "床垫", MATTRESSES, 20, minutes=30),
        Item("sofa", "沙发", SEATS, 40, minutes=10),
        Item("package", "套餐（2 张床垫与 1 组沙发）", SETS, 5, minutes=90),
    ),
    # The sheet gives crystal lamps a span of prices by diameter; here each class has one.
    _care(
        "YH-04",
        "灯具养护",
        Item("ceiling", "吸顶灯", LAMPS, 50, minutes=15),
        Item("pendant", "普通吊灯", LAMPS, 20, minutes=30),
        Item("crystal_40", "水晶灯（直径 40 厘米以内）", LAMPS, 5, minutes=45),
        Item("crystal_60", "水晶灯（直径 40–60 厘米）", LAMPS, 5, minutes=60),
        Item("crystal_80", "水晶灯（直径 60–80 厘米）", LAMPS, 5, minutes=75),
        Item("crystal_100", "水晶灯（直径 80–100 厘米）", LAMPS, 5, minutes=100),
        Item("crystal_120", "水晶灯（直径 100–120 厘米）", LAMPS, 5, minutes=120),
    ),
)

PRICES: Final = {
    "YH-01": {"solid_wood": 6_00, "laminate": 5_00, "stone": 12_00},
    "YH-02": {"fabric": 60_00, "leather": 70_00},
    "YH-03": {"mattress": 99_00, "sofa": 30_00, "package": 238_00},
    "YH-04": {
        "ceiling": 25_00,
        "pendant": 60_00,
        "crystal_40": 150_00,
        "crystal_60": 240_00,
        "crystal_80": 360_00,
        "crystal_100": 480_00,
        "crystal_120": 600_00,
    },
}
MINIMUM_AMOUNTS: Final = {"YH-01": 200_00}
