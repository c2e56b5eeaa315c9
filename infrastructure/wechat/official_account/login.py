"""WeChat log-in on wechatpy's WeChatOAuth."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from application.wechat_login import (
    LoginDeclinedError,
    LoginExpiredError,
    ProfileNotGrantedError,
    Scope,
    WeChatProfile,
    WeChatUser,
)
from domain.errors import JiawuError
from infrastructure.wechat.official_account.answers import profile_of, user_of
from infrastructure.wechat.official_account.bounded_session import BoundedSession
from infrastructure.wechat.official_account.failures import UNUSABLE_ANSWER, refused, unusable
from infrastructure.wechat.official_account.settings import OfficialAccountSettings

STATE = re.compile(r"[0-9A-Za-z_-]{1,128}")
CODE = re.compile(r"[!-~]{1,512}")
CODE_IS_SPENT = frozenset({40029, 40163, 41008, 42003})
TOKEN_IS_SPENT = frozenset({40001, 40003, 40014, 42001})
UNAUTHORIZED_API = 48001
Read = TypeVar("Read")


class WeChatOAuthLogin:
    """Speaks OAuth2 to WeChat, or to a simulator at the configured addresses.

    Safe to share between threads: wechatpy keeps the last token on its client,
    so each call has a client and a session of its own. It implements the port
    `application.wechat_login.WeChatLogin`.
    """

    def __init__(self, settings: OfficialAccountSettings) -> None:
        self._settings = settings

    def authorize_url(self, redirect_uri: str, state: str, scope: Scope) -> str:
        """Where to send the browser; WeChat wants this order and this fragment."""
        if not STATE.fullmatch(state):
            message = "state is 1-128 characters of [0-9A-Za-z_-]"
            raise ValueError(message)
        client = WeChatOAuth(
            self._settings.appid, self._settings.secret, redirect_uri, scope, state
        )
        client.OAUTH_BASE_URL = f"{self._settings.open_base_url}/connect/"
        return str(client.authorize_url)

    def exchange(self, code: str) -> WeChatUser:
        """Redeem a code; see the port for its meaning and errors."""
        if not code:
            raise LoginDeclinedError
        if not CODE.fullmatch(code):
            raise LoginExpiredError
        return self._ask(lambda client: client.fetch_access_token(code), user_of, CODE_IS_SPENT)

    def profile(self, user: WeChatUser) -> WeChatProfile:
        """Ask for nickname and portrait; see the port for its errors."""
        if "snsapi_userinfo" not in user.scope.split(","):
            raise ProfileNotGrantedError
        return self._ask(
            lambda client: client.get_user_info(user.openid, user.access_token),
            lambda answer: profile_of(answer, user.openid),
            TOKEN_IS_SPENT,
        )

    def _ask(
        self,
        call: Callable[[Any], Any],
        read: Callable[[Mapping[str, object]], Read],
        spent: frozenset[int],
    ) -> Read:
        with BoundedSession(self._settings) as session:
            client = WeChatOAuth(self._settings.appid, self._settings.secret, redirect_uri="")
            client._http = session  # noqa: SLF001 - wechatpy offers no other way to bound its calls
            try:
                return read(call(client))
            except WeChatOAuthException as refusal:
                error: JiawuError = _error_for(refusal.errcode, refusal.errmsg, spent)
            except UNUSABLE_ANSWER as failure:
                error = unusable(failure)
        # Raised out here it has no context: theirs quote the address with the secret in it.
        raise error


def _error_for(errcode: object, errmsg: object, spent: frozenset[int]) -> JiawuError:
    if not isinstance(errcode, int):
        return refused(errcode, errmsg)
    if errcode in spent:
        return LoginExpiredError(reason=str(errcode))
    if errcode == UNAUTHORIZED_API:
        return ProfileNotGrantedError(reason=str(errcode))
    return refused(errcode, errmsg)
