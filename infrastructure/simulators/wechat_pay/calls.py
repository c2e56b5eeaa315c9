"""The APIv3 calls a merchant makes, and the table that finds them."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from infrastructure.simulators.wechat_pay.beijing import rfc3339
from infrastructure.simulators.wechat_pay.certificates import PlatformCertificate
from infrastructure.simulators.wechat_pay.desk import Desk
from infrastructure.simulators.wechat_pay.orders import Handle
from infrastructure.simulators.wechat_pay.prepay_body import (
    CloseBody,
    H5Body,
    JsapiBody,
    NativeBody,
    PrepayBody,
    check_notify_url,
)
from infrastructure.simulators.wechat_pay.refusals import (
    RefusalError,
    appid_not_bound,
    header_error,
    param_error,
    resource_unknown,
)
from infrastructure.simulators.wechat_pay.views import JsonObject
from infrastructure.simulators.wechat_pay.wire import Wire

Call: TypeAlias = Callable[[Desk, Wire, str], JsonObject | None]
H5_CASHIER_PATH: Final = "/cgi-bin/mmpayweb-bin/checkmweb"
LIVE_BASE: Final = "https://wx.tenpay.com"
_Body = TypeVar("_Body", bound=BaseModel)


def answer(desk: Desk, wire: Wire) -> JsonObject | None:
    """Do what the request asks for; None is an answer without content (204).

    Raises:
        RefusalError: What is wrong with it, or 404 for a call not offered here.
    """
    for method, path, call in _CALLS:
        found = path.fullmatch(wire.path)
        if found and method == wire.method:
            return call(desk, wire, unquote(found.groups(default="")[0]))
    raise resource_unknown()


def _prepay_jsapi(desk: Desk, wire: Wire, _: str) -> JsonObject:
    """Place an order for a page inside WeChat (JSAPI下单)."""
    return {"prepay_id": _prepay(desk, _body_of(wire, JsapiBody)).prepay_id}


def _prepay_h5(desk: Desk, wire: Wire, _: str) -> JsonObject:
    """Place an order for a mobile browser outside WeChat (H5下单)."""
    handle = _prepay(desk, _body_of(wire, H5Body))
    page = f"{_public_base(desk, wire)}{H5_CASHIER_PATH}"
    return {"h5_url": f"{page}?prepay_id={handle.prepay_id}&package={handle.package}"}


def _prepay_native(desk: Desk, wire: Wire, _: str) -> JsonObject:
    """Place an order for a code to be scanned (Native下单)."""
    return {"code_url": _prepay(desk, _body_of(wire, NativeBody)).code_url}


def _prepay(desk: Desk, body: PrepayBody) -> Handle:
    _check_mchid(desk, body.mchid, "body")
    if body.appid != desk.settings.appid:
        raise appid_not_bound()
    allow_loopback_http = desk.settings.allow_loopback_http_notify
    check_notify_url(body.notify_url, allow_loopback_http=allow_loopback_http)
    return desk.books.prepay(body)


def _public_base(desk: Desk, wire: Wire) -> str:
    host = wire.headers.get("host", "")
    return desk.settings.public_base_url or (f"http://{host}" if host else LIVE_BASE)


def _query_by_number(desk: Desk, wire: Wire, out_trade_no: str) -> JsonObject:
    """Query by the merchant's order number (商户订单号查询)."""
    _check_mchid(desk, _mchid_in_query(wire), "query")
    return desk.books.by_number(out_trade_no)


def _query_by_transaction(desk: Desk, wire: Wire, transaction_id: str) -> JsonObject:
    """Query by the platform's number (微信支付订单号查询)."""
    _check_mchid(desk, _mchid_in_query(wire), "query")
    return desk.books.by_transaction(transaction_id)


def _close(desk: Desk, wire: Wire, out_trade_no: str) -> None:
    """Close an order (关闭订单); 204 proves nothing about an unknown number."""
    _check_mchid(desk, _body_of(wire, CloseBody).mchid, "body")
    desk.books.close(out_trade_no)


def _certificates(desk: Desk, wire: Wire, _: str) -> JsonObject:
    """Download the platform certificates (下载平台证书); none in public-key mode."""
    del wire
    offered = desk.seal.keys.offered()
    if not offered:
        message = "无可用的平台证书,请在商户平台-API安全申请使用微信支付公钥"
        raise resource_unknown(message)
    return {"data": [_sealed_certificate(desk, each) for each in offered]}


def _sealed_certificate(desk: Desk, certificate: PlatformCertificate) -> JsonObject:
    return {
        "serial_no": certificate.serial,
        "effective_time": rfc3339(certificate.effective_at),
        "expire_time": rfc3339(certificate.expires_at),
        "encrypt_certificate": desk.seal.sealed(certificate.certificate_pem, "certificate"),
    }


def _body_of(wire: Wire, kind: type[_Body]) -> _Body:
    if not wire.headers.get("content-type", "").startswith("application/json"):
        message = "Http头Content-Type应为application/json"
        raise header_error(message)
    try:
        return kind.model_validate_json(wire.body)
    except ValidationError as invalid:
        raise _first_error(invalid) from None


def _first_error(invalid: ValidationError) -> RefusalError:
    error = invalid.errors()[0]
    field = "".join(f"/{step}" for step in error["loc"])
    value = error["input"] if isinstance(error["input"], str | int) else None
    return param_error(field=field, value=value, issue=error["msg"])


def _mchid_in_query(wire: Wire) -> str:
    mchid = wire.query.get("mchid")
    if mchid is None:
        raise param_error(field="/mchid", value=None, issue="缺少必填参数", location="query")
    return mchid


def _check_mchid(desk: Desk, mchid: str, location: str) -> None:
    if mchid != desk.settings.mchid:
        raise param_error(
            field="/mchid", value=mchid, issue="与签名商户号不一致", location=location
        )


_TRANSACTIONS: Final = "/v3/pay/transactions"
_CALLS: Final[tuple[tuple[str, re.Pattern[str], Call], ...]] = (
    ("POST", re.compile(rf"{_TRANSACTIONS}/(jsapi)"), _prepay_jsapi),
    ("POST", re.compile(rf"{_TRANSACTIONS}/(h5)"), _prepay_h5),
    ("POST", re.compile(rf"{_TRANSACTIONS}/(native)"), _prepay_native),
    ("GET", re.compile(rf"{_TRANSACTIONS}/out-trade-no/([^/]+)"), _query_by_number),
    ("GET", re.compile(rf"{_TRANSACTIONS}/id/([^/]+)"), _query_by_transaction),
    ("POST", re.compile(rf"{_TRANSACTIONS}/out-trade-no/([^/]+)/close"), _close),
    ("GET", re.compile(r"/v3/(certificates)"), _certificates),
)
