"""Signatures of the JS-SDK (微信网页开发工具包) on the account's ticket."""

import secrets
from collections.abc import Callable

from wechatpy.client.api import WeChatJSAPI

from application.wechat_js_sdk import JsSdkSignature
from infrastructure.wechat.official_account.client import OfficialAccountClient


def _new_nonce() -> str:
    return secrets.token_hex(8)


class WeChatJsSdkSigner:
    """Implements the port `application.wechat_js_sdk.JsSdkSigner`."""

    def __init__(
        self,
        client: OfficialAccountClient,
        nonce: Callable[[], str] = _new_nonce,
    ) -> None:
        self._client = client
        self._nonce = nonce

    def sign(self, url: str, timestamp: int) -> JsSdkSignature:
        """Sign the address exactly as it is; see the port."""
        nonce = self._nonce()
        return JsSdkSignature(nonce, signature(self._client.jsapi_ticket(), nonce, timestamp, url))


def signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """40 hexadecimal characters; `url` is without its fragment, which wechatpy would sign."""
    return str(WeChatJSAPI().get_jsapi_signature(nonce, ticket, timestamp, url))
