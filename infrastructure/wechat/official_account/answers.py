"""Reads WeChat's JSON answers strictly; a malformed one raises ValueError or KeyError."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from application.wechat_login import WeChatProfile, WeChatUser
from infrastructure.wechat.official_account.tokens import Fetched

IDENTITY = re.compile(r"[0-9A-Za-z_-]{1,128}")
SCOPES = re.compile(r"[a-z_,]{1,128}")
TOKEN = re.compile(r"[!-~]{1,2048}")
MAX_NICKNAME_CHARACTERS = 128
MAX_ADDRESS_CHARACTERS = 1024
MAX_TOKEN_SECONDS = 86_400

MALFORMED = "not of the documented form"


def user_of(answer: Mapping[str, object]) -> WeChatUser:
    """The person in an answer of /sns/oauth2/access_token."""
    unionid = answer.get("unionid") or ""
    return WeChatUser(
        openid=_matching(IDENTITY, answer["openid"]),
        unionid=_matching(IDENTITY, unionid) if unionid else "",
        scope=_matching(SCOPES, answer["scope"]),
        # Anything but a clear no counts as a snapshot: no order for a virtual account.
        snapshot=answer.get("is_snapshotuser") not in (None, 0, "0", ""),
        access_token=_matching(TOKEN, answer["access_token"]),
    )


def profile_of(answer: Mapping[str, object], openid: str) -> WeChatProfile:
    """The profile in an answer of /sns/userinfo, which must be about `openid`."""
    if answer["openid"] != openid:
        raise ValueError(MALFORMED)
    return WeChatProfile(
        nickname=_storable(answer.get("nickname")),
        headimgurl=_web_address(answer.get("headimgurl")),
    )


def token_of(answer: Mapping[str, object], name: str) -> Fetched:
    """The value called `name` in an answer of stable_token or ticket/getticket."""
    expires_in = answer["expires_in"]
    if type(expires_in) is not int or not 0 < expires_in <= MAX_TOKEN_SECONDS:
        raise ValueError(MALFORMED)
    return Fetched(_matching(TOKEN, answer[name]), expires_in)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not (isinstance(value, str) and pattern.fullmatch(value)):
        raise ValueError(MALFORMED)
    return value


def _storable(value: object) -> str:
    """Without NUL and lone surrogates, which neither UTF-8 nor PostgreSQL can hold."""
    if not isinstance(value, str):
        return ""
    return "".join(filter(_is_text, value))[:MAX_NICKNAME_CHARACTERS]


def _is_text(character: str) -> bool:
    return character != "\0" and not "\ud800" <= character <= "\udfff"


def _web_address(value: object) -> str:
    if not (isinstance(value, str) and TOKEN.fullmatch(value)):
        return ""
    fits = len(value) <= MAX_ADDRESS_CHARACTERS and urlsplit(value).scheme in {"http", "https"}
    return value if fits else ""
