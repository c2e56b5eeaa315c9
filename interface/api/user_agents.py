"""Which way to pay (支付方式) fits the browser that asks."""

import re
from typing import Final

from domain.payment_attempts import H5, JSAPI, NATIVE

_WECHAT: Final = re.compile(r"MicroMessenger/", re.IGNORECASE)
_PHONE: Final = re.compile(r"Mobile|Android|iPhone|iPad|HarmonyOS", re.IGNORECASE)


def trade_type_of(user_agent: str) -> str:
    """JSAPI inside WeChat, H5 in another phone's browser, else a code to scan.

    H5 payment is refused inside WeChat (请在微信外打开订单), and JSAPI works only
    there: facts wechat-pay 0.5.
    """
    if _WECHAT.search(user_agent):
        return JSAPI
    return H5 if _PHONE.search(user_agent) else NATIVE
