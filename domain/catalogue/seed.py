"""What the company began with: catalogue revision 0 and price book version 1.

Frozen: orders name them, so a test compares a digest. What changed since is
events, see `domain.catalogue.catalogue` and `domain.catalogue.price_books`.
"""

from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from domain.catalogue import (
    seed_appliances,
    seed_care,
    seed_cleaning,
    seed_dry_cleaning,
    seed_home_care,
)
from domain.catalogue.holidays import HOLIDAY_YEARS
from domain.catalogue.price_book import DeliveryRule, PriceBook, Surcharges, Tier
from domain.catalogue.seed_kinds import KINDS
from domain.catalogue.tariff import Tariff
from domain.time import SHANGHAI

SERVICES: Final = (
    *(seed for seed in seed_cleaning.SERVICES if seed.line == "BJ"),
    *seed_dry_cleaning.SERVICES,
    *(seed for seed in seed_cleaning.SERVICES if seed.line == "XS"),
    *seed_appliances.SERVICES,
    *seed_home_care.SERVICES,
    seed_appliances.REPAIR,
    *seed_care.SERVICES,
)

PRICE_BOOK: Final = PriceBook(
    version=1,
    effective_from=datetime(2026, 1, 1, tzinfo=SHANGHAI),
    prices=MappingProxyType(
        {
            **seed_cleaning.PRICES,
            **seed_dry_cleaning.PRICES,
            **seed_appliances.PRICES,
            **seed_home_care.PRICES,
            **seed_care.PRICES,
        }
    ),
    additions=MappingProxyType(
        {
            **seed_cleaning.ADDITIONS,
            **seed_dry_cleaning.ADDITIONS,
            **seed_appliances.ADDITIONS,
            **seed_care.ADDITIONS,
        }
    ),
    minimum_amounts=MappingProxyType(seed_home_care.MINIMUM_AMOUNTS),
    # The trade's cards of 10, 20 and 50 visits: 95, 92 and 88 % of the list price.
    discounts=MappingProxyType({"XS-02": (Tier(10, 9_500), Tier(20, 9_200), Tier(50, 8_800))}),
    delivery=DeliveryRule(frozenset({"GX"}), fee_fen=15_00, free_from_fen=99_00),
    surcharges=Surcharges(
        labour_lines=frozenset({"BJ", "XS", "JD", "YH"}),
        holiday_basis_points=10_000,
        holidays=MappingProxyType({year: HOLIDAY_YEARS[year].statutory for year in (2026, 2027)}),
        night_basis_points=3_000,
        night_from=time(20),
        night_until=time(8),
        visit_lines=frozenset({"BJ", "GX", "XS", "JD", "YH"}),
        remote_fen=20_00,
        remote_districts=MappingProxyType(
            {"110116": "怀柔区", "110117": "平谷区", "110118": "密云区", "110119": "延庆区"}
        ),
        urgent_fen=20_00,
        urgent_before=timedelta(hours=4),
    ),
)

TARIFF: Final = Tariff(
    catalogue_revision=0,
    kinds=KINDS,
    services=MappingProxyType({service.code: service for service in SERVICES}),
    book=PRICE_BOOK,
)
