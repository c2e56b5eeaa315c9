"""The rules of an authorize request, shared by the page and the control API."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from infrastructure.simulators.official_account.grants import Grants
from infrastructure.simulators.official_account.users import DECLINE, FakeUsers

PARAMETERS = ["appid", "redirect_uri", "response_type", "scope", "state"]
SCOPES = frozenset({"snsapi_base", "snsapi_userinfo"})
MAX_STATE_BYTES = 128


class AuthorizePageError(Exception):
    """The request is refused; the sentence is what the user's error page says."""


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """The parameters of a request that passed the checks."""

    redirect_uri: str
    scope: str
    state: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """Checks requests for one account and answers them for a user."""

    appid: str
    redirect_hosts: frozenset[str]
    users: FakeUsers
    grants: Grants

    def parse(self, query: str) -> AuthorizeRequest:
        """Read a query string; WeChat wants the parameters in this very order.

        Raises AuthorizePageError.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        fields = dict(pairs)
        names = [name for name, _ in pairs]
        expected = [name for name in PARAMETERS if name != "state" or "state" in fields]
        if names[: len(expected)] != expected or len(fields) != len(pairs):
            message = "参数错误：缺少参数或顺序不符"
            raise AuthorizePageError(message)
        if fields["appid"] != self.appid:
            message = "appid 参数错误"
            raise AuthorizePageError(message)
        if fields["response_type"] != "code":
            message = "response_type 参数错误"
            raise AuthorizePageError(message)
        return self.checked(fields["redirect_uri"], fields["scope"], fields.get("state", ""))

    def checked(self, redirect_uri: str, scope: str, state: str) -> AuthorizeRequest:
        """Check host, scope and state; raises AuthorizePageError."""
        if not _is_plain_address(redirect_uri) or not self._is_ours(redirect_uri):
            message = "redirect_uri 域名与后台配置不一致，错误码：10003"
            raise AuthorizePageError(message)
        if scope not in SCOPES:
            message = "scope 参数错误或没有 scope 权限，错误码：10005"
            raise AuthorizePageError(message)
        if len(state.encode()) > MAX_STATE_BYTES:
            message = "state 参数过长"
            raise AuthorizePageError(message)
        return AuthorizeRequest(redirect_uri, scope, state)

    def answer(self, request: AuthorizeRequest, openid: str) -> str:
        """Where the browser goes for this user: with a code, or without if declined.

        Raises AuthorizePageError for an unknown user.
        """
        if openid == DECLINE:
            return _with_query(request.redirect_uri, {"state": request.state})
        user = self.users.find(openid)
        if user is None:
            message = "没有这个模拟用户"
            raise AuthorizePageError(message)
        code = self.grants.issue_code(user, request.scope)
        return _with_query(request.redirect_uri, {"code": code, "state": request.state})

    def _is_ours(self, redirect_uri: str) -> bool:
        parts = urlsplit(redirect_uri)
        return parts.scheme in {"http", "https"} and parts.hostname in self.redirect_hosts


def _is_plain_address(address: str) -> bool:
    """No blanks, controls or backslashes, which browsers and parsers read differently."""
    return all("!" <= character <= "~" and character != "\\" for character in address)


def _with_query(address: str, parameters: dict[str, str]) -> str:
    base = urlsplit(address)
    query = "&".join(filter(None, [base.query, urlencode(parameters)]))
    return base._replace(query=query, fragment="").geturl()
