"""The port to WeChat log-in (微信网页授权): who stands behind a code."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from domain.errors import ForbiddenError, JiawuError, UnauthenticatedError

Scope = Literal["snsapi_base", "snsapi_userinfo"]
"""What is asked for: silently the openid, or after a click also nickname and portrait."""


class LoginDeclinedError(UnauthenticatedError):
    """The customer came back without a code, because authorization was refused."""

    code = "login_declined"
    sentence = "您取消了微信授权，暂时无法登录。"


class LoginExpiredError(UnauthenticatedError):
    """The code or its token is unknown, used or too old; a new authorization helps."""

    code = "login_expired"
    sentence = "登录已过期，请重新打开页面。"


class SnapshotUserError(ForbiddenError):
    """The page runs in snapshot mode (快照页): the identity is virtual, nobody's."""

    code = "snapshot_user"
    sentence = "当前为快照页，请点击「使用完整服务」后再试。"


class ProfileNotGrantedError(ForbiddenError):
    """Nickname and portrait were asked for without the scope snsapi_userinfo."""

    code = "profile_not_granted"
    sentence = "您尚未授权使用昵称和头像。"


class WeChatUnavailableError(JiawuError):
    """WeChat gave no usable answer; `facts["reason"]` is its errcode or the kind of failure.

    The reason never holds the secret, the code, a token or an openid. The
    errcodes 40013, 40125, 40164 and 40243 mean that our own settings are wrong.
    """

    code = "wechat_unavailable"
    status = 503
    sentence = "微信暂时没有响应，请稍后再试。"


@dataclass(frozen=True, slots=True)
class WeChatUser:
    """A person as this Official Account knows them.

    `unionid` is empty unless the scope is snsapi_userinfo and the account is
    bound to an Open Platform account. `access_token` is the person's own token,
    good for their profile for two hours; it is never stored.
    """

    openid: str = field(repr=False)
    unionid: str = field(repr=False)
    scope: str
    snapshot: bool
    access_token: str = field(default="", repr=False, compare=False)

    def require_real(self) -> None:
        """Raise SnapshotUserError for the virtual account of a snapshot page."""
        if self.snapshot:
            raise SnapshotUserError


@dataclass(frozen=True, slots=True)
class WeChatProfile:
    """What the person shows; both may be empty. `headimgurl` is an http(s) address."""

    nickname: str = field(repr=False)
    headimgurl: str = field(repr=False)


class WeChatLogin(Protocol):
    """WeChat's OAuth2 as the use cases see it."""

    def authorize_url(self, redirect_uri: str, state: str, scope: Scope) -> str:
        """Where to send the browser.

        `state` is 1-128 characters of [0-9A-Za-z_-]; anything else is a defect
        of the caller and raises ValueError.
        """
        ...

    def exchange(self, code: str) -> WeChatUser:
        """Redeem the code of a callback; an empty code means that it had none.

        NOT idempotent: WeChat takes a code once, within five minutes. A
        snapshot user is returned, not refused, see `WeChatUser.require_real`.

        Raises LoginDeclinedError, LoginExpiredError or WeChatUnavailableError.
        """
        ...

    def profile(self, user: WeChatUser) -> WeChatProfile:
        """Ask for nickname and portrait; changes nothing and may be repeated.

        Raises ProfileNotGrantedError, LoginExpiredError or WeChatUnavailableError.
        """
        ...
