"""What wechatpy raises where a server answers strangely, or not at all."""

import logging
import re

import urllib3

from application.wechat_login import WeChatUnavailableError

UNUSABLE_ANSWER = (
    urllib3.exceptions.HTTPError,
    OSError,  # every exception of requests is one
    ValueError,
    LookupError,
    TypeError,
    AttributeError,  # a list or a text where wechatpy looks for an object
    ArithmeticError,  # an errcode of infinity
    RecursionError,  # of deeply nested JSON
)
_REQUEST_ID = re.compile(r"\brid: ([0-9A-Za-z-]{1,64})")

_logger = logging.getLogger("jiawu.wechat.official_account")


def unusable(failure: BaseException) -> WeChatUnavailableError:
    """Names the kind only: the texts of these exceptions quote addresses and bodies."""
    return WeChatUnavailableError(reason=type(failure).__name__)


def refused(errcode: object, errmsg: object) -> WeChatUnavailableError:
    """An answer with an errcode; its request id is what one quotes to WeChat.

    Nothing else of the message is kept, whatever a server may have put there.
    """
    code = str(errcode) if type(errcode) is int and abs(errcode) < 10**9 else "errcode"
    found = _REQUEST_ID.search(errmsg) if isinstance(errmsg, str) else None
    _logger.warning("WeChat refused: errcode %s, rid %s", code, found[1] if found else "none")
    return WeChatUnavailableError(reason=code)
