"""Whatever is wished, its quote keeps these laws."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.list_price import Goods, labour_lines
from domain.catalogue.quotes import quote
from domain.catalogue.seed import PRICE_BOOK, TARIFF
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.time import SHANGHAI, Interval
from tests.domain.wishing import (
    AT_SEPTEMBER,
    ORDER_OF_LINES,
    amounts,
    asked,
    items_of,
    quantity_of,
    wishes,
)

# -- any wish


def ask(asking: Wish, tariff: Tariff = TARIFF) -> Any:  # noqa: ANN401 - a Quote, compared whole
    return quote(asking, tariff, AT_SEPTEMBER)


@given(wishes())
def test_a_quote_is_the_sum_of_its_lines_in_their_fixed_order(asking: Wish) -> None:
    priced = ask(asking)
    codes = [line.code for line in priced.lines]
    assert priced.total_fen == sum(line.amount_fen for line in priced.lines)
    assert codes == sorted(codes, key=ORDER_OF_LINES.index)
    assert codes[0] == "base"
    for line in priced.lines:
        assert type(line.amount_fen) is int
        assert (line.amount_fen < 0) == (line.code == "discount")
        assert line.reason.endswith("。")


@given(wishes())
def test_no_quote_is_negative(asking: Wish) -> None:
    assert ask(asking).total_fen > 0


@given(wishes(), st.data())
def test_more_never_costs_less_but_for_the_delivery_it_saves(
    asking: Wish, data: st.DataObject
) -> None:
    sold = TARIFF.service(asking.service_code)
    more = replace(asking, quantity=max(asking.quantity, data.draw(quantity_of(sold))))
    if not sold.one_item:
        others = data.draw(items_of(sold))
        together = {
            name: max(asking.items.get(name, 0), others.get(name, 0))
            for name in {**asking.items, **others}
        }
        more = replace(more, items=together)
    less, greater = ask(asking), ask(more)
    assert amounts(less)["base"] <= amounts(greater)["base"]
    saved = amounts(less).get("delivery", 0)
    assert less.total_fen - saved <= greater.total_fen - amounts(greater).get("delivery", 0)


@given(wishes())
def test_the_price_of_items_is_the_sum_of_each(asking: Wish) -> None:
    sold = TARIFF.service(asking.service_code)

    def listed(items: dict[str, int]) -> int:
        goods = Goods(sold, 0, sold.pieces(items), (), 1)
        lines = labour_lines(goods, PRICE_BOOK)
        return sum(line.amount_fen for line in lines if line.code in {"base", "options"})

    if asking.items:
        whole = listed(dict(asking.items))
        assert whole == sum(listed({name: many}) for name, many in asking.items.items())


@given(wishes())
def test_the_order_in_which_items_are_wished_does_not_matter(asking: Wish) -> None:
    backwards = replace(asking, items=dict(list(asking.items.items())[::-1]))
    assert ask(backwards) == ask(asking)


@given(wishes())
def test_a_quote_does_not_depend_on_the_offset_of_its_times(asking: Wish) -> None:
    elsewhere = tuple(
        Interval(each.starts_at.astimezone(SHANGHAI), each.ends_at.astimezone(SHANGHAI))
        for each in asking.windows
    )
    assert ask(replace(asking, windows=elsewhere)) == ask(asking)


@given(wishes())
def test_surcharges_never_lower_the_price_nor_exceed_their_rates(asking: Wish) -> None:
    free = replace(
        PRICE_BOOK.surcharges,
        labour_lines=frozenset(),
        visit_lines=frozenset(),
    )
    plain = ask(asking, replace(TARIFF, book=replace(PRICE_BOOK, surcharges=free)))
    priced = ask(asking)
    charged = amounts(priced)
    labour = sum(charged.get(code, 0) for code in ("base", "minimum", "options"))
    assert plain.total_fen <= priced.total_fen
    assert 0 <= charged.get("holiday", 0) <= labour
    assert 0 <= charged.get("night", 0) * 10 <= labour * 3 + 5
    assert charged.get("remote", 0) in {0, 2_000 * len(asking.windows)}


def test_a_new_price_book_leaves_an_old_quote_as_it_was() -> None:
    dearer = replace(PRICE_BOOK, version=2, prices={"BJ-01": {"each": 6000}})
    assert asked().total_fen == 10_000
    assert asked(tariff=replace(TARIFF, book=dearer)).total_fen == 12_000
    assert asked().total_fen == 10_000
