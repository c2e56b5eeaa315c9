"""What can be booked, and what it costs."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from application.lines import Asked
from domain.catalogue.quotes import Quote
from interface.api.access import House
from interface.api.booking_form import QuoteBody
from interface.api.catalogue_views import (
    CatalogueView,
    EntryView,
    ServiceView,
    catalogue_view,
    entries_view,
    service_view,
)
from interface.api.fields import District, Instant, ServiceCode
from interface.api.pairs import MOST, Items, Options, items_of, options_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1", tags=["服务目录"], responses=PROBLEM_ANSWERS)


class LineView(BaseModel):
    """One line of a quote, with its reason; `item` where the service is sold by item."""

    code: str
    reason: str
    quantity: int
    unit: str
    unit_price_fen: int
    amount_fen: int
    item: str = ""


class QuoteView(BaseModel):
    """A price with a reason for every fen; of a reservation an estimate."""

    service_code: str
    catalogue_revision: int
    price_book_version: int
    lines: list[LineView]
    total_fen: int
    duration_minutes: int
    crew: int
    notes: list[str]


@router.get("/catalogue")
def read_catalogue(house: House) -> CatalogueView:
    """The eight kinds (服务种类) with their services, each with what its form asks."""
    return catalogue_view(house.tariffs.at(house.clock.now()))


@router.get("/catalogue/entries")
def list_entries(house: House) -> list[EntryView]:
    """The tiles of the home page (首页入口)."""
    return entries_view(house.tariffs.at(house.clock.now()))


@router.get("/services")
def list_services(house: House) -> list[ServiceView]:
    """All services, in the order of the catalogue."""
    tariff = house.tariffs.at(house.clock.now())
    return [service_view(each, tariff.book) for each in tariff.services.values()]


@router.get("/quotes")
def quote(  # noqa: PLR0913, PLR0917 - the wishes of a booking form
    house: House,
    service_code: ServiceCode,
    starts_at: Instant,
    district: District,
    quantity: Annotated[int, Query(ge=0, le=MOST)] = 0,
    item: Items = [],  # noqa: B006 - FastAPI copies it
    option: Options = [],  # noqa: B006 - FastAPI copies it
) -> QuoteView:
    """The price of a wish now; nothing is kept.

    Services whose form asks more (plans, dry-cleaning) are priced by POST.
    """
    asked = Asked(
        service_code=service_code,
        district=district,
        starts_at=starts_at,
        quantity=quantity,
        items=items_of(item),
        options=options_of(option),
    )
    return _view(house.bookings.quote(asked, house.clock.now()))


@router.post("/quotes")
def quote_form(house: House, body: QuoteBody) -> QuoteView:
    """The price of a filled-in form now; nothing is kept, so no key is asked for."""
    asked = body.asked(body.district)
    return _view(house.bookings.quote(asked, house.clock.now()))


def _view(priced: Quote) -> QuoteView:
    return QuoteView(
        service_code=priced.service_code,
        catalogue_revision=priced.catalogue_revision,
        price_book_version=priced.price_book_version,
        lines=[LineView.model_validate(line.as_dict()) for line in priced.lines],
        total_fen=priced.total_fen,
        duration_minutes=priced.duration_minutes,
        crew=priced.crew,
        notes=list(priced.notes),
    )
