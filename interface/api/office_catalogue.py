"""The administrator's catalogue and price books (服务目录与价目表)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel

from application.access import Permission, Subject
from application.catalogue import Publication
from domain.catalogue.definitions import kind_definition, service_definition
from domain.catalogue.price_lists import price_list
from domain.errors import InvalidInputError
from interface.api.access import House, may
from interface.api.catalogue_bodies import KindsBody, PriceBookBody, ServiceBody
from interface.api.fields import ServiceCode
from interface.api.idempotency import Commands
from interface.api.office_orders import actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office", tags=["后台·服务目录"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.CATALOGUE_READ))]
Writer = Annotated[Subject, Depends(may(Permission.CATALOGUE_WRITE))]


class ChangeView(BaseModel):
    """A revision of the catalogue: who, when, what; `detail` is the new definition."""

    revision: int
    at: datetime
    by: str
    what: str
    service_code: str
    detail: dict[str, Any] | None


class OfficeCatalogueView(BaseModel):
    """Kinds and services as they can be sent back, changed; and how they came about."""

    revision: int
    kinds: list[dict[str, Any]]
    services: list[dict[str, Any]]
    withdrawn: list[str]
    history: list[ChangeView]


class RevisedView(BaseModel):
    """The catalogue's revision after the command."""

    revision: int


class VersionView(BaseModel):
    """The version of the price book."""

    version: int


class PublicationView(BaseModel):
    """A version of the prices; `by` and `at` are empty for the first."""

    version: int
    effective_from: datetime
    by: str
    at: datetime | None
    note: str
    withdrawn: bool
    in_force: bool


class PriceBookView(PublicationView):
    """A version with all it says; `price_list` can be changed and published again."""

    price_list: dict[str, Any]


@router.get("/catalogue")
def read_catalogue(house: House, who: Reader) -> OfficeCatalogueView:
    """Everything on offer or withdrawn, with the history, latest first."""
    del who
    revision, offer = house.catalogue.offer()
    return OfficeCatalogueView(
        revision=revision,
        kinds=[kind_definition(kind) for kind in offer.kinds],
        services=[service_definition(service) for service in offer.services.values()],
        withdrawn=sorted(offer.withdrawn),
        history=[
            ChangeView.model_validate(change, from_attributes=True)
            for change in house.catalogue.history()
        ],
    )


@router.post("/services", response_model=RevisedView, status_code=status.HTTP_201_CREATED)
def add_service(
    house: House, who: Writer, body: ServiceBody, commands: Commands
) -> dict[str, object]:
    """Put a new service on offer (新增); it is sold once a price book prices it."""
    command = commands.command(actor_of(who))
    return commands.answer(house.catalogue.add_service(body.model_dump(), command))


@router.post("/services/{service_code}/change", response_model=RevisedView)
def change_service(
    house: House, who: Writer, service_code: ServiceCode, body: ServiceBody, commands: Commands
) -> dict[str, object]:
    """Replace what a service is (修改); orders keep what they were booked with."""
    if body.code != service_code:
        raise InvalidInputError(field="code")
    command = commands.command(actor_of(who))
    return commands.answer(house.catalogue.change_service(body.model_dump(), command))


@router.post("/services/{service_code}/withdrawal", response_model=RevisedView)
def withdraw_service(
    house: House, who: Writer, service_code: ServiceCode, commands: Commands
) -> dict[str, object]:
    """Take a service off sale (下架)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.catalogue.withdraw_service(service_code, command))


@router.post("/services/{service_code}/restoration", response_model=RevisedView)
def restore_service(
    house: House, who: Writer, service_code: ServiceCode, commands: Commands
) -> dict[str, object]:
    """Put a withdrawn service on sale again (上架)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.catalogue.restore_service(service_code, command))


@router.post("/service-kinds", response_model=RevisedView)
def arrange_kinds(
    house: House, who: Writer, body: KindsBody, commands: Commands
) -> dict[str, object]:
    """Order and name the kinds and their groups anew (调整服务种类)."""
    command = commands.command(actor_of(who))
    kinds = [kind.model_dump() for kind in body.kinds]
    return commands.answer(house.catalogue.arrange_kinds(kinds, command))


@router.get("/price-books")
def list_price_books(house: House, who: Reader) -> list[PublicationView]:
    """All versions of the prices (价目表), latest first."""
    del who
    in_force = house.tariffs.at(house.clock.now()).book.version
    return [PublicationView(**_facts(each, in_force)) for each in house.catalogue.publications()]


@router.get("/price-books/{version}")
def read_price_book(house: House, who: Reader, version: int) -> PriceBookView:
    """One version with all its prices."""
    del who
    in_force = house.tariffs.at(house.clock.now()).book.version
    found = house.catalogue.publication(version)
    return PriceBookView(**_facts(found, in_force), price_list=price_list(found.book))


@router.post("/price-books", response_model=VersionView, status_code=status.HTTP_201_CREATED)
def publish_price_book(
    house: House, who: Writer, body: PriceBookBody, commands: Commands
) -> dict[str, object]:
    """Publish a whole price book (发布价目表); it can never be edited."""
    command = commands.command(actor_of(who))
    prices = body.price_list.model_dump(mode="json")
    published = house.catalogue.publish(prices, body.effective_from, body.note, command)
    return commands.answer(published)


@router.post("/price-books/{version}/withdrawal", response_model=VersionView)
def withdraw_price_book(
    house: House, who: Writer, version: int, commands: Commands
) -> dict[str, object]:
    """Take a version back that has not begun (撤回价目表)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.catalogue.withdraw_prices(version, command))


def _facts(publication: Publication, in_force: int) -> dict[str, Any]:
    book = publication.book
    return {
        "version": book.version,
        "effective_from": book.effective_from,
        "by": publication.by,
        "at": publication.at,
        "note": publication.note,
        "withdrawn": publication.withdrawn,
        "in_force": book.version == in_force,
    }
