"""Wishes for tests of prices: built by hand, and any that the catalogue allows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.catalogue.items import Item
from domain.catalogue.quotes import Quote, quote
from domain.catalogue.seed import SERVICES, TARIFF
from domain.catalogue.services import Service
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.time import SHANGHAI, Interval

ASKED = datetime(2026, 11, 20, 2, tzinfo=UTC)
AT_SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)
NEAR = "110105"
REMOTE = "110118"
ORDER_OF_LINES = [
    *("base", "minimum", "options", "discount", "delivery"),
    *("holiday", "night", "remote", "urgent"),
]


def shanghai(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


MORNING = (shanghai(23, 9), shanghai(23, 11))


def wish(
    service_code: str = "BJ-01",
    quantity: int = 0,
    options: Mapping[str, str] | None = None,
    *windows: tuple[datetime, datetime],
    items: Mapping[str, int] | None = None,
    district: str = NEAR,
) -> Wish:
    return Wish(
        service_code=service_code,
        district=district,
        windows=tuple(Interval(*each) for each in windows or (MORNING,)),
        quantity=quantity,
        items=items or {},
        options=options or {},
    )


def asked(
    service_code: str = "BJ-01",
    quantity: int = 120,
    options: Mapping[str, str] | None = None,
    window: tuple[datetime, datetime] = MORNING,
    **changes: Any,  # noqa: ANN401 - forwards the remaining arguments
) -> Quote:
    at, tariff = changes.pop("at", ASKED), changes.pop("tariff", TARIFF)
    return quote(wish(service_code, quantity, options, window, **changes), tariff, at)


def priced_items(service_code: str, **items: int) -> Quote:
    """The quote of items, whose extras follow after two underscores: shirt__silk=2."""
    named = {name.replace("__", "."): many for name, many in items.items()}
    return asked(service_code, 0, items=named)


def amounts(priced: Quote) -> dict[str, int]:
    """What each kind of line comes to."""
    found: dict[str, int] = {}
    for line in priced.lines:
        found[line.code] = found.get(line.code, 0) + line.amount_fen
    return found


def visits(first: datetime, count: int, hours: int = 2) -> tuple[tuple[datetime, datetime], ...]:
    """So many visits, a day between two."""
    starts = [first + timedelta(days=2 * each) for each in range(count)]
    return tuple((start, start + timedelta(hours=hours)) for start in starts)


# -- any wish


STARTS = st.integers(1, 60 * 24 * 80).map(lambda minutes: AT_SEPTEMBER + timedelta(minutes=minutes))


def options_of(sold: Service) -> st.SearchStrategy[dict[str, str]]:
    sellable = {
        option.code: st.sampled_from([each.code for each in option.choices if not each.refusal])
        for option in sold.options
    }
    return st.fixed_dictionaries(sellable)


def quantity_of(sold: Service) -> st.SearchStrategy[int]:
    measure = sold.measure
    if measure is None:
        return st.just(0)
    least = 1 if measure.minimum_is_charged else measure.minimum // measure.step
    return st.integers(least, measure.maximum // measure.step).map(lambda n: n * measure.step)


def items_of(sold: Service) -> st.SearchStrategy[dict[str, int]]:
    named = {
        name: st.integers(1, item.maximum // item.step).map(item.step.__mul__)
        for item in sold.items
        for name in names_of(item)
    }
    if not named:
        return st.just({})
    most = 1 if sold.one_item else len(named)
    chosen = st.lists(st.sampled_from(sorted(named)), min_size=1, max_size=most, unique=True)
    return chosen.flatmap(
        lambda names: st.fixed_dictionaries({each: named[each] for each in names})
    )


def names_of(item: Item) -> list[str]:
    return [item.code, *(f"{item.code}.{extra.code}" for extra in item.extras)]


def windows_of(sold: Service) -> st.SearchStrategy[tuple[Interval, ...]]:
    lengths = st.integers(1, 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
    window = st.builds(lambda start, long: Interval(start, start + long), STARTS, lengths)
    most = 30 if sold.per_visit else 2
    return st.lists(window, min_size=1, max_size=most).map(tuple)


@st.composite
def wishes(draw: st.DrawFn, tariff: Tariff = TARIFF) -> Wish:
    """A wish that is not refused when asked at AT_SEPTEMBER."""
    sold = draw(st.sampled_from([tariff.services[each.code] for each in SERVICES]))
    return Wish(
        service_code=sold.code,
        district=draw(st.sampled_from([NEAR, REMOTE])),
        windows=draw(windows_of(sold)),
        quantity=draw(quantity_of(sold)),
        items=draw(items_of(sold)),
        options=draw(options_of(sold)),
    )
