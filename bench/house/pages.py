"""Pages of few and of many orders: the board's first and a far one, a customer's list, search."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa
from eventsourcing.persistence import StoredEvent

from application.access import SubjectKind
from application.projections import office_orders
from application.projections.paging import cursor
from bench.house.caller import Caller, took_ms
from bench.house.closed_loop import Window, closed_loop
from bench.house.commands import Commands
from bench.house.history import Buyer, LifeStory, buyers, fill
from bench.house.lives import BOARD, LIST, OFFICE
from bench.house.people import staffed
from bench.house.projecting import catch_up
from bench.house.sizes import Sizes
from bench.installation import demo_settings, migrated, running, wait_for
from bench.percentiles import percentile
from bench.verdict import Verdicts, judged
from infrastructure.embedded_postgres import EmbeddedPostgres
from interface.cli.processes import open_household
from interface.household import Household

_DATABASE: Final = "bench_pages"
_ORDERS_A_BUYER: Final = 25
_ROWS_A_PAGE: Final = 50
_FAR: Final = "far"
_SEARCH: Final = "search"
_WARM_UPS: Final = 5
_SEED_GOAL_SECONDS: Final = 90


@dataclass
class Town:
    """The orders so far, and who asks for them."""

    house: Household
    office: str
    story: LifeStory
    buyers: list[Buyer]
    orders: int = 0

    def grow(self, orders: int) -> float:
        """Append up to so many orders and bring the read models level; seconds."""
        began = perf_counter()
        new = range(self.orders, orders)
        fill(self.house, chain.from_iterable(map(self._order, new)))
        self.orders = orders
        catch_up(self.house)
        _settle(self.house)
        return perf_counter() - began

    def _order(self, number: int) -> Iterator[StoredEvent]:
        """Booked; every fourth paid and assigned as well."""
        buyer = self.buyers[number % len(self.buyers)]
        return self.story.copy(number, buyer, 3 if number % 4 == 0 else 1, orders_only=True)


def measure_pages(
    directory: Path, server: EmbeddedPostgres, sizes: Sizes, product: Commands
) -> Verdicts:
    """Few orders first, then many on top of them."""
    settings = demo_settings(directory, migrated(server, _DATABASE))
    with open_household(settings) as house:
        house.feed.install()
        house.deadlines.install()
        began = perf_counter()
        people = buyers(house, max(1, sizes.many_orders // _ORDERS_A_BUYER))
        town = Town(house, staffed(house), LifeStory(house.clock.now()), people)
        seeding = perf_counter() - began + town.grow(sizes.few_orders)
        with running(directory, settings, product("web")):
            wait_for(settings.port)
            few = _measure(town, sizes, far_page=1)
            seeding += town.grow(sizes.many_orders)
            print(f"{sizes.many_orders:,} orders seeded and projected in {seeding:.0f} s")
            many = _measure(town, sizes, far_page=sizes.far_page)
    return _verdicts_of(few, many) | {
        "seeding_seconds": judged(seeding, _SEED_GOAL_SECONDS, at_most=True)
    }


@dataclass(frozen=True)
class Looks:
    """Latencies in ms, ascending."""

    board: list[float]
    far: list[float]
    mine: list[float]
    search: list[float]


def _measure(town: Town, sizes: Sizes, far_page: int) -> Looks:
    far = _cursor_before(town.house, far_page)
    customer = town.house.sessions.open_session(SubjectKind.CUSTOMER, town.buyers[0].customer_id)
    with closing(Caller(town.house.settings.port)) as caller:
        for _ in range(_WARM_UPS + sizes.looks):
            caller.get(BOARD, f"{OFFICE}?limit={_ROWS_A_PAGE}", town.office)
            caller.get(_FAR, f"{OFFICE}?limit={_ROWS_A_PAGE}&cursor={far}", town.office)
            caller.get(LIST, "/api/v1/orders", customer)
        samples = caller.samples[3 * _WARM_UPS :]
    found = _search(town, sizes)
    looks = Looks(
        took_ms(samples, BOARD),
        took_ms(samples, _FAR),
        took_ms(samples, LIST),
        took_ms(found.samples),
    )
    _tell(town.orders, far_page, looks)
    return looks


def _cursor_before(house: Household, page: int) -> str:
    """The cursor that walking to this page would end with; "" for the first one."""
    if page == 1:
        return ""
    rows = office_orders.orders.c.position
    query = sa.select(rows).order_by(rows.desc()).offset((page - 1) * _ROWS_A_PAGE - 1).limit(1)
    with house.engine.connect() as connection:
        return cursor(int(connection.execute(query).scalar_one()))


def _search(town: Town, sizes: Sizes) -> Window:
    def steps(caller: Caller, number: int) -> Iterator[None]:
        for buyer in cycle(town.buyers[number :: sizes.clients] or town.buyers):
            for words in _what_people_search(buyer):
                _find(caller, town.office, words)
                yield

    return closed_loop(
        town.house.settings.port, sizes.clients, sizes.search_seconds, _WARM_UPS, steps
    )


def _what_people_search(buyer: Buyer) -> tuple[str, ...]:
    """Rare and frequent: a phone and its end, a name, a part of an address, both."""
    street = buyer.address[3:6]
    return buyer.phone, buyer.phone[-4:], buyer.name, street, f"{buyer.name} {street}"


def _find(caller: Caller, office: str, words: str) -> None:
    """Raises RuntimeError where nothing is found: an empty page would be fast."""
    found = caller.get(_SEARCH, f"{OFFICE}?search={quote(words)}", office)
    if not found["orders"]:
        message = f"nothing found for {words}"
        raise RuntimeError(message)


def _settle(house: Household) -> None:
    """What autovacuum does in life soon after so many rows."""
    engine = house.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("vacuum analyze")


def _verdicts_of(few: Looks, many: Looks) -> Verdicts:
    ratio = percentile(many.far, 50) / percentile(few.board, 50)
    return {
        "far_board_page_to_first_of_few": judged(ratio, 1.5, at_most=True),
        "board_few_p50_ms": judged(percentile(few.board, 50)),
        "board_many_p50_ms": judged(percentile(many.board, 50)),
        "board_far_page_p50_ms": judged(percentile(many.far, 50)),
        "list_few_p50_ms": judged(percentile(few.mine, 50)),
        "list_many_p50_ms": judged(percentile(many.mine, 50)),
        "search_few_p95_ms": judged(percentile(few.search, 95)),
        "search_many_p50_ms": judged(percentile(many.search, 50)),
        "search_many_p95_ms": judged(percentile(many.search, 95), 100, at_most=True),
    }


def _tell(orders: int, far_page: int, looks: Looks) -> None:
    print(f"\n{f'{orders:,} orders':32}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
    titles = {
        "board, page 1": looks.board,
        f"board, page {far_page:,}": looks.far,
        "a customer's list": looks.mine,
        "search, all clients at once": looks.search,
    }
    for title, took in titles.items():
        told = "".join(f"{percentile(took, percent):9.1f}" for percent in (50, 95, 99))
        print(f"{title:32}{told}", flush=True)
