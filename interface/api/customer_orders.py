"""The customer's side: book, pay, follow."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, status
from pydantic import BaseModel, ConfigDict, Field

from application.booking import CleaningRequest, Contact, Wish
from application.paying import PayRequest
from application.payment_errands import prepay_errand
from application.payment_facts import UnknownPaymentError
from application.projections import customer_orders
from domain.errors import NotFoundError
from domain.orders.stages import STAGE_LABELS
from domain.payments import Payment, payment_id
from interface.api.access import CustomerId, House
from interface.api.catalogue import LineView
from interface.api.fields import (
    Address,
    Body,
    Cursor,
    District,
    Instant,
    Limit,
    Name,
    Phone,
    Position,
    Remark,
    Room,
    ServiceCode,
    Text,
    Word,
)
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS
from interface.api.user_agents import trade_type_of
from interface.household import Household

router = APIRouter(prefix="/api/v1/orders", tags=["我的订单"], responses=PROBLEM_ANSWERS)


# What the documentation page offers to try.
_EXAMPLE: Final[dict[str, Any]] = {
    "service_code": "BJ-01",
    "quantity": 120,
    "starts_at": "2026-12-01T09:00:00+08:00",
    "contact": {
        "name": "陈女士",
        "phone": "13800000000",
        "address": "望京街 1 号院 2 单元 301",
        "district": "110105",
    },
    "remark": "家里有猫",
}


class ContactBody(Body):
    """Where to come and whom to call."""

    name: Name
    phone: Phone
    address: Address
    district: District


class OrderBody(Body):
    """A booking of 保洁; the price is ours, never the caller's."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    service_code: ServiceCode
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    options: dict[Word, Word] = Field(default_factory=dict, max_length=10)
    starts_at: Instant
    contact: ContactBody
    remark: Remark = ""
    rooms: list[Room] = Field(default_factory=list, max_length=30)
    survey: bool = False
    source: Word = "wechat"


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
    """An order with its price and its timeline."""

    lines: list[LineView]
    timeline: list[StepView]


class OrderPageView(BaseModel):
    """A page, newest first; an empty cursor ends the list."""

    orders: list[OrderView]
    next_cursor: str


@router.post("", status_code=status.HTTP_201_CREATED, response_model=BookedView)
def book(house: House, who: CustomerId, body: OrderBody, commands: Commands) -> dict[str, object]:
    """Book 保洁 (下单)."""
    request = CleaningRequest(
        customer_id=who,
        wish=Wish(
            service_code=body.service_code,
            quantity=body.quantity,
            options=body.options,
            starts_at=body.starts_at,
            district=body.contact.district,
        ),
        contact=Contact(**body.contact.model_dump()),
        source=body.source,
        remark=body.remark,
        rooms=tuple(body.rooms),
        survey=body.survey,
    )
    command = commands.command(f"customer:{who}")
    return commands.answer(house.bookings.book_cleaning(request, command))


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
    house.progress.wait_for(customer_orders.projection.name, at_least)
    row, steps = _read(house, who, order_id)
    return OrderDetailView(
        **_view(row).model_dump(),
        lines=[LineView.model_validate(line) for line in row["lines"]],
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


def _read(
    house: Household, who: UUID, order_id: UUID
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with house.engine.connect() as connection:
        row = customer_orders.find(connection, who, order_id)
        if row is None:
            raise NotFoundError
        steps = customer_orders.timeline_of(connection, order_id)
    return row, [dict(step) for step in steps]


def _view(row: dict[str, Any]) -> OrderView:
    shown = {name: row[name] for name in OrderView.model_fields if name in row}
    return OrderView(**shown, stage_label=STAGE_LABELS[row["stage"]])
