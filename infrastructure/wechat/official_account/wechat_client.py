"""wechatpy's client, made to behave.

wechatpy 1.8.18 fetches tokens without a lock, retries a refused token without
end and reaches past its session in two places. One instance serves one thread.
"""

from typing import Any, NoReturn

from wechatpy.client import WeChatClient
from wechatpy.client.api import WeChatCloud, WeChatQRCode
from wechatpy.exceptions import WeChatClientException

from infrastructure.wechat.official_account.answers import token_of
from infrastructure.wechat.official_account.bounded_session import BoundedSession
from infrastructure.wechat.official_account.settings import TENCENT_MP, OfficialAccountSettings
from infrastructure.wechat.official_account.tokens import Fetched, PostgresTokens, Token

ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a kind
# Not the latest (40001), illegal (40014), expired (42001): a new one may help.
TOKEN_IS_STALE = frozenset({40001, 40014, 42001})


class BoundedQRCode(WeChatQRCode):  # type: ignore[misc] # wechatpy ships no types
    """wechatpy asks for the picture outside its session, without a time-out."""

    def show(self, ticket: Any) -> Any:  # noqa: ANN401 - wechatpy's signature
        """The picture of a QR code, as a requests.Response."""
        value = ticket["ticket"] if isinstance(ticket, dict) else ticket
        session = self._client._http  # noqa: SLF001 - as all of wechatpy's own calls do
        return session.request("get", f"{TENCENT_MP}/cgi-bin/showqrcode", params={"ticket": value})


class BoundedCloud(WeChatCloud):  # type: ignore[misc] # wechatpy ships no types
    """The cloud of mini programs (云开发), which an Official Account does not have."""

    def upload_file(self, env: Any, path: Any) -> NoReturn:  # noqa: ANN401 - wechatpy's signature
        """Refused: wechatpy posts the file to whatever address an answer names."""
        del env, path
        message = "an Official Account has no cloud storage"
        raise ValueError(message)


class TokenClient(WeChatClient):  # type: ignore[misc] # wechatpy ships no types
    """All of wechatpy's APIs, bounded, with the tokens of the database.

    Raises wechatpy's and requests' exceptions; see `client.OfficialAccountClient`.
    """

    qrcode = BoundedQRCode()
    cloud = BoundedCloud()

    def __init__(self, settings: OfficialAccountSettings, tokens: PostgresTokens) -> None:
        super().__init__(settings.appid, settings.secret, auto_retry=False)
        self._http = BoundedSession(settings)
        self._tokens = tokens

    @property
    def access_token(self) -> str:
        """The token now in use, fetched if there is none."""
        return self._token().value

    def fetch_access_token(self) -> Any:  # noqa: ANN401 - wechatpy's signature
        """Ask for the stable token: the same one to everybody until close to its end."""
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        # Parameters as a text: to a mapping wechatpy would add an access token.
        return super()._request("post", "stable_token", data=body, params="")

    def _request(self, method: str, url_or_endpoint: str, **options: Any) -> Any:  # noqa: ANN401 - wechatpy's signature
        """Call once; a stored token that is refused is replaced and the call repeated once.

        A token fetched for this very call is not replaced: then not the token is
        wrong. Nor is a call repeated whose files are already read.
        """
        parameters = options.pop("params", {})
        if not isinstance(parameters, dict):
            return super()._request(method, url_or_endpoint, params=parameters, **options)
        token = self._token()
        try:
            return self._request_with(token, method, url_or_endpoint, parameters, options)
        except WeChatClientException as refusal:
            if refusal.errcode not in TOKEN_IS_STALE or token.fresh:
                raise
            self._tokens.drop(self.appid, ACCESS_TOKEN, token.value)
            if "files" in options:
                raise
        return self._request_with(self._token(), method, url_or_endpoint, parameters, options)

    def _request_with(
        self,
        token: Token,
        method: str,
        url_or_endpoint: str,
        parameters: dict[str, Any],
        options: dict[str, Any],
    ) -> Any:  # noqa: ANN401 - whatever the endpoint answers
        given = parameters | {"access_token": token.value}
        return super()._request(method, url_or_endpoint, params=given, **options)

    def _token(self) -> Token:
        return self._tokens.token(self.appid, ACCESS_TOKEN, self._fetch)

    def _fetch(self) -> Fetched:
        return token_of(self.fetch_access_token(), "access_token")
