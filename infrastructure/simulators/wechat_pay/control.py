"""The control API: what customers, time and chance do to orders, on command."""

from datetime import timedelta
from typing import Annotated, Protocol, runtime_checkable

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from infrastructure.simulators.wechat_pay.beijing import rfc3339
from infrastructure.simulators.wechat_pay.desk import AtDesk
from infrastructure.simulators.wechat_pay.faults import Fault
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.refusals import clock_refused
from infrastructure.simulators.wechat_pay.views import JsonObject

router = APIRouter(prefix="/_sim")
Fen = Annotated[int, Field(ge=0)]


@runtime_checkable
class _Settable(Protocol):
    """A clock that can be moved."""

    def advance(self, by: timedelta) -> None: ...


class Command(BaseModel):
    """The body of a command; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Which(Command):
    """An order, named by one of its prepays or by the merchant's number."""

    prepay_id: str = ""
    out_trade_no: str = ""


class Pay(Which):
    """Money in fen; `payer_total` is another way to say the coupon: total less payer_total."""

    openid: str = ""
    coupon_fen: Fen = 0
    payer_total: Fen | None = None
    even_if_expired: bool = False


class Password(Command):
    """Whether the customer is on the password page."""

    entering: bool


class Ignored(Command):
    """Whether closing has no effect."""

    ignored: bool = True


class Amount(Command):
    """The total to be claimed, in fen; null tells the truth again."""

    total: Fen | None


class Fail(Command):
    """A fault, see `Fault`; `status` 0 leaves the answer as it is."""

    path_contains: str = ""
    count: Annotated[int, Field(ge=1)] = 1
    status: Annotated[int, Field(ge=0, le=599)] = 0
    code: str = "SYSTEM_ERROR"
    after_effect: bool = False
    drop_response: bool = False
    probe_signature: bool = False
    latency_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    old_spelling: bool = False


class Advance(Command):
    """How far the clock moves; backwards too, as real clocks jump."""

    advance_seconds: int


@router.post("/pay")
def pay(command: Pay, desk: AtDesk) -> JsonObject:
    """The customer pays; answers the transaction, 404 or 409."""
    return desk.take_payment(
        Payment(
            prepay_id=command.prepay_id,
            out_trade_no=command.out_trade_no,
            openid=command.openid,
            coupon_fen=command.coupon_fen,
            payer_total_fen=command.payer_total,
            even_if_expired=command.even_if_expired,
        )
    )


@router.post("/cancel")
def cancel(command: Which, desk: AtDesk) -> JsonObject:
    """The customer leaves the cashier; answers the order, unpaid as before."""
    return desk.books.leave(Payment(**command.model_dump()))


@router.post("/orders/{out_trade_no}/expire")
def expire(out_trade_no: str, desk: AtDesk) -> JsonObject:
    """The time for payment is over now; answers the order, still NOTPAY."""
    return desk.books.expire(out_trade_no)


@router.post("/orders/{out_trade_no}/refund")
def refund(out_trade_no: str, desk: AtDesk) -> JsonObject:
    """A paid order shows REFUND from now on; 409 for an unpaid one."""
    return desk.books.turn_into_refund(out_trade_no)


@router.post("/orders/{out_trade_no}/password", status_code=204)
def password(out_trade_no: str, command: Password, desk: AtDesk) -> Response:
    """The customer opens or leaves the password page; meanwhile close answers 429."""
    desk.books.enter_password(out_trade_no, entering=command.entering)
    return Response(status_code=204)


@router.post("/orders/{out_trade_no}/close_ignored", status_code=204)
def close_ignored(out_trade_no: str, command: Ignored, desk: AtDesk) -> Response:
    """Closing answers 204 without effect, as it does for a number nobody knows."""
    desk.books.ignore_close(out_trade_no, ignored=command.ignored)
    return Response(status_code=204)


@router.post("/orders/{out_trade_no}/amount_as", status_code=204)
def amount_as(out_trade_no: str, command: Amount, desk: AtDesk) -> Response:
    """Queries and the notice of a later payment claim another amount."""
    desk.books.claim_amount(out_trade_no, command.total)
    return Response(status_code=204)


@router.get("/books")
def books(desk: AtDesk) -> JsonObject:
    """Every successful transaction with its amounts in fen, their count, and all orders."""
    transactions = desk.books.transactions()
    return {
        "transactions": transactions,
        "count": len(transactions),
        "orders": desk.books.orders(),
    }


@router.post("/fail_next", status_code=204)
def fail_next(fault: Fail, desk: AtDesk) -> Response:
    """Let the next matching APIv3 calls fail."""
    desk.faults.order(Fault(**fault.model_dump()))
    return Response(status_code=204)


@router.delete("/fail_next", status_code=204)
def fail_no_more(desk: AtDesk) -> Response:
    """Cancel the failures that still wait."""
    desk.faults.forget()
    return Response(status_code=204)


@router.post("/clock")
def move_clock(command: Advance, desk: AtDesk) -> JsonObject:
    """Move the clock that everybody shares; 409 if it is the system's."""
    if not isinstance(desk.clock, _Settable):
        raise clock_refused()
    desk.clock.advance(timedelta(seconds=command.advance_seconds))
    return {"now": rfc3339(desk.clock.now())}
