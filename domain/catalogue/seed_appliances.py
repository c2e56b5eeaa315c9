"""What the company began with: cleaning and repair of appliances (家电清洗, 家电维修); sheet d1.

Minutes are those of the sheet; where it gives a span, larger machines take
longer within it.
"""

from typing import Final

from domain.catalogue.items import Item, ItemExtra
from domain.catalogue.price_book import EACH, Addition
from domain.catalogue.seed_kinds import APPLIANCE_CLEANING, APPLIANCE_REPAIR, APPLIANCES
from domain.catalogue.services import Measure, Service, Workload
from domain.catalogue.units import MACHINES, OUTLETS, VISITS

_MOST: Final = 20
# Beyond a working day of minutes a second person comes.
_VISIT: Final = Workload(pace=60, per_person=480, most_crew=2)
_OUTDOOR: Final = (ItemExtra("outdoor", "含外机", minutes=20),)


def _cleaning(code: str, name: str, *items: Item) -> Service:
    return Service(
        code=code,
        kind=APPLIANCES,
        group=APPLIANCE_CLEANING,
        name=name,
        payment_mode="online",
        tax_class="small1",
        workload=_VISIT,
        items=items,
    )


SERVICES: Final = (
    _cleaning(
        "JD-01",
        "油烟机清洗",
        Item("chinese", "中式油烟机", MACHINES, _MOST, minutes=90),
        Item("european", "欧式油烟机", MACHINES, _MOST, minutes=90),
        Item("side", "侧吸油烟机", MACHINES, _MOST, minutes=90),
        Item("integrated", "集成灶", MACHINES, _MOST, minutes=120),
    ),
    _cleaning(
        "JD-02",
        "冰箱清洗",
        Item("double_door", "单门或双门冰箱", MACHINES, _MOST, minutes=60),
        Item("three_door", "三门冰箱", MACHINES, _MOST, minutes=75),
        Item("side_by_side", "对开门冰箱", MACHINES, _MOST, minutes=90),
    ),
    _cleaning(
        "JD-03",
        "空调清洗",
        Item("wall", "挂机", MACHINES, _MOST, minutes=40, extras=_OUTDOOR),
        Item("cabinet", "柜机", MACHINES, _MOST, minutes=60, extras=_OUTDOOR),
        Item("outlet", "中央空调出风口", OUTLETS, _MOST, minutes=50),
    ),
    _cleaning(
        "JD-04",
        "洗衣机清洗",
        Item("impeller", "波轮洗衣机", MACHINES, _MOST, minutes=90),
        Item("drum", "滚筒洗衣机", MACHINES, _MOST, minutes=100),
        Item("washer_dryer", "洗烘一体机", MACHINES, _MOST, minutes=120),
        Item("without_dismantling", "免拆清洗", MACHINES, _MOST, minutes=60),
    ),
    _cleaning(
        "JD-05",
        "微波炉清洗",
        Item("microwave", "微波炉", MACHINES, _MOST, minutes=30),
        Item("oven", "烤箱", MACHINES, _MOST, minutes=30),
    ),
)

REPAIR: Final = Service(
    code="WX-01",
    kind=APPLIANCES,
    group=APPLIANCE_REPAIR,
    name="家电维修",
    payment_mode="reservation",
    tax_class="small1",
    measure=Measure(VISITS, step=1, minimum=1, maximum=1),
    workload=Workload(pace=1, per_person=1, least_minutes=60),
    note="此为上门检测费，维修则免；配件与工时检测后报价，质保 90 天。",
)

PRICES: Final = {
    "JD-01": {"chinese": 148_00, "european": 168_00, "side": 158_00, "integrated": 238_00},
    "JD-02": {"double_door": 108_00, "three_door": 128_00, "side_by_side": 148_00},
    "JD-03": {"wall": 99_00, "cabinet": 139_00, "outlet": 150_00},
    "JD-04": {
        "impeller": 128_00,
        "drum": 168_00,
        "washer_dryer": 198_00,
        "without_dismantling": 79_00,
    },
    "JD-05": {"microwave": 59_00, "oven": 89_00},
    "WX-01": {EACH: 50_00},
}
ADDITIONS: Final = {
    "JD-03": {"wall.outdoor": Addition(fen=80_00), "cabinet.outdoor": Addition(fen=80_00)},
}
