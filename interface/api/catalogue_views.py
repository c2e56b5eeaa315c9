"""The catalogue as it is shown: everything a booking form needs, with today's prices."""

from collections.abc import Iterable

from pydantic import BaseModel

from domain.catalogue.items import Item
from domain.catalogue.options import Option
from domain.catalogue.price_book import EACH, Addition, PriceBook
from domain.catalogue.services import Group, Kind, Measure, Service
from domain.catalogue.tariff import Tariff


class AdditionView(BaseModel):
    """What something adds: fen per price unit, or a share of the price in basis points."""

    fen: int
    basis_points: int


class ChoiceView(BaseModel):
    """One choice of an option; a refused one is not sold, `note` says why or what is open."""

    code: str
    name: str
    refused: bool
    note: str
    addition: AdditionView


class OptionView(BaseModel):
    """A question of the form; without a default an answer is required."""

    code: str
    name: str
    default: str
    choices: list[ChoiceView]


class UnitView(BaseModel):
    """`per_price_unit` base units make one price unit, e.g. 60 minutes an hour."""

    code: str
    price_unit: str
    per_price_unit: int


class ExtraView(BaseModel):
    """What may be special about an item; a wish names both, `shirt.silk`."""

    code: str
    name: str
    addition: AdditionView


class ItemView(BaseModel):
    """An item; quantities in base units, the price in fen per price unit."""

    code: str
    name: str
    unit: UnitView
    step: int
    maximum: int
    price_fen: int | None
    extras: list[ExtraView]


class MeasureView(BaseModel):
    """How a service sold by quantity is measured, in base units; the price per price unit."""

    unit: UnitView
    step: int
    minimum: int
    maximum: int
    minimum_is_charged: bool
    price_fen: int | None


class ServiceView(BaseModel):
    """A service that can be booked, by quantity (`measure`) or by item (`items`).

    `from_price_fen` is the least price of a price unit; without one it cannot be
    booked online yet.
    """

    code: str
    name: str
    path: list[str]
    payment_mode: str
    measure: MeasureView | None
    items: list[ItemView]
    one_item: bool
    per_visit: bool
    turnaround_days: list[int]
    options: list[OptionView]
    minimum_fen: int
    from_price_fen: int | None
    from_price_unit: str
    note: str


class GroupView(BaseModel):
    """Services that stand together; those directly under the kind have an empty group."""

    code: str
    name: str
    services: list[ServiceView]


class KindView(BaseModel):
    """One of the eight kinds (服务种类)."""

    code: str
    name: str
    groups: list[GroupView]


class CatalogueView(BaseModel):
    """The kinds in their order, and by which revision and prices."""

    revision: int
    price_book_version: int
    kinds: list[KindView]


class EntryView(BaseModel):
    """A tile of the home page: a kind, or a group where a kind has several."""

    code: str
    name: str
    kind: str
    payment_mode: str
    services: list[str]


def catalogue_view(tariff: Tariff) -> CatalogueView:
    """The whole catalogue."""
    return CatalogueView(
        revision=tariff.catalogue_revision,
        price_book_version=tariff.book.version,
        kinds=[_kind(kind, tariff) for kind in tariff.kinds],
    )


def entries_view(tariff: Tariff) -> list[EntryView]:
    """The home page's ten tiles; one without services is left out."""
    return [
        EntryView(
            code=group.code if group else kind.code,
            name=group.name if group else kind.name,
            kind=kind.code,
            payment_mode=_mode(services),
            services=[service.code for service in services],
        )
        for kind in tariff.kinds
        for group, services in _grouped(kind, tariff)
    ]


def service_view(service: Service, book: PriceBook) -> ServiceView:
    """One service."""
    prices = book.prices.get(service.code, {})
    cheapest = min(prices, key=prices.__getitem__, default="")
    return ServiceView(
        code=service.code,
        name=service.name,
        path=list(service.path),
        payment_mode=service.payment_mode,
        measure=_measure(service.measure, prices.get(EACH)) if service.measure else None,
        items=[_item(item, service, book) for item in service.items],
        one_item=service.one_item,
        per_visit=service.per_visit,
        turnaround_days=list(service.turnaround_days),
        options=[_option(option, service, book) for option in service.options],
        minimum_fen=book.minimum_amounts.get(service.code, 0),
        from_price_fen=prices.get(cheapest),
        from_price_unit=_price_unit(service, cheapest),
        note=service.note,
    )


def _kind(kind: Kind, tariff: Tariff) -> KindView:
    groups = [
        GroupView(
            code=group.code if group else "",
            name=group.name if group else "",
            services=[service_view(service, tariff.book) for service in services],
        )
        for group, services in _grouped(kind, tariff)
    ]
    return KindView(code=kind.code, name=kind.name, groups=groups)


def _grouped(kind: Kind, tariff: Tariff) -> Iterable[tuple[Group | None, list[Service]]]:
    """The kind's services by group, those without one first; empty groups left out."""
    for group in (None, *kind.groups):
        services = [
            service
            for service in tariff.services.values()
            if service.kind == kind and service.group == group
        ]
        if services:
            yield group, services


def _mode(services: Iterable[Service]) -> str:
    modes = {service.payment_mode for service in services}
    return modes.pop() if len(modes) == 1 else "mixed"


def _price_unit(service: Service, cheapest: str) -> str:
    if service.measure:
        return service.measure.unit.price_unit
    return next((i.unit.price_unit for i in service.items if i.code == cheapest), "")


def _measure(measure: Measure, price_fen: int | None) -> MeasureView:
    return MeasureView(
        unit=UnitView.model_validate(measure.unit, from_attributes=True),
        step=measure.step,
        minimum=measure.minimum,
        maximum=measure.maximum,
        minimum_is_charged=measure.minimum_is_charged,
        price_fen=price_fen,
    )


def _item(item: Item, service: Service, book: PriceBook) -> ItemView:
    return ItemView(
        code=item.code,
        name=item.name,
        unit=UnitView.model_validate(item.unit, from_attributes=True),
        step=item.step,
        maximum=item.maximum,
        price_fen=book.prices.get(service.code, {}).get(item.code),
        extras=[
            ExtraView(
                code=extra.code,
                name=extra.name,
                addition=_addition(book.addition(service.code, item.code, extra.code)),
            )
            for extra in item.extras
        ],
    )


def _option(option: Option, service: Service, book: PriceBook) -> OptionView:
    choices = [
        ChoiceView(
            code=choice.code,
            name=choice.name,
            refused=bool(choice.refusal),
            note=choice.refusal or choice.note,
            addition=_addition(book.addition(service.code, option.code, choice.code)),
        )
        for choice in option.choices
    ]
    return OptionView(code=option.code, name=option.name, default=option.default, choices=choices)


def _addition(addition: Addition) -> AdditionView:
    return AdditionView(fen=addition.fen, basis_points=addition.basis_points)
