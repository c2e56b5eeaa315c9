"""The Official Account's server-side API, behind one door."""

from collections.abc import Callable
from threading import local
from typing import Any, TypeVar

import requests
from wechatpy.exceptions import WeChatClientException

from infrastructure.wechat.official_account.answers import MALFORMED, token_of
from infrastructure.wechat.official_account.failures import UNUSABLE_ANSWER, refused, unusable
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from infrastructure.wechat.official_account.tokens import Fetched, PostgresTokens
from infrastructure.wechat.official_account.wechat_client import TokenClient

JSAPI_TICKET = "jsapi_ticket"
Read = TypeVar("Read")


class OfficialAccountClient:
    """wechatpy's WeChatClient, one for each thread; safe to share.

    Whatever a server answers, only WeChatUnavailableError comes out, without
    token, secret or body; and the errors of a database that is away.
    """

    def __init__(self, settings: OfficialAccountSettings, tokens: PostgresTokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._threads = local()

    def ask(self, call: Callable[[TokenClient], Any], read: Callable[[Any], Read]) -> Read:
        """Make one call of wechatpy and read its answer.

        `call` may run twice no more than wechatpy's own request does; `read`
        raises ValueError or LookupError for what is not as documented.
        """
        try:
            return read(_decoded(call(self._wechat())))
        except WeChatClientException as refusal:
            error = refused(refusal.errcode, refusal.errmsg)
        except UNUSABLE_ANSWER as failure:
            error = unusable(failure)
        # Raised out here it has no context: theirs quote the address with the token in it.
        raise error

    def jsapi_ticket(self) -> str:
        """The ticket that JS-SDK signatures are made with. Raises WeChatUnavailableError."""
        return self._tokens.token(self._settings.appid, JSAPI_TICKET, self._fetch_ticket).value

    def _fetch_ticket(self) -> Fetched:
        return self.ask(
            lambda wechat: wechat.jsapi.get_ticket(), lambda answer: token_of(answer, "ticket")
        )

    def _wechat(self) -> TokenClient:
        if not hasattr(self._threads, "wechat"):
            self._threads.wechat = TokenClient(self._settings, self._tokens)
        wechat: TokenClient = self._threads.wechat
        return wechat


def _decoded(answer: object) -> object:
    """Where a body is no JSON, wechatpy hands the whole response on."""
    if isinstance(answer, requests.Response):
        raise ValueError(MALFORMED)  # noqa: TRY004 - the answer is malformed, not our types
    return answer
