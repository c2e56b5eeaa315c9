"""The list price (标价) of a wish: base, minimum and options; then discount and delivery.

Each line is rounded once, half up. The minimum counts base lines only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.catalogue.items import Piece
from domain.catalogue.options import Choices
from domain.catalogue.price_book import PriceBook
from domain.catalogue.quote_lines import BASIS, QuoteLine, amount, once, percent, total
from domain.catalogue.services import Measure, Service
from domain.money import Fen, divide_half_up, plain_yuan


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold, checked: so much on each of the visits, or these pieces."""

    sold: Service
    quantity: int
    pieces: tuple[Piece, ...]
    choices: Choices
    visits: int


def labour_lines(goods: Goods, book: PriceBook) -> tuple[QuoteLine, ...]:
    """Base, minimum and options lines: what the work itself costs.

    Raises:
        PriceNotFoundError: The book has no price for it.
    """
    measure = goods.sold.measure
    if measure is None:
        base = tuple(_piece(goods, piece, book) for piece in goods.pieces)
    else:
        base = tuple(_measured(goods, measure, book))
    least = tuple(_minimum_amount(goods.sold, total(base), book))
    extras = (line for piece in goods.pieces for line in _extras(goods, piece, book))
    return (*base, *least, *extras, *_options(goods, total((*base, *least)), book))


def discount_lines(
    sold: Service, visits: int, list_price_fen: Fen, book: PriceBook
) -> Iterator[QuoteLine]:
    """What is granted for visits prepaid at once: a negative line, or none."""
    tier = book.tier(sold.code, visits)
    if tier is None:
        return
    granted = divide_half_up(list_price_fen * (BASIS - tier.basis_points), BASIS)
    share = plain_yuan(tier.basis_points // 10).removesuffix("0").removesuffix(".0")
    reason = f"一次预付 {visits} 次，按标价的 {share} 折，优惠 {plain_yuan(granted)} 元。"
    yield from once("discount", reason, -granted)


def delivery_lines(sold: Service, goods_fen: Fen, book: PriceBook) -> Iterator[QuoteLine]:
    """What fetching and bringing back costs (取送费), below the amount that is free."""
    rule = book.delivery
    if sold.line in rule.lines and goods_fen < rule.free_from_fen:
        free = plain_yuan(rule.free_from_fen)
        reason = f"满 {free} 元免取送费，不足收 {plain_yuan(rule.fee_fen)} 元。"
        yield from once("delivery", reason, rule.fee_fen)


def _measured(goods: Goods, measure: Measure, book: PriceBook) -> Iterator[QuoteLine]:
    sold, unit, quantity = goods.sold, measure.unit, goods.quantity
    price = book.price(sold.code)
    many = f"{goods.visits} 次，每次 " if sold.per_visit else ""
    each = f"每{unit.price_unit} {plain_yuan(price)} 元"
    reason = f"{sold.name} {many}{unit.describe(quantity)}，{each}。"
    whole = quantity * goods.visits
    base = amount(whole, unit, price)
    yield QuoteLine("base", reason, whole, unit.code, price, base)
    missing = (measure.charged(quantity) - quantity) * goods.visits
    if missing:
        least = unit.describe(measure.minimum)
        reason = f"不足 {least}按 {least}计，补 {unit.describe(missing)}。"
        more = amount(whole + missing, unit, price) - base
        yield QuoteLine("minimum", reason, missing, unit.code, price, more)


def _piece(goods: Goods, piece: Piece, book: PriceBook) -> QuoteLine:
    unit = piece.item.unit
    price = book.price(goods.sold.code, piece.item.code)
    many, each = unit.describe(piece.quantity), f"每{unit.price_unit} {plain_yuan(price)} 元"
    reason = f"{piece.label} {many}，{each}。"
    cost = amount(piece.quantity, unit, price)
    return QuoteLine("base", reason, piece.quantity, unit.code, price, cost, piece.name)


def _minimum_amount(sold: Service, base_fen: Fen, book: PriceBook) -> Iterator[QuoteLine]:
    least = book.minimum_amounts.get(sold.code, 0)
    if base_fen < least:
        told = plain_yuan(least)
        yield from once("minimum", f"不足 {told} 元按 {told} 元计。", least - base_fen)


def _extras(goods: Goods, piece: Piece, book: PriceBook) -> Iterator[QuoteLine]:
    base = _piece(goods, piece, book)
    unit = piece.item.unit
    for extra in piece.extras:
        added = book.addition(goods.sold.code, piece.item.code, extra.code)
        if added.basis_points:
            reason = f"{piece.label}：{extra.name}加 {percent(added.basis_points)}。"
            share = divide_half_up(base.amount_fen * added.basis_points, BASIS)
            yield from once("options", reason, share, piece.name)
        if added.fen:
            told = f"每{unit.price_unit}加 {plain_yuan(added.fen)} 元"
            reason = f"{piece.label}：{extra.name}，{told}。"
            cost = amount(piece.quantity, unit, added.fen)
            yield QuoteLine(
                "options", reason, piece.quantity, unit.code, added.fen, cost, piece.name
            )


def _options(goods: Goods, basis_fen: Fen, book: PriceBook) -> Iterator[QuoteLine]:
    for option, choice in goods.choices:
        added = book.addition(goods.sold.code, option.code, choice.code)
        told = f"{option.name}：{choice.name}，"
        if added.basis_points:
            share = divide_half_up(basis_fen * added.basis_points, BASIS)
            yield from once("options", f"{told}加 {percent(added.basis_points)}。", share)
        if added.fen and goods.sold.measure:
            yield from _by_unit(goods, goods.sold.measure, told, added.fen)


def _by_unit(goods: Goods, measure: Measure, told: str, fen: Fen) -> Iterator[QuoteLine]:
    charged = measure.charged(goods.quantity) * goods.visits
    cost = amount(charged, measure.unit, fen)
    reason = f"{told}每{measure.unit.price_unit}加 {plain_yuan(fen)} 元。"
    if cost:
        yield QuoteLine("options", reason, charged, measure.unit.code, fen, cost)
