"""What a price book must be like before it can be published."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from domain.catalogue.catalogue import Offer
from domain.catalogue.definitions import InvalidDefinitionError
from domain.catalogue.price_book import EACH, Addition, PriceBook, Surcharges
from domain.catalogue.quote_lines import BASIS
from domain.catalogue.service_rules import LINE_KINDS
from domain.catalogue.services import Service

HIGHEST_FEN: Final = 100_000_00
HIGHEST_RATE: Final = 10 * BASIS
_LONGEST_HASTE_DAYS: Final = 7
_DISTRICT: Final = re.compile(r"[0-9]{6}", re.ASCII)


def check_price_book(book: PriceBook, offer: Offer) -> None:
    """Check that a book prices what is on sale, and nothing that does not exist.

    A withdrawn service may be priced; it may come back.

    Raises:
        InvalidDefinitionError: It does not; `field` says where.
    """
    _check_known(book, offer.services)
    for code, service in offer.services.items():
        if code in book.prices or code not in offer.withdrawn:
            _check_prices(book.prices.get(code, {}), service)
        for name, addition in book.additions.get(code, {}).items():
            _check_addition(name, addition, service)
    _check_amounts(book)
    _check_discounts(book, offer.services)
    _check_surcharges(book.surcharges)


def _check_known(book: PriceBook, services: Mapping[str, Service]) -> None:
    for field in ("prices", "additions", "minimum_amounts", "discounts"):
        for code in getattr(book, field):
            if code not in services:
                raise InvalidDefinitionError(field=f"{field}.{code}", rule=f"没有服务“{code}”")
    lines = {"delivery.lines": book.delivery.lines}
    lines |= {"surcharges.labour_lines": book.surcharges.labour_lines}
    lines |= {"surcharges.visit_lines": book.surcharges.visit_lines}
    for field, named in lines.items():
        if named - set(LINE_KINDS):
            raise InvalidDefinitionError(field=field, rule="有未知的业务线")


def _check_prices(prices: Mapping[str, int], service: Service) -> None:
    wanted = {EACH} if service.measure else {item.code for item in service.items}
    for name in sorted(wanted ^ set(prices)):
        rule = "缺少价格" if name in wanted else "没有这个项目"
        raise InvalidDefinitionError(
            field=f"prices.{service.code}.{name}", rule=f"{service.name}：{rule}"
        )
    for name, fen in prices.items():
        if not 0 < fen <= HIGHEST_FEN:
            raise InvalidDefinitionError(
                field=f"prices.{service.code}.{name}", rule="价格须大于零且不过高"
            )


def _check_addition(name: str, addition: Addition, service: Service) -> None:
    field = f"additions.{service.code}.{name}"
    if name not in set(_additions(service)):
        raise InvalidDefinitionError(field=field, rule=f"{service.name}没有“{name}”")
    if not (0 <= addition.fen <= HIGHEST_FEN and 0 <= addition.basis_points <= HIGHEST_RATE):
        raise InvalidDefinitionError(field=field, rule="加价不能为负，也不能过高")
    by_item = {item.code for item in service.items}
    if addition.fen and service.items and name.partition(".")[0] not in by_item:
        raise InvalidDefinitionError(field=field, rule="按项目计价的服务，选项只能按比例加价")


def _additions(service: Service) -> Iterator[str]:
    for item in service.items:
        yield from (f"{item.code}.{extra.code}" for extra in item.extras)
    for option in service.options:
        yield from (f"{option.code}.{choice.code}" for choice in option.choices)


def _check_amounts(book: PriceBook) -> None:
    rules = book.surcharges
    amounts = {f"minimum_amounts.{code}": fen for code, fen in book.minimum_amounts.items()}
    amounts |= {"delivery.fee_fen": book.delivery.fee_fen}
    amounts |= {"delivery.free_from_fen": book.delivery.free_from_fen}
    amounts |= {"surcharges.remote_fen": rules.remote_fen}
    amounts |= {"surcharges.urgent_fen": rules.urgent_fen}
    for field, fen in amounts.items():
        if not 0 <= fen <= HIGHEST_FEN:
            raise InvalidDefinitionError(field=field, rule="金额不能为负，也不能过高")


def _check_discounts(book: PriceBook, services: Mapping[str, Service]) -> None:
    for code, tiers in book.discounts.items():
        if not services[code].per_visit:
            raise InvalidDefinitionError(field=f"discounts.{code}", rule="只有按次的计划有预付折扣")
        visits = [tier.visits for tier in tiers]
        rates = [tier.basis_points for tier in tiers]
        if visits != sorted(set(visits)) or not all(each > 0 for each in visits):
            raise InvalidDefinitionError(field=f"discounts.{code}", rule="次数须递增")
        if rates != sorted(rates, reverse=True) or not all(0 < each <= BASIS for each in rates):
            raise InvalidDefinitionError(
                field=f"discounts.{code}", rule="折扣须随次数不增，且在 0 与原价之间"
            )


def _check_surcharges(rules: Surcharges) -> None:
    for field in ("holiday_basis_points", "night_basis_points"):
        if not 0 <= getattr(rules, field) <= HIGHEST_RATE:
            raise InvalidDefinitionError(
                field=f"surcharges.{field}", rule="加价比例不能为负，也不能过高"
            )
    if rules.night_from <= rules.night_until:
        raise InvalidDefinitionError(field="surcharges.night_from", rule="夜间须跨过零点")
    if not 0 <= rules.urgent_before.days < _LONGEST_HASTE_DAYS:
        raise InvalidDefinitionError(
            field="surcharges.urgent_before_minutes", rule="加急时限须在七天以内"
        )
    for district in rules.remote_districts:
        if not _DISTRICT.fullmatch(district):
            raise InvalidDefinitionError(
                field="surcharges.remote_districts", rule="区县代码须为六位数字"
            )
    for year, days in rules.holidays.items():
        if any(day.year != year for day in days):
            raise InvalidDefinitionError(
                field=f"surcharges.holidays.{year}", rule="节假日须在该年之内"
            )
