"""What the company began with: cleaning (保洁) and hourly work (小时工); sheet d1."""

from typing import Final

from domain.catalogue.options import Choice, Option
from domain.catalogue.price_book import EACH, Addition
from domain.catalogue.seed_kinds import CLEANING, HOURLY
from domain.catalogue.services import Measure, Service, Workload
from domain.catalogue.units import HOURS, SQUARE_METRES

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
        group=None,
        name="日常保洁",
        payment_mode="online",
        tax_class="small1",
        measure=Measure(HOURS, step=30, minimum=120, maximum=720),
        workload=Workload(pace=60, per_person=720),
    ),
    Service(
        code="BJ-02",
        kind=CLEANING,
        group=None,
        name="新居开荒",
        payment_mode="online",
        tax_class="small1",
        measure=Measure(
            SQUARE_METRES, step=1, minimum=600, maximum=10_000, minimum_is_charged=True
        ),
        workload=Workload(pace=250, per_person=600, least_crew=2, most_crew=4),
    ),
    Service(
        code="BJ-03",
        kind=CLEANING,
        group=None,
        name="擦玻璃",
        payment_mode="online",
        tax_class="small1",
        measure=Measure(SQUARE_METRES, step=1, minimum=100, maximum=1_000, minimum_is_charged=True),
        workload=Workload(
            pace=100, per_person=400, most_crew=2, slow_choices=frozenset({("sides", "both")})
        ),
        options=(_SIDES, _HEIGHT),
    ),
    Service(
        code="XS-01",
        kind=HOURLY,
        group=None,
        name="单次小时工",
        payment_mode="online",
        tax_class="small1",
        measure=Measure(HOURS, step=30, minimum=120, maximum=480),
        workload=Workload(pace=60, per_person=480),
    ),
    Service(
        code="XS-02",
        kind=HOURLY,
        group=None,
        name="长期小时工",
        payment_mode="online",
        tax_class="small1",
        measure=Measure(HOURS, step=30, minimum=120, maximum=480),
        workload=Workload(pace=60, per_person=480),
        per_visit=True,
        note="次卡暂未开放购买，按期预付。",
    ),
)

PRICES: Final = {
    "BJ-01": {EACH: 50_00},
    "BJ-02": {EACH: 8_00},
    "BJ-03": {EACH: 8_00},
    "XS-01": {EACH: 45_00},
    "XS-02": {EACH: 42_00},
}
# Both sides of a window cost 12 yuan a square metre, the inner one 8.
ADDITIONS: Final = {"BJ-03": {"sides.both": Addition(fen=4_00)}}
