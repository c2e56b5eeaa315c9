"""Price lists (价目): a price book's content as plain data, and back.

This is the form in which events of the price books carry it; version and
instant stand beside it. Fields keep their names for ever.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from domain.catalogue.price_book import Addition, DeliveryRule, PriceBook, Surcharges, Tier

PriceList = dict[str, Any]

_MINUTE: Final = timedelta(minutes=1)
_RATES: Final = ("holiday_basis_points", "night_basis_points", "remote_fen", "urgent_fen")


def price_list(book: PriceBook) -> PriceList:
    """What the book says, as plain data; the inverse of `price_book_of`."""
    return {
        "prices": {code: dict(items) for code, items in book.prices.items()},
        "additions": {
            code: {name: _addition(each) for name, each in additions.items()}
            for code, additions in book.additions.items()
        },
        "minimum_amounts": dict(book.minimum_amounts),
        "discounts": {
            code: [{"visits": t.visits, "basis_points": t.basis_points} for t in tiers]
            for code, tiers in book.discounts.items()
        },
        "delivery": {
            "lines": sorted(book.delivery.lines),
            "fee_fen": book.delivery.fee_fen,
            "free_from_fen": book.delivery.free_from_fen,
        },
        "surcharges": _surcharges(book.surcharges),
    }


def price_book_of(version: int, effective_from: datetime, stored: PriceList) -> PriceBook:
    """The book that a price list of the right shape means."""
    delivery = stored["delivery"]
    return PriceBook(
        version=version,
        effective_from=effective_from,
        prices=_nested(stored["prices"]),
        additions=_nested(
            {
                code: {name: Addition(**each) for name, each in additions.items()}
                for code, additions in stored["additions"].items()
            }
        ),
        minimum_amounts=MappingProxyType(dict(stored["minimum_amounts"])),
        discounts=MappingProxyType(
            {
                code: tuple(Tier(**tier) for tier in tiers)
                for code, tiers in stored["discounts"].items()
            }
        ),
        delivery=DeliveryRule(
            frozenset(delivery["lines"]), delivery["fee_fen"], delivery["free_from_fen"]
        ),
        surcharges=_surcharges_of(stored["surcharges"]),
    )


def _nested(plain: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType({code: MappingProxyType(dict(own)) for code, own in plain.items()})


def _addition(addition: Addition) -> dict[str, int]:
    return {"fen": addition.fen, "basis_points": addition.basis_points}


def _surcharges(rules: Surcharges) -> dict[str, Any]:
    return {name: getattr(rules, name) for name in _RATES} | {
        "labour_lines": sorted(rules.labour_lines),
        "holidays": {
            str(year): {day.isoformat(): name for day, name in days.items()}
            for year, days in rules.holidays.items()
        },
        "night_from": rules.night_from.isoformat("minutes"),
        "night_until": rules.night_until.isoformat("minutes"),
        "visit_lines": sorted(rules.visit_lines),
        "remote_districts": dict(rules.remote_districts),
        "urgent_before_minutes": rules.urgent_before // _MINUTE,
    }


def _surcharges_of(stored: Mapping[str, Any]) -> Surcharges:
    return Surcharges(
        **{name: stored[name] for name in _RATES},
        labour_lines=frozenset(stored["labour_lines"]),
        holidays=MappingProxyType(
            {int(year): _days(days) for year, days in stored["holidays"].items()}
        ),
        night_from=time.fromisoformat(stored["night_from"]),
        night_until=time.fromisoformat(stored["night_until"]),
        visit_lines=frozenset(stored["visit_lines"]),
        remote_districts=MappingProxyType(dict(stored["remote_districts"])),
        urgent_before=stored["urgent_before_minutes"] * _MINUTE,
    )


def _days(stored: Mapping[str, str]) -> Mapping[date, str]:
    return MappingProxyType({date.fromisoformat(day): name for day, name in stored.items()})
