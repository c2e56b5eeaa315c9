"""Every cell of the whole product's measurements, with tiny sizes: the figures mean nothing."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from bench.house.__main__ import PARTS, measured
from bench.house.history import LifeStory, buyers, fill
from bench.house.projecting import catch_up
from bench.house.sizes import TINY
from bench.verdict import Verdicts
from domain.orders.cleaning import CleaningOrder
from domain.orders.stages import Stage
from infrastructure.embedded_postgres import EmbeddedPostgres
from infrastructure.embedded_postgres.roles import drop_database
from interface.household import Household
from tests.product import NOON, clock, house, secrets, settings

__all__ = ["clock", "house", "secrets", "settings"]


def _order_of(life: Sequence[StoredEvent]) -> UUID:
    return UUID(str(life[0].originator_id))


@pytest.fixture(scope="module")
def verdicts(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Verdicts]:
    directory: Path = tmp_path_factory.mktemp("bench")
    yield measured(postgres_server, directory, TINY)
    for part in PARTS:
        drop_database(postgres_server.url(), f"bench_{part}")


def test_every_part_of_the_house_is_measured(verdicts: Verdicts) -> None:
    told = {
        "commands_to_bare_requests",
        "orders_per_second",
        "book_p99_ms",
        "pay_p99_ms",
        "lag_p99_ms",
        "memory_web_pss_mib",
        "projection_events_per_second",
        "office_orders_events_per_second",
        "rebuild_seconds",
        "far_board_page_to_first_of_few",
        "search_many_p95_ms",
        "seeding_seconds",
    }
    assert told <= verdicts.keys()
    assert all(verdicts[name]["value"] for name in told)


def test_a_measured_run_loses_nothing_and_disturbs_no_reader(verdicts: Verdicts) -> None:
    names = (
        "lives_unlike_the_log",
        "rebuild_rows_differing",
        "rebuild_not_switched",
        "rebuild_reads_failed",
    )
    assert {name: verdicts[name]["value"] for name in names} == dict.fromkeys(names, 0)
    assert verdicts["rebuild_rows_compared"]["value"]


def test_a_life_that_is_appended_in_bulk_reads_as_one_that_was_lived(house: Household) -> None:
    story = LifeStory(NOON)
    people = buyers(house, 2)
    lives = [list(story.copy(n, people[n], story.events)) for n in range(2)]
    assert fill(house, chain.from_iterable(lives)) == 2 * story.events
    first, second = (house.log.load(CleaningOrder, _order_of(life)) for life in lives)
    assert (first.stage, second.stage) == (Stage.REVIEWED, Stage.REVIEWED)
    assert first.order_number != second.order_number
    assert house.vault.open(first.contact["name"]) == people[0].name
    _, followers = catch_up(house)
    assert {each.position() for each in followers} == {2 * story.events}
