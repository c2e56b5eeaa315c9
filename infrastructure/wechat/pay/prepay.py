"""The request body of a JSAPI prepay (JSAPI 下单)."""

import re
from datetime import datetime, timedelta, timezone

import orjson

from application.payment_gateway import Prepayment
from domain.errors import InvalidInputError
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.fields import MAX_FEN

_BEIJING = timezone(timedelta(hours=8))
# Clients differ on escaping | and *, which WeChat would allow as well.
_OUT_TRADE_NO = re.compile(r"[0-9A-Z_-]{6,32}")
_OPENID = re.compile(r"[0-9A-Za-z_-]{1,128}")
_UNSAFE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
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


def prepay_body(config: WeChatPayConfig, prepayment: Prepayment) -> bytes:
    """Canonical JSON: sorted members, UTF-8, no spaces.

    The same prepayment gives the same bytes, as WeChat takes a repeated number
    with any other content for a duplicate (商户订单号重复). The description has
    at most 127 bytes, 42 Chinese characters, `attach` at most 128. Raises
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
        "payer": {"openid": prepayment.openid},
    }
    if prepayment.attach:
        body["attach"] = prepayment.attach
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _require_valid(prepayment: Prepayment) -> None:
    require_out_trade_no(prepayment.out_trade_no)
    _require_text("description", prepayment.description, _MAX_DESCRIPTION_BYTES)
    _require_text("attach", prepayment.attach, _MAX_ATTACH_BYTES)
    if not prepayment.description.strip():
        raise InvalidPrepaymentError(field="description")
    if not _OPENID.fullmatch(prepayment.openid):
        raise InvalidPrepaymentError(field="openid")
    if type(prepayment.amount_fen) is not int or not 0 < prepayment.amount_fen <= MAX_FEN:
        raise InvalidPrepaymentError(field="amount_fen")


def _require_text(field: str, value: str, most_bytes: int) -> None:
    if _UNSAFE.search(value) or len(value.encode()) > most_bytes:
        raise InvalidPrepaymentError(field=field)


def _rfc3339(at: datetime) -> str:
    if at.tzinfo is None:
        raise InvalidPrepaymentError(field="expires_at")
    return at.astimezone(_BEIJING).isoformat(timespec="seconds")
