"""What every answer tells the browser (安全响应头), errors and files included."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A route that serves a page sends a policy of its own.
_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_NO_STORE: Final = "no-store"
# What everybody sees: it may be kept by browsers and proxies.
_PUBLIC: Final = (
    *("/api/v1/areas", "/api/v1/catalogue", "/api/v1/openapi.json", "/api/v1/services"),
    *("/api/docs", "/static/"),
)
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: WeChat's cashier for browsers compares the page's domain with
    # the registered one, and finds it in this header only.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# Half a year; the company's other hosts are not ours to bind.
_TLS_ONLY: Final = "max-age=15552000"


class SecurityHeaders:
    """ASGI around everything; what an answer says itself stays as it is."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, "Strict-Transport-Security": _TLS_ONLY} if tls else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers when the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope["path"], MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, told)

    def _add(self, path: str, headers: MutableHeaders) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if not path.startswith(_PUBLIC):
            headers.setdefault("Cache-Control", _NO_STORE)
