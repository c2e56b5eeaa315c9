"""The seed is frozen: what a leaf cost at first, it costs for ever under those prices.

`python -m tests.domain.test_seed_quotes` writes the file anew; only to be run
when the seed has never been booked from.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.catalogue.definitions import kind_definition, service_definition
from domain.catalogue.price_lists import price_list
from domain.catalogue.quotes import Quote, quote
from domain.catalogue.seed import PRICE_BOOK, SERVICES, TARIFF
from domain.catalogue.seed_kinds import KINDS
from domain.catalogue.services import Service
from domain.catalogue.wishes import Wish
from tests.domain.wishing import AT_SEPTEMBER, REMOTE, names_of, shanghai, visits, wish

FROZEN = Path(__file__).with_name("seed_quotes.json")
DIGEST = "50ad4f8585d371c6342a70cb2233a9212c140541acc5307fcb0604bebbf3defb"


def seed_digest() -> str:
    seed = {
        "kinds": [kind_definition(kind) for kind in KINDS],
        "services": [service_definition(service) for service in SERVICES],
        "effective_from": PRICE_BOOK.effective_from.isoformat(),
        "price_list": price_list(PRICE_BOOK),
    }
    text = json.dumps(seed, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def wishes_of(service: Service) -> Iterator[Wish]:
    """The least of it, and much of everything far away over a holiday's night."""
    count = 12 if service.per_visit else 1
    windows = visits(shanghai(30, 19, month=9), count, 8)
    options = {
        option.code: [each.code for each in option.choices if not each.refusal]
        for option in service.options
    }
    for place, district in ((0, "110105"), (-1, REMOTE)):
        chosen = {code: codes[place] for code, codes in options.items()}
        measure = service.measure
        quantity = (measure.minimum, measure.maximum)[place] if measure else 0
        for items in items_of(service, everything=place < 0):
            yield wish(service.code, quantity, chosen, *windows, items=items, district=district)


def items_of(service: Service, *, everything: bool) -> Iterator[dict[str, int]]:
    each = [{name: item.step} for item in service.items for name in names_of(item)]
    if not everything or service.one_item:
        yield from each or [{}]
    else:
        yield {name: item.maximum for item in service.items for name in names_of(item)}


def told(priced: Quote) -> dict[str, Any]:
    return {
        "total_fen": priced.total_fen,
        "effort": [priced.duration_minutes, priced.crew],
        "lines": [f"{line.code} {line.amount_fen} {line.reason}" for line in priced.lines],
    }


def quotes_of_seed() -> dict[str, list[dict[str, Any]]]:
    return {
        service.code: [told(quote(each, TARIFF, AT_SEPTEMBER)) for each in wishes_of(service)]
        for service in SERVICES
    }


def test_the_seed_is_what_it_always_was() -> None:
    assert seed_digest() == DIGEST


def test_every_leaf_costs_what_it_always_did() -> None:
    assert quotes_of_seed() == json.loads(FROZEN.read_text(encoding="utf-8"))


if __name__ == "__main__":
    FROZEN.write_text(
        json.dumps(quotes_of_seed(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    print(seed_digest())  # noqa: T201 - for the constant above
