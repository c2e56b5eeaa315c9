"""The request of a prepay (下单) and what its answer holds, for each trade type."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from ipaddress import IPv6Address, ip_address
from typing import Final

import orjson

from application.payment_gateway import Prepared, Prepayment
from domain.errors import InvalidInputError
from domain.payment_attempts import H5, JSAPI, NATIVE
from infrastructure.wechat.pay.config import WeChatPayConfig, is_safe_url
from infrastructure.wechat.pay.fields import MAX_FEN, MalformedDocumentError, text, word

_PATHS: Final = {
    JSAPI: "/v3/pay/transactions/jsapi",
    H5: "/v3/pay/transactions/h5",
    NATIVE: "/v3/pay/transactions/native",
}
_BEIJING = timezone(timedelta(hours=8))
# Clients differ on escaping | and *, which WeChat would allow as well.
_OUT_TRADE_NO = re.compile(r"[0-9A-Z_-]{6,32}")
_OPENID = re.compile(r"[0-9A-Za-z_-]{1,128}")
_UNSAFE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_PAY_URL = re.compile(r"[!-~]{1,2048}")
_CODE_SCHEME = "weixin://"
# WeChat's refusals count UTF-8 bytes (字节数), three to a Chinese character.
_MAX_DESCRIPTION_BYTES = 127
_MAX_ATTACH_BYTES = 128


class InvalidPrepaymentError(InvalidInputError):
    """A value WeChat would refuse; no request was sent. `facts["field"]` names it."""

    code = "invalid_prepayment"
    sentence = "支付请求的内容不正确：{field}。"


def require_out_trade_no(out_trade_no: str) -> str:
    """The number, if it is 6-32 of [0-9A-Z_-]; else raises InvalidPrepaymentError."""
    if not _OUT_TRADE_NO.fullmatch(out_trade_no):
        raise InvalidPrepaymentError(field="out_trade_no")
    return out_trade_no


def prepay_path(trade_type: str) -> str:
    """Where the trade type is ordered; raises InvalidPrepaymentError for an unknown one."""
    if trade_type not in _PATHS:
        raise InvalidPrepaymentError(field="trade_type")
    return _PATHS[trade_type]


def prepay_body(config: WeChatPayConfig, prepayment: Prepayment) -> bytes:
    """Canonical JSON: sorted members, UTF-8, no spaces.

    The same prepayment gives the same bytes, as WeChat takes a repeated number
    with any other content for a duplicate (商户订单号重复). The description has
    at most 127 bytes, 42 Chinese characters, `attach` at most 128. What the
    trade type does not need (openid, payer_ip) is left out. Raises
    InvalidPrepaymentError.
    """
    _require_valid(prepayment)
    body: dict[str, object] = {
        "appid": config.appid,
        "mchid": config.mchid,
        "description": prepayment.description,
        "out_trade_no": prepayment.out_trade_no,
        "time_expire": _rfc3339(prepayment.expires_at),
        "notify_url": config.notify_url,
        "amount": {"total": prepayment.amount_fen, "currency": "CNY"},
    }
    body |= _payer(prepayment)
    if prepayment.attach:
        body["attach"] = prepayment.attach
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def read_prepared(trade_type: str, document: Mapping[str, object]) -> Prepared:
    """What opens the payment, from a verified answer; raises MalformedDocumentError."""
    if trade_type == H5:
        return Prepared(pay_url=_h5_url(document))
    if trade_type == NATIVE:
        return Prepared(pay_url=_code_url(document))
    return Prepared(prepay_id=word(document, "prepay_id"))


def _h5_url(document: Mapping[str, object]) -> str:
    url = text(document, "h5_url")
    if not _PAY_URL.fullmatch(url) or not is_safe_url(url):
        raise MalformedDocumentError(reason="h5_url is no https address")
    return url


def _code_url(document: Mapping[str, object]) -> str:
    url = text(document, "code_url")
    if not _PAY_URL.fullmatch(url) or not url.startswith(_CODE_SCHEME):
        raise MalformedDocumentError(reason="code_url is no weixin:// address")
    return url


def _payer(prepayment: Prepayment) -> dict[str, object]:
    """The member that says who pays: JSAPI by openid, H5 by address, NATIVE whoever scans."""
    if prepayment.trade_type == JSAPI:
        return {"payer": {"openid": _openid(prepayment.openid)}}
    if prepayment.trade_type == H5:
        address = _payer_address(prepayment.payer_ip)
        return {"scene_info": {"payer_client_ip": address, "h5_info": {"type": "Wap"}}}
    return {}


def _openid(openid: str) -> str:
    if not _OPENID.fullmatch(openid):
        raise InvalidPrepaymentError(field="openid")
    return openid


def _payer_address(payer_ip: str) -> str:
    """The address in its one canonical spelling; IPv4 dressed as IPv6 is IPv4 again."""
    try:
        address = ip_address(payer_ip)
    except ValueError:
        raise InvalidPrepaymentError(field="payer_ip") from None
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.scope_id:  # a name of the server's own network card
        raise InvalidPrepaymentError(field="payer_ip")
    return str(address.ipv4_mapped or address)


def _require_valid(prepayment: Prepayment) -> None:
    require_out_trade_no(prepayment.out_trade_no)
    prepay_path(prepayment.trade_type)
    _require_text("description", prepayment.description, _MAX_DESCRIPTION_BYTES)
    _require_text("attach", prepayment.attach, _MAX_ATTACH_BYTES)
    if not prepayment.description.strip():
        raise InvalidPrepaymentError(field="description")
    if type(prepayment.amount_fen) is not int or not 0 < prepayment.amount_fen <= MAX_FEN:
        raise InvalidPrepaymentError(field="amount_fen")


def _require_text(field: str, value: str, most_bytes: int) -> None:
    if _UNSAFE.search(value) or len(value.encode()) > most_bytes:
        raise InvalidPrepaymentError(field=field)


def _rfc3339(at: datetime) -> str:
    if at.utcoffset() is None:
        raise InvalidPrepaymentError(field="expires_at")
    try:
        return at.astimezone(_BEIJING).isoformat(timespec="seconds")
    except OverflowError:  # at an end of the calendar
        raise InvalidPrepaymentError(field="expires_at") from None
