"""Strict reading of the JSON that WeChat sends; nothing is coerced or guessed.

A member that is null counts as absent.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from domain.errors import JiawuError

MAX_FEN = 10**12  # beyond any order, far below what a database column holds
_WORD = re.compile(r"[!-~]{1,128}")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class MalformedDocumentError(JiawuError):
    """A member is absent or of the wrong type; `facts["reason"]` names it, not its value."""

    code = "malformed_document"
    status = 502
    sentence = "微信支付返回的内容无法识别。"


def json_object(body: bytes) -> dict[str, object]:
    """The object in a JSON text; orjson also bounds depth and refuses lone surrogates."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedDocumentError(reason="not JSON") from None
    if not isinstance(document, dict):
        raise MalformedDocumentError(reason="not a JSON object")
    return document


def member(document: Mapping[str, object], name: str) -> dict[str, object]:
    """A nested object, empty if absent."""
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedDocumentError(reason=f"{name} is not an object")
    return value


def text(document: Mapping[str, object], name: str) -> str:
    """Any string, empty if absent."""
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedDocumentError(reason=f"{name} is not a string")
    return value


def word(document: Mapping[str, object], name: str) -> str:
    """1-128 visible ASCII characters: a number, name or state as WeChat spells them."""
    value = text(document, name)
    if not _WORD.fullmatch(value):
        raise MalformedDocumentError(reason=f"{name} is absent or malformed")
    return value


def word_if_any(document: Mapping[str, object], name: str) -> str:
    """A word, or empty if the member is absent or empty."""
    return word(document, name) if text(document, name) else ""


def fen(document: Mapping[str, object], name: str) -> int:
    """An amount in fen (分), 0 to 10^12; true, 1.0 and "1" are no amounts."""
    value = document.get(name)
    if type(value) is not int or not 0 <= value <= MAX_FEN:
        raise MalformedDocumentError(reason=f"{name} is not an amount in fen")
    return value


def fen_or(document: Mapping[str, object], name: str, absent: int) -> int:
    """An amount in fen, or `absent` if the member is not there."""
    return absent if document.get(name) is None else fen(document, name)


def instant(document: Mapping[str, object], name: str) -> datetime:
    """An RFC 3339 time with offset, as aware UTC."""
    value = text(document, name)
    if not _RFC3339.fullmatch(value):
        raise MalformedDocumentError(reason=f"{name} is not an RFC 3339 time")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedDocumentError(reason=f"{name} does not exist as a time") from None
