"""Notices that a careful merchant must refuse."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from infrastructure.simulators.wechat_pay.notices import Forgery, Notice, envelope
from infrastructure.simulators.wechat_pay.seal import (
    PlatformSeal,
    foreign_signature,
    probe_signature,
)
from infrastructure.simulators.wechat_pay.views import JsonObject

TOO_OLD: Final = timedelta(seconds=301)
FOREIGN_MCHID: Final = "1999999999"
Post = tuple[bytes, dict[str, str]]


def forged_content(kind: Forgery, transaction: JsonObject) -> JsonObject:
    """The transaction to encrypt: of another merchant, one fen too much, or as it is."""
    if kind == "wrong_mchid":
        return {**transaction, "mchid": FOREIGN_MCHID}
    if kind == "wrong_amount":
        return {**transaction, "amount": _one_fen_more(transaction["amount"])}
    return transaction


def wire_form(notice: Notice, seal: PlatformSeal, now: datetime) -> Post:
    """Body and signature headers, spoiled where the notice is a forgery."""
    body = envelope(notice, seal)
    at = now - TOO_OLD if notice.forgery == "old_timestamp" else now
    headers = seal.headers(body, at)
    if notice.forgery == "altered_body":
        body = _one_byte_altered(body)
    spoil = _SPOILED_SIGNATURES.get(notice.forgery or "")
    if spoil is not None:
        headers["Wechatpay-Signature"] = spoil()
    return body, headers


_SPOILED_SIGNATURES: Final[Mapping[str, Callable[[], str]]] = {
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
