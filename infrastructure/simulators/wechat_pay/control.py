"""The control API: what the outside world does to an order, on command."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from infrastructure.simulators.wechat_pay.desk import AtDesk
from infrastructure.simulators.wechat_pay.faults import Fault
from infrastructure.simulators.wechat_pay.notices import Forgery, NoticeRules
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.views import JsonObject

router = APIRouter(prefix="/_sim")
Fen = Annotated[int, Field(ge=0)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pay(_Command):
    """One of `prepay_id` and `out_trade_no`; money in fen.

    `payer_total` is another way to say the coupon: total less payer_total.
    """

    prepay_id: str = ""
    out_trade_no: str = ""
    openid: str = ""
    coupon_fen: Fen = 0
    payer_total: Fen | None = None
    even_if_expired: bool = False


class Password(_Command):
    """Whether the customer is on the password page."""

    entering: bool


class Fail(_Command):
    """A fault, see `Fault`; `status` 0 leaves the answer as it is."""

    path_contains: str = ""
    status: Annotated[int, Field(ge=0, le=599)] = 0
    code: str = "SYSTEM_ERROR"
    after_effect: bool = False
    drop_response: bool = False
    probe_signature: bool = False


class Rules(_Command):
    """See `NoticeRules`."""

    drop: bool = False
    duplicate: Annotated[int, Field(ge=0, le=100)] = 0
    delay_seconds: Annotated[int, Field(ge=0)] = 0


class Forge(_Command):
    """Which forgery, about which order; the newest if none is named."""

    kind: Forgery
    out_trade_no: str = ""


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


@router.post("/orders/{out_trade_no}/password", status_code=204)
def password(out_trade_no: str, command: Password, desk: AtDesk) -> Response:
    """The customer opens or leaves the password page; meanwhile close answers 429."""
    desk.books.enter_password(out_trade_no, entering=command.entering)
    return Response(status_code=204)


@router.get("/books")
def books(desk: AtDesk) -> JsonObject:
    """Every successful transaction with its amounts in fen, and their count."""
    transactions = desk.books.transactions()
    return {"transactions": transactions, "count": len(transactions)}


@router.get("/notices")
def notices(desk: AtDesk) -> JsonObject:
    """All notices with their attempts and the merchant's answers."""
    return {"notices": desk.notifier.notices()}


@router.post("/notices/forge")
def forge(command: Forge, desk: AtDesk) -> JsonObject:
    """Post a forged notice to the order's notify_url, now; answers how it went."""
    request = desk.books.ordered(command.out_trade_no)
    content = desk.books.claimed_success(request.out_trade_no)
    return desk.notifier.forge(command.kind, request.notify_url, content)


@router.post("/notices/{notice_id}/resend")
def resend(notice_id: str, desk: AtDesk) -> JsonObject:
    """Post a notice once more, now; answers that attempt."""
    return desk.notifier.resend(notice_id)


@router.post("/notice_rules", status_code=204)
def notice_rules(rules: Rules, desk: AtDesk) -> Response:
    """Drop, duplicate or delay the notices of later payments."""
    desk.notifier.set_rules(NoticeRules(**rules.model_dump()))
    return Response(status_code=204)


@router.post("/fail_next", status_code=204)
def fail_next(fault: Fail, desk: AtDesk) -> Response:
    """Let the next matching APIv3 call fail."""
    desk.faults.order(Fault(**fault.model_dump()))
    return Response(status_code=204)
