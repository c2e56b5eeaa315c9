"""The APIv3 calls a merchant makes."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from infrastructure.simulators.wechat_pay.desk import AtDesk, Desk
from infrastructure.simulators.wechat_pay.exchange import SignedRoute
from infrastructure.simulators.wechat_pay.prepay_body import (
    CloseBody,
    PrepayBody,
    check_notify_url,
)
from infrastructure.simulators.wechat_pay.refusals import (
    appid_not_bound,
    param_error,
    resource_unknown,
)
from infrastructure.simulators.wechat_pay.views import JsonObject

router = APIRouter(prefix="/v3", route_class=SignedRoute)
Mchid = Annotated[str, Query()]


@router.post("/pay/transactions/jsapi")
def prepay(body: PrepayBody, desk: AtDesk) -> dict[str, str]:
    """Place an order for a page inside WeChat (JSAPI下单)."""
    _check_mchid(desk, body.mchid, "body")
    if body.appid != desk.settings.appid:
        raise appid_not_bound()
    allow_loopback_http = desk.settings.allow_loopback_http_notify
    check_notify_url(body.notify_url, allow_loopback_http=allow_loopback_http)
    return {"prepay_id": desk.books.prepay(body)}


@router.get("/pay/transactions/out-trade-no/{out_trade_no}")
def query_by_number(out_trade_no: str, mchid: Mchid, desk: AtDesk) -> JsonObject:
    """Query by the merchant's order number (商户订单号查询)."""
    _check_mchid(desk, mchid, "query")
    return desk.books.by_number(out_trade_no)


@router.get("/pay/transactions/id/{transaction_id}")
def query_by_transaction(transaction_id: str, mchid: Mchid, desk: AtDesk) -> JsonObject:
    """Query by the platform's number (微信支付订单号查询)."""
    _check_mchid(desk, mchid, "query")
    return desk.books.by_transaction(transaction_id)


@router.post("/pay/transactions/out-trade-no/{out_trade_no}/close")
def close(out_trade_no: str, body: CloseBody, desk: AtDesk) -> Response:
    """Close an order (关闭订单); 204 proves nothing about an unknown number."""
    _check_mchid(desk, body.mchid, "body")
    desk.books.close(out_trade_no)
    return Response(status_code=204)


@router.get("/certificates")
def certificates() -> None:
    """A merchant in public-key mode has no platform certificates."""
    message = "无可用的平台证书,请在商户平台-API安全申请使用微信支付公钥"
    raise resource_unknown(message)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown(path: str) -> None:
    """Everything this simulator does not offer, still signed."""
    del path
    raise resource_unknown()


def _check_mchid(desk: Desk, mchid: str, location: str) -> None:
    if mchid != desk.settings.mchid:
        raise param_error(
            field="/mchid", value=mchid, issue="与签名商户号不一致", location=location
        )
