"""Price books: what may be published, and which one holds when."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.catalogue import SEED, Offer
from domain.catalogue.definitions import InvalidDefinitionError
from domain.catalogue.holidays import HOLIDAY_YEARS
from domain.catalogue.price_book import (
    Addition,
    DeliveryRule,
    PriceBook,
    PriceBookNotFoundError,
    PriceNotFoundError,
    Surcharges,
    Tier,
)
from domain.catalogue.price_books import (
    PRICE_BOOKS_ID,
    AlreadyInForceError,
    BeginsInPastError,
    PriceBooks,
)
from domain.catalogue.price_lists import price_book_of, price_list
from domain.catalogue.price_rules import check_price_book
from domain.catalogue.quotes import quote
from domain.catalogue.seed import PRICE_BOOK, TARIFF
from domain.catalogue.wishes import Wish
from domain.errors import InvalidInputError
from domain.money import Fen
from domain.time import SHANGHAI
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper
from tests.domain.histories import assert_replays
from tests.domain.wishing import AT_SEPTEMBER, wishes

BY = "staff:boss"
AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
LATER = AT + timedelta(days=10)


@pytest.fixture
def books() -> PriceBooks:
    return PriceBooks.establish(by=BY, at=AT)


def dearer(effective_from: datetime = LATER, fen: Fen = 60_00) -> PriceBook:
    prices = {**PRICE_BOOK.prices, "BJ-01": {"each": fen}}
    return replace(PRICE_BOOK, effective_from=effective_from, prices=prices)


def publish(books: PriceBooks, book: PriceBook, at: datetime = AT) -> int:
    return books.publish(book, SEED, by=BY, at=at)


def test_the_first_price_book_holds_the_published_prices() -> None:
    assert PRICE_BOOK.price("BJ-01") == 5000
    assert PRICE_BOOK.price("JD-03", "wall") == 9900
    assert PRICE_BOOK.addition("BJ-03", "sides", "both") == Addition(fen=400)
    assert PRICE_BOOK.addition("BJ-03", "sides", "inner") == Addition()


def test_midnight_in_shanghai_starts_the_first_price_book() -> None:
    assert PRICE_BOOK.effective_from == datetime(2026, 1, 1, tzinfo=SHANGHAI)


def test_the_first_price_book_obeys_the_rules_for_new_ones() -> None:
    check_price_book(PRICE_BOOK, SEED)
    assert set(PRICE_BOOK.surcharges.holidays) == set(HOLIDAY_YEARS)


@pytest.mark.parametrize(("code", "item"), [("ZZ-99", "each"), ("JD-03", "each")])
def test_a_service_without_a_price_is_not_found(code: str, item: str) -> None:
    with pytest.raises(PriceNotFoundError, match=code):
        PRICE_BOOK.price(code, item)


def test_the_best_tier_that_is_reached_counts() -> None:
    tiers = [PRICE_BOOK.tier("XS-02", visits) for visits in (9, 10, 19, 20, 50, 99)]
    assert [tier.basis_points if tier else 0 for tier in tiers] == [0, 9500, 9500, 9200, 8800, 8800]


# -- publishing


def test_versions_are_dense_from_two_on(books: PriceBooks) -> None:
    assert books.id == PRICE_BOOKS_ID
    assert [publish(books, dearer(LATER + timedelta(days=each))) for each in range(3)] == [2, 3, 4]
    assert [book.version for book in books.versions] == [1, 2, 3, 4]


def test_a_published_book_takes_over_at_its_first_instant(books: PriceBooks) -> None:
    publish(books, dearer())
    assert books.version_at(LATER - timedelta(microseconds=1)) == 1
    assert books.version_at(LATER) == 2
    assert books.book(2).price("BJ-01") == 6000
    assert books.book(1) == PRICE_BOOK


def test_of_two_books_of_one_instant_the_later_published_holds(books: PriceBooks) -> None:
    publish(books, dearer(fen=61_00))
    publish(books, dearer(fen=62_00))
    assert books.version_at(LATER) == 3


def test_a_book_published_for_earlier_holds_until_the_next_begins(books: PriceBooks) -> None:
    publish(books, dearer(LATER))
    publish(books, dearer(AT))
    assert (books.version_at(AT), books.version_at(LATER)) == (3, 2)


def test_a_book_cannot_begin_in_the_past(books: PriceBooks) -> None:
    with pytest.raises(BeginsInPastError):
        publish(books, dearer(AT - timedelta(microseconds=1)))
    assert publish(books, dearer(AT)) == 2


def test_there_is_no_price_book_before_the_first(books: PriceBooks) -> None:
    assert books.version_at(PRICE_BOOK.effective_from) == 1
    with pytest.raises(PriceBookNotFoundError):
        books.version_at(PRICE_BOOK.effective_from - timedelta(microseconds=1))


@pytest.mark.parametrize("version", [0, 2])
def test_an_unknown_version_is_not_found(books: PriceBooks, version: int) -> None:
    with pytest.raises(PriceBookNotFoundError):
        books.book(version)


def test_a_book_that_has_not_begun_can_be_taken_back(books: PriceBooks) -> None:
    publish(books, dearer())
    assert books.withdraw(2, by=BY, at=AT)
    assert not books.withdraw(2, by=BY, at=AT)
    assert books.version_at(LATER) == 1
    assert books.book(2).price("BJ-01") == 6000
    assert publish(books, dearer()) == 3


@pytest.mark.parametrize("version", [1, 2])
def test_a_book_that_has_begun_cannot_be_taken_back(books: PriceBooks, version: int) -> None:
    publish(books, dearer())
    with pytest.raises(AlreadyInForceError):
        books.withdraw(version, by=BY, at=LATER)


def test_a_note_says_why_and_is_short(books: PriceBooks) -> None:
    books.publish(dearer(), SEED, note="春节调价", by=BY, at=AT)
    assert books.publications[0].note == "春节调价"
    with pytest.raises(InvalidInputError):
        books.publish(dearer(), SEED, note="长" * 501, by=BY, at=AT)


def test_the_history_of_price_books_replays(books: PriceBooks) -> None:
    publish(books, dearer())
    publish(books, dearer())
    books.withdraw(2, by=BY, at=AT)
    events = list(books.pending_events)
    assert_replays(books, events)
    mapper: PlainJsonMapper = PlainJsonMapper(OrjsonTranscoder())
    assert [mapper.to_domain_event(mapper.to_stored_event(each)) for each in events] == events


# -- what a book must be like


def with_rules(**changes: Any) -> PriceBook:  # noqa: ANN401 - fields of Surcharges
    return replace(PRICE_BOOK, surcharges=replace(PRICE_BOOK.surcharges, **changes))


def with_prices(changes: Mapping[str, Mapping[str, Fen]]) -> PriceBook:
    return replace(PRICE_BOOK, prices={**PRICE_BOOK.prices, **changes})


@pytest.mark.parametrize(
    ("book", "field"),
    [
        (with_prices({"ZZ-99": {"each": 1}}), "prices.ZZ-99"),
        (with_prices({"BJ-01": {}}), "prices.BJ-01.each"),
        (with_prices({"BJ-01": {"each": 1, "half": 1}}), "prices.BJ-01.half"),
        (with_prices({"BJ-01": {"each": 0}}), "prices.BJ-01.each"),
        (with_prices({"BJ-01": {"each": 100_000_01}}), "prices.BJ-01.each"),
        (with_prices({"JD-05": {"microwave": 1}}), "prices.JD-05.oven"),
        (replace(PRICE_BOOK, prices={}), "prices.BJ-01.each"),
        (replace(PRICE_BOOK, additions={"ZZ-99": {}}), "additions.ZZ-99"),
        (
            replace(PRICE_BOOK, additions={"BJ-03": {"sides.outer": Addition()}}),
            "additions.BJ-03.sides.outer",
        ),
        (
            replace(PRICE_BOOK, additions={"BJ-03": {"sides.both": Addition(fen=-1)}}),
            "additions.BJ-03.sides.both",
        ),
        (
            replace(PRICE_BOOK, additions={"HG-01": {"ward.special": Addition(fen=1)}}),
            "additions.HG-01.ward.special",
        ),
        (replace(PRICE_BOOK, minimum_amounts={"YH-01": -1}), "minimum_amounts.YH-01"),
        (replace(PRICE_BOOK, minimum_amounts={"YH-99": 1}), "minimum_amounts.YH-99"),
        (replace(PRICE_BOOK, discounts={"BJ-01": ()}), "discounts.BJ-01"),
        (replace(PRICE_BOOK, discounts={"XS-02": (Tier(0, 9_000),)}), "discounts.XS-02"),
        (replace(PRICE_BOOK, discounts={"XS-02": (Tier(1, 10_001),)}), "discounts.XS-02"),
        (
            replace(PRICE_BOOK, discounts={"XS-02": (Tier(9, 8_000), Tier(10, 9_000))}),
            "discounts.XS-02",
        ),
        (
            replace(PRICE_BOOK, delivery=DeliveryRule(frozenset({"ZZ"}), 1, 1)),
            "delivery.lines",
        ),
        (
            replace(PRICE_BOOK, delivery=DeliveryRule(frozenset(), -1, 1)),
            "delivery.fee_fen",
        ),
        (with_rules(labour_lines=frozenset({"ZZ"})), "surcharges.labour_lines"),
        (with_rules(visit_lines=frozenset({"ZZ"})), "surcharges.visit_lines"),
        (with_rules(holiday_basis_points=-1), "surcharges.holiday_basis_points"),
        (with_rules(night_basis_points=100_001), "surcharges.night_basis_points"),
        (with_rules(night_from=time(7)), "surcharges.night_from"),
        (with_rules(urgent_fen=-1), "surcharges.urgent_fen"),
        (with_rules(remote_fen=-1), "surcharges.remote_fen"),
        (with_rules(urgent_before=timedelta(days=7)), "surcharges.urgent_before_minutes"),
        (with_rules(remote_districts={"1101": "北京"}), "surcharges.remote_districts"),
        (with_rules(holidays={2026: {date(2027, 1, 1): "元旦"}}), "surcharges.holidays.2026"),
    ],
)
def test_a_book_that_does_not_fit_is_refused_by_name(book: PriceBook, field: str) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        check_price_book(book, SEED)
    assert refused.value.facts["field"] == field


def test_a_withdrawn_service_may_be_priced_but_need_not() -> None:
    offer = Offer(SEED.kinds, SEED.services, frozenset({"BJ-01"}))
    rest = {code: own for code, own in PRICE_BOOK.prices.items() if code != "BJ-01"}
    check_price_book(replace(PRICE_BOOK, prices=rest), offer)
    with pytest.raises(InvalidDefinitionError):
        check_price_book(with_prices({"BJ-01": {"each": 0}}), offer)


# -- round trips


CODES = st.from_regex(r"[A-Z]{2}-[0-9]{2}", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
FEN = st.integers(0, 10**7)
LINES = st.frozensets(st.sampled_from(["BJ", "GX", "XS"]))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))
ANY_BOOK = st.builds(
    PriceBook,
    version=st.just(7),
    effective_from=st.just(LATER),
    prices=st.dictionaries(CODES, st.dictionaries(WORDS, FEN, max_size=3), max_size=3),
    additions=st.dictionaries(
        CODES,
        st.dictionaries(WORDS, st.builds(Addition, FEN, FEN), max_size=3),
        max_size=3,
    ),
    minimum_amounts=st.dictionaries(CODES, FEN, max_size=3),
    discounts=st.dictionaries(
        CODES, st.lists(st.builds(Tier, FEN, FEN), max_size=3).map(tuple), max_size=3
    ),
    delivery=st.builds(DeliveryRule, LINES, FEN, FEN),
    surcharges=st.builds(
        Surcharges,
        labour_lines=LINES,
        holiday_basis_points=FEN,
        holidays=st.dictionaries(
            st.integers(2026, 2030), st.dictionaries(DAYS, st.just("节"), max_size=3), max_size=3
        ),
        night_basis_points=FEN,
        night_from=TIMES,
        night_until=TIMES,
        visit_lines=LINES,
        remote_fen=FEN,
        remote_districts=st.dictionaries(WORDS, WORDS, max_size=3),
        urgent_fen=FEN,
        urgent_before=st.integers(0, 10_000).map(lambda minutes: timedelta(minutes=minutes)),
    ),
)


def reread(book: PriceBook) -> PriceBook:
    transcoder = OrjsonTranscoder()
    stored = transcoder.decode(transcoder.encode(price_list(book)))
    return price_book_of(book.version, book.effective_from, stored)


@given(ANY_BOOK)
def test_a_book_survives_its_price_list(book: PriceBook) -> None:
    assert reread(book) == book


@given(wishes())
def test_a_stored_book_prices_as_the_published_one(asking: Wish) -> None:
    stored = replace(TARIFF, book=reread(PRICE_BOOK))
    assert quote(asking, stored, AT_SEPTEMBER) == quote(asking, TARIFF, AT_SEPTEMBER)


@pytest.mark.parametrize("change", [price_list, lambda book: price_list(reread(book))])
def test_a_price_list_is_the_same_each_time(change: Callable[[PriceBook], Any]) -> None:
    assert change(PRICE_BOOK) == price_list(PRICE_BOOK)
