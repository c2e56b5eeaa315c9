"""How large a body may be, and how slow: refused by its announced length, or while it is read."""

from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.uploads import LARGEST_UPLOAD
from interface.api.problems import too_large

# The largest body of ours is below 10 KiB (threat sheet, scraper and DoS).
LARGEST: Final = 1024 * 1024
# Whose bodies are pictures as a phone takes them, with LARGEST_UPLOAD as `max_body_size`.
UPLOAD_PATHS: Final = "/uploads"
# A phone in a lift sends slowly, but it sends; the sum is for 10 MiB at 100 KiB/s.
LONGEST_PAUSE_SECONDS: Final = 10
LONGEST_SECONDS: Final = 100
# Whatever has more digits is too large, and int() would refuse thousands of them.
_DIGITS: Final = 18


class BodyLimits:
    """ASGI; bodies of unannounced length are cut by the routers' `max_body_size`."""

    def __init__(
        self,
        app: ASGIApp,
        pause_seconds: float = LONGEST_PAUSE_SECONDS,
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._app = app
        self._pause_seconds = pause_seconds
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 unread where the announced length is above the path's limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _announced(scope) > largest_of(scope["path"]):
            await too_large()(scope, receive, send)
        else:
            await self._app(scope, self._impatient(receive), send)

    def _impatient(self, receive: Receive) -> Receive:
        """`receive`, until the body is there; then it waits for the end of the connection."""
        ends_at, complete = anyio.current_time() + self._seconds, False

        async def part() -> Message:
            nonlocal complete
            if complete:
                return await receive()
            message = await self._in_time(receive, ends_at)
            complete = not message.get("more_body", False)
            return message

        return part

    async def _in_time(self, receive: Receive, ends_at: float) -> Message:
        left = min(self._pause_seconds, ends_at - anyio.current_time())
        with anyio.move_on_after(left):
            return await receive()
        raise HTTPException(408, headers={"Connection": "close"})


def largest_of(path: str) -> int:
    """How many bytes a body may have that is sent to this path."""
    return LARGEST_UPLOAD if path.endswith(UPLOAD_PATHS) else LARGEST


def _announced(scope: Scope) -> int:
    announced = Headers(scope=scope).get("content-length", "0")
    return int(announced[:_DIGITS]) if announced.isdecimal() else 0
