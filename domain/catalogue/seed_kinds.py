"""The eight kinds (服务种类) of the brief, in its order, with their groups."""

from typing import Final

from domain.catalogue.services import Group, Kind

APPLIANCE_CLEANING: Final = Group("appliance_cleaning", "家电清洗")
HOME_CARE: Final = Group("home_care", "家居养护")
APPLIANCE_REPAIR: Final = Group("appliance_repair", "家电维修")

CLEANING: Final = Kind("cleaning", "保洁")
DRY_CLEANING: Final = Kind("dry_cleaning", "上门干洗")
HOURLY: Final = Kind("hourly", "小时工")
APPLIANCES: Final = Kind(
    "appliances", "家电维修及保养", (APPLIANCE_CLEANING, HOME_CARE, APPLIANCE_REPAIR)
)
MATERNITY: Final = Kind("maternity", "月嫂")
NANNY: Final = Kind("nanny", "保姆")
ELDER_CARE: Final = Kind("elder_care", "老人陪护")
HOSPITAL_CARE: Final = Kind("hospital_care", "医院护工")

KINDS: Final = (
    *(CLEANING, DRY_CLEANING, HOURLY, APPLIANCES),
    *(MATERNITY, NANNY, ELDER_CARE, HOSPITAL_CARE),
)
