"""What can be booked, and what it costs."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from application.booking import Wish
from domain.catalogue.services import SERVICES
from domain.errors import InvalidInputError
from interface.api.access import House
from interface.api.fields import District, Instant, ServiceCode
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1", tags=["服务目录"], responses=PROBLEM_ANSWERS)


class ChoiceView(BaseModel):
    """One choice of an option."""

    code: str
    name: str
    refused: bool


class OptionView(BaseModel):
    """An option of a service."""

    code: str
    name: str
    default: str
    choices: list[ChoiceView]


class ServiceView(BaseModel):
    """A service that can be booked; quantities in base units of `unit`."""

    code: str
    path: list[str]
    payment_mode: str
    unit: str
    step: int
    minimum: int
    maximum: int
    options: list[OptionView]


class LineView(BaseModel):
    """One line of a quote, with its reason."""

    code: str
    reason: str
    quantity: int
    unit: str
    unit_price_fen: int
    amount_fen: int


class QuoteView(BaseModel):
    """A price with a reason for every fen."""

    service_code: str
    price_book_version: int
    lines: list[LineView]
    total_fen: int
    duration_minutes: int
    crew: int
    notes: list[str]


@router.get("/services")
def list_services() -> list[ServiceView]:
    """The catalogue, in its order."""
    return [
        ServiceView(
            code=each.code,
            path=list(each.path),
            payment_mode=each.payment_mode,
            unit=each.unit.code,
            step=each.step,
            minimum=each.minimum,
            maximum=each.maximum,
            options=[
                OptionView(
                    code=option.code,
                    name=option.name,
                    default=option.default,
                    choices=[
                        ChoiceView(code=c.code, name=c.name, refused=bool(c.refusal))
                        for c in option.choices
                    ],
                )
                for option in each.options
            ],
        )
        for each in SERVICES
    ]


@router.get("/quotes")
def quote(  # noqa: PLR0913, PLR0917 - the wishes of a booking form
    house: House,
    service_code: ServiceCode,
    quantity: Annotated[int, Query(ge=1, le=1_000_000)],
    starts_at: Instant,
    district: District,
    option: Annotated[list[str], Query(description="选项，如 sides:both")] = [],  # noqa: B006 - FastAPI copies it
) -> QuoteView:
    """The price of a wish now; nothing is kept."""
    wish = Wish(
        service_code=service_code,
        quantity=quantity,
        starts_at=starts_at,
        district=district,
        options=dict(_pair(each) for each in option),
    )
    priced = house.bookings.quote(wish, house.clock.now())
    return QuoteView(
        service_code=priced.service_code,
        price_book_version=priced.price_book_version,
        lines=[LineView.model_validate(line.as_dict()) for line in priced.lines],
        total_fen=priced.total_fen,
        duration_minutes=priced.duration_minutes,
        crew=priced.crew,
        notes=list(priced.notes),
    )


def _pair(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise InvalidInputError(field="option")
    return name, value
