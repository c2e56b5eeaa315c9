"""The customer's side: book, pay, follow."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, status
from pydantic import BaseModel, Field

from application.paying import PayRequest
from application.payment_errands import prepay_errand
from application.payment_facts import UnknownPaymentError
from application.projections import customer_orders, order_parts
from domain.errors import NotFoundError
from domain.orders.stages import STAGE_LABELS
from domain.payments import Payment, payment_id
from interface.api.access import CustomerId, House
from interface.api.booking_form import OrderBody
from interface.api.catalogue import LineView
from interface.api.fields import (
    Body,
    Cursor,
    Limit,
    Position,
    Text,
)
from interface.api.idempotency import Commands
from interface.api.parts import PartView, parts_view, sealed_in_parts
from interface.api.problems import PROBLEM_ANSWERS
from interface.api.sources import source_of
from interface.api.user_agents import trade_type_of
from interface.household import Household

router = APIRouter(prefix="/api/v1/orders", tags=["我的订单"], responses=PROBLEM_ANSWERS)


class BookedView(BaseModel):
    """What a booking answers."""

    order_id: UUID
    order_number: str
    total_fen: int
    pay_by: datetime | None


class PaymentBody(Body):
    """Which charge is to be paid; 1 is the price itself."""

    charge_number: Annotated[int, Field(ge=1, le=99)] = 1


class PaymentView(BaseModel):
    """How the page goes on, by the way to pay (支付方式).

    JSAPI: `bridge` goes to WeixinJSBridge. MWEB: `pay_url` is opened, with the
    page to return to as redirect_url. NATIVE: `pay_url` is shown as a QR code.
    """

    out_trade_no: str
    trade_type: str
    bridge: dict[str, str] | None
    pay_url: str


class CancelledView(BaseModel):
    """The order and its stage now."""

    order_id: UUID
    stage: str


class StatusView(BaseModel):
    """A payment's status by name."""

    status: str


class StepView(BaseModel):
    """One line of the timeline."""

    at: datetime
    sentence: str


class OrderView(BaseModel):
    """An order as its customer sees it; the phone is masked even here."""

    order_id: UUID
    order_number: str
    kind_path: list[str]
    stage: str
    stage_label: str
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    pay_by: datetime | None
    total_fen: int
    paid_fen: int
    refund_due_fen: int
    worker_number: int | None


class OrderDetailView(OrderView):
    """An order with its price, its parts and its timeline."""

    lines: list[LineView]
    parts: list[PartView]
    timeline: list[StepView]


class OrderPageView(BaseModel):
    """A page, newest first; an empty cursor ends the list."""

    orders: list[OrderView]
    next_cursor: str


@router.post("", status_code=status.HTTP_201_CREATED, response_model=BookedView)
def book(
    house: House, who: CustomerId, body: OrderBody, commands: Commands, request: Request
) -> dict[str, object]:
    """Book a service (下单)."""
    command = commands.command(f"customer:{who}")
    source = source_of(body.source, request.headers.get("user-agent", ""))
    return commands.answer(house.bookings.book(body.request(who, source), command))


@router.get("")
def list_orders(
    house: House,
    who: CustomerId,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> OrderPageView:
    """My orders (我的订单)."""
    house.progress.wait_for(customer_orders.projection.name, at_least)
    with house.engine.connect() as connection:
        page = customer_orders.list_page(connection, who, limit=limit, after=cursor)
    return OrderPageView(orders=[_view(row) for row in page.rows], next_cursor=page.next_cursor)


@router.get("/{order_id}")
def show_order(
    house: House,
    who: CustomerId,
    order_id: UUID,
    at_least: Annotated[Position, Query()] = 0,
) -> OrderDetailView:
    """One order with its price and timeline."""
    for read in (customer_orders, order_parts):
        house.progress.wait_for(read.projection.name, at_least)
    with house.engine.connect() as connection:
        row = customer_orders.find(connection, who, order_id)
        if row is None:
            raise NotFoundError
        parts = order_parts.parts_of(connection, order_id)
        steps = customer_orders.timeline_of(connection, order_id)
    clear = house.vault.open_many(sealed_in_parts(parts))
    return OrderDetailView(
        **_view(row).model_dump(),
        lines=[LineView.model_validate(line) for line in row["lines"]],
        parts=parts_view(parts, clear),
        timeline=[StepView(at=step["at"], sentence=step["sentence"]) for step in steps],
    )


@router.post("/{order_id}/cancellation", response_model=CancelledView)
def cancel_unpaid(
    house: House, who: CustomerId, order_id: UUID, commands: Commands
) -> dict[str, object]:
    """Give up an order that is not paid yet (取消未支付订单)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.bookings.cancel_unpaid(order_id, who, command))


@router.post("/{order_id}/payments", status_code=status.HTTP_201_CREATED)
def pay(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: CustomerId,
    order_id: UUID,
    body: PaymentBody,
    commands: Commands,
    request: Request,
) -> PaymentView:
    """Start paying (去支付): WeChat prepares the order while the customer waits."""
    command = commands.command(f"customer:{who}")
    asked = PayRequest(
        order_id=order_id,
        customer_id=who,
        charge_number=body.charge_number,
        trade_type=trade_type_of(request.headers.get("user-agent", "")),
        payer_ip=request.client.host if request.client else "",
    )
    outcome = house.paying.start(asked, command)
    commands.answer(outcome)
    number = str(outcome.answer["out_trade_no"])
    if outcome.position and not outcome.repeated:
        house.outbox.run_now(outcome.position, prepay_errand(number))
    return PaymentView(**asdict(house.paying.handover(number)))


@router.post("/{order_id}/payments/{out_trade_no}/confirmation")
def confirm_payment(
    house: House, who: CustomerId, order_id: UUID, out_trade_no: Text, commands: Commands
) -> StatusView:
    """The page came back from WeChat: ask WeChat whether it is paid (支付确认)."""
    del commands  # asking twice is one effect
    _check_attempt(house, order_id, out_trade_no)
    return StatusView(status=house.paying.confirm(out_trade_no, who))


def _check_attempt(house: Household, order_id: UUID, number: str) -> None:
    payment = house.log.find(Payment, payment_id(number))
    if payment is None or payment.payable_id != order_id:
        raise UnknownPaymentError


def _view(row: dict[str, Any]) -> OrderView:
    shown = {name: row[name] for name in OrderView.model_fields if name in row}
    return OrderView(**shown, stage_label=STAGE_LABELS[row["stage"]])
