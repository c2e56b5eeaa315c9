"""Ordering again (再来一单): the old form for a new time, at today's price."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, status
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, JsonValue, ValidationError

from application.lines import OrderRequest
from application.reordering import PastOrder
from domain.errors import InvalidInputError
from domain.orders.booking import MOST_ALTERNATIVES
from interface.api.access import CustomerId, House
from interface.api.booking_form import SECTIONS, BookingBody
from interface.api.contacts import ContactBody
from interface.api.customer_orders import BookedView
from interface.api.fields import Body, Instant, Remark, Word
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS
from interface.api.sources import CustomerSource, source_of

router = APIRouter(prefix="/api/v1/orders", tags=["我的订单"], responses=PROBLEM_ANSWERS)


class PastContactView(BaseModel):
    """Where the work was done and who was called; the customer's own, so in full."""

    name: str
    phone: str
    address: str
    district: str
    coordinates: str


class PastOrderView(BaseModel):
    """The form of an old order, filled in but for the time.

    `form` is what its line asks beside the rest; in a booking it stands under
    the name in `section`.
    """

    order_id: UUID
    order_number: str
    service_code: str
    kind_path: list[str]
    quantity: int
    items: dict[str, int]
    options: dict[str, str]
    contact: PastContactView
    remark: str
    section: str
    form: dict[str, Any]


class ReorderBody(Body):
    """The new time; `form` names what of the line's own part is to be otherwise now."""

    starts_at: Instant
    alternatives: list[Instant] = Field(default_factory=list, max_length=MOST_ALTERNATIVES)
    remark: Remark | None = None
    form: dict[Word, JsonValue] = Field(default_factory=dict, max_length=30)
    source: CustomerSource | None = None


@router.get("/{order_id}/reorder")
def show_past_order(house: House, who: CustomerId, order_id: UUID) -> PastOrderView:
    """The form to order the same again, filled in."""
    past = house.reordering.past_order(order_id, who, house.clock.now())
    section = SECTIONS.get(past.service_code[:2], "")
    shown = {**vars(past), "contact": vars(past.contact), "section": section}
    return PastOrderView.model_validate(shown)


@router.post("/{order_id}/reorder", status_code=status.HTTP_201_CREATED, response_model=BookedView)
def reorder(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: CustomerId,
    order_id: UUID,
    body: ReorderBody,
    commands: Commands,
    request: Request,
) -> dict[str, object]:
    """Order the same again (再来一单), at today's price."""
    command = commands.command(f"customer:{who}")
    past = house.reordering.past_order(order_id, who, command.at)
    source = source_of(body.source, request.headers.get("user-agent", ""))
    return commands.answer(house.bookings.book(_again(past, body, who, source), command))


def _again(past: PastOrder, body: ReorderBody, who: UUID, source: str) -> OrderRequest:
    """The old request at the new time, for the very contact of the old order."""
    filled_in = orjson.dumps(_filled_in(past, body))
    try:
        request = BookingBody.model_validate_json(filled_in).request(who, source)
    except ValidationError as refused:
        told = [{**each, "loc": ("body", *each["loc"])} for each in refused.errors()]
        raise RequestValidationError(told) from refused
    extra = {"reordered_from": past.order_number}
    return replace(request, contact=past.contact, extra=extra)


def _filled_in(past: PastOrder, body: ReorderBody) -> dict[str, Any]:
    section = SECTIONS.get(past.service_code[:2], "")
    own = {**past.form, **body.form}
    if own and not section:
        raise InvalidInputError(field="form")
    contact = {k: text for k, text in vars(past.contact).items() if k in ContactBody.model_fields}
    return {
        "service_code": past.service_code,
        "quantity": past.quantity,
        "items": past.items,
        "options": past.options,
        "starts_at": body.starts_at,
        "alternatives": body.alternatives,
        "contact": contact,
        "remark": past.remark if body.remark is None else body.remark,
        **({section: own} if own else {}),
    }
