"""What a price is asked for (询价)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.time import Interval


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a price is asked for; `domain.catalogue.quotes` checks it.

    Attributes:
        service_code: a leaf of the catalogue, `BJ-01`.
        district: of the address, GB/T 2260, six digits.
        windows: when the work is done: one; one for each visit of a plan's
            period; (pick-up, return) of dry-cleaning.
        quantity: in base units of a service sold by quantity (minutes, tenths
            of ㎡), for each visit; 0 where it is sold by item.
        items: base units by item, for services sold by item (garments,
            machines, seats, lamps); an item with extras is named
            `shirt.silk`, see `domain.catalogue.items`.
        options: choice by option code, `{"sides": "both"}`.
    """

    service_code: str
    district: str
    windows: tuple[Interval, ...]
    quantity: int = 0
    items: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
