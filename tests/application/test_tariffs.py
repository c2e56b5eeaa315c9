"""Tariffs follow the log at once, in every thread and process, and old ones stay."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from application.commands import Command
from domain.catalogue.catalogue import RevisionNotFoundError
from domain.catalogue.definitions import service_definition
from domain.catalogue.price_book import PriceBookNotFoundError
from domain.catalogue.price_lists import price_list
from domain.catalogue.seed import PRICE_BOOK, TARIFF
from domain.catalogue.tariff import Tariff
from infrastructure.clock import SettableClock
from interface.household import Household, build
from interface.settings import Settings

BOSS = "staff:boss"


@pytest.fixture
def elsewhere(settings: Settings, clock: SettableClock) -> Iterator[Household]:
    """The product in another process, on the same log."""
    other = build(settings, clock)
    yield other
    other.close()


def asked(house: Household) -> Command:
    return Command(id=uuid4(), actor=BOSS, body_mac="mac", at=house.clock.now())


def publish(house: Household, fen: int, *, later: timedelta = timedelta()) -> int:
    prices = price_list(PRICE_BOOK)
    prices["prices"]["BJ-01"] = {"each": fen}
    command = asked(house)
    return int(
        house.catalogue.publish(prices, command.at + later, "调价", command).answer["version"]
    )


def rename(house: Household, name: str) -> None:
    definition = service_definition(TARIFF.service("BJ-01")) | {"name": name}
    house.catalogue.change_service(definition, asked(house))


def now(house: Household) -> Tariff:
    return house.tariffs.at(house.clock.now())


def test_before_any_change_the_seed_is_in_force(house: Household) -> None:
    assert now(house) == TARIFF
    assert house.tariffs.of(0, 1) == TARIFF


def test_a_change_is_seen_at_once_here_and_in_other_processes(
    house: Household, elsewhere: Household
) -> None:
    assert now(elsewhere).book.price("BJ-01") == 5_000
    publish(house, 6_000)
    rename(house, "家庭保洁")
    for each in (house, elsewhere):
        assert now(each).book.price("BJ-01") == 6_000
        assert now(each).service("BJ-01").name == "家庭保洁"


def test_prices_change_when_their_time_has_come(house: Household, clock: SettableClock) -> None:
    publish(house, 6_000, later=timedelta(days=1))
    assert now(house).book.version == 1
    clock.advance(timedelta(days=1))
    assert now(house).book.version == 2


def test_an_old_tariff_is_found_by_its_numbers_for_ever(
    house: Household, elsewhere: Household
) -> None:
    for step in range(3):
        rename(house, f"保洁{step}")
        publish(house, 6_000 + step)
    assert house.tariffs.of(0, 1) == elsewhere.tariffs.of(0, 1) == TARIFF
    mixed = elsewhere.tariffs.of(1, 4)
    assert (mixed.service("BJ-01").name, mixed.book.price("BJ-01")) == ("保洁0", 6_002)
    assert house.tariffs.of(1, 4) == mixed


def test_what_never_was_is_not_found(house: Household) -> None:
    with pytest.raises(RevisionNotFoundError):
        house.tariffs.of(1, 1)
    with pytest.raises(PriceBookNotFoundError):
        house.tariffs.of(0, 2)
    with pytest.raises(PriceBookNotFoundError):
        house.tariffs.at(PRICE_BOOK.effective_from - timedelta(days=1))


def test_publications_at_the_same_time_get_versions_of_their_own(house: Household) -> None:
    together = Barrier(6)

    def one(number: int) -> int:
        together.wait()
        return publish(house, 6_000 + number)

    with ThreadPoolExecutor(6) as threads:
        versions = list(threads.map(one, range(6)))
    assert sorted(versions) == [2, 3, 4, 5, 6, 7]
    for number, version in enumerate(versions):
        assert house.tariffs.of(0, version).book.price("BJ-01") == 6_000 + number


def test_readers_never_go_back_behind_what_they_have_seen(house: Household) -> None:
    def read(_: int) -> list[int]:
        return [now(house).book.version for _ in range(40)]

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read, each) for each in range(3)]
        for step in range(6):
            publish(house, 6_000 + step)
        seen = [each.result() for each in readers]
    assert all(versions == sorted(versions) for versions in seen)
    assert now(house).book.version == 7


def test_the_first_change_establishes_the_stream_by_whoever_made_it(house: Household) -> None:
    rename(house, "家庭保洁")
    (change,) = house.catalogue.history()
    assert (change.revision, change.by, change.what) == (1, BOSS, "修改服务")
    assert (change.at, change.service_code) == (house.clock.now(), "BJ-01")
