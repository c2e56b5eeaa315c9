"""Booking for a customer who rang up (代客下单): find or register, book, have it paid."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from pydantic import BaseModel

from application.access import Permission, Subject
from application.customers import PHONE, phone_digest
from application.paying import PayRequest
from application.payment_errands import prepay_errand
from application.projections import customer_identities, customer_orders
from application.vault import masked_phone
from domain.customers import Customer
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import STAGE_LABELS
from domain.payment_attempts import NATIVE
from interface.api.access import House, may
from interface.api.booking_form import BookingBody
from interface.api.customer_orders import BookedView, PaymentBody, PaymentView
from interface.api.fields import Body, Cursor, Limit, Phone, Position
from interface.api.idempotency import Commands
from interface.api.office_orders import actor_of
from interface.api.problems import PROBLEM_ANSWERS
from interface.api.sources import OfficeSource

router = APIRouter(prefix="/api/v1/office", tags=["后台·客户"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.ORDERS_READ))]
Booker = Annotated[Subject, Depends(may(Permission.ORDERS_BOOK))]


class CallerBody(Body):
    """Who rings up; the name goes with the order's contact."""

    phone: Phone


class RegisteredView(BaseModel):
    """The customer of the phone; `new` where nobody had it before."""

    customer_id: UUID
    new: bool


class FoundView(BaseModel):
    """A customer found by phone, and since when the phone is known to be theirs."""

    customer_id: UUID
    phone: str
    known_since: datetime


class FoundPageView(BaseModel):
    """One customer at most: a phone belongs to one."""

    customers: list[FoundView]


class CustomersOrderView(BaseModel):
    """An order in a customer's history; the phone is masked."""

    order_id: UUID
    order_number: str
    kind_path: list[str]
    stage: str
    stage_label: str
    name: str
    phone: str
    address: str
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    pay_by: datetime | None
    total_fen: int
    paid_fen: int
    refund_due_fen: int
    worker_number: int | None


class CustomersOrdersView(BaseModel):
    """A page, newest first; an empty cursor ends the list."""

    orders: list[CustomersOrderView]
    next_cursor: str


class OnBehalfBody(BookingBody):
    """The customer's own form, and how they reached the office."""

    source: OfficeSource = "phone"


@router.get("/customers")
def find_customer(
    house: House,
    who: Booker,
    phone: Annotated[Phone, Query()],
    at_least: Annotated[Position, Query()] = 0,
) -> FoundPageView:
    """The customer with exactly this phone (按手机号查找)."""
    del who
    house.progress.wait_for(customer_identities.projection.name, at_least)
    digest = phone_digest(house.vault, phone)
    with house.engine.connect() as connection:
        row = customer_identities.find(connection, PHONE, "", digest)
    return FoundPageView(customers=[_found(row, phone)] if row else [])


@router.post("/customers", status_code=status.HTTP_201_CREATED, response_model=RegisteredView)
def register_customer(
    house: House, who: Booker, body: CallerBody, commands: Commands
) -> dict[str, object]:
    """Register who rings up (来电建档), or find them; the phone is not kept in clear."""
    command = commands.command(actor_of(who))
    return commands.answer(house.customers.register_by_phone(body.phone, command))


@router.get("/customers/{customer_id}/orders")
def list_customers_orders(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Reader,
    customer_id: UUID,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> CustomersOrdersView:
    """A customer's orders (客户的订单), newest first."""
    del who
    house.log.load(Customer, customer_id)
    house.progress.wait_for(customer_orders.projection.name, at_least)
    with house.engine.connect() as connection:
        page = customer_orders.list_page(connection, customer_id, limit=limit, after=cursor)
    sealed = [row["contact"][name] for row in page.rows for name in ("name", "phone", "address")]
    clear = house.vault.open_many(sealed)
    orders = [_order(row, clear) for row in page.rows]
    return CustomersOrdersView(orders=orders, next_cursor=page.next_cursor)


@router.post(
    "/customers/{customer_id}/orders",
    status_code=status.HTTP_201_CREATED,
    response_model=BookedView,
)
def book_on_behalf(
    house: House, who: Booker, customer_id: UUID, body: OnBehalfBody, commands: Commands
) -> dict[str, object]:
    """Book for the customer (代客下单); the order says who did."""
    command = commands.command(actor_of(who))
    return commands.answer(house.bookings.book(body.request(customer_id, body.source), command))


@router.post("/orders/{order_id}/payments", status_code=status.HTTP_201_CREATED)
def start_payment(
    house: House, who: Booker, order_id: UUID, body: PaymentBody, commands: Commands
) -> PaymentView:
    """A payment code for the customer to scan (收款码): `pay_url`, shown or sent."""
    order = house.log.load(ServiceOrder, order_id)
    asked = PayRequest(
        order_id=order_id,
        customer_id=order.customer_id,
        charge_number=body.charge_number,
        trade_type=NATIVE,
    )
    outcome = house.paying.start(asked, commands.command(actor_of(who)))
    commands.answer(outcome)
    number = str(outcome.answer["out_trade_no"])
    if outcome.position and not outcome.repeated:
        house.outbox.run_now(outcome.position, prepay_errand(number))
    return PaymentView(**asdict(house.paying.handover(number)))


def _found(row: Mapping[str, Any], phone: str) -> FoundView:
    return FoundView(
        customer_id=row["customer_id"], phone=masked_phone(phone), known_since=row["kept_at"]
    )


def _order(row: Mapping[str, Any], clear: Mapping[str, str]) -> CustomersOrderView:
    shown = {name: row[name] for name in CustomersOrderView.model_fields if name in row}
    contact = row["contact"]
    opened = {
        "stage_label": STAGE_LABELS[row["stage"]],
        "name": clear[contact["name"]],
        "phone": masked_phone(clear[contact["phone"]]),
        "address": clear[contact["address"]],
    }
    return CustomersOrderView.model_validate(shown | opened)
