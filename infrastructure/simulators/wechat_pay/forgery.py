"""Notices that a careful merchant must refuse."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from infrastructure.simulators.wechat_pay.notices import Forgery, Notice, envelope
from infrastructure.simulators.wechat_pay.randomness import Randomness
from infrastructure.simulators.wechat_pay.seal import (
    PlatformSeal,
    foreign_signature,
    probe_signature,
)
from infrastructure.simulators.wechat_pay.views import JsonObject

TOO_OLD: Final = timedelta(seconds=301)
FOREIGN_MCHID: Final = "1999999999"
FOREIGN_APPID: Final = "wx9999999999999999"
UNKNOWN_NUMBER: Final = "NOBODY-ORDERED-THIS"
UNKNOWN_KEY_ID: Final = "PUB_KEY_ID_" + "9" * 34
Post = tuple[bytes, dict[str, str]]


def forged_content(kind: Forgery, transaction: JsonObject) -> JsonObject:
    """The transaction to encrypt: about another merchant, app, order or sum, or as it is."""
    if kind == "wrong_amount":
        return {**transaction, "amount": _one_fen_more(transaction["amount"])}
    return {**transaction, **_FOREIGN_FIELDS.get(kind, {})}


def wire_form(notice: Notice, seal: PlatformSeal, now: datetime) -> Post:
    """Body and signature headers, spoiled where the notice is a forgery or a probe."""
    forgery = _forgery_of_this_attempt(notice)
    body = envelope(notice, seal)
    at = now - TOO_OLD if forgery == "old_timestamp" else now
    headers = seal.headers(body, at)
    if forgery == "altered_body":
        body = _one_byte_altered(body)
    if forgery == "unknown_serial":
        headers["Wechatpay-Serial"] = UNKNOWN_KEY_ID
    spoil = _SPOILED_SIGNATURES.get(forgery or "")
    if spoil is not None:
        headers["Wechatpay-Signature"] = spoil(seal.randomness)
    return body, headers


def _forgery_of_this_attempt(notice: Notice) -> Forgery | None:
    if notice.probe_first and not notice.attempts:
        return "probe"
    return notice.forgery


_FOREIGN_FIELDS: Final[Mapping[str, JsonObject]] = {
    "wrong_mchid": {"mchid": FOREIGN_MCHID},
    "wrong_appid": {"appid": FOREIGN_APPID},
    "unknown_number": {"out_trade_no": UNKNOWN_NUMBER},
}
_SPOILED_SIGNATURES: Final[Mapping[str, Callable[[Randomness], str]]] = {
    "bad_signature": foreign_signature,
    "probe": probe_signature,
}


def _one_fen_more(amount: object) -> JsonObject:
    if not isinstance(amount, dict):
        message = "a transaction's amount is an object"
        raise TypeError(message)
    return {**amount, "total": amount["total"] + 1}


def _one_byte_altered(body: bytes) -> bytes:
    # The summary stays readable JSON, so that only the signature can tell.
    altered = body.replace("支付成功".encode(), "支付成动".encode(), 1)
    json.loads(altered)
    return altered
