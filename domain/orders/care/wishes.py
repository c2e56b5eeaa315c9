"""What a customer wishes who reserves care (需求): a choice, days, and sealed words."""

from collections.abc import Mapping
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.sealed import check_sealed

MATERNITY: Final = "YS-01"  # 月嫂
NANNY: Final = "BM-01"  # 保姆
ELDER: Final = "LR-01"  # 老人陪护
HOSPITAL: Final = "HG-01"  # 医院护工

# What the customer chooses of each service (level, kind of day, condition, care mode):
# the codes of the catalogue's items.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    MATERNITY: ("standard", "silver", "gold", "diamond"),
    NANNY: ("live_in", "day_shift"),
    ELDER: ("self_reliant", "semi_dependent", "dependent", "by_day"),
    HOSPITAL: ("shift_12h", "one_to_one", "one_to_many"),
}
PRESENCES: Final = ("", "live_in", "day_shift")
LONGEST_WISH_DAYS: Final = 400
SEALED_WISHES: Final = ("description", "hospital", "ward")


def check_wishes(service_code: str, details: Mapping[str, Any]) -> None:
    """Check the details of a booking; a customer who does not know yet chooses nothing.

    Raises:
        InvalidInputError: an unknown name, choice or presence, no number of days,
            or words in clear.
    """
    known = {"choice", "days", "presence", *SEALED_WISHES}
    if not details.keys() <= known or details.get("choice", "") not in {"", *CHOICES[service_code]}:
        raise InvalidInputError(field="choice")
    days = details.get("days", 0)
    if type(days) is not int or not 0 <= days <= LONGEST_WISH_DAYS:
        raise InvalidInputError(field="days")
    if details.get("presence", "") not in PRESENCES:
        raise InvalidInputError(field="presence")
    check_sealed(**{name: details.get(name, "") for name in SEALED_WISHES})
